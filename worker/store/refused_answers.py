"""Answers that wait because the provider refuses our set-up. They belong to no event that could be stopped for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

_TIMES = text(
    """
SELECT message_id, count(*) AS times FROM attempt
WHERE message_id = ANY (:ids) AND outcome = 'configuration' GROUP BY message_id
"""
)

# Walks ix_message_queued: few answers wait. The attempts of one are few too, and are sorted (+ 0) rather than all walked.
_WAITING = text(
    """
SELECT count(*) AS texts, (array_agg(a.code ORDER BY a.id DESC))[1] AS code,
       (array_agg(a.http_status ORDER BY a.id DESC))[1] AS http_status
FROM message m
JOIN LATERAL (SELECT id, outcome, code, http_status FROM attempt WHERE message_id = m.id ORDER BY id + 0 DESC LIMIT 1) a
     ON a.outcome = 'configuration'
WHERE m.lane = 'answers' AND m.state = 'queued'
"""
)


@dataclass(frozen=True, slots=True)
class Refused:
    """How many answers wait, and what the provider said to the latest that was tried."""

    texts: int = 0
    code: int | None = None
    http_status: int | None = None


def times(connection: Connection, message_ids: Sequence[int]) -> dict[int, int]:
    """How often each of these was refused for our set-up so far."""
    rows = connection.execute(_TIMES, {"ids": list(message_ids)})
    return {row.message_id: row.times for row in rows}


def waiting(connection: Connection) -> Refused:
    """The answers whose last request was refused for our set-up, and that will be tried again."""
    return Refused(**connection.execute(_WAITING).one()._asdict())
