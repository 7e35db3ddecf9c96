"""Answers kept for requests that are sent again: the same key and body get the same answer, and nothing is done twice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# One row per key, by the primary key: of two requests at once only one reserves it. A row that is kept no longer, or
# whose worker died before it answered, is taken over by the same request.
_RESERVE = text(
    """
INSERT INTO kept_answer (account_id, key, fingerprint, lease_until, kept_until)
VALUES (:account_id, :key, :fingerprint, :lease_until, :kept_until)
ON CONFLICT (account_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = NULL, media_type = NULL, body = NULL,
    lease_until = excluded.lease_until, kept_until = excluded.kept_until
WHERE kept_answer.kept_until <= :now
   OR (kept_answer.status IS NULL AND kept_answer.lease_until <= :now AND kept_answer.fingerprint = excluded.fingerprint)
RETURNING key
"""
)

_KEPT = text(
    "SELECT fingerprint, status, media_type, body FROM kept_answer WHERE account_id = :account_id AND key = :key"
)

_KEEP = text(
    """
UPDATE kept_answer SET status = :status, media_type = :media_type, body = :body
WHERE account_id = :account_id AND key = :key AND fingerprint = :fingerprint AND status IS NULL
"""
)

_RELEASE = text(
    "DELETE FROM kept_answer WHERE account_id = :account_id AND key = :key AND fingerprint = :fingerprint AND status IS NULL"
)

# Rows that somebody has in hand are left for the next time, so that two at once never wait for each other in a ring.
_FORGET = text(
    """
DELETE FROM kept_answer WHERE (account_id, key) IN
    (SELECT account_id, key FROM kept_answer WHERE kept_until <= :now FOR UPDATE SKIP LOCKED)
"""
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key as one account gave it, with the fingerprint of what was asked."""

    account_id: int
    key: str
    fingerprint: str

    def values(self) -> dict[str, object]:
        return {"account_id": self.account_id, "key": self.key, "fingerprint": self.fingerprint}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a key. status None: still being worked on."""

    fingerprint: str
    status: int | None
    media_type: str | None
    body: bytes | None


def reserve(connection: Connection, key: Key, *, lease_until: datetime, kept_until: datetime, now: datetime) -> bool:
    """Takes a key for one request; False when it was used before."""
    values = {**key.values(), "lease_until": lease_until, "kept_until": kept_until, "now": now}
    return connection.execute(_RESERVE, values).scalar() is not None


def kept(connection: Connection, key: Key) -> Kept | None:
    """What is known of a key that was used before."""
    row = connection.execute(_KEPT, {"account_id": key.account_id, "key": key.key}).one_or_none()
    return None if row is None else Kept(**row._asdict())


def keep(connection: Connection, key: Key, *, status: int, media_type: str, body: bytes) -> None:
    """Keeps the answer of a reserved key."""
    connection.execute(_KEEP, {**key.values(), "status": status, "media_type": media_type, "body": body})


def release(connection: Connection, key: Key) -> None:
    """Nothing was done under this key: it may be used again."""
    connection.execute(_RELEASE, key.values())


def forget(connection: Connection, *, now: datetime) -> int:
    """Deletes answers that need not be kept any more."""
    return connection.execute(_FORGET, {"now": now}).rowcount
