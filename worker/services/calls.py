"""How a person's call ended, and what follows for the household."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain.callbacks import TaskState
from worker.domain.campaigns import Level
from worker.domain.channels import Channel
from worker.domain.errors import NotFound, Refused
from worker.domain.outcomes import RULES, OutcomeCode, Rule, next_try
from worker.domain.recipients import Reason, RecipientState
from worker.i18n import _
from worker.services.desk import Desk
from worker.store import events, people, recipients
from worker.store import tasks as rows
from worker.store.database import Connection, Database

NOTE_MOST = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """closed: the task is over. next_call_at: when to ring again, if it is not."""

    closed: bool
    next_call_at: datetime | None = None


def record_outcome(
    db: Database, task_id: int, *, outcome: OutcomeCode, caller: str, note: str, desk: Desk, now: datetime
) -> Ended:
    """Keeps the ending of one call and does what follows, in one transaction.

    Raises NotFound for an unknown task, Refused for one that is closed or for a note that is too long.
    """
    if len(note) > NOTE_MOST:
        raise Refused(_("La note a {n} caractères ; {most} au plus.").format(n=len(note), most=NOTE_MOST))
    with db.begin() as connection:
        task = _locked(connection, task_id)
        rows.add_outcome(
            connection,
            task_id=task_id,
            household_id=task.household_id,
            caller=caller,
            code=outcome,
            note=note,
            now=now,
        )
        _follow(connection, RULES[outcome], task, outcome, now)
        return _close_or_postpone(connection, task, outcome, desk, now)


def _locked(connection: Connection, task_id: int) -> rows.Row:
    """The open task with its household locked first, as everywhere."""
    household = rows.household_of(connection, task_id)
    if household is None:
        raise NotFound(_("Aucun appel n° {id}. Voyez « courtoisie tasks ».").format(id=task_id))
    people.lock(connection, [household])
    task = rows.lock(connection, task_id)
    if task.state not in {TaskState.OPEN, TaskState.CLAIMED}:
        raise Refused(_("L'appel n° {id} est déjà clos.").format(id=task_id))
    return task


def _follow(connection: Connection, rule: Rule, task: rows.Row, outcome: OutcomeCode, now: datetime) -> None:
    household = task.household_id
    if rule.hold is not None:
        people.hold(connection, [household], reason=outcome.lower(), source="caller", until=now + rule.hold, now=now)
    if rule.tenants_become is not None:
        people.leave(connection, household, status=rule.tenants_become, now=now)
    numbers = people.numbers_of(connection, household)
    if rule.refuses_all and numbers:
        people.opt_out(connection, numbers, channel=Channel.SMS, source="caller", now=now)
        people.opt_out(connection, numbers, channel=Channel.VOICE, source="caller", now=now)
    if rule.bad_number and numbers:
        people.mark_bad(connection, [(numbers[0], outcome.lower())], now=now)


def _close_or_postpone(
    connection: Connection, task: rows.Row, outcome: OutcomeCode, desk: Desk, now: datetime
) -> Ended:
    rule = RULES[outcome]
    if rule.state is None:
        again = _again(connection, task, outcome, desk, now)
        if again is not None:
            rows.postpone(connection, task.id, not_before=again)
            return Ended(closed=False, next_call_at=again)
    state = rule.state or RecipientState.UNREACHED
    rows.close(connection, [task.id], state=TaskState.DONE, closed_as=outcome, now=now)
    recipients.settle_by_task(connection, [task.id], state=state, reason=Reason.CALLED, now=now)
    return Ended(closed=True)


def _again(connection: Connection, task: rows.Row, outcome: OutcomeCode, desk: Desk, now: datetime) -> datetime | None:
    if RULES[outcome].bad_number:
        return now if people.numbers_of(connection, task.household_id) else None
    event = events.get(connection, task.event_id) if task.event_id is not None else None
    return next_try(
        outcome,
        calls_made=task.calls + 1,
        level=Level(event.level) if event else Level.NONE,
        now=now,
        hours=desk.hours,
        tz=desk.timezone,
        holidays=desk.holidays(now),
    )
