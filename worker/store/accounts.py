"""The account of an event, computed from its rows every time, never counted along the way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Nobody may be in neither: a final state, a message under way, a running deadline, an open task.
_RECIPIENTS = text(
    """
SELECT r.state, r.reason, count(*) AS households,
       count(*) FILTER (WHERE (r.state = 'waiting' AND (r.due_at IS NULL OR e.state IN ('cancelled', 'settled')))
                           OR (r.state = 'callback' AND (k.id IS NULL OR k.state NOT IN ('open', 'claimed')))) AS unaccounted
FROM recipient r JOIN campaign_event e ON e.id = r.event_id LEFT JOIN callback_task k ON k.id = r.task_id
WHERE r.event_id = :event_id GROUP BY 1, 2 ORDER BY 1, 2
"""
)

_MESSAGES = text(
    """
SELECT state, count(*) AS messages, coalesce(sum(segments) FILTER (WHERE state IN ('sent', 'delivered', 'undelivered')), 0) AS segments
FROM message WHERE event_id = :event_id AND step <> 'ack' GROUP BY 1
"""
)

_CHANNELS = text("SELECT channel, count(*) FROM message WHERE event_id = :event_id AND step <> 'ack' GROUP BY 1")

# Every call that was made, by what it came to.
_CALLS = text(
    """
SELECT coalesce(c.came_to, CASE WHEN c.ended_at IS NULL THEN 'under_way' ELSE 'failed' END), count(*)
FROM automatic_call c JOIN message m ON m.id = c.message_id
WHERE m.event_id = :event_id AND (c.provider_sid IS NOT NULL OR c.ended_at IS NULL) GROUP BY 1
"""
)

_REPLIES = text(
    "SELECT intent, count(*) AS households FROM recipient WHERE event_id = :event_id AND intent IS NOT NULL GROUP BY 1"
)

_TASKS = text(
    """
SELECT k.state, count(*) AS tasks FROM callback_task k
WHERE k.id IN (SELECT task_id FROM recipient WHERE event_id = :event_id AND task_id IS NOT NULL) GROUP BY 1
"""
)

_BY_AGENCY = text(
    """
SELECT g.code AS agency, r.state, r.reason, count(*) AS households
FROM recipient r JOIN household h ON h.id = r.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
WHERE r.event_id = :event_id GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
)

_UNKNOWN_SENDERS = text("SELECT count(*) FROM inbound_message WHERE match = 'unknown_sender' AND received_at >= :since")


@dataclass(frozen=True, slots=True)
class Account:
    """Where every household and message of an event stands. channels: messages by channel; calls: by the machine, each
    try, by what it came to."""

    recipients: dict[str, int]
    reasons: dict[str, dict[str, int]]
    unaccounted: int
    messages: dict[str, int]
    segments: int
    replies: dict[str, int]
    tasks: dict[str, int]
    channels: dict[str, int]
    calls: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.recipients.values())


def of_event(connection: Connection, event_id: int) -> Account:
    """The account of one event, as of this transaction."""
    who = connection.execute(_RECIPIENTS, {"event_id": event_id}).all()
    texts = connection.execute(_MESSAGES, {"event_id": event_id}).all()
    reasons: dict[str, dict[str, int]] = {}
    for row in who:
        reasons.setdefault(row.state, {})[row.reason or ""] = row.households
    return Account(
        recipients={state: sum(counts.values()) for state, counts in reasons.items()},
        reasons=reasons,
        unaccounted=sum(row.unaccounted for row in who),
        messages={row.state: row.messages for row in texts},
        segments=sum(row.segments for row in texts),
        replies=_counted(connection, _REPLIES, event_id),
        tasks=_counted(connection, _TASKS, event_id),
        channels=_counted(connection, _CHANNELS, event_id),
        calls=_counted(connection, _CALLS, event_id),
    )


def by_agency(connection: Connection, event_id: int) -> list[dict[str, Any]]:
    """agency, state, reason, households."""
    return [dict(row) for row in connection.execute(_BY_AGENCY, {"event_id": event_id}).mappings()]


def unknown_senders(connection: Connection, *, since: datetime) -> int:
    """Messages from numbers nobody has, that a person should file."""
    return int(connection.execute(_UNKNOWN_SENDERS, {"since": since}).scalar_one())


def _counted(connection: Connection, statement: Any, event_id: int) -> dict[str, int]:
    return {row[0]: row[1] for row in connection.execute(statement, {"event_id": event_id})}
