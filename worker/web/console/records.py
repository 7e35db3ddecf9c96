"""Who looked at what."""

from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.roles import Right
from worker.services import auditing
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

AUDIT_SHOWN = 100
AUDIT_KINDS = (
    "household",
    "message",
    "event",
    "schedule",
    "listing",
    "sheet",
    "referral",
    "directory",
    "account",
    "token",
)


def routes(parts: Parts) -> list[BaseRoute]:
    return [visits.route(parts, "/audit", audit, right=Right.SEE_AUDIT)]


def audit(visit: Visit) -> Response:
    """Who looked at what, newest first; by login, kind of object and object. None of the three names a tenant."""
    asked = visit.request.query_params
    before = asked.get("before", "")
    filters = {name: asked.get(name, "").strip()[:80] or None for name in ("who", "kind", "object_id")}
    entries = auditing.newest(
        visit.parts.db,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=AUDIT_SHOWN + 1,
        **filters,
    )
    shown = entries[:AUDIT_SHOWN]
    given = {name: value for name, value in filters.items() if value}
    older = urlencode(given | {"before": str(shown[-1].id)}) if len(entries) > AUDIT_SHOWN else ""
    return visit.page("audit.html", entries=shown, filters=filters, kinds=AUDIT_KINDS, older=older, newest=not before)
