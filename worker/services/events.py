"""Opening a campaign event once per occasion, drawing up its recipients, steering it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count

from worker import catalogue
from worker.domain import rungs, unreached
from worker.domain.campaigns import Campaign, EventState, Exclusions, Remedy
from worker.domain.errors import NotFound, Refused
from worker.domain.messages import Step
from worker.domain.recipients import Reason
from worker.i18n import _
from worker.services.desk import Desk
from worker.store import audience, outbox, recipients, unqueued
from worker.store import events as rows
from worker.store.database import Connection, Database

# So many recipients' texts are queued at a time: the first ones leave while the others are written.
SLICE = 2_000
# After the first slice, and once more when tables are as large as they will be for most events, the planner looks anew.
LOOK_AGAIN_AFTER = 8
_CANCELLABLE = (EventState.PLANNED, EventState.RUNNING, EventState.PAUSED, EventState.CANCELLED)
_EXCLUDING = (
    Reason.OPTED_OUT,
    Reason.ON_HOLD,
    Reason.NO_PHONE,
    Reason.LANDLINE_ONLY,
    Reason.ANSWERS_CALLS,
    Reason.PREFERS_CALL,
    Reason.CONTACTED_TODAY,
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The event of an occasion; new is False when the occasion had been opened before."""

    event_id: int
    new: bool


def open_event(db: Database, campaign: Campaign, *, occasion: str, desk: Desk, now: datetime) -> Opened:
    """One row per campaign and occasion: opening it again returns the same event.

    A launch outside the send window counts its void time from the next opening.
    """
    with db.begin() as connection:
        return open_in(connection, campaign, occasion=occasion, desk=desk, now=now)


def open_in(connection: Connection, campaign: Campaign, *, occasion: str, desk: Desk, now: datetime) -> Opened:
    """The same, within a transaction that does more."""
    starts_at, _closes_at = desk.next_opening(campaign.window, now)
    void_at = starts_at + campaign.void_after
    # What nobody can do is not promised: without a line there is no call in the event, whatever the file says.
    campaign = campaign if desk.rings(campaign) else campaign.without_calls()
    values = {
        "campaign": campaign.key,
        "occasion": occasion,
        "kind": campaign.kind,
        "level": campaign.level,
        "priority": campaign.rank,
        "definition": catalogue.freeze(campaign),
        "state": EventState.PLANNED,
        "opened_at": now,
        "void_at": void_at,
        "replies_until": void_at + campaign.replies_accepted_for,
    }
    return Opened(*rows.open_once(connection, values))


def fan_out(
    db: Database,
    event_id: int,
    *,
    desk: Desk,
    now: datetime,
    clock: Callable[[], datetime] | None = None,
    slice_of: int = SLICE,
    queued: Callable[[], None] = lambda: None,
) -> int:
    """Writes one recipient per household of the audience, then the texts owed; returns the recipients.

    The recipients are drawn up in one transaction and once: a second call returns 0, and queues the texts that a first
    one did not come to. Texts are queued for so many recipients at a time, and queued is called after each time: they
    begin to leave while others are written. clock: how late it is by then.
    """
    drawn = _draw_up(db, event_id, desk=desk, now=now)
    for slices in count(1):
        at = clock() if clock else now
        one = partial(_queue_slice, event_id=event_id, desk=desk, now=at, slice_of=slice_of, wait=drawn > 0)
        if not db.run(one):
            break
        queued()
        if slices in {1, LOOK_AGAIN_AFTER}:
            with db.begin() as connection:
                rows.refresh_statistics(connection)
    return drawn


def _draw_up(db: Database, event_id: int, *, desk: Desk, now: datetime) -> int:
    with db.begin() as connection:
        if not rows.mark_fanned_out(connection, event_id, now=now):
            return 0
        event = _of(connection, event_id)
        campaign = catalogue.thaw(event.definition)
        drawn = audience.fan_out(
            connection,
            event_id,
            occasion_of(campaign, desk=desk, now=event.opened_at),
            recorded=recorded_only(campaign.exclusions),
            void_at=event.void_at,
        )
        unqueued.owe(connection, event_id, unqueued.Rest(drawn.first - 1, drawn.last), now=now)
        return drawn.recipients


def _queue_slice(
    connection: Connection, *, event_id: int, desk: Desk, now: datetime, slice_of: int, wait: bool
) -> bool:
    """Whether there was one to queue. Who steers the event so that its texts change locks first what is left."""
    rest = unqueued.owing(connection, event_id, wait=wait)
    if rest is None:
        return False
    event = _of(connection, event_id)
    window = desk.next_opening(catalogue.thaw(event.definition).window, now)
    _queue(connection, event, replace(rest, upto=min(rest.upto, rest.after + slice_of)), window, now=now)
    unqueued.queued(connection, event_id, rest, upto=rest.after + slice_of, now=now)
    return True


def queue_rest(connection: Connection, event_id: int, *, now: datetime) -> None:
    """All texts of an event that are not queued yet, for whoever ends it and accounts for each. They leave no more, so
    the window does not matter. The caller has locked the event."""
    unqueued.lock(connection, event_id)
    while (rest := unqueued.owing(connection, event_id, wait=True)) is not None:
        event = _of(connection, event_id)
        _queue(connection, event, rest, (now, event.void_at), now=now)
        unqueued.queued(connection, event_id, rest, upto=rest.upto, now=now)


