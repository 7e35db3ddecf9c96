"""Whether the provider answers at all: one row, shared by all workers, so that they wait and try again together."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_CURRENT = text("SELECT since, failures, failed_at, retry_at FROM provider_outage WHERE since IS NOT NULL")

_FAILED = text(
    """
INSERT INTO provider_outage AS o (id, since, failures, failed_at, retry_at) VALUES (1, :now, 1, :now, :retry_at)
ON CONFLICT (id) DO UPDATE SET
    since = CASE WHEN o.failed_at > CAST(:now AS timestamptz) - :memory THEN coalesce(o.since, excluded.since)
                 ELSE excluded.since END,
    failures = o.failures + 1, failed_at = excluded.failed_at, retry_at = greatest(o.retry_at, excluded.retry_at)
"""
)

_GIVE_BACK = text("UPDATE provider_outage SET retry_at = :now WHERE since IS NOT NULL")

# Nobody tried for so long: whether the outage goes on is not known any more.
MEMORY = timedelta(minutes=15)

_ANSWERED = text(
    """
UPDATE provider_outage o SET since = NULL, failures = 0, retry_at = NULL, alarmed_at = NULL
FROM (SELECT since FROM provider_outage WHERE since IS NOT NULL FOR UPDATE) old
WHERE o.since IS NOT NULL RETURNING old.since
"""
)

# Whoever moves the row first may try; the others wait for what comes of it.
_TRY = text("UPDATE provider_outage SET retry_at = :until WHERE since IS NOT NULL AND retry_at <= :now")

_ALARM = text("UPDATE provider_outage SET alarmed_at = :now WHERE since <= :before AND alarmed_at IS NULL")


@dataclass(frozen=True, slots=True)
class Outage:
    """Nobody has answered since then. failures: batches that got no answer, the last one at failed_at. retry_at: not
    asked again before."""

    since: datetime
    failures: int
    failed_at: datetime
    retry_at: datetime


def current(connection: Connection) -> Outage | None:
    """The outage under way, or None."""
    row = connection.execute(_CURRENT).one_or_none()
    return None if row is None else Outage(**row._asdict())


def note_failure(connection: Connection, *, retry_at: datetime, now: datetime) -> None:
    """A batch got no answer at all."""
    connection.execute(_FAILED, {"retry_at": retry_at, "now": now, "memory": MEMORY})


def note_answer(connection: Connection) -> datetime | None:
    """The provider answers; since when it had not, None when there was no outage."""
    since: datetime | None = connection.execute(_ANSWERED).scalar()
    return since


def take_try(connection: Connection, *, lasts: timedelta, now: datetime) -> bool:
    """Whether the caller is the one who tries again now; `lasts`: for so long nobody else does."""
    return connection.execute(_TRY, {"until": now + lasts, "now": now}).rowcount == 1


def give_back_try(connection: Connection, *, now: datetime) -> None:
    """There was nothing to try with: somebody else may."""
    connection.execute(_GIVE_BACK, {"now": now})


def take_alarm(connection: Connection, *, before: datetime, now: datetime) -> bool:
    """True once for an outage that began before then."""
    return connection.execute(_ALARM, {"before": before, "now": now}).rowcount == 1
