"""A listing between its examination and its import: kept for minutes, under its checksum, then gone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

_STAGE = text(
    """
INSERT INTO listing_upload (who, kind, digest, file, uploaded_at, expires_at)
VALUES (:who, :kind, :digest, :file, :now, :expires_at) RETURNING id
"""
)

# Of two that press at once one applies; one that died is followed by the next.
_TAKE = text(
    """
UPDATE listing_upload SET taken_at = :now
WHERE id = :id AND who = :who AND digest = :digest AND file IS NOT NULL AND expires_at > :now
  AND (taken_at IS NULL OR taken_at <= CAST(:now AS timestamptz) - :patience)
RETURNING kind, file
"""
)

_FIND = text("SELECT id, digest, taken_at, applied_at, expires_at FROM listing_upload WHERE id = :id AND who = :who")
_GIVE_BACK = text("UPDATE listing_upload SET taken_at = NULL WHERE id = :id")
_DONE = text("UPDATE listing_upload SET file = NULL, applied_at = :now WHERE id = :id")
_EMPTY = text("UPDATE listing_upload SET file = NULL WHERE file IS NOT NULL AND expires_at <= :now")
_FORGET = text("DELETE FROM listing_upload WHERE expires_at <= :before")


@dataclass(frozen=True, slots=True)
class Upload:
    """What is known of a listing without its content."""

    id: int
    digest: str
    taken_at: datetime | None
    applied_at: datetime | None
    expires_at: datetime


def stage(
    connection: Connection, *, who: str, kind: str, digest: str, file: bytes, expires_at: datetime, now: datetime
) -> int:
    """Keeps a listing until then; returns its id."""
    values: dict[str, Any] = {"who": who, "kind": kind, "digest": digest, "file": file}
    return int(connection.execute(_STAGE, values | {"expires_at": expires_at, "now": now}).scalar_one())


def take(
    connection: Connection, upload: int, *, who: str, digest: str, patience: timedelta, now: datetime
) -> tuple[str, bytes] | None:
    """(kind, content) for whoever imports it; None when it is not there, not theirs, or in other hands."""
    values = {"id": upload, "who": who, "digest": digest, "patience": patience, "now": now}
    row = connection.execute(_TAKE, values).one_or_none()
    return None if row is None else (row.kind, bytes(row.file))


def find(connection: Connection, upload: int, *, who: str) -> Upload | None:
    """What became of it."""
    row = connection.execute(_FIND, {"id": upload, "who": who}).one_or_none()
    return None if row is None else Upload(**row._asdict())


def give_back(connection: Connection, upload: int) -> None:
    """It was refused: it may be tried again."""
    connection.execute(_GIVE_BACK, {"id": upload})


def done(connection: Connection, upload: int, *, now: datetime) -> None:
    """It was imported: its content goes at once."""
    connection.execute(_DONE, {"id": upload, "now": now})


def forget(connection: Connection, *, remembered: timedelta, now: datetime) -> None:
    """What nobody imported in time goes; that it was there is remembered a little longer, to be told."""
    connection.execute(_EMPTY, {"now": now})
    connection.execute(_FORGET, {"before": now - remembered})
