"""Wrong tries to sign in, counted in the database so that all web processes count together."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# The row is locked from here to commit: tries at once on one account are counted one by one.
_COUNT = text(
    """
INSERT INTO sign_in_failure AS f (subject, failures, failed_at, wait_until) VALUES (:subject, 1, :now, :now)
ON CONFLICT (subject) DO UPDATE SET failed_at = excluded.failed_at,
    failures = CASE WHEN f.failed_at < CAST(:now AS timestamptz) - CAST(:forgotten AS interval) THEN 1 ELSE f.failures + 1 END
RETURNING failures
"""
)

_WAIT = text("UPDATE sign_in_failure SET wait_until = :until WHERE subject = :subject")

_WAITS = text("SELECT max(wait_until) FROM sign_in_failure WHERE subject = ANY (:subjects) AND wait_until > :now")

_TAKE_BACK = text(
    "UPDATE sign_in_failure SET failures = failures - 1, wait_until = :now WHERE subject = :subject AND failures > 0"
)

_FORGIVE = text("DELETE FROM sign_in_failure WHERE subject = :subject")

_FORGET = text("DELETE FROM sign_in_failure WHERE failed_at < :before")


def count(connection: Connection, subject: str, *, forgotten: timedelta, now: datetime) -> int:
    """One more wrong try for this subject; returns how many lately. Counting starts anew after `forgotten`."""
    return int(connection.execute(_COUNT, {"subject": subject, "forgotten": forgotten, "now": now}).scalar_one())


def wait(connection: Connection, subject: str, *, until: datetime) -> None:
    """No further try before then."""
    connection.execute(_WAIT, {"subject": subject, "until": until})


def waits_until(connection: Connection, subjects: Mapping[str, str], *, now: datetime) -> datetime | None:
    """Until when one of these subjects has to wait; None: not at all."""
    found: datetime | None = connection.execute(_WAITS, {"subjects": list(subjects.values()), "now": now}).scalar()
    return found


def take_back(connection: Connection, subject: str, *, now: datetime) -> None:
    """One try less: it turned out right."""
    connection.execute(_TAKE_BACK, {"subject": subject, "now": now})


def forgive(connection: Connection, subject: str) -> None:
    """The right password: earlier tries do not count."""
    connection.execute(_FORGIVE, {"subject": subject})


def forget(connection: Connection, *, before: datetime) -> int:
    """Deletes what no longer counts."""
    return connection.execute(_FORGET, {"before": before}).rowcount
