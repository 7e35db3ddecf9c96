"""Messages that no rule could place: from numbers nobody has, or of unclear meaning. A person files each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# Walks ix_inbound_message_to_file, which holds only what is still to be filed.
_TO_FILE = text(
    """
SELECT i.id, i.received_at, i.e164, i.body, i.intent, i.match, i.media_count,
       ARRAY(SELECT y.household_id FROM reply y WHERE y.inbound_id = i.id ORDER BY 1) AS households
FROM inbound_message i
WHERE i.filed_at IS NULL AND (i.match = 'unknown_sender' OR i.intent = 'unclear')
  AND (CAST(:after AS bigint) IS NULL OR i.id > :after)
  AND (CAST(:only AS bigint) IS NULL OR i.id = :only)
  AND (CAST(:agencies AS text[]) IS NULL OR i.match = 'unknown_sender'
       OR EXISTS (SELECT 1 FROM reply y JOIN household h ON h.id = y.household_id JOIN dwelling d ON d.id = h.dwelling_id
                  JOIN agency g ON g.id = d.agency_id WHERE y.inbound_id = i.id AND g.code = ANY (:agencies)))
ORDER BY i.id LIMIT :limit
"""
)

# Of two persons at once, one files it.
_FILE = text("UPDATE inbound_message SET filed_at = :now, filed_by = :who WHERE id = :id AND filed_at IS NULL")


@dataclass(frozen=True, slots=True)
class ToFile:
    """A message that waits for a person. households: those it may be from."""

    id: int
    received_at: datetime
    e164: str
    body: str
    intent: str | None
    match: str | None
    media_count: int
    households: list[int]


def to_file(
    connection: Connection, *, agencies: Sequence[str] | None, after: int | None, limit: int, only: int | None = None
) -> list[ToFile]:
    """What is to be filed, oldest first. agencies: of these only, and what is from nobody known; None: all.

    after: later than this one; only: this one alone.
    """
    values = {"agencies": None if agencies is None else list(agencies), "after": after, "limit": limit, "only": only}
    return [ToFile(**row._asdict()) for row in connection.execute(_TO_FILE, values)]


def file(connection: Connection, inbound_id: int, *, who: str, now: datetime) -> bool:
    """Marks a message as dealt with; False when it was before."""
    return connection.execute(_FILE, {"id": inbound_id, "who": who, "now": now}).rowcount == 1
