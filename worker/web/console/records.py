"""Who looked at what."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.roles import Right
from worker.services import auditing, staffing
from worker.services.staffing import TERMINAL
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
    """Who looked at what, newest first; by account, kind of object and object, by number: an address names nobody."""
    asked = visit.request.query_params
    before = asked.get("before", "")
    logins = {TERMINAL.account_id: TERMINAL.login}
    logins |= {one.id: one.login for one in staffing.listed(visit.parts.db, now=visit.now)}
    filters = {name: asked.get(name, "").strip()[:80] or None for name in ("account", "kind", "object_id")}
    entries = auditing.newest(
        visit.parts.db,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=AUDIT_SHOWN + 1,
        who=_login(logins, filters["account"]),
        kind=filters["kind"],
        object_id=filters["object_id"],
    )
    shown = entries[:AUDIT_SHOWN]
    given = {name: value for name, value in filters.items() if value}
    older = urlencode(given | {"before": str(shown[-1].id)}) if len(entries) > AUDIT_SHOWN else ""
    return visit.page(
        "audit.html", entries=shown, filters=filters, kinds=AUDIT_KINDS, logins=logins, older=older, newest=not before
    )


def _login(logins: Mapping[int, str], account: str | None) -> str | None:
    """None for everybody's; a number that nobody has finds nothing."""
    if account is None:
        return None
    return logins.get(int(account), "") if account.isascii() and account.isdigit() and len(account) < 18 else ""