def _queue(
    connection: Connection, event: rows.Event, some: unqueued.Rest, window: tuple[datetime, datetime], *, now: datetime
) -> None:
    campaign = catalogue.thaw(event.definition)
    plan = outbox.Plan(Step.FIRST, campaign.sender, campaign.text, *window, event.void_at)
    outbox.queue_texts(connection, event.id, plan, now=now, after=some.after, upto=some.upto)


def _of(connection: Connection, event_id: int) -> rows.Event:
    event = rows.get(connection, event_id)
    assert event is not None  # noqa: S101  # a row that is locked is of it, or refers to it
    return event


def occasion_of(campaign: Campaign, *, desk: Desk, now: datetime) -> audience.Occasion:
    """The question "who?" for a campaign opened now. "Contacted today" is about the day its texts leave on."""
    opens_at, _closes_at = desk.next_opening(campaign.window, now)
    return audience.Occasion(
        audience=campaign.audience,
        purpose=campaign.purpose,
        level=campaign.level,
        day=desk.local_date(now),
        day_start=desk.day_start(opens_at),
        now=now,
        wants_reply=campaign.wants_reply,
        rings=desk.rings(campaign),
    )


def recorded_only(exclusions: Exclusions) -> list[Reason]:
    """The reasons for which a household without a text is only recorded, not rung. Who told a caller "never again"
    is recorded whatever the campaign says."""
    return [Reason.REFUSED] + [reason for reason in _EXCLUDING if remedy_of(exclusions, reason) is Remedy.RECORD]


def remedy_of(exclusions: Exclusions, reason: Reason) -> Remedy:
    """What the campaign owes a household that gets no text for this reason."""
    remedy: Remedy = getattr(exclusions, unreached.POLICY.get(reason, str(reason)))
    return remedy


def preview(db: Database, campaign: Campaign, *, desk: Desk, now: datetime) -> list[audience.Fate]:
    """Who would be in, who out and why, by agency; changes nothing."""
    with db.begin() as connection:
        return audience.preview(connection, occasion_of(campaign, desk=desk, now=now))


def get(db: Database, event_id: int) -> rows.Event:
    """One event. Raises NotFound."""
    with db.begin() as connection:
        event = rows.get(connection, event_id)
    if event is None:
        raise NotFound(_("Aucune opération n° {id}.").format(id=event_id), command="courtoisie events")
    return event


def recent(db: Database) -> list[rows.Event]:
    """The newest events, newest first."""
    with db.begin() as connection:
        return rows.recent(connection)


def page(db: Database, *, before: int | None, limit: int) -> list[rows.Event]:
    """Events, newest first; `before`: opened before this one."""
    with db.begin() as connection:
        return rows.page(connection, before=before, limit=limit)


def of_occasion(db: Database, campaign: str, occasion: str) -> int | None:
    """The event of a campaign and occasion, or None when it has not been opened."""
    with db.begin() as connection:
        return rows.of_occasion(connection, campaign, occasion)


def pause(db: Database, event_id: int) -> None:
    """No further text of this event leaves. Raises Refused when it is not running."""
    _steer(db, event_id, to=EventState.PAUSED, only_from=(EventState.RUNNING, EventState.PAUSED))


def resume(db: Database, event_id: int) -> None:
    """Texts leave again, and the alarm, if there was one, is answered. Raises Refused when it is not paused."""
    _steer(db, event_id, to=EventState.RUNNING, only_from=(EventState.PAUSED, EventState.RUNNING))


def cancel(db: Database, event_id: int, *, now: datetime) -> int:
    """Ends an event: queued texts are taken back, waiting households settle as cancelled; open callback tasks
    stay, somebody asked for them. Returns the households. Raises Refused when it has settled.

    All in one transaction; cancelling again ends whatever an interrupted claim brought back meanwhile.
    """
    get(db, event_id)
    with db.begin() as connection:
        _move(connection, event_id, to=EventState.CANCELLED, only_from=_CANCELLABLE)
        queue_rest(connection, event_id, now=now)
        outbox.cancel_queued(connection, event_id, now=now)
        return recipients.cancel(connection, event_id, now=now)


def settle_finished(db: Database, *, now: datetime) -> list[int]:
    """Settles the events in which nobody waits any more."""
    with db.begin() as connection:
        return rows.settle_finished(connection, now=now)


def _steer(db: Database, event_id: int, *, to: EventState, only_from: tuple[EventState, ...]) -> None:
    get(db, event_id)
    with db.begin() as connection:
        _move(connection, event_id, to=to, only_from=only_from)
        if to is EventState.RUNNING:
            rows.clear_alarm(connection, event_id)


def _move(connection: Connection, event_id: int, *, to: EventState, only_from: tuple[EventState, ...]) -> None:
    if not rows.move(connection, event_id, to=to, only_from=only_from):
        raise Refused(
            _("L'opération n° {id} ne le permet plus ou pas encore : voyez où elle en est.").format(id=event_id),
            command=f"courtoisie event show {event_id}",
        )


def first_wait(campaign: Campaign) -> timedelta:
    """From the first text to the next rung: the first step for who stays silent, else the receipt."""
    return rungs.first_after(campaign.rungs) or campaign.receipt_wait


def of_unknown_age(db: Database) -> int:
    """Households with a tenant of unknown age, whom no rule of age can place."""
    with db.begin() as connection:
        return audience.of_unknown_age(connection)
