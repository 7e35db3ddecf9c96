"""The obligations of an event, and the moves that keep each in exactly one state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.campaigns import Level
from worker.domain.recipients import Reason, RecipientState

# Rows are locked in the order of their ids, so that two batches never wait for each other in a ring.
_CONTACTED = text(
    """
WITH touched AS (
    SELECT r.id FROM recipient r
    WHERE (r.event_id, r.e164) IN (SELECT * FROM unnest(CAST(:events AS bigint[]), CAST(:numbers AS text[])))
      AND r.state = 'waiting' AND r.contacted_at IS NULL AND r.reason IS NULL
    ORDER BY r.id FOR NO KEY UPDATE
)
UPDATE recipient r SET contacted_at = :now, due_at = CAST(:now AS timestamptz) + :first_wait
FROM touched WHERE r.id = touched.id
"""
)

_DUE_NOW = text(
    """
WITH touched AS (
    SELECT r.id, f.reason FROM recipient r
    JOIN unnest(CAST(:events AS bigint[]), CAST(:numbers AS text[]), CAST(:reasons AS text[])) AS f(event_id, e164, reason)
      ON f.event_id = r.event_id AND f.e164 = r.e164
    WHERE r.state = 'waiting'
    ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE recipient r SET due_at = :now, reason = touched.reason FROM touched WHERE r.id = touched.id
"""
)

_INFORMED = text(
    """
WITH touched AS (
    SELECT r.id FROM recipient r JOIN campaign_event e ON e.id = r.event_id AND e.kind = 'advice'
    WHERE (r.event_id, r.e164) IN (SELECT * FROM unnest(CAST(:events AS bigint[]), CAST(:numbers AS text[])))
      AND r.state = 'waiting'
    ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE recipient r SET state = 'informed', reason = 'delivered', settled_at = :now, contacted_at = coalesce(contacted_at, :now)
FROM touched WHERE r.id = touched.id
"""
)

# Somebody whose answer is stored but not read yet is not silent: the reading comes first, for a while.
_NONE_UNREAD = """NOT EXISTS (SELECT 1 FROM inbound_message i WHERE i.e164 = r.e164 AND i.read_at IS NULL
                  AND i.received_at > CAST(:now AS timestamptz) - interval '10 minutes')
  AND NOT EXISTS (SELECT 1 FROM inbound_message i WHERE i.e164 = r.call_e164 AND i.read_at IS NULL
                  AND i.received_at > CAST(:now AS timestamptz) - interval '10 minutes')
  AND NOT EXISTS (SELECT 1 FROM message s JOIN inbound_message i ON i.e164 = s.e164 AND i.read_at IS NULL
                  AND i.received_at > CAST(:now AS timestamptz) - interval '10 minutes'
                  WHERE s.recipient_id = r.id AND s.channel = 'sms' AND s.step = 'second_number')"""

_DUE = text(
    f"""
SELECT r.id, r.household_id, r.event_id FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.state = 'waiting' AND r.due_at <= :now AND e.state IN ('running', 'paused') AND {_NONE_UNREAD}
ORDER BY r.due_at, r.id LIMIT :limit
"""  # noqa: S608  # our own constant
)

# The newest text to the recipient's number in this event tells how the first one went. A household that left or refused
# while the event was being drawn up is seen here at the latest, and so is an answer that came while the lock of its
# household was waited for.
_FACTS = text(
    f"""
SELECT r.id, r.household_id, r.event_id, r.due_at,
       CASE WHEN h.gone_at IS NOT NULL THEN 'moved' WHEN h.refused_at IS NOT NULL THEN 'refused' ELSE r.reason END AS reason,
       r.contacted_at, r.reminded_at,
       m.state AS message_state, s.state AS second_state,
       v.state AS call_state, v.created_at AS call_queued_at,
       (SELECT c.came_to FROM automatic_call c WHERE c.message_id = v.id ORDER BY c.attempt_id DESC LIMIT 1) AS call_end,
       EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = r.e164 AND p.bad_since IS NOT NULL)
           AS number_lost,
       EXISTS (SELECT 1 FROM recipient o JOIN campaign_event oe ON oe.id = o.event_id
               WHERE o.household_id = r.household_id AND o.event_id <> r.event_id AND o.reminded_at >= :day_start
                 AND array_position(CAST(:levels AS text[]), oe.level) >= array_position(CAST(:levels AS text[]), e.level))
           AS reminded_elsewhere
FROM recipient r
JOIN household h ON h.id = r.household_id
JOIN campaign_event e ON e.id = r.event_id
LEFT JOIN message m ON m.event_id = r.event_id AND m.e164 = r.e164 AND m.channel = 'sms' AND m.step = 'first'
LEFT JOIN message s ON s.recipient_id = r.id AND s.channel = 'sms' AND s.step = 'second_number'
LEFT JOIN message v ON v.event_id = r.event_id AND v.e164 = r.call_e164 AND v.channel = 'voice'
WHERE r.id = ANY (:ids) AND r.state = 'waiting' AND r.due_at <= :now AND {_NONE_UNREAD}
ORDER BY r.id
FOR NO KEY UPDATE OF r
"""  # noqa: S608  # our own constant
)

_SETTLE = text(
    """
UPDATE recipient r SET state = s.state, reason = s.reason, settled_at = :now
FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:reasons AS text[])) AS s(id, state, reason)
WHERE r.id = s.id
"""
)

_WAIT = text(
    """
