"""The provider's limits, kept together by all workers: how many requests at once, how fast per sender."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# After a refusal the whole budget is back within this time; never fewer than LEAST are under way.
RECOVERY_S = 30.0
LEAST = 2

SHARE_LOCK = 7_206_812  # any constant: shares are dealt one worker at a time

# Texts leave a little before or after their moment. Kept this much further apart, no second of the provider's sees more
# of them than the pace allows, whichever hosts they come from.
SLACK = 1.1

_OTHERS = text(
    """
SELECT count(*) AS holders, coalesce(sum(slots), 0) AS slots FROM in_flight_share
WHERE holder <> :holder AND until_at > :now
"""
)

_TAKE = text(
    """
INSERT INTO in_flight_share (holder, slots, until_at) VALUES (:holder, :slots, :until)
ON CONFLICT (holder) DO UPDATE SET slots = excluded.slots, until_at = excluded.until_at
"""
)

# What the provider has lately shown it takes: halved when it refuses, and more every second from then on. Nothing is
# written while all goes well.
_BUDGET = text(
    """
SELECT floor(least(CAST(:most AS float), budget + extract(epoch FROM CAST(:now AS timestamptz) - narrowed_at) * :rise))
FROM in_flight_limit
"""
)

_NARROW = text(
    """
INSERT INTO in_flight_limit AS l (id, budget, narrowed_at) VALUES (1, greatest(:least, CAST(:most AS float) / 2), :now)
ON CONFLICT (id) DO UPDATE SET narrowed_at = excluded.narrowed_at, budget = greatest(
    :least, least(CAST(:most AS float), l.budget + extract(epoch FROM CAST(:now AS timestamptz) - l.narrowed_at) * :rise) / 2)
WHERE l.narrowed_at <= CAST(:now AS timestamptz) - interval '1 second'
RETURNING budget
"""
)

_FORGET = text("DELETE FROM in_flight_share WHERE until_at < CAST(:now AS timestamptz) - interval '1 hour'")

# The row is locked until the claim commits, so two workers never reserve the same moment.
_PACE = text(
    """
INSERT INTO sender_pace (sender, next_free_at) VALUES (:sender, :now)
ON CONFLICT (sender) DO UPDATE SET next_free_at = sender_pace.next_free_at
RETURNING next_free_at
"""
)

_RESERVE = text("UPDATE sender_pace SET next_free_at = :until WHERE sender = :sender")


def share_in_flight(
    connection: Connection,
    holder: str,
    *,
    budget: int,
    keep_to: Callable[[int], int],
    held_for: timedelta,
    now: datetime,
) -> int:
    """This worker's part of the requests that may be under way at once; 0 when the others hold all of it.

    Each live holder is due an equal part; a newcomer waits until the others have given some back. keep_to: tells the
    worker its part and returns what it has in the air. It holds at least that, whatever it is due: the others may only
    take what has landed. Nobody else is dealt to until this commits.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SHARE_LOCK})
    budget = _taken_lately(connection, most=budget, now=now)
    others = connection.execute(_OTHERS, {"holder": holder, "now": now}).one()
    slots: int = max(0, min(budget // (others.holders + 1) or 1, budget - others.slots))
    held = max(slots, keep_to(slots))
    connection.execute(_TAKE, {"holder": holder, "slots": held, "until": now + held_for})
    return slots


def narrow(connection: Connection, *, most: int, now: datetime) -> int | None:
    """The provider refused a request for being one too many: all workers together ask half as much from now on.

    At most once a second, since one blast brings many refusals. Returns the new budget; None when it was just done.
    """
    values = {"most": most, "least": LEAST, "rise": _rise(most), "now": now}
    budget = connection.execute(_NARROW, values).scalar()
    return None if budget is None else int(budget)


def _taken_lately(connection: Connection, *, most: int, now: datetime) -> int:
    budget = connection.execute(_BUDGET, {"most": most, "rise": _rise(most), "now": now}).scalar()
    return most if budget is None else max(LEAST, int(budget))


def _rise(most: int) -> float:
    """Requests more per second, until all are back."""
    return most / RECOVERY_S


def forget_old_shares(connection: Connection, *, now: datetime) -> None:
    """Drops the rows of workers long gone."""
    connection.execute(_FORGET, {"now": now})


def next_free(connection: Connection, sender: str, *, now: datetime) -> datetime:
    """When the sender may send its next segment, not before now; locks the sender's pace."""
    free: datetime = connection.execute(_PACE, {"sender": sender, "now": now}).scalar_one()
    return max(free, now)


def of_event(event_id: int) -> str:
    """The name under which an event's own pace is kept, beside those of the senders."""
    return f"event:{event_id}"


def of_calls(sender: str) -> str:
    """The name under which a sender's pace of calls is kept, beside that of its texts."""
    return f"calls:{sender}"


def forget(connection: Connection, sender: str) -> None:
    """What was reserved at another pace does not count any more."""
    connection.execute(text("DELETE FROM sender_pace WHERE sender = :sender"), {"sender": sender})


def reserve(
    connection: Connection, sender: str, segments: Sequence[int], *, per_s: float, start: datetime
) -> list[datetime]:
    """One moment per text, so far apart that the sender keeps its pace (segments/s); call next_free first."""
    moments, at = [], start
    for count in segments:
        moments.append(at)
        at += timedelta(seconds=SLACK * count / per_s)
    connection.execute(_RESERVE, {"sender": sender, "until": at})
    return moments
