"""At which moment each text leaves, so that a sender, and an event with a pace of its own, keep to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from worker.store import limits
from worker.store.database import Connection

# Time is reserved this far ahead at most, so that a pause is felt at once.
HORIZON = timedelta(seconds=1)
# From reserving a moment to being able to keep it: the first texts of a batch would otherwise leave late, on the heels
# of the next ones.
HEAD_START = timedelta(milliseconds=300)


@dataclass(frozen=True, slots=True)
class Pace:
    """Segments a second that leave under one name: a sender's, or an event's own; 0: no limit."""

    key: str
    per_s: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A text about to leave: its message's id, its sender's key, its segments."""

    id: int
    sender: str
    segments: int


def allowance(connection: Connection, paces: Sequence[Pace], *, most: int, now: datetime) -> tuple[int, datetime]:
    """How many texts may be taken now, and from when the paces let them leave. Locks the paces."""
    kept = [pace for pace in paces if pace.per_s]
    within_horizon = [ceil(pace.per_s * HORIZON.total_seconds()) for pace in kept]
    return min([most, *within_horizon]), max([now, *(limits.next_free(connection, p.key, now=now) for p in kept)])


def leave_at(
    connection: Connection, texts: Sequence[Measured], paces: Sequence[Pace], *, now: datetime
) -> list[datetime | None]:
    """A moment per text, the latest that a pace which concerns it gives; None without a pace.

    A pace under a sender's key concerns that sender's texts, any other pace all of them.
    """
    senders = {text.sender for text in texts}
    moments: dict[int, datetime] = {}
    for pace in paces:
        mine = [text for text in texts if pace.key not in senders or text.sender == pace.key]
        for id_, at in _reserved(connection, pace, mine, now).items():
            moments[id_] = max(at, moments.get(id_, at))
    return [moments.get(text.id) for text in texts]


def _reserved(connection: Connection, pace: Pace, texts: Sequence[Measured], now: datetime) -> dict[int, datetime]:
    if not pace.per_s or not texts:
        return {}
    start = max(limits.next_free(connection, pace.key, now=now), now + HEAD_START)
    at = limits.reserve(connection, pace.key, [text.segments for text in texts], per_s=pace.per_s, start=start)
    return dict(zip([text.id for text in texts], at, strict=True))
