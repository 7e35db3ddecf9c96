"""Steering an event under way: its pace, its deadlines, a late household, the all clear; how far it has come."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from worker import catalogue
from worker.domain.callbacks import SILENCE, TaskState
from worker.domain.campaigns import AgeBand, Audience, Campaign, EventState
from worker.domain.channels import Sender
from worker.domain.errors import NotFound, Refused
from worker.domain.messages import Step
from worker.domain.recipients import Reason, RecipientState
from worker.i18n import _
from worker.services import events
from worker.services.desk import Desk
from worker.store import audience, limits, outbox, people, recipients, tasks, unqueued
from worker.store import events as event_rows
from worker.store import steering as rows
from worker.store.database import Connection, Database

log = structlog.get_logger()

UNDER_WAY = frozenset({EventState.PLANNED, EventState.RUNNING, EventState.PAUSED})
DRAWN_UP = frozenset({EventState.RUNNING, EventState.PAUSED})
# Slower than this an event would never end; faster no carrier takes them.
SLOWEST, FASTEST = 0.01, 10_000.0
# Longer than this is not an extension, it is another campaign.
EXTENSION_MOST = timedelta(days=7)
EVERYBODY = Audience(age_bands=(AgeBand(0),), include_unknown_age=True)


@dataclass(frozen=True, slots=True)
class Added:
    """Where a late household stands in the event. new: it was not in it before."""

    household_id: int
    state: str
    reason: str | None
    new: bool


@dataclass(frozen=True, slots=True)
class Cleared:
    """What an all clear ended. end_event_id: the event of the last text; new: opened by this call."""

    checks_stopped: int
    texts_stopped: int
    tasks_closed: int
    end_event_id: int | None = None
    new: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the texts of an event have come. pace_per_s: segments a second it may have, None: no limit.

    ends_at: when the last waiting text will have left, by pace or else by the last minute's rate; None when nobody can
    tell. answers_until: when the last household's time to answer is over.
    """

    texts: rows.Texts
    pace_per_s: float | None
    ends_at: datetime | None


def set_pace(db: Database, event_id: int, *, per_s: float) -> None:
    """Segments a second for this event alone, below its sender's pace, felt within a second; 0: the sender's own.

    Raises NotFound, and Refused for a pace beyond reason or an event that is over.
    """
    if per_s != 0 and not SLOWEST <= per_s <= FASTEST:  # nor what is no number at all
        raise Refused(_("La cadence va de 0,01 à 10 000 segments par seconde ; 0 rend celle de l'émetteur."))
    with db.begin() as connection:
        _under_way(connection, event_id)
        rows.set_pace(connection, event_id, per_s or None)
        limits.forget(connection, limits.of_event(event_id))
    log.info("event_pace_set", event_id=event_id, per_s=per_s)


def extend(db: Database, event_id: int, *, by: timedelta, now: datetime) -> datetime:
    """Moves the reply deadline and the void time of those who wait; returns the new void time.

    Raises NotFound, and Refused for an event that is over or an extension that is none or too long.
    """
    if not timedelta() < by <= EXTENSION_MOST:
        raise Refused(_("Une prolongation va jusqu'à {days} jours.").format(days=EXTENSION_MOST.days))
    with db.begin() as connection:
        event = _under_way(connection, event_id, among=DRAWN_UP)
        unqueued.lock(connection, event_id)
        campaign = catalogue.thaw(event.definition)
        void_at = rows.extend(
            connection,
            event_id,
            by=by,
            deadline=campaign.calls_after or campaign.receipt_wait,
            definition=catalogue.freeze(campaign.longer(by)),
            now=now,
        )
    log.info("event_extended", event_id=event_id, by_s=by.total_seconds())
    return void_at


def add(db: Database, event_id: int, *, dwelling: str, desk: Desk, now: datetime) -> Added:
    """Adds the household that lives in a dwelling to an event under way, with the same exclusions and the same texts.

    The campaign's ages and places do not matter: the operator has chosen. A household that is in it stays as it is.
    Raises NotFound for an unknown event or dwelling, Refused for an event that is over or whose texts are void.
    """

    def work(connection: Connection) -> Added:
        household = rows.household_in(connection, dwelling)
        if household is None:
            raise NotFound(_("Personne n'habite le logement « {code} », ou il n'existe pas.").format(code=dwelling))
        people.lock(connection, [household])
        event = _under_way(connection, event_id, among=DRAWN_UP)
        if event.is_test:
            raise Refused(_("L'opération n° {id} est un essai : aucun locataire n'y entre.").format(id=event_id))
        found = rows.place(connection, event_id, household)
        if found is not None:
            return Added(household, found[1], found[2], new=False)
        return _added(connection, event, household, desk, now)

    added = db.run(work)
    log.info("household_added", event_id=event_id, household_id=added.household_id, new=added.new)
    return added


