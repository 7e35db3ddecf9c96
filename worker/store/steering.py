"""What an operator changes in an event that is under way, and how far it has come."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

# The row lock waits for the claims in hand, as a pause does.
_LOCK = text("SELECT 1 FROM campaign_event WHERE id = :id FOR NO KEY UPDATE")

_PACE = text("UPDATE campaign_event SET pace_per_s = :pace WHERE id = :id")

_EXTEND = text(
    """
UPDATE campaign_event SET void_at = void_at + :by, replies_until = replies_until + :by,
       definition = CAST(:definition AS jsonb)
WHERE id = :id
RETURNING void_at
"""
)

# Texts that have not left stay useful for longer; those of a window that closed are re-planned by the sweep.
_EXTEND_TEXTS = text(
    "UPDATE message SET void_at = void_at + :by WHERE event_id = :id AND state = 'queued' AND lane <> 'answers'"
)

# Who waits for a text to leave waits until the void time; who was asked, until the deadline, or for the reminder before
# it, which stays where it is. Those who are due for another reason are not held back.
_EXTEND_WAITS = text(
    """
UPDATE recipient SET due_at = due_at + :by
WHERE event_id = :id AND state = 'waiting' AND reason IS NULL AND due_at > :now
  AND (contacted_at IS NULL OR due_at >= contacted_at + CAST(:deadline AS interval))
"""
)

_HOUSEHOLD = text(
    """
SELECT h.id FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE d.code = :dwelling AND h.gone_at IS NULL
"""
)

_PLACE = text("SELECT id, state, reason FROM recipient WHERE event_id = :id AND household_id = :household")

# Whose number had its text before they came relies on that one: where it left, their time runs from now; where it ended,
# somebody looks at once.
_RELY = text(
    """
UPDATE recipient r SET
    contacted_at = CASE WHEN m.state IN ('sending', 'unknown', 'sent', 'delivered') THEN CAST(:now AS timestamptz) END,
    due_at = CASE WHEN m.state IN ('sending', 'unknown', 'sent', 'delivered') THEN CAST(:now AS timestamptz) + :first_wait
                  ELSE CAST(:now AS timestamptz) END
FROM message m
WHERE r.id = :recipient AND r.state = 'waiting' AND r.reason IS NULL AND r.contacted_at IS NULL
  AND m.event_id = r.event_id AND m.e164 = r.e164 AND m.channel = 'sms' AND m.step = 'first' AND m.state <> 'queued'
"""
)

_STOP_CHECKS = text(
    """
UPDATE recipient SET state = 'cancelled', reason = 'all_clear', settled_at = :now WHERE event_id = :id AND state = 'waiting'
"""
)

# Nobody has these in hand, silence in this event is all they are about, and no other event counts on them.
_SILENT_TASKS = text(
    """
SELECT k.id FROM callback_task k
WHERE k.state = 'open' AND k.reasons <@ CAST(:silence AS text[])
  AND k.id IN (SELECT r.task_id FROM recipient r WHERE r.event_id = :id AND r.state = 'callback')
  AND NOT EXISTS (SELECT 1 FROM recipient o WHERE o.task_id = k.id AND o.event_id <> :id AND o.state = 'callback')
ORDER BY k.id
"""
)

_HOUSEHOLDS = text("SELECT household_id FROM recipient WHERE event_id = :id AND state IN ('waiting', 'callback')")

_CLEAR = text(
    """
UPDATE campaign_event SET state = 'settled', settled_at = coalesce(settled_at, :now), all_clear_at = :now, alarm = NULL,
       alarm_at = NULL
WHERE id = :id AND all_clear_at IS NULL
"""
)

# waiting: still to leave, or to be queued. A text that is being sent, or of unknown fate, is with the carrier as far as we know.
_PROGRESS = text(
    """
