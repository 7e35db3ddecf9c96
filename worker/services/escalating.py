"""Silence, failures and exclusions climb the ladder: another text, a call, a callback task, or a final word."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker import catalogue
from worker.domain import ladder, rungs
from worker.domain.campaigns import Campaign, EventState, Level
from worker.domain.messages import MessageState, Step
from worker.domain.recipients import Reason
from worker.domain.rungs import Rung
from worker.domain.voice import CallEnd
from worker.services import ringing_times, tasks
from worker.services.desk import Desk
from worker.store import automatic_calls, call_numbers, events, inbound, outbox, people, recipients, second_numbers
from worker.store.database import Connection, Database

log = structlog.get_logger()
BATCH = 500
_LEVELS = tuple(Level)


@dataclass(frozen=True, slots=True)
class Escalated:
    """What one batch did. reminded: texts queued, to the same number or another; called: households with a call queued.
    more: the batch was full."""

    reminded: int = 0
    handed_over: int = 0
    settled: int = 0
    called: int = 0
    more: bool = False


def escalate(db: Database, *, desk: Desk, now: datetime) -> Escalated:
    """Takes the next rung for recipients whose time has come. Safe to run twice: a rung taken is not due again.

    Households are locked before their recipients, in the order of their ids, as everywhere.
    """
    return db.run(lambda connection: _escalate(connection, desk, now))


def _escalate(connection: Connection, desk: Desk, now: datetime) -> Escalated:
    due = recipients.due(connection, limit=BATCH, now=now)
    if not due:
        return Escalated()
    people.lock(connection, [household for _, household, _ in due])
    by_event: dict[int, list[int]] = {}
    for recipient, _, event_id in due:
        by_event.setdefault(event_id, []).append(recipient)
    done = [_climb(connection, event, by_event[event.id], desk, now) for event in _highest_first(connection, by_event)]
    reminded, called, handed_over, settled = (sum(column) for column in zip((0, 0, 0, 0), *done, strict=True))
    log.info("ladder_climbed", reminded=reminded, called=called, handed_over=handed_over, settled=settled)
    return Escalated(reminded, handed_over, settled, called, more=len(due) == BATCH)


def _highest_first(connection: Connection, ids: Collection[int]) -> list[events.Event]:
    """Of a household's reminders that fall due together the highest level's is sent; the others see it, and are not."""
    found = [event for event in (events.get(connection, event_id) for event_id in ids) if event is not None]
    return sorted(found, key=lambda event: (-_LEVELS.index(Level(event.level)), event.id))


def _climb(
    connection: Connection, event: events.Event, ids: Sequence[int], desk: Desk, now: datetime
) -> tuple[int, int, int, int]:
    due = recipients.facts(connection, ids, day_start=desk.day_start(now), now=now)
    campaign = catalogue.thaw(event.definition)
    opens_at, closes_at = desk.next_opening(campaign.window, now)
    useful = event.state is EventState.RUNNING and opens_at < event.void_at
    others = _other_numbers(connection, campaign, due)
    line = _line(connection, event, campaign, due, desk=desk, now=now)
    texts_from = opens_at if useful else None
    around = _Around(
        campaign, event, texts_from, closes_at, others, line, lambda at: desk.line_opening(campaign, at)[0], now
    )
    moves = [(d, ladder.next_rung(_facts(d, around))) for d in due]
    return (
        _write(connection, moves, around),
        _call(connection, moves, around, desk),
        _ring(connection, event.id, moves, desk, now),
        _settle(connection, moves, now),
    )


Moves = Sequence[tuple[recipients.Due, ladder.Move]]
# None was made, or the last one is over without an answer.
_NO_CALL = frozenset({None, MessageState.UNDELIVERED, MessageState.FAILED})


@dataclass(frozen=True, slots=True)
class _Line:
    """By which sender, between which moments, and at which number (by recipient id) the machine may ring."""

    sender: str
    opens_at: datetime
    closes_at: datetime
    numbers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class _Around:
    """What is the same for all households of an event. texts_from: None when no text may leave any more.

    others: recipient id -> the household's other number. line: None when the machine rings nobody any more. opening:
    the first moment from one on at which it may.
    """

    campaign: Campaign
    event: events.Event
    texts_from: datetime | None
    closes_at: datetime
    others: Mapping[int, str]
    line: _Line | None
    opening: Callable[[datetime], datetime]
    now: datetime

    def owed_from(self, due: recipients.Due) -> datetime | None:
        """When a household's call could have been made first; while the event is paused, nobody waits for a line."""
        if due.call_queued_at is None:
            return None
        return self.now if self.event.state is EventState.PAUSED else self.opening(due.call_queued_at)

    def rings_from(self, recipient: int) -> datetime | None:
        """When the machine may next ring a household; None when it may not."""
        return self.line.opens_at if self.line and recipient in self.line.numbers else None

    def plan(self, step: Step, rung: Rung) -> outbox.Plan:
        """How the texts of a step of the ladder leave: at once."""
        taken = rungs.find(self.campaign.rungs, rung)
        assert taken is not None and taken.text is not None  # noqa: S101, PT018  # the ladder has chosen it; it names its text
        return outbox.Plan(step, self.campaign.sender, taken.text, self.now, self.closes_at, self.event.void_at)


def _other_numbers(connection: Connection, campaign: Campaign, due: Sequence[recipients.Due]) -> Mapping[int, str]:
    """Looked for only where the ladder has a use for them and none has been written to."""
    if rungs.find(campaign.rungs, Rung.SECOND_NUMBER) is None:
        return {}
    return second_numbers.best(connection, [d.id for d in due if d.second_state is None])


