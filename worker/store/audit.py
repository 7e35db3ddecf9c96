"""Who did what to which object, when. Rows are only ever added; a trigger refuses everything else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_ADD = text(
    """
INSERT INTO audit_entry (at, who, via, action, kind, object_id)
SELECT :now, :who, :via, :action, :kind, object_id FROM unnest(CAST(:ids AS text[])) AS object_id
"""
)

_NEWEST = text(
    """
SELECT id, at, who, via, action, kind, object_id FROM audit_entry
WHERE (CAST(:before AS bigint) IS NULL OR id < :before)
  AND (CAST(:who AS text) IS NULL OR who = :who)
  AND (CAST(:kind AS text) IS NULL OR kind = :kind)
  AND (CAST(:object_id AS text) IS NULL OR object_id = :object_id)
ORDER BY id DESC LIMIT :limit
"""
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. kind and object_id name the object: "household", "1204"."""

    id: int
    at: datetime
    who: str
    via: str
    action: str
    kind: str
    object_id: str


def add(
    connection: Connection, *, who: str, via: str, action: str, kind: str, ids: Sequence[object], now: datetime
) -> None:
    """One entry for each object."""
    values = {"who": who, "via": via, "action": action, "kind": kind, "ids": [str(i) for i in ids], "now": now}
    connection.execute(_ADD, values)


def newest(
    connection: Connection,
    *,
    before: int | None = None,
    who: str | None = None,
    kind: str | None = None,
    object_id: str | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Entries, newest first; `before`: older than this one."""
    values = {"before": before, "who": who, "kind": kind, "object_id": object_id, "limit": limit}
    return [Entry(**row._asdict()) for row in connection.execute(_NEWEST, values)]
