"""Calls between a caller and a household that the system puts together: one at a time, each kept before it is made."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# Of which nothing was heard for so long: whatever became of them, they are not under way any more. One that no worker
# took never was: with an end it is not taken later either. What is under way is found by uq_bridged_call_task, which
# holds nothing else.
_FORGET = """
UPDATE bridged_call SET ended_at = :now, came_to = CASE WHEN asked_at IS NULL THEN 'bridge_not_made' ELSE 'bridge_lost' END
WHERE ended_at IS NULL
  AND CASE WHEN asked_at IS NULL THEN opened_at + CAST(:unasked AS interval)
           ELSE coalesce(connected_at + CAST(:longest AS interval), opened_at + CAST(:unheard AS interval)) END < :now
"""
_FORGET_ANY = text(_FORGET)
_FORGET_OF = text(_FORGET + " AND (task_id = :task OR caller = :caller)")

# Taken by whoever asks, so that several workers ask about different ones. Walks ix_bridged_call_untold.
_UNTOLD = text(
    """
UPDATE bridged_call b SET asked_about_at = :now
FROM (SELECT id FROM bridged_call
      WHERE (ended_at IS NULL OR came_to = 'bridge_lost') AND given_up_at IS NULL AND provider_sid IS NOT NULL
        AND opened_at > :oldest AND opened_at < :before
        AND greatest(connected_at, ended_at, asked_about_at, opened_at) < :before
      ORDER BY opened_at LIMIT :limit FOR UPDATE SKIP LOCKED) taken
WHERE b.id = taken.id RETURNING b.id, b.provider_sid
"""
)

# The provider knows nothing of it either.
_GIVE_UP = text(
    """
UPDATE bridged_call SET given_up_at = :now, ended_at = coalesce(ended_at, :now), came_to = 'bridge_lost'
WHERE id = :id AND (ended_at IS NULL OR came_to = 'bridge_lost')
  AND coalesce(connected_at + CAST(:longest AS interval), opened_at + CAST(:unheard AS interval)) < :now
"""
)

# uq_bridged_call_task and uq_bridged_call_caller make a second one impossible.
_OPEN = text(
    """
INSERT INTO bridged_call (task_id, household_id, caller, e164, sender, opened_at)
VALUES (:task, :household, :caller, :e164, :sender, :now) ON CONFLICT DO NOTHING RETURNING id
"""
)

# Taken once, and only while its caller still waits beside the telephone.
_TAKE = text(
    """
UPDATE bridged_call b SET asked_at = :now FROM staff_account a
WHERE b.id = :id AND b.asked_at IS NULL AND b.ended_at IS NULL AND b.opened_at > :since
  AND a.login = b.caller AND a.phone IS NOT NULL AND a.disabled_at IS NULL
RETURNING b.sender, a.phone
"""
)

_NOTE_SID = text("UPDATE bridged_call SET provider_sid = :sid WHERE id = :id AND provider_sid IS NULL")

# A call whose end nobody had told may still be told by a late word.
_END = text(
    """
UPDATE bridged_call SET ended_at = coalesce(ended_at, :now), came_to = :end, code = coalesce(:code, code),
       talked_s = coalesce(:talked_s, talked_s)
WHERE id = :id AND (ended_at IS NULL OR (came_to = 'bridge_lost' AND :end <> 'bridge_lost'))
"""
)

_COLUMNS = """
SELECT b.id, b.task_id, b.household_id, b.caller, b.e164, b.sender, b.opened_at, b.asked_at, b.provider_sid, b.code,
       b.connected_at, b.talked_s, b.ended_at, b.came_to
FROM bridged_call b
"""
_LOCK = text(_COLUMNS + "WHERE b.id = :id FOR UPDATE")
_LATEST = text(_COLUMNS + "WHERE b.task_id = :task ORDER BY b.id DESC LIMIT 1")
_CONNECT = text("UPDATE bridged_call SET connected_at = coalesce(connected_at, :now) WHERE id = :id")

_CONTEXT = text(
    """
