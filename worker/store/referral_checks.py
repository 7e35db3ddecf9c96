"""Referrals that somebody has to look at again, and those that end because a household does."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.referrals import Row

# Walks ix_referral_next_check and ix_referral_ring_back_at. Not locked: the households are locked first, as everywhere.
_DUE = text(
    """
SELECT id, household_id FROM (
    (SELECT id, household_id FROM referral WHERE next_check <= :now ORDER BY next_check LIMIT :limit)
    UNION (SELECT id, household_id FROM referral WHERE ring_back_at <= :now ORDER BY ring_back_at LIMIT :limit)
) due ORDER BY household_id, id
"""
)

_LOCK_DUE = text(
    """
SELECT id, household_id, partner_id, state, urgency, consent, due_at, reminded_at, next_check, ring_back_at
FROM referral WHERE id = ANY (:ids) AND (next_check <= :now OR ring_back_at <= :now) ORDER BY id FOR UPDATE
"""
)

_PUT_OFF = text(
    """
UPDATE referral f SET next_check = n.next_check, reminded_at = coalesce(f.reminded_at, n.reminded_at),
       ring_back_at = CASE WHEN f.ring_back_at <= :now THEN NULL ELSE f.ring_back_at END
FROM unnest(CAST(:ids AS bigint[]), CAST(:checks AS timestamptz[]), CAST(:reminders AS timestamptz[]))
     AS n(id, next_check, reminded_at)
WHERE f.id = n.id
"""
)

_END = text(
    """
WITH ended AS (
    UPDATE referral SET state = 'withdrawn', next_check = NULL, ring_back_at = NULL, closed_at = :now
    WHERE household_id = ANY (:households) AND closed_at IS NULL
    RETURNING id
), told AS (
    INSERT INTO referral_move (referral_id, state, by, note, moved_at)
    SELECT id, 'withdrawn', :by, :note, :now FROM ended
), not_rung AS (
    UPDATE referral SET ring_back_at = NULL
    WHERE household_id = ANY (:households) AND closed_at IS NOT NULL AND ring_back_at IS NOT NULL
)
SELECT id FROM ended
"""
)


def due(connection: Connection, *, limit: int, now: datetime) -> list[tuple[int, int]]:
    """(referral, household) of what somebody has to look at now."""
    return [(row.id, row.household_id) for row in connection.execute(_DUE, {"limit": limit, "now": now})]


def lock_due(connection: Connection, ids: Sequence[int], *, now: datetime) -> list[Row]:
    """Those that are still due, locked. The caller holds the locks of their households."""
    return [Row(**row._asdict()) for row in connection.execute(_LOCK_DUE, {"ids": list(ids), "now": now})]


def put_off(
    connection: Connection, looked_at: Sequence[tuple[int, datetime | None, datetime | None]], *, now: datetime
) -> None:
    """(referral, when somebody looks again, when the partner was to be reminded) of what was due."""
    values = {
        "ids": [id_ for id_, _check, _reminded in looked_at],
        "checks": [check for _id, check, _reminded in looked_at],
        "reminders": [reminded for _id, _check, reminded in looked_at],
        "now": now,
    }
    connection.execute(_PUT_OFF, values)


def end_of(connection: Connection, households: Sequence[int], *, by: str, note: str, now: datetime) -> list[int]:
    """Ends the open referrals of households that are not there any more; nobody rings them back. Returns them."""
    values = {"households": list(households), "by": by, "note": note, "now": now}
    return list(connection.execute(_END, values).scalars())
