"""Silence, failures and exclusions climb the ladder: reminder, callback task, or a final word."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from worker import catalogue
from worker.domain import ladder
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Campaign, EventState
from worker.domain.messages import MessageState, Step
from worker.domain.recipients import Reason
from worker.services import tasks
from worker.services.desk import Desk
from worker.store import events, inbound, outbox, people, recipients
from worker.store.database import Connection, Database

log = structlog.get_logger()
BATCH = 500


@dataclass(frozen=True, slots=True)
class Escalated:
    """What one batch did. more: the batch was full."""

    reminded: int = 0
    handed_over: int = 0
    settled: int = 0
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
    people.lock(connection, [household for _, household in due])
    facts = recipients.facts(connection, [recipient for recipient, _ in due], day_start=desk.day_start(now), now=now)
    done = [
        _climb(connection, event_id, [f for f in facts if f.event_id == event_id], desk, now)
        for event_id in sorted({f.event_id for f in facts})
    ]
    reminded, handed_over, settled = (sum(column) for column in zip((0, 0, 0), *done, strict=True))
    log.info("ladder_climbed", reminded=reminded, handed_over=handed_over, settled=settled)
    return Escalated(reminded, handed_over, settled, more=len(due) == BATCH)


def _climb(
    connection: Connection, event_id: int, due: Sequence[recipients.Due], desk: Desk, now: datetime
) -> tuple[int, int, int]:
    event = events.get(connection, event_id)
    assert event is not None  # noqa: S101  # recipients refer to it by foreign key
    campaign = catalogue.thaw(event.definition)
    opens_at, closes_at = desk.next_opening(campaign.window, now)
    useful = event.state is EventState.RUNNING and opens_at < event.void_at
    reminders_from = opens_at if useful else None
    rungs = [(d, ladder.next_rung(_facts(d, campaign, event, reminders_from=reminders_from, now=now))) for d in due]
    plan = None
    if campaign.reminder_text:
        plan = outbox.Plan(Step.REMINDER, campaign.sender, campaign.reminder_text, now, closes_at, event.void_at)
    return (
        _remind(connection, event_id, rungs, plan, now),
        _ring(connection, event_id, rungs, desk, now),
        _settle(connection, rungs, now),
    )


Rungs = Sequence[tuple[recipients.Due, ladder.Rung]]


def _facts(
    due: recipients.Due, campaign: Campaign, event: events.Event, *, reminders_from: datetime | None, now: datetime
) -> ladder.Facts:
    return ladder.Facts(
        campaign=campaign,
        reason=Reason(due.reason) if due.reason else None,
        contacted_at=due.contacted_at,
        reminded_at=due.reminded_at,
        message_state=MessageState(due.message_state) if due.message_state else None,
        reminders_from=None if due.reminded_elsewhere else reminders_from,  # one reminder a day is enough
        void_at=event.void_at,
        now=now,
    )


def _remind(connection: Connection, event_id: int, rungs: Rungs, plan: outbox.Plan | None, now: datetime) -> int:
    reminders = [(d, r) for d, r in rungs if isinstance(r, ladder.SendReminder)]
    waits = [(d, r) for d, r in rungs if isinstance(r, ladder.Wait)]
    if reminders and plan:
        outbox.queue_texts(connection, event_id, plan, now=now, recipients=[d.id for d, _ in reminders])
    if reminders or waits:
        later = [(d.id, r.due_at, now) for d, r in reminders] + [(d.id, r.until, None) for d, r in waits]
        recipients.wait(connection, later)
    return len(reminders)


def _ring(connection: Connection, event_id: int, rungs: Rungs, desk: Desk, now: datetime) -> int:
    wanted = [
        tasks.Call(d.household_id, event_id, (d.id,), TaskReason(r.reason))
        for d, r in rungs
        if isinstance(r, ladder.MakeTask)
    ]
    if wanted:
        tasks.hand_over(connection, wanted, desk=desk, now=now)
        _withdraw(connection, [i for call in wanted for i in call.recipient_ids], now)
    return len(wanted)


def _settle(connection: Connection, rungs: Rungs, now: datetime) -> int:
    settled = [(d.id, r.state, r.reason) for d, r in rungs if isinstance(r, ladder.Settle)]
    if settled:
        recipients.settle(connection, settled, now=now)
        _withdraw(connection, [recipient for recipient, _, _ in settled], now)
    return len(settled)


def _withdraw(connection: Connection, recipient_ids: Sequence[int], now: datetime) -> None:
    """A reminder that has not left is not sent to people whom somebody rings, or who are done."""
    inbound.withdraw_texts(connection, recipient_ids, state=MessageState.CANCELLED, now=now)
