"""Callback tasks: opening and merging them with a score that explains itself, closing those no longer needed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from worker.domain import calendar, callbacks
from worker.domain.callbacks import TaskReason, TaskState
from worker.domain.campaigns import URGENT_LEVELS, Level, age_on
from worker.services.desk import Desk
from worker.store import events, recipients, task_facts, task_plans, wishes
from worker.store import tasks as rows
from worker.store.database import Connection

HEAT_MEMORY = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is owed: whom, in which event, for which recipients, why. wished_at: when the household said so."""

    household_id: int
    event_id: int | None
    recipient_ids: tuple[int, ...]
    reason: TaskReason
    wished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The heat around an event, the same for all its households."""

    level: Level = Level.NONE
    heat_day: int = 1

    @property
    def is_urgent(self) -> bool:
        return self.level in URGENT_LEVELS


def hand_over(connection: Connection, calls: Sequence[Call], *, desk: Desk, now: datetime) -> dict[int, int]:
    """Opens or merges one task per household and hands the recipients to it; household id -> task id.

    The caller holds the locks of the households (people.lock).
    """
    wanted = {call.household_id: call for call in calls}
    situations = {e: _situation(connection, e, desk, now) for e in {c.event_id for c in calls}}
    under_way = [e for e in situations if e is not None]
    known = task_facts.known(connection, list(wanted), now=now, events=under_way)
    hours = wishes.hours_of(connection, list(wanted))
    new = [_task(k, wanted[k.household_id], situations[wanted[k.household_id].event_id], desk, now) for k in known]
    new = [_put_off(task, hours.get(task.household_id), situations[task.event_id], desk, now) for task in new]
    opened = rows.open_or_merge(connection, new, now=now)
    _as_asked(connection, [(k, wanted[k.household_id]) for k in known])
    handed = [
        (recipient, opened[c.household_id], str(c.reason))
        for c in calls
        if c.household_id in opened
        for recipient in c.recipient_ids
    ]
    if handed:
        recipients.hand_over(connection, handed)
    return opened


def follow_up(connection: Connection, call: Call, *, within: timedelta, desk: Desk, now: datetime) -> datetime | None:
    """In orange or red heat, a call on a later day but within this time; returns from when, None in no such heat.

    The caller holds the lock of the household.
    """
    if not _situation(connection, call.event_id, desk, now).is_urgent:
        return None
    opened = hand_over(connection, [call], desk=desk, now=now)
    not_before = desk.next_morning(now, urgent=True)
    task_plans.plan(connection, opened[call.household_id], not_before=not_before, due_at=now + within)
    return not_before


def at_their_hours(connection: Connection, household: int, at: datetime, *, desk: Desk) -> datetime:
    """The first moment from `at` on in the hours the household prefers; `at` where it has no such wish."""
    hours = wishes.hours_of(connection, [household]).get(household)
    return at if hours is None else calendar.next_within(*hours, at, tz=desk.timezone)


def needs(connection: Connection, households: Sequence[int], *, desk: Desk, now: datetime) -> dict[int, int]:
    """Household id -> how much speaks for ringing it before others of the same event."""
    found = task_facts.known(connection, households, now=now)
    return {k.household_id: callbacks.need(_facts(k, Situation(), desk, now)) for k in found}


def close_if_only_silence(
    connection: Connection, households: Sequence[int], *, asked: Collection[int] = (), now: datetime
) -> list[int]:
    """A late "all well" closes unclaimed tasks made for silence alone; returns the tasks closed. asked: those whose
    households have been asked in each event that relies on them, though they could not be when the task was made."""
    if not households:
        return []
    closable = [
        k.task_id
        for k in task_facts.known(connection, households, now=now)
        if k.task_id is not None
        and k.task_state == TaskState.OPEN
        and callbacks.closes_on_late_ok(map(TaskReason, k.reasons), were_asked=k.task_id in asked)
    ]
    return rows.close(connection, closable, state=TaskState.CANCELLED, closed_as="late_answer", now=now)


def _situation(connection: Connection, event_id: int | None, desk: Desk, now: datetime) -> Situation:
    event = events.get(connection, event_id) if event_id is not None else None
    if event is None:
        return Situation()
    level = Level(event.level)
    if level not in URGENT_LEVELS:
        return Situation(level)
    day = events.heat_day(
        connection, level_in=URGENT_LEVELS, since=now - HEAT_MEMORY, until=now, timezone=str(desk.timezone)
    )
    return Situation(level, max(day, 1))


def _task(known: task_facts.Known, call: Call, situation: Situation, desk: Desk, now: datetime) -> rows.NewTask:
    reasons = callbacks.merge((TaskReason(r) for r in known.reasons), (call.reason,))
    points = callbacks.score(reasons, _facts(known, situation, desk, now))
    priority = callbacks.priority(points)
    return rows.NewTask(
        household_id=known.household_id,
        event_id=call.event_id,
        agency_id=known.agency_id,
        reasons=callbacks.for_whom(reasons, call.reason),
        priority=priority,
        score=json.dumps(points),
        due_at=desk.due_at(callbacks.band(priority), now, urgent=situation.is_urgent),
    )


def _put_off(
    task: rows.NewTask, hours: tuple[time, time] | None, situation: Situation, desk: Desk, now: datetime
) -> rows.NewTask:
    """Not before the hours the household prefers, unless it asks for the call or the need is greater."""
    if hours is None or callbacks.ASKED & set(task.reasons):
        return task
    at = calendar.next_within(*hours, now, tz=desk.timezone)
    return task if at <= now or (situation.is_urgent and at > task.due_at) else replace(task, not_before=at)


def _as_asked(connection: Connection, owed: Sequence[tuple[task_facts.Known, Call]]) -> None:
    """Who asks for a call that is owed already has all the tries again, and is rung now."""
    asking = [(k.task_id, c.wished_at, k.tried_at) for k, c in owed if k.task_id and c.reason in callbacks.ASKED]
    task_plans.begin_anew(connection, [task for task, _wished, _tried in asking])
    now = [task for task, wished, tried in asking if wished and callbacks.puts_aside_the_plan(wished, tried_at=tried)]
    task_plans.put_aside_plans(connection, now)


def _facts(known: task_facts.Known, situation: Situation, desk: Desk, now: datetime) -> callbacks.Facts:
    born = known.oldest_birth
    waited = (now - known.due_at).total_seconds() / 60 if known.due_at else 0
    return callbacks.Facts(
        age=age_on(desk.local_date(now), born=born, precision="day") if born else None,
        lives_alone=known.lives_alone,
        fragile=known.fragile,
        level=situation.level,
        heat_day=situation.heat_day,
        silent_events=known.silent_events,
        waiting_min=max(waited, 0),
        fine_recently=known.fine_recently,
    )