SELECT count(*) FILTER (WHERE state = 'queued')
           + (SELECT count(*) FROM unqueued u JOIN recipient r ON r.id > u.after_id AND r.id <= u.upto_id
              WHERE u.event_id = :id AND r.event_id = :id AND r.state = 'waiting' AND r.e164 IS NOT NULL
                AND r.reason IS NULL AND r.contacted_at IS NULL) AS waiting,
       count(*) FILTER (WHERE state IN ('sending', 'unknown')) AS at_carrier,
       count(*) FILTER (WHERE state IN ('sent', 'delivered', 'undelivered') OR (state = 'failed' AND provider_sid IS NOT NULL))
           AS sent,
       count(*) FILTER (WHERE state IN ('cancelled', 'suppressed', 'expired') AND provider_sid IS NULL) AS stopped,
       count(*) FILTER (WHERE state = 'failed' AND provider_sid IS NULL) AS refused,
       count(*) FILTER (WHERE sent_at > CAST(:now AS timestamptz) - interval '1 minute') AS sent_last_minute,
       coalesce(sum(segments) FILTER (WHERE sent_at > CAST(:now AS timestamptz) - interval '1 minute'), 0) AS segments_last_minute,
       min(sent_at) FILTER (WHERE sent_at > CAST(:now AS timestamptz) - interval '1 minute') AS sending_since,
       coalesce(avg(segments) FILTER (WHERE segments IS NOT NULL), 1)::float AS segments_each,
       min(due_at) FILTER (WHERE state = 'queued') AS next_due_at,
       (SELECT max(due_at) FROM recipient WHERE event_id = :id AND state = 'waiting') AS answers_until
FROM message WHERE event_id = :id AND step <> 'ack'
"""
)


@dataclass(frozen=True, slots=True)
class Texts:
    """How the texts of an event stand at this moment, from its rows.

    sent: taken by the carrier; stopped: taken back, refused by the household or void before they left;
    refused: the carrier would not take them.
    """

    waiting: int
    at_carrier: int
    sent: int
    stopped: int
    refused: int
    sent_last_minute: int
    segments_last_minute: int
    sending_since: datetime | None
    segments_each: float
    next_due_at: datetime | None
    answers_until: datetime | None


def lock(connection: Connection, event_id: int) -> None:
    """Nobody else changes or settles the event, nor claims its texts, until the end of the transaction."""
    connection.execute(_LOCK, {"id": event_id})


def set_pace(connection: Connection, event_id: int, pace_per_s: float | None) -> None:
    """Segments a second of this event; None: as fast as its sender may."""
    connection.execute(_PACE, {"id": event_id, "pace": pace_per_s})


def extend(
    connection: Connection,
    event_id: int,
    *,
    by: timedelta,
    deadline: timedelta,
    definition: dict[str, Any],
    now: datetime,
) -> datetime:
    """Moves the void time, the time for replies and who waits for either; returns the new void time.

    deadline: from the first text to the reply deadline, before the change. definition: the campaign after it.
    """
    values = {"id": event_id, "by": by}
    void_at: datetime = connection.execute(_EXTEND, values | {"definition": json.dumps(definition)}).scalar_one()
    connection.execute(_EXTEND_TEXTS, values)
    connection.execute(_EXTEND_WAITS, values | {"deadline": deadline, "now": now})
    return void_at


def household_in(connection: Connection, dwelling: str) -> int | None:
    """The household that lives in a dwelling now; None when there is none, or no such dwelling."""
    return connection.execute(_HOUSEHOLD, {"dwelling": dwelling}).scalar()


def place(connection: Connection, event_id: int, household: int) -> tuple[int, str, str | None] | None:
    """(recipient id, state, reason) of a household in an event; None when it is not in it."""
    row = connection.execute(_PLACE, {"id": event_id, "household": household}).one_or_none()
    return None if row is None else (row.id, row.state, row.reason)


def rely_on_text(connection: Connection, recipient: int, *, first_wait: timedelta, now: datetime) -> None:
    """A recipient whose number has had its text in this event already."""
    connection.execute(_RELY, {"recipient": recipient, "first_wait": first_wait, "now": now})


def stop_checks(connection: Connection, event_id: int, *, now: datetime) -> int:
    """Nobody waits for an answer of this event any more; returns how many did."""
    return connection.execute(_STOP_CHECKS, {"id": event_id, "now": now}).rowcount


def silent_tasks(connection: Connection, event_id: int, *, silence: list[str]) -> list[int]:
    """Unclaimed tasks that exist only because somebody was silent in this event."""
    return list(connection.execute(_SILENT_TASKS, {"id": event_id, "silence": silence}).scalars())


def unsettled_households(connection: Connection, event_id: int) -> list[int]:
    """Households of an event that wait or are to be rung, not locked."""
    return list(connection.execute(_HOUSEHOLDS, {"id": event_id}).scalars())


def clear(connection: Connection, event_id: int, *, now: datetime) -> bool:
    """The alert is over and the event with it; False when that was said before."""
    return connection.execute(_CLEAR, {"id": event_id, "now": now}).rowcount == 1


def texts(connection: Connection, event_id: int, *, now: datetime) -> Texts:
    """How the texts of an event stand."""
    return Texts(**connection.execute(_PROGRESS, {"id": event_id, "now": now}).one()._asdict())
