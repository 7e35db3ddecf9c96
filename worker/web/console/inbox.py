"""Messages that no rule could place: a person gives each to a household, or leaves it."""

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import CourtoisieError, NotFound
from worker.domain.roles import Right
from worker.i18n import _
from worker.services import auditing, files, filing, ringing_back
from worker.services.auditing import Action
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

SHOWN = 25


def routes(parts: Parts) -> list[BaseRoute]:
    return [
        visits.route(parts, "/inbox", inbox, right=Right.FILE_MESSAGES),
        visits.route(parts, "/inbox/{id}", file, right=Right.FILE_MESSAGES, posts=True),
    ]


def inbox(visit: Visit) -> Response:
    """What waits, oldest first, each with the households it may be from."""
    return _shown(visit)


def file(visit: Visit) -> Response:
    """Puts one message where it belongs, and has the household rung if wanted."""
    try:
        task = filing.file(
            visit.parts.db,
            visit.id(),
            household=_named_household(visit),
            call=visit.said("do") == "file",
            by=visit.me,
            desk=visit.program.desk,
            now=visit.now,
        )
    except CourtoisieError as error:
        return _shown(visit, Notice(str(error), "danger"))
    said = _("Message classé ; l'appel n° {id} est demandé.").format(id=task) if task else _("Message classé.")
    return _shown(visit, Notice(said, "good"))


def _shown(visit: Visit, *notices: Notice) -> Response:
    found = filing.to_file(visit.parts.db, agencies=visit.me.scope, limit=SHOWN + 1)
    shown = found[:SHOWN]
    candidates = files.homes(visit.parts.db, {h for message in shown for h in message.households})
    mine = {home.id: home for home in candidates if visit.me.sees(home.agency)}
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "message", [m.id for m in shown], now=visit.now)
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", sorted(mine), now=visit.now)
    return visit.page(
        "inbox.html",
        *notices,
        messages=[(m, [mine[h] for h in m.households if h in mine]) for m in shown],
        more=len(found) > SHOWN,
        strangers=ringing_back.strangers(visit.parts.db, now=visit.now),
        typed=(visit.request.path_params.get("id", ""), visit.said("dwelling")) if notices else ("", ""),
    )


def _named_household(visit: Visit) -> int | None:
    """One of those it may be from, or the one of a dwelling that the person looked up."""
    if visit.said("do") == "ignore":
        return None
    chosen, code = visit.said("household"), visit.said("dwelling")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 18 and not code:
        return int(chosen)
    found = [h for h in files.search(visit.parts.db, code, agencies=visit.me.scope) if h.dwelling == code]
    if not code or not found:
        raise NotFound(_("Aucun logement « {code} ». Cherchez-le d'abord dans « Foyers ».").format(code=code))
    return found[0].id