def _line(
    connection: Connection,
    event: events.Event,
    campaign: Campaign,
    due: Sequence[recipients.Due],
    *,
    desk: Desk,
    now: datetime,
) -> _Line | None:
    """Numbers are looked for only where the machine rings at all, and for whom it has no call to wait for."""
    if desk.line is None or not desk.rings(campaign) or event.state is not EventState.RUNNING:
        return None
    opens_at, closes_at = desk.line_opening(campaign, now)
    if opens_at >= event.void_at:
        return None
    numbers = call_numbers.best(connection, [d.id for d in due if d.call_state in _NO_CALL])
    return _Line(desk.line.sender, opens_at, closes_at, numbers)


def _facts(due: recipients.Due, around: _Around) -> ladder.Facts:
    """A call to a number that proved dead is none, as long as there is another to ring."""
    rings_from = around.rings_from(due.id)
    return ladder.Facts(
        campaign=around.campaign,
        reason=Reason(due.reason) if due.reason else None,
        contacted_at=due.contacted_at,
        reminded_at=due.reminded_at,
        message_state=MessageState(due.message_state) if due.message_state else None,
        reminders_from=None if due.reminded_elsewhere else around.texts_from,  # one reminder a day is enough
        void_at=around.event.void_at,
        now=around.now,
        texts_from=around.texts_from,
        has_second=due.id in around.others,
        second_state=MessageState(due.second_state) if due.second_state else None,
        calls_from=rings_from,
        call_state=MessageState(due.call_state) if due.call_state and rings_from is None else None,
        call_end=CallEnd(due.call_end) if due.call_end and rings_from is None else None,
        number_lost=due.number_lost,
        call_owed_from=around.owed_from(due),
    )


def _write(connection: Connection, moves: Moves, around: _Around) -> int:
    """Queues reminders and texts to other numbers, and puts off who waits; returns the texts."""
    reminders = [(d.id, m.due_at) for d, m in moves if isinstance(m, ladder.SendReminder)]
    seconds = [(d.id, m.due_at) for d, m in moves if isinstance(m, ladder.SendSecond)]
    if reminders:
        plan, ids = around.plan(Step.REMINDER, Rung.REMINDER), [i for i, _ in reminders]
        outbox.queue_texts(connection, around.event.id, plan, now=around.now, recipients=ids)
    taken = _write_elsewhere(connection, [i for i, _ in seconds], around)
    later: list[tuple[int, datetime, datetime | None]] = [(i, at, around.now) for i, at in reminders]
    later += [(i, at if i in taken else around.now + ladder.LOOK_AGAIN, None) for i, at in seconds]
    later += [(d.id, m.until, None) for d, m in moves if isinstance(m, ladder.Wait)]
    if later:
        recipients.wait(connection, later)
    return len(reminders) + len(taken)


def _write_elsewhere(connection: Connection, ids: Sequence[int], around: _Around) -> set[int]:
    """Who has a text to the other number now. Of two that share one, the second is looked at again without it."""
    if not ids:
        return set()
    plan, numbers = around.plan(Step.SECOND_NUMBER, Rung.SECOND_NUMBER), {i: around.others[i] for i in ids}
    return second_numbers.queue(connection, around.event.id, plan, numbers, now=around.now)


def _call(connection: Connection, moves: Moves, around: _Around, desk: Desk) -> int:
    """Queues calls by the machine; returns the households. Several that share a number rely on one call."""
    wanted = {d.id: m.due_at for d, m in moves if isinstance(m, ladder.PlaceCall)}
    if not wanted or around.line is None or around.campaign.script is None:
        return 0
    of_households = tasks.needs(
        connection, [d.household_id for d, _ in moves if d.id in wanted], desk=desk, now=around.now
    )
    needs = {d.id: of_households.get(d.household_id, 0) for d, _ in moves if d.id in wanted}
    alive: set[int] = set()
    for (opens_at, closes_at), ids in ringing_times.of(connection, wanted, around.event, desk=desk, now=around.now):
        plan = outbox.Plan(
            Step.VOICE, around.line.sender, around.campaign.script, opens_at, closes_at, around.event.void_at
        )
        numbers = {i: around.line.numbers[i] for i in ids}
        alive |= automatic_calls.queue(connection, around.event.id, plan, numbers, needs=needs, now=around.now)
    soon = around.now + ladder.LOOK_AGAIN  # the call of their number is over
    recipients.wait(connection, [(i, at if i in alive else soon, None) for i, at in wanted.items()])
    return len(wanted)


def _ring(connection: Connection, event_id: int, moves: Moves, desk: Desk, now: datetime) -> int:
    owed = [(d, m) for d, m in moves if isinstance(m, ladder.MakeTask)]
    wanted = [tasks.Call(d.household_id, event_id, (d.id,), m.reason) for d, m in owed]
    told = [tasks.Call(d.household_id, event_id, (), m.also) for d, m in owed if m.also is not None]
    if wanted:
        tasks.hand_over(connection, wanted, desk=desk, now=now)
        if told:
            tasks.hand_over(connection, told, desk=desk, now=now)
        _withdraw(connection, [i for call in wanted for i in call.recipient_ids], now)
    return len(wanted)


def _settle(connection: Connection, moves: Moves, now: datetime) -> int:
    settled = [(d.id, m.state, m.reason) for d, m in moves if isinstance(m, ladder.Settle)]
    if settled:
        recipients.settle(connection, settled, now=now)
        _withdraw(connection, [recipient for recipient, _, _ in settled], now)
    return len(settled)


def _withdraw(connection: Connection, recipient_ids: Sequence[int], now: datetime) -> None:
    """A text that has not left is not sent to people whom somebody rings, or who are done."""
    inbound.withdraw_texts(connection, recipient_ids, state=MessageState.CANCELLED, now=now)
