"""Which caller has which task: the most needed one that nobody else holds, for as long as a lease lasts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain.routing import BANDS, Move, Rules

# The row stays locked until commit, so two requests of one caller are served one after the other.
_PRESENT = text(
    """
INSERT INTO caller_presence (caller, agencies, until_at) VALUES (:caller, :agencies, :until)
ON CONFLICT (caller) DO UPDATE SET agencies = excluded.agencies, until_at = excluded.until_at
"""
)

_STILL_THERE = text("UPDATE caller_presence SET until_at = greatest(until_at, :until) WHERE caller = :caller")

_GONE = text("DELETE FROM caller_presence WHERE caller = :caller")

# Who may take a task of another agency: the rule of worker.domain.routing.Rules.
_OVERFLOWS = """
    s.shared OR k.due_at + CAST(:late AS interval) <= :now
    OR greatest(k.created_at, k.not_before) + CASE WHEN k.priority >= :p0 THEN CAST(:p0_waited AS interval)
                                                   WHEN k.priority >= :p1 THEN CAST(:p1_waited AS interval) END <= :now
"""

_READY = """
    k.state = 'open' AND (k.not_before IS NULL OR k.not_before <= :now)
    AND NOT EXISTS (SELECT 1 FROM task_move v WHERE v.task_id = k.id AND v.caller = :caller AND v.until_at > :now)
"""

# Of each agency only the first few are looked at, along ix_callback_task_queue, so that the time of a claim does not
# grow with the queue; and the caller's acquaintances along ix_callback_task_known_by. One row is locked; a row that
# somebody else has locked is stepped over.
_NEXT = text(
    f"""
WITH desks AS (
    SELECT g.id, CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies) AS own,
           (SELECT count(*) FROM caller_presence p WHERE g.code = ANY (p.agencies) AND p.until_at > :now) AS present
    FROM agency g
), sharing AS (
    SELECT d.id,
           d.own OR d.present = 0
           OR (SELECT count(*) FROM (SELECT 1 FROM callback_task k WHERE k.agency_id = d.id AND {_READY}
                                     LIMIT (SELECT count(*) FROM caller_presence) * :calls_each + 1) work)
              > d.present * :calls_each AS shared
    FROM desks d
), candidates AS (
    SELECT k.id FROM sharing s
    CROSS JOIN LATERAL (SELECT k.id, k.priority, k.due_at, k.created_at, k.not_before FROM callback_task k
                        WHERE k.agency_id = s.id AND {_READY}
                        ORDER BY k.priority DESC, k.due_at LIMIT :window) k
    WHERE {_OVERFLOWS}
    UNION
    (SELECT k.id FROM callback_task k JOIN sharing s ON s.id = k.agency_id
     WHERE k.known_by = :caller AND {_READY} AND ({_OVERFLOWS})
     ORDER BY k.priority DESC LIMIT :window)
), chosen AS (
    SELECT k.id FROM callback_task k
    WHERE k.id IN (SELECT id FROM candidates) AND k.state = 'open'
    ORDER BY width_bucket(k.priority, CAST(:bands AS int[])) DESC, k.known_by IS NOT DISTINCT FROM :caller DESC,
             k.priority DESC, k.due_at, k.id
    LIMIT 1
    FOR UPDATE OF k SKIP LOCKED
), claimed AS (
    UPDATE callback_task k SET state = 'claimed', claimed_by = :caller, claimed_at = :now, claimed_until = :until
    FROM chosen WHERE k.id = chosen.id
    RETURNING k.id
)
INSERT INTO task_move (task_id, caller, move, moved_at) SELECT id, :caller, 'claimed', :now FROM claimed
RETURNING task_id
"""  # noqa: S608  # our own constants
)

_TAKE = text(
    """
WITH claimed AS (
    UPDATE callback_task SET state = 'claimed', claimed_by = :caller, claimed_at = :now, claimed_until = :until
    WHERE id = :id AND state = 'open'
    RETURNING id
)
INSERT INTO task_move (task_id, caller, move, moved_at) SELECT id, :caller, 'claimed', :now FROM claimed
RETURNING task_id
"""
)

# Walks ix_callback_task_claimed, which holds only what somebody has in hand.
_HELD = text("SELECT id FROM callback_task WHERE state = 'claimed' AND claimed_by = :caller ORDER BY claimed_at, id")

# Never to an earlier moment: the card of a bridged talk is held until its end, however short a lease is.
_RENEW = text(
    """
UPDATE callback_task SET claimed_until = greatest(claimed_until, CAST(:until AS timestamptz))
WHERE id = :id AND state = 'claimed' AND claimed_by = :caller
RETURNING claimed_until
"""
)

_HOLD = text(
    "UPDATE callback_task SET claimed_until = :until WHERE id = :id AND state = 'claimed' AND claimed_by = :caller"
)

_GIVE_BACK = text(
    """
WITH given AS (
    UPDATE callback_task SET state = 'open', claimed_by = NULL, claimed_until = NULL,
           not_before = coalesce(CAST(:not_before AS timestamptz), not_before),
           due_at = greatest(due_at, CAST(:not_before AS timestamptz))
    WHERE id = :id AND state = 'claimed' AND claimed_by = :caller
    RETURNING id
)
INSERT INTO task_move (task_id, caller, move, reason, moved_at, until_at)
SELECT id, :caller, :move, :reason, :now, :offered_again_at FROM given
"""
)

_EXPIRE = text(
    """
