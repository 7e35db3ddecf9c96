"""What opens by itself and when, what was missed, and the operator's word on it."""

from collections.abc import Callable, Mapping
from datetime import date

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.campaigns import Campaign
from worker.domain.errors import CourtoisieError, NotFound, Refused
from worker.domain.roles import Right
from worker.i18n import _, ngettext
from worker.services import auditing, timetable
from worker.services.auditing import Action
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts


def routes(parts: Parts) -> list[BaseRoute]:
    sees, steers = Right.SEE_EVENTS, Right.STEER
    return [
        visits.route(parts, "/schedules", schedules, right=sees),
        *(
            visits.route(parts, f"/schedules/{{key}}/{what}", _steer(do), right=steers, posts=True)
            for what, do in _STEERING.items()
        ),
        visits.route(parts, "/schedules/{key}/seen", seen, right=steers, posts=True),
    ]


def schedules(visit: Visit) -> Response:
    """The scheduled campaigns with their next occasions, and what was missed."""
    return _shown(visit)


def seen(visit: Visit) -> Response:
    """Somebody took note of what was missed; the alarm ends. Also for campaigns that are scheduled no more."""
    key = str(visit.request.path_params["key"])
    number = timetable.take_note(visit.parts.db, key, now=visit.now)
    if number:
        auditing.record(visit.parts.db, visit.me, Action.STEERED, "schedule", [key], now=visit.now)
    said = ngettext("{n} occasion manquée est vue.", "{n} occasions manquées sont vues.", number)
    return _shown(visit, Notice(said.format(n=number)))


def _pause(visit: Visit, campaign: Campaign) -> str:
    timetable.pause(visit.parts.db, campaign, now=visit.now)
    return _("« {title} » ne s'ouvre plus seule ; les opérations en cours continuent.").format(title=campaign.title)


def _resume(visit: Visit, campaign: Campaign) -> str:
    timetable.resume(visit.parts.db, campaign, now=visit.now)
    return _("« {title} » s'ouvre de nouveau seule, à partir de maintenant.").format(title=campaign.title)


def _extend(visit: Visit, campaign: Campaign) -> str:
    try:
        until = date.fromisoformat(visit.said("until"))
    except ValueError:
        raise Refused(_("Dites le nouveau dernier jour.")) from None
    timetable.extend(visit.parts.db, campaign, until=until, desk=visit.program.desk, now=visit.now)
    return _("« {title} » court jusqu'au {day:%d/%m/%Y}.").format(title=campaign.title, day=until)


_STEERING: Mapping[str, Callable[[Visit, Campaign], str]] = {"pause": _pause, "resume": _resume, "extend": _extend}


def _steer(do: Callable[[Visit, Campaign], str]) -> visits.Handler:
    def steered(visit: Visit) -> Response:
        key = str(visit.request.path_params["key"])
        campaign = visit.program.campaigns.get(key)
        if campaign is None:
            raise NotFound(_("Cette campagne n'existe pas."))
        try:
            said = do(visit, campaign)
        except CourtoisieError as error:
            return _shown(visit, Notice(str(error), "danger"), status=409)
        auditing.record(visit.parts.db, visit.me, Action.STEERED, "schedule", [key], now=visit.now)
        return _shown(visit, Notice(said))

    return steered


def _shown(visit: Visit, *notices: Notice, status: int = 200) -> Response:
    program = visit.program
    missed = timetable.missed(visit.parts.db, now=visit.now)
    answer = visit.page(
        "schedules.html",
        *notices,
        lines=timetable.lines(visit.parts.db, program.campaigns, desk=program.desk, now=visit.now),
        missed=missed,
        unseen=sorted({one.campaign for one in missed if one.seen_at is None}),
        known=program.campaigns,
        may_steer=visit.me.may(Right.STEER),
        sees=visit.me.sees,
    )
    answer.status_code = status
    return answer
