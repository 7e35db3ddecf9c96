"""Where the households of an event stand, and one household in all its events: what the next step depends on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

# Who stands alike is one row, with the earliest time among them. Relies on uq_message_number and uq_message_step.
_STANDING = """
SELECT min(r.id) AS recipient_id, r.event_id, r.state, count(*) AS households, min(r.contacted_at) AS contacted_at,
       r.reminded_at IS NOT NULL AS reminded, s.id IS NOT NULL AS second, v.id IS NOT NULL AS called,
       min(CASE WHEN v.state IN ('queued', 'sending', 'unknown', 'sent') THEN v.due_at END) AS call_due_at,
       min(CASE WHEN r.state = 'callback' THEN coalesce(k.not_before, k.due_at)
                WHEN r.contacted_at IS NULL THEN least(r.due_at, coalesce(s.due_at, f.due_at)) ELSE r.due_at END) AS due_at,
       CASE WHEN r.state = 'callback' THEN k.reasons END AS reasons
FROM recipient r
LEFT JOIN callback_task k ON k.id = r.task_id
LEFT JOIN message f ON f.event_id = r.event_id AND f.e164 = r.e164 AND f.channel = 'sms' AND f.step = 'first' AND f.state = 'queued'
LEFT JOIN message s ON s.recipient_id = r.id AND s.channel = 'sms' AND s.step = 'second_number'
LEFT JOIN message v ON v.event_id = r.event_id AND v.e164 = r.call_e164 AND v.channel = 'voice'
WHERE r.state IN ('waiting', 'callback') AND {whose}
GROUP BY r.event_id, r.state, r.contacted_at IS NULL, r.reminded_at IS NOT NULL, s.id IS NOT NULL,
         v.id IS NOT NULL, v.state IN ('queued', 'sending', 'unknown', 'sent'),
         CASE WHEN r.state = 'waiting' THEN r.due_at - r.contacted_at END, CASE WHEN r.state = 'callback' THEN k.reasons END {alone}
ORDER BY r.event_id DESC, due_at
"""

_OF_EVENT = text(_STANDING.format(whose="r.event_id = :id", alone=""))
_OF_HOUSEHOLD = text(_STANDING.format(whose="r.household_id = :id", alone=", r.id"))

_TASK = text(
    """
SELECT event_id, reasons, coalesce(not_before, due_at) AS due_at FROM callback_task
WHERE household_id = :id AND state IN ('open', 'claimed')
"""
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Households of one event that stand alike. recipient_id: of one of them."""

    recipient_id: int
    event_id: int
    state: str
    households: int
    contacted_at: datetime | None
    reminded: bool
    second: bool
    called: bool
    call_due_at: datetime | None
    due_at: datetime
    reasons: list[str] | None


@dataclass(frozen=True, slots=True)
class Owed:
    """The open call of a household."""

    event_id: int | None
    reasons: list[str]
    due_at: datetime


def of_event(connection: Connection, event_id: int) -> list[Standing]:
    """Who waits or is to be rung in an event, as few rows as tell them apart."""
    return _standings(connection.execute(_OF_EVENT, {"id": event_id}))


def of_household(connection: Connection, household: int) -> list[Standing]:
    """One row for each event in which the household waits or is to be rung."""
    return _standings(connection.execute(_OF_HOUSEHOLD, {"id": household}))


def call_of(connection: Connection, household: int) -> Owed | None:
    """The household's open call, if there is one."""
    row = connection.execute(_TASK, {"id": household}).one_or_none()
    return None if row is None else Owed(**row._asdict())


def _standings(rows: Any) -> list[Standing]:
    return [Standing(**row._asdict()) for row in rows]
