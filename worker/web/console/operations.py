"""One event: where every household is, and all that steers it, each with what came of it."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.campaigns import EventState
from worker.domain.errors import CourtoisieError, Refused, Unavailable
from worker.domain.roles import Right
from worker.i18n import _, ngettext
from worker.labels import label
from worker.services import auditing, events, reporting, steering
from worker.services.auditing import Action
from worker.services.steering import Progress
from worker.web import pages
from worker.web.console import board, live
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

# The campaign of the last text, where there is one of that name.
END_CAMPAIGN = "canicule-fin"
EXTENSIONS = (30, 60, 120, 240)
DRAWN_UP = frozenset({EventState.RUNNING, EventState.PAUSED})
# What may be done with an event in a state.
ACTIONS: Mapping[EventState, tuple[str, ...]] = {
    EventState.PLANNED: ("pace", "cancel"),
    EventState.RUNNING: ("pause", "pace", "extend", "add", "all-clear", "cancel"),
    EventState.PAUSED: ("resume", "pace", "extend", "add", "all-clear", "cancel"),
    EventState.CANCELLED: (),
    EventState.SETTLED: (),
}


def routes(parts: Parts, lines: live.Lines) -> list[BaseRoute]:
    sees, steers = Right.SEE_EVENTS, Right.STEER
    return [
        visits.route(parts, "/events/{id}", event, right=sees),
        live.route(parts, "/events/{id}/live", pieces, right=sees, lines=lines),
        *(
            visits.route(parts, f"/events/{{id}}/{what}", _steer(what, do), right=steers, posts=True)
            for what, do in _STEERING.items()
        ),
    ]


def event(visit: Visit) -> Response:
    """Where every household of one event is."""
    return _shown(visit, visit.id())


def pieces(visit: Visit) -> Mapping[str, str]:
    """The part of the page that changes."""
    return {"state": pages.render("event_state.html", visit.frame(), **_state(visit, visit.id()))}


def _shown(visit: Visit, event_id: int, *notices: Notice, status: int = 200) -> Response:
    content = _state(visit, event_id)
    found = content["event"]
    answer = visit.page(
        "event.html",
        *_happened(visit, content["progress"], found.id),
        *notices,
        title=found.definition["title"],
        actions=ACTIONS[found.state] if visit.me.may(Right.STEER) else (),
        extensions=EXTENSIONS,
        ends=sorted((c.key, c.title) for c in visit.program.campaigns.values()),
        end_campaign=END_CAMPAIGN,
        typed={name: visit.said(name) for name in ("per_s", "dwelling")},
        **content,
    )
    answer.status_code = status
    return answer


def _state(visit: Visit, event_id: int) -> dict[str, Any]:
    found = reporting.report(visit.parts.db, event_id)
    senders = visit.program.settings.sender_table
    progress = steering.progress(visit.parts.db, event_id, senders=senders, now=visit.now)
    return {
        "event": found.event,
        "account": found.account,
        "bar": board.bar_of(found.account.recipients),
        "by_agency": _by_agency(visit, found.by_agency),
        "coming": found.next_steps,
        "progress": progress,
    }


def _by_agency(visit: Visit, rows: Any) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        if visit.me.sees(row["agency"]):
            mine = counts.setdefault(row["agency"], {})
            mine[row["state"]] = mine.get(row["state"], 0) + row["households"]
    return counts


# ---- what came of it ----------------------------------------------------------


def _happened(visit: Visit, progress: Progress, event_id: int) -> list[Notice]:
    """What the operator just did, in words and figures. Figures travel as numbers in the address, nothing else."""
    did = visit.request.query_params.get("did", "")
    told = _TOLD.get(did)
    if told is None:
        return []
    return [Notice(told(visit, progress, event_id), "warn" if did in {"known", "kept"} else "good")]


def _number(visit: Visit, name: str) -> int:
    written = visit.request.query_params.get(name, "")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 12 else 0


def _texts(progress: Progress) -> str:
    texts = progress.texts
    return _("SMS : {sent} partis, {carrier} chez l'opérateur, {waiting} retenus, {stopped} arrêtés.").format(
        sent=texts.sent, carrier=texts.at_carrier, waiting=texts.waiting, stopped=texts.stopped
    )


def _of_pace(_visit: Visit, progress: Progress, _event: int) -> str:
    if progress.pace_per_s is None:
        return _("Cadence changée : sans limite.")
    return _("Cadence changée : {n:g} segments par seconde au plus, dans la seconde.").format(n=progress.pace_per_s)


def _of_extension(visit: Visit, _progress: Progress, event_id: int) -> str:
    void_at = events.get(visit.parts.db, event_id).void_at
    return _("Prolongée : un SMS qui n'est pas parti avant {at} ne part plus.").format(
        at=pages.moment(void_at, visit.program.desk.timezone, visit.now)
    )


def _of_household(visit: Visit, _progress: Progress, _event: int) -> str:
    state = label(visit.request.query_params.get("state", ""))
    said = _("Foyer ajouté : {state}.") if _number(visit, "new") else _("Ce foyer en fait déjà partie : {state}.")
    return said.format(state=state)


def _of_all_clear(visit: Visit, _progress: Progress, _event: int) -> str:
    said = _(
        "Fin d'alerte : {checks} attentes arrêtées, {texts} SMS retirés, {tasks} appels pour silence clos."
    ).format(checks=_number(visit, "checks"), texts=_number(visit, "texts"), tasks=_number(visit, "tasks"))
    end = _number(visit, "end")
    return said + (" " + _("Le dernier SMS part avec l'opération n° {id}.").format(id=end) if end else "")


_TOLD: Mapping[str, Callable[[Visit, Progress, int], str]] = {
    "launched": lambda *_a: _("Opération lancée. Suivez-la ici ; elle se suspend et s'annule à tout moment."),
    "kept": lambda *_a: _("Opération ouverte. La file d'attente ne répond pas : l'envoi part dès qu'elle répond."),
    "known": lambda *_a: _("Cette opération était déjà ouverte pour cette occasion : rien n'est parti deux fois."),
    "tested": lambda *_a: _("Essai ouvert : le texte part vers le personnel dans les secondes qui viennent."),
    "pause": lambda _v, progress, _e: _("Suspendue. {texts}").format(texts=_texts(progress)),
    "resume": lambda _v, progress, _e: _("Reprise. {texts}").format(texts=_texts(progress)),
    "cancel": lambda visit, progress, _e: ngettext(
        "Annulée : {n} foyer n'attend plus rien. {texts}",
        "Annulée : {n} foyers n'attendent plus rien. {texts}",
        _number(visit, "n"),
    ).format(n=_number(visit, "n"), texts=_texts(progress)),
    "pace": _of_pace,
    "extend": _of_extension,
    "add": _of_household,
    "all-clear": _of_all_clear,
}


# ---- steering -------------------------------------------------------------------


def _pause(visit: Visit, event_id: int) -> str:
    events.pause(visit.parts.db, event_id)
    return ""


def _resume(visit: Visit, event_id: int) -> str:
    events.resume(visit.parts.db, event_id)
    return ""


def _cancel(visit: Visit, event_id: int) -> str:
    return f"&n={events.cancel(visit.parts.db, event_id, now=visit.now)}"


def _pace(visit: Visit, event_id: int) -> str:
    try:
        per_s = float(visit.said("per_s").replace(",", ".") or 0)
    except ValueError:
        raise Refused(_("La cadence est un nombre de segments par seconde, par exemple 2,5.")) from None
    if not 0 <= per_s <= PACE_MOST:  # nan is neither
        raise Refused(_("La cadence va de 0 à {most} segments par seconde.").format(most=PACE_MOST))
    steering.set_pace(visit.parts.db, event_id, per_s=per_s)
    return ""


def _extend(visit: Visit, event_id: int) -> str:
    minutes = visit.said("minutes")
    if not (minutes.isascii() and minutes.isdigit()):
        raise Refused(_("Dites de combien prolonger."))
    steering.extend(visit.parts.db, event_id, by=timedelta(minutes=min(int(minutes), MINUTES_MOST)), now=visit.now)
    return ""


def _add(visit: Visit, event_id: int) -> str:
    added = steering.add(
        visit.parts.db, event_id, dwelling=visit.said("dwelling"), desk=visit.program.desk, now=visit.now
    )
    auditing.record(visit.parts.db, visit.me, Action.EDITED, "household", [added.household_id], now=visit.now)
    return f"&new={int(added.new)}&state={added.state}"


def _all_clear(visit: Visit, event_id: int) -> str:
    key = visit.said("end_campaign")
    end = visit.program.campaigns.get(key)
    if key and end is None:
        raise Refused(_("Cette campagne n'existe pas."))
    cleared = steering.all_clear(visit.parts.db, event_id, end=end, desk=visit.program.desk, now=visit.now)
    if cleared.new and cleared.end_event_id:
        with contextlib.suppress(Unavailable):  # the sweep finds the event
            visit.program.fan_out(cleared.end_event_id)
    counts = f"&checks={cleared.checks_stopped}&texts={cleared.texts_stopped}&tasks={cleared.tasks_closed}"
    return counts + (f"&end={cleared.end_event_id}" if cleared.end_event_id else "")


PACE_MOST = 10_000
MINUTES_MOST = 30 * 24 * 60
_STEERING: Mapping[str, Callable[[Visit, int], str]] = {
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "pace": _pace,
    "extend": _extend,
    "add": _add,
    "all-clear": _all_clear,
}
# These cannot be taken back: they are asked about first.
_SURE = frozenset({"cancel", "all-clear"})


def _steer(what: str, do: Callable[[Visit, int], str]) -> visits.Handler:
    def steered(visit: Visit) -> Response:
        event_id = visit.id()
        if what in _SURE and visit.said("sure") != "yes":
            return _ask(visit, what, event_id)
        try:
            figures = do(visit, event_id)
        except CourtoisieError as error:
            if not isinstance(error, Refused):
                events.get(visit.parts.db, event_id)  # an unknown event has no page to say it on
            return _shown(visit, event_id, Notice(str(error), "danger"), status=409)
        auditing.record(visit.parts.db, visit.me, Action.STEERED, "event", [event_id], now=visit.now)
        return visits.see(f"/events/{event_id}?did={what}{figures}")

    return steered


def _ask(visit: Visit, what: str, event_id: int) -> Response:
    found = events.get(visit.parts.db, event_id)
    senders = visit.program.settings.sender_table
    texts = steering.progress(visit.parts.db, event_id, senders=senders, now=visit.now).texts
    end = visit.program.campaigns.get(visit.said("end_campaign"))
    return visit.page("sure.html", event=found, what=what, texts=texts, end=end, title=found.definition["title"])