SELECT k.reasons, (SELECT count(*) FROM tenant t WHERE t.household_id = k.household_id AND t.status = 'active') AS tenants
FROM callback_task k WHERE k.id = :task
"""
)


@dataclass(frozen=True, slots=True)
class Patience:
    """unasked: until no worker makes it any more; unheard: from its beginning to a key of the caller's; longest: from the
    key to its very last end."""

    unasked: timedelta
    unheard: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class Bridge:
    """One row of bridged_call."""

    id: int
    task_id: int
    household_id: int
    caller: str
    e164: str
    sender: str
    opened_at: datetime
    asked_at: datetime | None
    provider_sid: str | None
    code: int | None
    connected_at: datetime | None
    talked_s: int | None
    ended_at: datetime | None
    came_to: str | None


def forget_lost(connection: Connection, patience: Patience, *, now: datetime) -> int:
    """Ends those of which nothing was heard for too long, and those that no worker made; how many there were."""
    return connection.execute(_FORGET_ANY, asdict(patience) | {"now": now}).rowcount


def forget_lost_of(connection: Connection, task_id: int, caller: str, patience: Patience, *, now: datetime) -> None:
    """The same for those of this task or caller."""
    connection.execute(_FORGET_OF, asdict(patience) | {"task": task_id, "caller": caller, "now": now})


def take_untold(
    connection: Connection, *, before: datetime, oldest: datetime, limit: int, now: datetime
) -> list[tuple[int, str]]:
    """(id, the provider's name) of calls of which nothing, or no end, was heard since before then; for the caller to ask
    about."""
    values = {"before": before, "oldest": oldest, "limit": limit, "now": now}
    return [(row.id, row.provider_sid) for row in connection.execute(_UNTOLD, values)]


def give_up(connection: Connection, bridge_id: int, patience: Patience, *, now: datetime) -> bool:
    """Nobody is asked about it any more; False while it may still be under way."""
    return connection.execute(_GIVE_UP, asdict(patience) | {"id": bridge_id, "now": now}).rowcount == 1


def open_one(
    connection: Connection, *, task_id: int, household_id: int, caller: str, e164: str, sender: str, now: datetime
) -> int | None:
    """A new call's id; None while one is under way for this task or this caller."""
    values = {
        "task": task_id,
        "household": household_id,
        "caller": caller,
        "e164": e164,
        "sender": sender,
        "now": now,
    }
    return connection.execute(_OPEN, values).scalar()


def take(connection: Connection, bridge_id: int, *, since: datetime, now: datetime) -> tuple[str, str] | None:
    """(sender, the caller's own number) of a call to be made, for whoever comes first; None otherwise."""
    row = connection.execute(_TAKE, {"id": bridge_id, "since": since, "now": now}).one_or_none()
    return None if row is None else (row.sender, row.phone)


def note_sid(connection: Connection, bridge_id: int, sid: str) -> None:
    """The provider's own name for it."""
    connection.execute(_NOTE_SID, {"id": bridge_id, "sid": sid})


def end(
    connection: Connection,
    bridge_id: int,
    end: str,
    *,
    code: int | None = None,
    talked_s: int | None = None,
    now: datetime,
) -> bool:
    """What it came to; says whether that is news. The first word counts."""
    values = {"id": bridge_id, "end": end, "code": code, "talked_s": talked_s, "now": now}
    return connection.execute(_END, values).rowcount == 1


def connect(connection: Connection, bridge_id: int, *, now: datetime) -> None:
    """The caller pressed a key: the household is rung."""
    connection.execute(_CONNECT, {"id": bridge_id, "now": now})


def lock(connection: Connection, bridge_id: int) -> Bridge | None:
    """One call, locked; None when there is none."""
    row = connection.execute(_LOCK, {"id": bridge_id}).one_or_none()
    return None if row is None else Bridge(**row._asdict())


def latest(connection: Connection, task_id: int) -> Bridge | None:
    """The last call that was put together for a task."""
    row = connection.execute(_LATEST, {"task": task_id}).one_or_none()
    return None if row is None else Bridge(**row._asdict())


def context(connection: Connection, task_id: int) -> tuple[int, list[str]]:
    """(tenants of the household, reasons of the call)."""
    row = connection.execute(_CONTEXT, {"task": task_id}).one()
    return row.tenants, row.reasons
