"""The clock of referrals: what nobody has answered for comes back as a call, and households are rung back."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from worker.domain import referrals as domain
from worker.domain.callbacks import OF_REFERRALS, TaskReason
from worker.domain.referrals import ReferralState, Times, Urgency
from worker.services import tasks
from worker.services.desk import Desk
from worker.services.tasks import Call
from worker.store import people
from worker.store import referral_checks as checks
from worker.store.database import Connection, Database
from worker.store.referrals import Row

log = structlog.get_logger()

BATCH = 200


def chase(db: Database, *, desk: Desk, now: datetime) -> int:
    """Makes calls of what nobody has answered for and of households to ring back; returns how many referrals.

    Safe to run twice: what was looked at is due again later, and a household has one open call at most.
    """
    looked_at = db.run(lambda connection: _chase(connection, desk, now))
    if looked_at:
        log.info("referrals_chased", referrals=looked_at)
    return looked_at


def _chase(connection: Connection, desk: Desk, now: datetime) -> int:
    due = checks.due(connection, limit=BATCH, now=now)
    if not due:
        return 0
    people.lock(connection, [household for _id, household in due])
    found = checks.lock_due(connection, [id_ for id_, _household in due], now=now)
    chased = [(row, _due_now(row, now)) for row in found]
    _ring(connection, [(row, reason) for row, reasons in chased for reason in reasons], desk, now)
    checks.put_off(connection, [(row.id, *_next(row, now)) for row in found], now=now)
    return len(found)


def _due_now(row: Row, now: datetime) -> list[TaskReason]:
    due = _times(row)
    chased = domain.chase(due, now=now) if due else None
    rung = row.ring_back_at is not None and row.ring_back_at <= now
    return [*([chased.reason] if chased else []), *([TaskReason.REFERRAL_RING_BACK] if rung else [])]


def _next(row: Row, now: datetime) -> tuple[datetime | None, datetime | None]:
    """(when somebody looks again, when the partner was to be reminded)."""
    due = _times(row)
    chased = domain.chase(due, now=now) if due else None
    if chased is None:
        return row.next_check, None
    return chased.next_check, now if chased.reason is TaskReason.REFERRAL_REMINDER else None


def _times(row: Row) -> Times | None:
    if row.next_check is None:
        return None
    return Times(ReferralState(row.state), Urgency(row.urgency), row.next_check, row.due_at, row.reminded_at)


def _ring(connection: Connection, wanted: Sequence[tuple[Row, TaskReason]], desk: Desk, now: datetime) -> None:
    """One call per household and reason: a household's open one takes the others in."""
    for reason in OF_REFERRALS:
        households = sorted({row.household_id for row, why in wanted if why is reason})
        if households:
            calls = [Call(household, None, (), reason) for household in households]
            tasks.hand_over(connection, calls, desk=desk, now=now)
