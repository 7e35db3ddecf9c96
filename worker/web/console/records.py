"""Households found and read, messages filed, and who looked at what."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import CourtoisieError, NotFound
from worker.domain.roles import Right
from worker.i18n import _
from worker.services import auditing, files, filing, next_steps
from worker.services.auditing import Action
from worker.web.console import referrals
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    return [
        visits.route(parts, "/households", search, right=Right.SEE_HOUSEHOLDS),
        visits.route(parts, "/households", search, right=Right.SEE_HOUSEHOLDS, posts=True),
        visits.route(parts, "/households/{id}", household, right=Right.SEE_HOUSEHOLDS),
        visits.route(parts, "/inbox", inbox, right=Right.FILE_MESSAGES),
        visits.route(parts, "/inbox/{id}", file, right=Right.FILE_MESSAGES, posts=True),
        visits.route(parts, "/audit", audit, right=Right.SEE_AUDIT),
    ]


def search(visit: Visit) -> Response:
    """By name, number or dwelling. The words come in the body, so that no name is in an address or a log."""
    words = visit.said("q")
    found = files.search(visit.parts.db, words, agencies=visit.me.scope) if len(words) > 1 else []
    auditing.record(visit.parts.db, visit.me, Action.SEARCHED, "household", [h.id for h in found], now=visit.now)
    return visit.page("households.html", q=words, found=found)


def household(visit: Visit) -> Response:
    """One household with its whole history."""
    home = files.home(visit.parts.db, visit.id(), now=visit.now)
    if home is None or not visit.me.sees(home.agency):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=visit.id()))
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", [home.id], now=visit.now)
    history = files.history(visit.parts.db, home.id)
    coming = next_steps.of_household(visit.parts.db, home.id)
    today = visit.program.desk.local_date(visit.now)
    return visit.page(
        "household.html", home=home, history=history, coming=coming, today=today, **referrals.around(visit, home)
    )


def inbox(visit: Visit) -> Response:
    """What no rule could place."""
    return _inbox(visit)


def file(visit: Visit) -> Response:
    """Puts one message where it belongs, and has the household rung if wanted."""
    try:
        filing.file(
            visit.parts.db,
            visit.id(),
            household=_named_household(visit),
            call=visit.said("do") == "file",
            by=visit.me,
            desk=visit.program.desk,
            now=visit.now,
        )
    except CourtoisieError as error:
        return _inbox(visit, Notice(str(error), "danger"))
    return _inbox(visit, Notice(_("Message classé."), "good"))


def audit(visit: Visit) -> Response:
    """Who looked at what, newest first."""
    return visit.page("audit.html", entries=auditing.newest(visit.parts.db, limit=200))


def _inbox(visit: Visit, *notices: Notice) -> Response:
    messages = filing.to_file(visit.parts.db, agencies=visit.me.scope)
    return visit.page("inbox.html", *notices, messages=messages)


def _named_household(visit: Visit) -> int | None:
    if visit.said("do") != "file":
        return None
    code = visit.said("dwelling")
    found = [h for h in files.search(visit.parts.db, code, agencies=visit.me.scope) if h.dwelling == code]
    if not code or not found:
        raise NotFound(_("Aucun logement « {code} ». Cherchez-le d'abord dans « Foyers ».").format(code=code))
    return found[0].id
