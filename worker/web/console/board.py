"""The operator's board: what is going on, steering it, launching something new."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.campaigns import Campaign, EventState, occasion_of
from worker.domain.errors import NotFound, Refused, Unavailable
from worker.domain.roles import Right
from worker.i18n import _
from worker.labels import label
from worker.services import auditing, boards, events, filing, launching, reporting, steering
from worker.services.auditing import Action
from worker.services.variables import common
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

# What may be done with an event in a state: (path, button, is it dangerous).
ACTIONS: Mapping[EventState, tuple[tuple[str, str, bool], ...]] = {
    EventState.PLANNED: (("cancel", _("Annuler l'opération"), True),),
    EventState.RUNNING: (("pause", _("Suspendre"), False), ("cancel", _("Annuler l'opération"), True)),
    EventState.PAUSED: (("resume", _("Reprendre"), False), ("cancel", _("Annuler l'opération"), True)),
    EventState.CANCELLED: (),
    EventState.SETTLED: (),
}


def routes(parts: Parts) -> list[BaseRoute]:
    sees, steers = Right.SEE_EVENTS, Right.STEER
    return [
        visits.route(parts, "/board", board, right=sees),
        visits.route(parts, "/events/{id}", event, right=sees),
        *(
            visits.route(parts, f"/events/{{id}}/{what}", _steer(what, do), right=steers, posts=True)
            for what, do in _STEERING.items()
        ),
        visits.route(parts, "/campaigns", campaigns, right=Right.PREVIEW),
        visits.route(parts, "/campaigns/{key}", campaign, right=Right.PREVIEW),
        visits.route(parts, "/campaigns/{key}/launch", launch, right=Right.LAUNCH, posts=True),
    ]


def board(visit: Visit) -> Response:
    """Everything at a glance."""
    seen = boards.board(visit.parts.db, agencies=visit.me.scope, now=visit.now)
    unknown = len(filing.to_file(visit.parts.db, agencies=visit.me.scope))
    return visit.page(
        "board.html",
        events=seen.events,
        agencies=seen.agencies,
        missed=seen.missed,
        broken=sorted(visit.program.broken),
        bands=boards.BANDS,
        unknown=unknown,
    )


def event(visit: Visit) -> Response:
    """Where every household of one event is."""
    found = reporting.report(visit.parts.db, visit.id())
    progress = steering.progress(
        visit.parts.db, found.event.id, senders=visit.program.settings.sender_table, now=visit.now
    )
    may_steer = visit.me.may(Right.STEER)
    return visit.page(
        "event.html",
        title=found.event.definition["title"],
        event=found.event,
        account=found.account,
        coming=found.next_steps,
        ends_at=progress.ends_at,
        actions=[
            {"code": code, "name": name, "danger": danger}
            for code, name, danger in (ACTIONS[found.event.state] if may_steer else ())
        ],
    )


def campaigns(visit: Visit) -> Response:
    """What may be launched."""
    program = visit.program
    return visit.page("campaigns.html", campaigns=program.campaigns.values(), broken=program.broken.values())


def campaign(visit: Visit) -> Response:
    """What a launch would do, in words and figures."""
    chosen = _chosen(visit)
    desk = visit.program.desk
    leaves_at, _closes_at = desk.next_opening(chosen.window, visit.now)
    fates = events.preview(visit.parts.db, chosen, desk=desk, now=visit.now)
    by_agency: dict[str, dict[str, int]] = defaultdict(dict)
    for fate in fates:
        by_agency[fate.agency][fate.fate] = by_agency[fate.agency].get(fate.fate, 0) + fate.households
    codes = sorted({fate.fate for fate in fates}, key=lambda code: (code != "text", code))
    occasion = occasion_of(visit.now.astimezone(desk.timezone))
    return visit.page(
        "campaign.html",
        campaign=chosen,
        text=_text(visit, chosen, chosen.text),
        reminder=_text(visit, chosen, chosen.reminder.text) if chosen.reminder and chosen.reminder.text else "",
        leaves_at=leaves_at,
        open_now=leaves_at <= visit.now,
        fates=[{"code": code, "name": _named(code)} for code in codes],
        totals=[{"name": _named(c), "households": sum(a.get(c, 0) for a in by_agency.values())} for c in codes],
        by_agency=by_agency,
        to_text=sum(a.get("text", 0) for a in by_agency.values()),
        occasion=occasion,
        may_launch=visit.me.may(Right.LAUNCH),
        existing=events.of_occasion(visit.parts.db, chosen.key, occasion),
    )


def launch(visit: Visit) -> Response:
    """Opens the event; the same occasion twice is one event. Without the queue it leaves as soon as that answers."""
    chosen = _chosen(visit)
    if visit.said("sure") != "yes":
        raise Refused(_("Cochez la case pour confirmer."))
    desk, settings = visit.program.desk, visit.program.settings
    launching.allow(visit.parts.db, chosen, settings=settings, desk=desk, now=visit.now)
    occasion = visit.said("occasion") or occasion_of(visit.now.astimezone(desk.timezone))
    opened = events.open_event(visit.parts.db, chosen, occasion=occasion, desk=desk, now=visit.now)
    auditing.record(visit.parts.db, visit.me, Action.LAUNCHED, "event", [opened.event_id], now=visit.now)
    if opened.new:
        with contextlib.suppress(Unavailable):  # the sweep finds the event
            visit.program.fan_out(opened.event_id)
    return visits.see(f"/events/{opened.event_id}")


def _pause(visit: Visit, event_id: int) -> None:
    events.pause(visit.parts.db, event_id)


def _resume(visit: Visit, event_id: int) -> None:
    events.resume(visit.parts.db, event_id)


def _cancel(visit: Visit, event_id: int) -> None:
    events.cancel(visit.parts.db, event_id, now=visit.now)


_STEERING: Mapping[str, Callable[[Visit, int], None]] = {"pause": _pause, "resume": _resume, "cancel": _cancel}


def _steer(what: str, do: Callable[[Visit, int], None]) -> visits.Handler:
    def steered(visit: Visit) -> Response:
        event_id = visit.id()
        if what == "cancel" and visit.said("sure") != "yes":
            return visit.page("sure.html", event=events.get(visit.parts.db, event_id))
        do(visit, event_id)
        auditing.record(visit.parts.db, visit.me, Action.STEERED, "event", [event_id], now=visit.now)
        return visits.see(f"/events/{event_id}")

    return steered


def _chosen(visit: Visit) -> Campaign:
    found = visit.program.campaigns.get(str(visit.request.path_params["key"]))
    if found is None:
        raise NotFound(_("Cette campagne n'existe pas."))
    return found


def _text(visit: Visit, chosen: Campaign, key: str) -> str:
    values: dict[str, Any] = dict(common(visit.program.desk, language="fr", now=visit.now, campaign=chosen))
    return visit.program.texts.render(key, language="fr", variables=values).text


def _named(fate: str) -> str:
    return _("recevront un SMS") if fate == "text" else label(fate)
