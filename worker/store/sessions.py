"""Sessions in the browser: found by the hash of their secret, alive until idle, old or ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

_OPEN = text(
    """
INSERT INTO staff_session (account_id, secret_hash, created_at, seen_at, expires_at)
VALUES (:account_id, :secret_hash, :now, :now, :expires_at) RETURNING id
"""
)

# By uq_staff_session_secret_hash. A disabled account has no sessions, whatever their rows say.
_FIND = text(
    """
SELECT s.id, s.account_id, a.login, a.name, a.role, a.agencies, s.seen_at, s.expires_at
FROM staff_session s JOIN staff_account a ON a.id = s.account_id
WHERE s.secret_hash = :secret_hash AND s.ended_at IS NULL AND s.expires_at > :now
  AND s.seen_at > CAST(:now AS timestamptz) - CAST(:idle AS interval) AND a.disabled_at IS NULL
"""
)

# Ran out by itself, a short while ago: what its owner typed meanwhile is still theirs. Ended by somebody, it is nobody's.
_RAN_OUT = text(
    """
SELECT s.account_id FROM staff_session s JOIN staff_account a ON a.id = s.account_id
WHERE s.secret_hash = :secret_hash AND s.ended_at IS NULL AND a.disabled_at IS NULL
  AND s.expires_at > CAST(:now AS timestamptz) - interval '1 day'
"""
)

# Enough to know who is idle.
SEEN_EVERY = timedelta(minutes=1)
_SEEN = text(
    "UPDATE staff_session SET seen_at = :now WHERE id = :id AND seen_at < CAST(:now AS timestamptz) - CAST(:every AS interval)"
)

_END = text("UPDATE staff_session SET ended_at = :now WHERE id = :id AND account_id = :account_id AND ended_at IS NULL")

_END_ALL = text(
    "UPDATE staff_session SET ended_at = :now WHERE account_id = :account_id AND ended_at IS NULL AND id <> :but"
)

_ALIVE = text(
    """
SELECT id, created_at, seen_at, expires_at FROM staff_session
WHERE account_id = :account_id AND ended_at IS NULL AND expires_at > :now
  AND seen_at > CAST(:now AS timestamptz) - CAST(:idle AS interval)
ORDER BY seen_at DESC, id DESC
"""
)

# Rows that somebody has in hand are left for the next time, so that two at once never wait for each other in a ring.
_FORGET = text(
    """
DELETE FROM staff_session WHERE id IN
    (SELECT id FROM staff_session WHERE expires_at < :before FOR UPDATE SKIP LOCKED)
"""
)


@dataclass(frozen=True, slots=True)
class Found:
    """A session that is alive, and whose it is."""

    id: int
    account_id: int
    login: str
    name: str
    role: str
    agencies: list[str]
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Alive:
    """A session in a person's own list."""

    id: int
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def start(connection: Connection, account_id: int, *, secret_hash: str, expires_at: datetime, now: datetime) -> int:
    """A new session's id."""
    values = {"account_id": account_id, "secret_hash": secret_hash, "expires_at": expires_at, "now": now}
    return int(connection.execute(_OPEN, values).scalar_one())


def find(connection: Connection, secret_hash: str, *, idle: timedelta, now: datetime) -> Found | None:
    """The living session with this secret, or None."""
    row = connection.execute(_FIND, {"secret_hash": secret_hash, "idle": idle, "now": now}).one_or_none()
    return None if row is None else Found(**row._asdict())


def ran_out(connection: Connection, secret_hash: str, *, now: datetime) -> int | None:
    """Whose session this was, if it ran out by itself and not long ago."""
    return connection.execute(_RAN_OUT, {"secret_hash": secret_hash, "now": now}).scalar()


def seen(connection: Connection, session_id: int, *, now: datetime) -> None:
    """The person is there."""
    connection.execute(_SEEN, {"id": session_id, "now": now, "every": SEEN_EVERY})


def end(connection: Connection, session_id: int, *, account_id: int, now: datetime) -> bool:
    """Ends one session of an account; False when there was none alive."""
    values = {"id": session_id, "account_id": account_id, "now": now}
    return connection.execute(_END, values).rowcount == 1


def end_all(connection: Connection, account_id: int, *, but: int = 0, now: datetime) -> int:
    """Ends every session of an account, `but` this one; returns how many."""
    return connection.execute(_END_ALL, {"account_id": account_id, "but": but, "now": now}).rowcount


def alive(connection: Connection, account_id: int, *, idle: timedelta, now: datetime) -> list[Alive]:
    """An account's living sessions, last used first."""
    rows = connection.execute(_ALIVE, {"account_id": account_id, "idle": idle, "now": now})
    return [Alive(**row._asdict()) for row in rows]


def forget(connection: Connection, *, before: datetime) -> int:
    """Deletes sessions that ran out before then."""
    return connection.execute(_FORGET, {"before": before}).rowcount