UPDATE recipient r SET due_at = w.due_at, reminded_at = coalesce(r.reminded_at, w.reminded_at)
FROM unnest(CAST(:ids AS bigint[]), CAST(:dues AS timestamptz[]), CAST(:reminded AS timestamptz[])) AS w(id, due_at, reminded_at)
WHERE r.id = w.id AND r.state = 'waiting'
"""
)

_OF_HOUSEHOLDS = text(
    """
SELECT r.id, r.household_id, r.event_id, r.state, r.reason, r.task_id, e.kind, e.level, e.definition->>'sender' AS sender,
       e.opened_at, r.contacted_at, r.due_at,
       least(r.contacted_at, (SELECT min(a.started_at) FROM message m JOIN attempt a ON a.message_id = m.id
                              WHERE m.event_id = r.event_id AND m.e164 = r.e164 AND m.step = 'first'
                                AND m.state IN ('sending', 'unknown', 'sent', 'delivered')),
             (SELECT min(c.opened_at) FROM message m JOIN automatic_call c ON c.message_id = m.id
              WHERE m.event_id = r.event_id AND m.e164 = r.call_e164 AND m.channel = 'voice'
                AND (c.provider_sid IS NOT NULL OR c.ended_at IS NULL)),
             (SELECT min(a.started_at) FROM message m JOIN attempt a ON a.message_id = m.id
              WHERE m.recipient_id = r.id AND m.step = 'second_number'
                AND m.state IN ('sending', 'unknown', 'sent', 'delivered'))) AS asked_at
FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.household_id = ANY (:households) AND e.opened_at <= :now AND e.replies_until > :now
ORDER BY r.household_id, e.opened_at DESC, r.id DESC
FOR NO KEY UPDATE OF r
"""
)

# Whoever still owes or is owed something, in whichever event.
_UNSETTLED = text(
    """
SELECT id FROM recipient WHERE household_id = ANY (:households) AND state IN ('waiting', 'callback')
ORDER BY id FOR NO KEY UPDATE
"""
)

_REPLIED = text("UPDATE recipient SET intent = :intent, replied_at = :now WHERE id = ANY (:ids)")

_HAND_OVER = text(
    """
UPDATE recipient r SET state = 'callback', task_id = t.task_id, settled_at = NULL, reason = t.reason
FROM unnest(CAST(:ids AS bigint[]), CAST(:tasks AS bigint[]), CAST(:reasons AS text[])) AS t(id, task_id, reason)
WHERE r.id = t.id
"""
)

_SETTLE_TASK = text(
    """
UPDATE recipient SET state = :state, reason = :reason, settled_at = :now
WHERE task_id = ANY (:tasks) AND state = 'callback'
"""
)

_CANCEL = text(
    """
UPDATE recipient SET state = 'cancelled', reason = 'event_cancelled', settled_at = :now
WHERE event_id = :event_id AND state = 'waiting'
"""
)


@dataclass(frozen=True, slots=True)
class Due:
    """A recipient whose next rung may be due, locked, with how its first text stands."""

    id: int
    household_id: int
    event_id: int
    reason: str | None
    due_at: datetime
    contacted_at: datetime | None
    reminded_at: datetime | None
    message_state: str | None
    second_state: str | None
    call_state: str | None
    call_queued_at: datetime | None
    call_end: str | None
    # It turned out to be somebody else's, or dead.
    number_lost: bool
    # Today, by another event of this level or a higher one.
    reminded_elsewhere: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A household's place in an event that still takes replies.

    asked_at: when its first text left or may have left, None while it has not. contacted_at is written a little later.
    """

    id: int
    household_id: int
    event_id: int
    state: RecipientState
    reason: str | None
    task_id: int | None
    kind: str
    level: str
    sender: str
    opened_at: datetime
    contacted_at: datetime | None
    due_at: datetime | None
    asked_at: datetime | None