WITH over AS (
    SELECT id, claimed_by FROM callback_task WHERE state = 'claimed' AND claimed_until <= :now
    FOR UPDATE SKIP LOCKED
), back AS (
    UPDATE callback_task k SET state = 'open', claimed_by = NULL, claimed_until = NULL FROM over WHERE k.id = over.id
)
INSERT INTO task_move (task_id, caller, move, moved_at) SELECT id, claimed_by, 'expired', :now FROM over
"""
)

_CLAIM = text(
    """
SELECT id, household_id, state, claimed_by, claimed_until, priority FROM callback_task WHERE id = :id FOR UPDATE
"""
)

_UNKNOWN_AGENCIES = text(
    "SELECT asked FROM unnest(CAST(:codes AS text[])) AS asked WHERE NOT EXISTS (SELECT 1 FROM agency g WHERE g.code = asked)"
)

# How many of each agency's first tasks are looked at: more than there are callers at any desk.
WINDOW = 32


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a task stands between callers, its row locked."""

    id: int
    household_id: int
    state: str
    claimed_by: str | None
    claimed_until: datetime | None
    priority: int


def be_present(connection: Connection, caller: str, agencies: Sequence[str], *, until: datetime) -> None:
    """The caller is at their desk, for these agencies, until then."""
    connection.execute(_PRESENT, {"caller": caller, "agencies": list(agencies), "until": until})


def stay_present(connection: Connection, caller: str, *, until: datetime) -> None:
    """A sign of life of somebody who was there."""
    connection.execute(_STILL_THERE, {"caller": caller, "until": until})


def leave(connection: Connection, caller: str) -> None:
    """The caller left their desk."""
    connection.execute(_GONE, {"caller": caller})


def take_next(
    connection: Connection, caller: str, *, agencies: Sequence[str] | None, rules: Rules, now: datetime
) -> int | None:
    """Claims the most needed task this caller may take; None when there is none. agencies None: all are theirs."""
    return connection.execute(_NEXT, next_parameters(caller, agencies=agencies, rules=rules, now=now)).scalar()


def next_parameters(caller: str, *, agencies: Sequence[str] | None, rules: Rules, now: datetime) -> dict[str, Any]:
    """What the choice is made with."""
    return {
        "caller": caller,
        "agencies": None if agencies is None else list(agencies),
        "now": now,
        "until": now + rules.lease,
        "late": rules.late,
        "p0": BANDS["P0"],
        "p1": BANDS["P1"],
        "p0_waited": rules.waited.get("P0"),
        "p1_waited": rules.waited.get("P1"),
        "bands": sorted(BANDS.values())[1:],
        "calls_each": rules.calls_each,
        "window": WINDOW,
    }


def take(connection: Connection, task_id: int, caller: str, *, until: datetime, now: datetime) -> bool:
    """Claims this open task; False when it is not open."""
    values = {"id": task_id, "caller": caller, "until": until, "now": now}
    return connection.execute(_TAKE, values).scalar() is not None


def held_by(connection: Connection, caller: str) -> list[int]:
    """The tasks a caller has in hand, oldest claim first."""
    return list(connection.execute(_HELD, {"caller": caller}).scalars())


def renew(connection: Connection, task_id: int, caller: str, *, until: datetime) -> datetime:
    """A heartbeat of the caller who holds the task: it is theirs until then at least; returns until when."""
    held: datetime = connection.execute(_RENEW, {"id": task_id, "caller": caller, "until": until}).scalar_one()
    return held


def hold(connection: Connection, task_id: int, caller: str, *, until: datetime) -> None:
    """The task is the caller's until exactly then, if they hold it."""
    connection.execute(_HOLD, {"id": task_id, "caller": caller, "until": until})


def give_back(
    connection: Connection,
    task_id: int,
    caller: str,
    *,
    move: Move,
    reason: str,
    now: datetime,
    not_before: datetime | None = None,
    offered_again_at: datetime | None = None,
) -> None:
    """Puts a claimed task back into the queue and keeps why.

    not_before: nobody is offered it before; offered_again_at: this caller is not.
    """
    values = {
        "id": task_id,
        "caller": caller,
        "move": move,
        "reason": reason,
        "now": now,
        "not_before": not_before,
        "offered_again_at": offered_again_at,
    }
    connection.execute(_GIVE_BACK, values)


def expire(connection: Connection, *, now: datetime) -> int:
    """Leases that ran out come back to the queue; returns how many."""
    return connection.execute(_EXPIRE, {"now": now}).rowcount


def lock(connection: Connection, task_id: int) -> Claim | None:
    """Where a task stands, locked; None when there is no such task."""
    row = connection.execute(_CLAIM, {"id": task_id}).one_or_none()
    return None if row is None else Claim(**row._asdict())


def unknown_agencies(connection: Connection, codes: Sequence[str]) -> list[str]:
    """Those of these codes that no agency has."""
    return list(connection.execute(_UNKNOWN_AGENCIES, {"codes": list(codes)}).scalars())
