"""Wrong tries to sign in, counted in the database so that all web processes count together."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

# Locked from here to commit, whether it was there before or not: tries at once are looked at one after the other.
_LOCK = text(
    """
INSERT INTO sign_in_failure AS f (subject, failures, failed_at, wait_until) VALUES (:subject, 0, :now, :now)
ON CONFLICT (subject) DO UPDATE SET failures = f.failures
RETURNING wait_until
"""
)

_COUNT = text(
    """
UPDATE sign_in_failure SET failed_at = :now,
    failures = CASE WHEN failed_at < CAST(:now AS timestamptz) - CAST(:forgotten AS interval) THEN 1 ELSE failures + 1 END
WHERE subject = :subject
RETURNING failures
"""
)

_WAIT = text("UPDATE sign_in_failure SET wait_until = :until WHERE subject = :subject")

_TAKE_BACK = text(
    "UPDATE sign_in_failure SET failures = failures - 1, wait_until = :now WHERE subject = :subject AND failures > 0"
)

_FORGIVE = text("DELETE FROM sign_in_failure WHERE subject = :subject")

# Rows that somebody has in hand are left for the next time, so that two at once never wait for each other in a ring.
_FORGET = text(
    """
DELETE FROM sign_in_failure WHERE subject IN
    (SELECT subject FROM sign_in_failure WHERE failed_at < :before FOR UPDATE SKIP LOCKED)
"""
)


def lock(connection: Connection, subject: str, *, now: datetime) -> datetime:
    """Until when this subject has to wait. Another try on it waits for this transaction."""
    until: datetime = connection.execute(_LOCK, {"subject": subject, "now": now}).scalar_one()
    return until


def count(connection: Connection, subject: str, *, forgotten: timedelta, now: datetime) -> int:
    """One more wrong try for this subject; returns how many lately. Counting starts anew after `forgotten`."""
    return int(connection.execute(_COUNT, {"subject": subject, "forgotten": forgotten, "now": now}).scalar_one())


def wait(connection: Connection, subject: str, *, until: datetime) -> None:
    """No further try before then."""
    connection.execute(_WAIT, {"subject": subject, "until": until})


def take_back(connection: Connection, subject: str, *, now: datetime) -> None:
    """One try less: it turned out right."""
    connection.execute(_TAKE_BACK, {"subject": subject, "now": now})


def forgive(connection: Connection, subject: str) -> None:
    """The right password: earlier tries do not count."""
    connection.execute(_FORGIVE, {"subject": subject})


def forget(connection: Connection, *, before: datetime) -> int:
    """Deletes what no longer counts."""
    return connection.execute(_FORGET, {"before": before}).rowcount