def mark_contacted(
    connection: Connection, numbers: Sequence[tuple[int, str]], *, first_wait: timedelta, now: datetime
) -> None:
    """The first text left: the clock of the reply, or of the receipt, starts. numbers: (event id, E.164)."""
    connection.execute(_CONTACTED, _numbers(numbers) | {"first_wait": first_wait, "now": now})


def mark_due(connection: Connection, failed: Sequence[tuple[int, str, Reason]], *, now: datetime) -> None:
    """The first text cannot arrive: the next rung is due at once, and the reason is kept."""
    values = _numbers([(event, number) for event, number, _ in failed])
    connection.execute(_DUE_NOW, values | {"reasons": [str(r) for _, _, r in failed], "now": now})


def mark_informed(connection: Connection, numbers: Sequence[tuple[int, str]], *, now: datetime) -> None:
    """An advice text was delivered: nothing more is owed."""
    connection.execute(_INFORMED, _numbers(numbers) | {"now": now})


def due(connection: Connection, *, limit: int, now: datetime) -> list[tuple[int, int, int]]:
    """(recipient id, household id, event id) of those whose next rung is due; not locked. Walks ix_recipient_due."""
    return [(row.id, row.household_id, row.event_id) for row in connection.execute(_DUE, {"limit": limit, "now": now})]


def facts(connection: Connection, ids: Sequence[int], *, day_start: datetime, now: datetime) -> list[Due]:
    """Those of these recipients that are still due, locked, and have no answer to be read. day_start: local midnight."""
    values = {"ids": list(ids), "now": now, "day_start": day_start, "levels": [str(level) for level in Level]}
    return [Due(**row._asdict()) for row in connection.execute(_FACTS, values)]


def settle(connection: Connection, settled: Sequence[tuple[int, RecipientState, Reason]], *, now: datetime) -> None:
    """Final words: (recipient id, state, reason)."""
    values = {
        "ids": [s[0] for s in settled],
        "states": [str(s[1]) for s in settled],
        "reasons": [str(s[2]) for s in settled],
        "now": now,
    }
    connection.execute(_SETTLE, values)


def wait(connection: Connection, waits: Sequence[tuple[int, datetime, datetime | None]]) -> None:
    """New due times: (recipient id, due_at, reminded_at or None)."""
    values = {"ids": [w[0] for w in waits], "dues": [w[1] for w in waits], "reminded": [w[2] for w in waits]}
    connection.execute(_WAIT, values)


def of_households(connection: Connection, households: Sequence[int], *, now: datetime) -> list[Standing]:
    """Where these households stand in events that still take replies, newest event first, locked."""
    rows = connection.execute(_OF_HOUSEHOLDS, {"households": list(households), "now": now})
    return [Standing(**{**row._asdict(), "state": RecipientState(row.state)}) for row in rows]


def unsettled(connection: Connection, households: Sequence[int]) -> list[int]:
    """What is still owed to these households, in all events: recipient ids, locked. Walks ix_recipient_household_id."""
    return list(connection.execute(_UNSETTLED, {"households": list(households)}).scalars())


def note_reply(connection: Connection, ids: Sequence[int], *, intent: str, now: datetime) -> None:
    """The latest word of these recipients."""
    connection.execute(_REPLIED, {"ids": list(ids), "intent": intent, "now": now})


def hand_over(connection: Connection, handed: Sequence[tuple[int, int, str]]) -> None:
    """A person rings now: (recipient id, task id, reason)."""
    values = {"ids": [h[0] for h in handed], "tasks": [h[1] for h in handed], "reasons": [h[2] for h in handed]}
    connection.execute(_HAND_OVER, values)


def settle_by_task(
    connection: Connection, tasks: Sequence[int], *, state: RecipientState, reason: Reason, now: datetime
) -> None:
    """The call is over, or no longer needed: everyone who relied on it settles."""
    connection.execute(_SETTLE_TASK, {"tasks": list(tasks), "state": state, "reason": reason, "now": now})


def cancel(connection: Connection, event_id: int, *, now: datetime) -> int:
    """Ends the obligations of a cancelled event; returns how many."""
    return connection.execute(_CANCEL, {"event_id": event_id, "now": now}).rowcount


def _numbers(numbers: Sequence[tuple[int, str]]) -> dict[str, list[int] | list[str]]:
    return {"events": [n[0] for n in numbers], "numbers": [n[1] for n in numbers]}
