"""What was tried with the households of the callers' list, for a sheet of paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# Walks ix_message_household_id and ix_call_outcome_household_id.
_TRIED = text(
    """
SELECT h.id AS household_id, t.kind, t.at, t.result, t.who
FROM unnest(CAST(:households AS bigint[])) AS h(id)
CROSS JOIN LATERAL (
    SELECT * FROM (
        SELECT 'text' AS kind, m.sent_at AS at, m.state AS result, '' AS who
        FROM message m WHERE m.household_id = h.id AND m.step <> 'ack' AND m.sent_at >= :since
        UNION ALL
        SELECT 'call', o.ended_at, o.code, o.caller
        FROM call_outcome o WHERE o.household_id = h.id AND o.undone_at IS NULL AND o.ended_at >= :since
    ) tries ORDER BY at DESC LIMIT :each
) t ORDER BY h.id, t.at DESC
"""
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One text or call. result: the text's state or the call's outcome. who: the caller."""

    household_id: int
    kind: str
    at: datetime
    result: str
    who: str


def tried(connection: Connection, households: Sequence[int], *, since: datetime, each: int) -> list[Tried]:
    """The latest tries with each household, newest first."""
    rows = connection.execute(_TRIED, {"households": list(households), "since": since, "each": each})
    return [Tried(**row._asdict()) for row in rows]
