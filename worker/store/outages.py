"""Whether the provider answers: one row per worker that gets no answer, so that one cut-off host does not stop the others.

Texts and calls are asked for in different places of the provider's, and each has rows of its own: see `of_calls`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# One text without an answer is an accident; this many without a single one in between are an outage, whether they were
# asked together or one by one. A row with fewer only counts.
FEWEST_TO_TELL = 3

# Whether anybody met silence of late, for a statement that is made anyway: answers are noted only then.
KNOWN = "EXISTS (SELECT 1 FROM provider_outage)"

_CALLS = "calls:"
_OURS = f"starts_with(holder, '{_CALLS}') = :calls"

_CURRENT = text(
    "SELECT greatest(since, answered_elsewhere_at) AS since, failures, failed_at, retry_at FROM provider_outage "
    "WHERE holder = :holder"
)

# Nobody answers anybody: since the last answer that any worker had, for who had it may have stopped for good.
_EVERYWHERE = text(
    f"""
SELECT greatest(since, answered_elsewhere_at) AS since, failures, failed_at, retry_at FROM provider_outage
WHERE failures >= :fewest AND failed_at > CAST(:now AS timestamptz) - :memory AND {_OURS}
ORDER BY 1 LIMIT 1
"""  # noqa: S608  # our own constant
)

_FAILED = text(
    """
INSERT INTO provider_outage AS o (holder, since, failures, failed_at, retry_at)
VALUES (:holder, :now, :failures, :now, :retry_at)
ON CONFLICT (holder) DO UPDATE SET
    since = CASE WHEN greatest(o.failed_at, o.retry_at) > CAST(:now AS timestamptz) - :memory THEN o.since ELSE excluded.since END,
    failures = excluded.failures, failed_at = excluded.failed_at, retry_at = excluded.retry_at
"""
)

_ANSWERED = text("DELETE FROM provider_outage WHERE holder = :holder RETURNING since, failures")
# In one order, so that two workers with answers at the same moment do not wait for each other.
_LOCK = text(f"SELECT 1 FROM provider_outage WHERE {_OURS} ORDER BY holder FOR UPDATE")  # noqa: S608  # as above
_ELSEWHERE = text(
    f"UPDATE provider_outage SET answered_elsewhere_at = :now WHERE holder <> :holder AND {_OURS}"  # noqa: S608  # as above
)

# Whichever thread moves the row first may try; the others wait for what comes of it.
_TRY = text("UPDATE provider_outage SET retry_at = :until WHERE holder = :holder AND retry_at <= :now")
_GIVE_BACK = text("UPDATE provider_outage SET retry_at = :now WHERE holder = :holder")
_ALARM = text(
    "UPDATE provider_outage SET alarmed_at = :now "
    "WHERE failures >= :fewest AND since <= :before AND alarmed_at IS NULL RETURNING holder, since"
)
_FORGET = text("DELETE FROM provider_outage WHERE failed_at < CAST(:now AS timestamptz) - :memory")

# Nobody tried for so long: whether the outage goes on is not known any more.
MEMORY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Outage:
    """No answer since then. failures: texts without one until they are an outage, then batches; the last at failed_at.

    retry_at: no request before.
    """

    since: datetime
    failures: int
    failed_at: datetime
    retry_at: datetime


def of_calls(holder: str) -> str:
    """The name under which a worker's requests for calls are kept, beside those for texts."""
    return f"{_CALLS}{holder}"


def current(connection: Connection, holder: str) -> Outage | None:
    """What a worker meets since the last answer that it, or another, had, be it an outage or too little to tell; or
    None."""
    row = connection.execute(_CURRENT, {"holder": holder}).one_or_none()
    return None if row is None else Outage(**row._asdict())


def everywhere(connection: Connection, *, calls: bool, now: datetime) -> Outage | None:
    """The outage that every worker meets with its texts, or with its calls, since the last answer that one of them had;
    or None."""
    values = {"now": now, "memory": MEMORY, "fewest": FEWEST_TO_TELL, "calls": calls}
    row = connection.execute(_EVERYWHERE, values).one_or_none()
    return None if row is None else Outage(**row._asdict())


def note_failure(
    connection: Connection,
    holder: str,
    *,
    failures: int,
    retry_at: datetime,
    now: datetime,
    memory: timedelta = MEMORY,
) -> None:
    """A batch of this worker's got no answer at all, or none was taken. failures: how many by now. memory: after so long
    without one, and without one being due, it is the first again."""
    values = {"holder": holder, "failures": failures, "retry_at": retry_at, "now": now, "memory": memory}
    connection.execute(_FAILED, values)


def note_answer(connection: Connection, holder: str, *, now: datetime) -> datetime | None:
    """The provider answers this worker; since when it had not, None when there was no outage.

    Three statements, for when an outage is known to anybody: `outbox.finish` tells.
    """
    calls = holder.startswith(_CALLS)
    connection.execute(_LOCK, {"calls": calls})
    connection.execute(_ELSEWHERE, {"holder": holder, "now": now, "calls": calls})
    row = connection.execute(_ANSWERED, {"holder": holder}).one_or_none()
    return None if row is None or row.failures < FEWEST_TO_TELL else row.since


def take_try(connection: Connection, holder: str, *, lasts: timedelta, now: datetime) -> bool:
    """Whether the caller is the one who tries again now; `lasts`: for so long no other thread does."""
    return connection.execute(_TRY, {"holder": holder, "until": now + lasts, "now": now}).rowcount == 1


def give_back_try(connection: Connection, holder: str, *, now: datetime) -> None:
    """There was nothing to try with: somebody else may."""
    connection.execute(_GIVE_BACK, {"holder": holder, "now": now})


def take_alarms(connection: Connection, *, before: datetime, now: datetime) -> list[tuple[str, datetime]]:
    """(worker, since) of outages that began before then, each told once."""
    values = {"before": before, "now": now, "fewest": FEWEST_TO_TELL}
    return [(row.holder, row.since) for row in connection.execute(_ALARM, values)]


def forget_old(connection: Connection, *, now: datetime) -> None:
    """Drops what workers long gone have met."""
    connection.execute(_FORGET, {"now": now, "memory": MEMORY})