def _added(connection: Connection, event: event_rows.Event, household: int, desk: Desk, now: datetime) -> Added:
    campaign = catalogue.thaw(event.definition)
    opens_at, closes_at = desk.next_opening(campaign.window, now)
    if opens_at >= event.void_at:
        raise Refused(_("Les SMS de cette opération seraient périmés avant de partir ; prolongez-la d'abord."))
    occasion = events.occasion_of(replace(campaign, audience=EVERYBODY), desk=desk, now=now)
    audience.fan_out(
        connection,
        event.id,
        replace(occasion, household=household),
        recorded=events.recorded_only(campaign.exclusions),
        void_at=event.void_at,
    )
    found = rows.place(connection, event.id, household)
    if found is None:
        raise Refused(_("Ce foyer n'a plus de locataire connu."))
    plan = outbox.Plan(Step.FIRST, campaign.sender, campaign.text, opens_at, closes_at, event.void_at)
    outbox.queue_texts(connection, event.id, plan, now=now, recipients=[found[0]])
    rows.rely_on_text(connection, found[0], first_wait=events.first_wait(campaign), now=now)
    return Added(household, found[1], found[2], new=True)


def all_clear(db: Database, event_id: int, *, end: Campaign | None, desk: Desk, now: datetime) -> Cleared:
    """The alert is over: pending checks stop, and whoever got the alert gets the last text.

    Who waits settles as cancelled, with its own reason; unclaimed tasks made for silence alone close, the others stay:
    somebody asked for them, rang our line and was not heard, or is being rung. end: the campaign of the last text, None
    for no text. Said again, it changes nothing and returns the same event. Raises NotFound, and Refused for an event
    that was cancelled.
    """

    def work(connection: Connection) -> Cleared:
        people.lock(connection, rows.unsettled_households(connection, event_id))
        event = _locked(connection, event_id)
        if event.state in {EventState.PLANNED, EventState.CANCELLED}:
            raise _not_any_more(event_id)
        cleared = _stop(connection, event_id, now)
        if end is None:
            return cleared
        opened = events.open_in(connection, _to_those(end, event_id), occasion=_occasion(event), desk=desk, now=now)
        return replace(cleared, end_event_id=opened.event_id, new=opened.new)

    cleared = db.run(work)
    log.info("all_clear", event_id=event_id, checks=cleared.checks_stopped, tasks=cleared.tasks_closed)
    return cleared


def _stop(connection: Connection, event_id: int, now: datetime) -> Cleared:
    if not rows.clear(connection, event_id, now=now):
        return Cleared(0, 0, 0)
    events.queue_rest(connection, event_id, now=now)
    texts = outbox.cancel_queued(connection, event_id, now=now)
    checks = rows.stop_checks(connection, event_id, now=now)
    silent = rows.silent_tasks(connection, event_id, silence=[str(reason) for reason in SILENCE])
    closed = tasks.close(connection, silent, state=TaskState.CANCELLED, closed_as="all_clear", now=now)
    recipients.settle_by_task(connection, closed, state=RecipientState.UNREACHED, reason=Reason.ALL_CLEAR, now=now)
    return Cleared(checks, texts, len(closed))


def _to_those(end: Campaign, event_id: int) -> Campaign:
    """The last text goes to all who got the alert, and to nobody else."""
    return replace(end, audience=replace(EVERYBODY, contacted_in=(event_id,)))


def _occasion(event: event_rows.Event) -> str:
    return f"{event.campaign} {event.occasion}"


def progress(db: Database, event_id: int, *, senders: Mapping[str, Sender], now: datetime) -> Progress:
    """How far an event has come, from its rows. Raises NotFound."""
    event = events.get(db, event_id)
    with db.begin() as connection:
        texts = rows.texts(connection, event_id, now=now)
    pace = _pace(event, senders)
    return Progress(texts, pace, _ends_at(event, texts, pace, now))


def as_json(made: Progress) -> dict[str, Any]:
    """The progress in the form other programs rely on."""
    return {
        **asdict(made.texts),
        "segments_each": round(made.texts.segments_each, 2),
        "pace_per_s": made.pace_per_s,
        "ends_at": made.ends_at,
    }


def _pace(event: event_rows.Event, senders: Mapping[str, Sender]) -> float | None:
    sender = senders.get(str(event.definition["sender"]))
    paces = [p for p in (event.pace_per_s, sender.segments_per_s if sender else None) if p]
    return min(paces, default=None)


def _ends_at(event: event_rows.Event, texts: rows.Texts, pace: float | None, now: datetime) -> datetime | None:
    """Not faster than lately, where something left lately: the pace is a ceiling, not a promise."""
    if not texts.waiting:
        return now
    rates = [rate for rate in (pace, _rate(texts, now)) if rate]
    if event.state is not EventState.RUNNING or not rates:
        return None
    return max(now, texts.next_due_at or now) + timedelta(seconds=texts.waiting * texts.segments_each / min(rates))


def _rate(texts: rows.Texts, now: datetime) -> float:
    """Segments a second over the last minute, or since the first text of that minute."""
    if texts.sending_since is None:
        return 0.0
    return texts.segments_last_minute / max((now - texts.sending_since).total_seconds(), 1.0)


def _locked(connection: Connection, event_id: int) -> event_rows.Event:
    rows.lock(connection, event_id)
    event = event_rows.get(connection, event_id)
    if event is None:
        raise NotFound(_("Aucune opération n° {id}.").format(id=event_id), command="courtoisie events")
    return event


def _under_way(connection: Connection, event_id: int, *, among: frozenset[EventState] = UNDER_WAY) -> event_rows.Event:
    event = _locked(connection, event_id)
    if event.state not in among:
        raise _not_any_more(event_id)
    return event


def _not_any_more(event_id: int) -> Refused:
    return Refused(
        _("L'opération n° {id} ne le permet plus ou pas encore : voyez où elle en est.").format(id=event_id),
        command=f"courtoisie event show {event_id}",
    )
