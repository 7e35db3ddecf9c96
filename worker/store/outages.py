"""Whether the provider answers: one row per worker that gets no answer, so that one cut-off host does not stop the others."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_CURRENT = text("SELECT since, failures, failed_at, retry_at FROM provider_outage WHERE holder = :holder")

# Nobody answers anybody: the worker that has waited longest, if none has had an answer since.
_EVERYWHERE = text(
    """
SELECT since, failures, failed_at, retry_at FROM provider_outage
WHERE answered_elsewhere_at IS NULL AND failed_at > CAST(:now AS timestamptz) - :memory
ORDER BY since LIMIT 1
"""
)

_FAILED = text(
    """
INSERT INTO provider_outage AS o (holder, since, failures, failed_at, retry_at) VALUES (:holder, :now, 1, :now, :retry_at)
ON CONFLICT (holder) DO UPDATE SET
    since = CASE WHEN o.failed_at > CAST(:now AS timestamptz) - :memory THEN o.since ELSE excluded.since END,
    failures = o.failures + 1, failed_at = excluded.failed_at, retry_at = excluded.retry_at
"""
)

_ANSWERED = text("DELETE FROM provider_outage WHERE holder = :holder RETURNING since")
_ELSEWHERE = text("UPDATE provider_outage SET answered_elsewhere_at = :now WHERE holder <> :holder")

# Whichever thread moves the row first may try; the others wait for what comes of it.
_TRY = text("UPDATE provider_outage SET retry_at = :until WHERE holder = :holder AND retry_at <= :now")
_GIVE_BACK = text("UPDATE provider_outage SET retry_at = :now WHERE holder = :holder")
_ALARM = text(
    "UPDATE provider_outage SET alarmed_at = :now WHERE since <= :before AND alarmed_at IS NULL RETURNING holder, since"
)
_FORGET = text("DELETE FROM provider_outage WHERE failed_at < CAST(:now AS timestamptz) - :memory")

# Nobody tried for so long: whether the outage goes on is not known any more.
MEMORY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Outage:
    """No answer since then. failures: batches without one, the last at failed_at. retry_at: no request before."""

    since: datetime
    failures: int
    failed_at: datetime
    retry_at: datetime


def current(connection: Connection, holder: str) -> Outage | None:
    """The outage that a worker meets, or None."""
    row = connection.execute(_CURRENT, {"holder": holder}).one_or_none()
    return None if row is None else Outage(**row._asdict())


def everywhere(connection: Connection, *, now: datetime) -> Outage | None:
    """The outage that every worker meets, or None: as long as one gets answers, the provider is there."""
    row = connection.execute(_EVERYWHERE, {"now": now, "memory": MEMORY}).one_or_none()
    return None if row is None else Outage(**row._asdict())


def note_failure(connection: Connection, holder: str, *, retry_at: datetime, now: datetime) -> None:
    """A batch of this worker's got no answer at all."""
    connection.execute(_FAILED, {"holder": holder, "retry_at": retry_at, "now": now, "memory": MEMORY})


def note_answer(connection: Connection, holder: str, *, now: datetime) -> datetime | None:
    """The provider answers this worker; since when it had not, None when there was no outage."""
    connection.execute(_ELSEWHERE, {"holder": holder, "now": now})
    since: datetime | None = connection.execute(_ANSWERED, {"holder": holder}).scalar()
    return since


def take_try(connection: Connection, holder: str, *, lasts: timedelta, now: datetime) -> bool:
    """Whether the caller is the one who tries again now; `lasts`: for so long no other thread does."""
    return connection.execute(_TRY, {"holder": holder, "until": now + lasts, "now": now}).rowcount == 1


def give_back_try(connection: Connection, holder: str, *, now: datetime) -> None:
    """There was nothing to try with: somebody else may."""
    connection.execute(_GIVE_BACK, {"holder": holder, "now": now})


def take_alarms(connection: Connection, *, before: datetime, now: datetime) -> list[tuple[str, datetime]]:
    """(worker, since) of outages that began before then, each told once."""
    return [(row.holder, row.since) for row in connection.execute(_ALARM, {"before": before, "now": now})]


def forget_old(connection: Connection, *, now: datetime) -> None:
    """Drops what workers long gone have met."""
    connection.execute(_FORGET, {"now": now, "memory": MEMORY})
