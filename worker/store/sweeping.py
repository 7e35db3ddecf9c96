"""What a lost queue, a dead worker or a closed window leaves behind, found by looking at the rows."""

from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.outbox import Moved
from worker.store.wanted import RUNS_OUT

# The attempt ends with its lease, so that the provider is asked only when the request can no longer be under way. What a
# receipt has moved meanwhile stays where it is: only its worker's own word is missing.
_EXPIRED_LEASES = text(
    """
WITH lost AS (
    UPDATE message SET state = CASE WHEN state = 'sending' THEN 'unknown' ELSE state END, lease_until = NULL
    WHERE lease_until < :now
    RETURNING id, event_id, e164, step, state
), ended AS (
    UPDATE attempt a SET finished_at = :now, outcome = CASE WHEN lost.state = 'unknown' THEN 'unknown' ELSE 'accepted' END
    FROM lost WHERE a.message_id = lost.id AND a.finished_at IS NULL
)
SELECT * FROM lost WHERE state IN ('unknown', 'sent', 'delivered')
"""
)

_VOID = text(
    f"""
UPDATE message SET state = 'expired', settled_at = :now WHERE state = 'queued' AND {RUNS_OUT} AND void_at <= :now
RETURNING id, event_id, e164, step, state
"""  # noqa: S608  # our own constant
)

# A request that was under way when its event ended may come back as not sent. Which events have anything queued is asked
# of ix_message_queued, from one event to the next: never of the texts.
_LEFT_OVER = text(
    """
WITH RECURSIVE holding(lane, event_id) AS (
    SELECT l.lane, (SELECT min(m.event_id) FROM message m WHERE m.state = 'queued' AND m.lane = l.lane)
    FROM unnest(ARRAY['bulk', 'calls']) AS l(lane)
    UNION ALL
    SELECT h.lane, (SELECT min(m.event_id) FROM message m
                    WHERE m.state = 'queued' AND m.lane = h.lane AND m.event_id > h.event_id)
    FROM holding h WHERE h.event_id IS NOT NULL
)
UPDATE message SET state = 'cancelled', settled_at = :now
WHERE state = 'queued' AND id = ANY (ARRAY(
    SELECT mine.id FROM holding h JOIN campaign_event e ON e.id = h.event_id AND e.state IN ('cancelled', 'settled')
    CROSS JOIN LATERAL (SELECT m.id FROM message m
                        WHERE m.state = 'queued' AND m.lane = h.lane AND m.event_id = h.event_id OFFSET 0) mine))
"""
)

# What was noted before an event was drawn up was minded then: only what is newer can concern its texts. An hour more, for
# who writes while it is being opened, and for hosts whose clocks differ.
_SINCE = text("SELECT min(opened_at) - interval '1 hour' FROM campaign_event WHERE state IN ('running', 'paused')")
_LIVE = """
live AS MATERIALIZED (
    SELECT id, opened_at - interval '1 hour' AS since, definition->>'purpose' AS purpose
    FROM campaign_event WHERE state IN ('running', 'paused')
)
"""

# From the refusals to the texts, by uq_message_number: the other way round would be over the whole queue.
_SUPPRESSED = text(
    f"""
WITH {_LIVE}
UPDATE message SET state = 'suppressed', settled_at = :now
WHERE state = 'queued' AND id = ANY (ARRAY(
    SELECT mine.id FROM opt_out o
    JOIN live ON o.since_at >= live.since AND o.purpose IN ('all', live.purpose)
    CROSS JOIN LATERAL (SELECT m.id FROM message m
                        WHERE m.event_id = live.id AND m.e164 = o.e164 AND m.step <> 'ack' AND m.state = 'queued'
                          AND o.channel IN (m.channel, 'all') OFFSET 0) mine
    WHERE o.undone_at IS NULL AND o.since_at >= :since))
RETURNING id, event_id, e164, step, state
"""  # noqa: S608  # our own constant
)

# A number that turned out to be wrong or dead since the event was drawn up, or left the listing. Who shares it, and to whom
# it still belongs, keeps the text. OFFSET 0 keeps each EXISTS on the few rows of its number: as a join it was one of all
# lost numbers with all who wait.
_LOST = "(p.bad_since > :since OR p.removed_at > :since)"
_STILL_THEIRS = """
r.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = m.e164
                                    AND (p.bad_since IS NOT NULL OR p.removed_at IS NOT NULL) OFFSET 0) OFFSET 0
"""

_RETIRED = text(
    f"""
WITH {_LIVE}
UPDATE message m SET state = 'failed', settled_at = :now
WHERE m.state = 'queued'
  AND m.id = ANY (ARRAY(
    SELECT mine.id FROM (SELECT DISTINCT p.e164 FROM phone p WHERE {_LOST}) lost CROSS JOIN live
    CROSS JOIN LATERAL (SELECT q.id FROM message q WHERE q.event_id = live.id AND q.e164 = lost.e164 AND q.step <> 'ack'
                          AND q.state = 'queued' OFFSET 0) mine))
  AND NOT CASE
    WHEN m.channel = 'voice'
    THEN EXISTS (SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.call_e164 = m.e164 AND {_STILL_THEIRS})
    WHEN m.step = 'second_number'
    THEN EXISTS (SELECT 1 FROM recipient r WHERE r.id = m.recipient_id AND {_STILL_THEIRS})
    ELSE EXISTS (SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.e164 = m.e164 AND {_STILL_THEIRS}) END
RETURNING m.id, m.event_id, m.e164, m.step, m.state
"""  # noqa: S608  # our own constants
)

# Whose number it is not any more waits for no text to it, whoever else still gets that text; nor for an answer, if it was
# a stranger who got it. A number that only left the listing may well be theirs.
_NUMBERLESS = text(
    f"""
WITH touched AS (
    SELECT r.id FROM phone p JOIN recipient r ON r.household_id = p.household_id AND r.e164 = p.e164
    JOIN campaign_event e ON e.id = r.event_id
    WHERE {_LOST} AND r.state = 'waiting' AND r.reason IS NULL
      AND (r.contacted_at IS NULL OR (p.bad_since IS NOT NULL AND e.kind = 'check_in' AND r.due_at > :now))
    ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE recipient r SET due_at = :now, reason = CASE WHEN r.contacted_at IS NULL THEN 'undelivered' END
FROM touched WHERE r.id = touched.id
"""  # noqa: S608  # our own constant
)

_CLOSED_WINDOWS = text(
    f"""
SELECT DISTINCT event_id FROM message
WHERE state = 'queued' AND lane = 'bulk' AND {RUNS_OUT} AND window_closes_at <= :now AND void_at > :now
"""  # noqa: S608  # our own constant
)

_REPLAN = text(
    """
UPDATE message SET due_at = :opens_at, window_closes_at = :closes_at
WHERE event_id = :event_id AND state = 'queued' AND lane = 'bulk' AND window_closes_at <= :now AND void_at > :now
"""
)

_DUE_EVENTS = text(
    """
SELECT e.id FROM campaign_event e
WHERE e.state = 'running'
  AND EXISTS (SELECT 1 FROM message m WHERE m.lane = 'bulk' AND m.event_id = e.id AND m.state = 'queued' AND m.due_at <= :now
              OFFSET 0)
ORDER BY e.priority DESC, e.id
"""
)

_DUE_ANSWERS = text(
    "SELECT EXISTS (SELECT 1 FROM message WHERE state = 'queued' AND lane = 'answers' AND due_at <= :now)"
)

_DUE_RECIPIENTS = text(
    """
SELECT EXISTS (SELECT 1 FROM recipient r JOIN campaign_event e ON e.id = r.event_id
               WHERE r.state = 'waiting' AND r.due_at <= :now AND e.state IN ('running', 'paused'))
"""
)

_UNOPENED = text("SELECT id FROM campaign_event WHERE state = 'planned' AND opened_at <= :now ORDER BY id")


def expect_few(connection: Connection) -> None:
    """For the rest of the transaction tables are not read from end to end: what is swept is rare, has an index, and
    would look common to a planner whose figures are of the moment when an event was drawn up."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))


def expire_leases(connection: Connection, *, now: datetime) -> list[Moved]:
    """A worker died with these in hand: their fate is unknown, or a receipt told it. Walks ix_message_leased."""
    return [Moved(**row._asdict()) for row in connection.execute(_EXPIRED_LEASES, {"now": now})]


def expire_void(connection: Connection, *, now: datetime) -> list[Moved]:
    """Texts that are not useful any more are never sent late."""
    return [Moved(**row._asdict()) for row in connection.execute(_VOID, {"now": now})]


def cancel_left_over(connection: Connection, *, now: datetime) -> None:
    """Queued texts of events that are over."""
    connection.execute(_LEFT_OVER, {"now": now})


def live_since(connection: Connection) -> datetime | None:
    """What was noted from then on may concern what a running or paused event has queued; None when there is no such event."""
    since: datetime | None = connection.execute(_SINCE).scalar_one()
    return since


def suppress_refused(connection: Connection, *, since: datetime, now: datetime) -> list[Moved]:
    """Queued texts and calls to numbers that have refused in the meantime: since then."""
    return [Moved(**row._asdict()) for row in connection.execute(_SUPPRESSED, {"since": since, "now": now})]


def fail_retired(connection: Connection, *, since: datetime, now: datetime) -> list[Moved]:
    """Queued texts and calls to numbers that were lost since then, and at which nobody who waits can be had any more."""
    return [Moved(**row._asdict()) for row in connection.execute(_RETIRED, {"since": since, "now": now})]


def let_go_of_lost_numbers(connection: Connection, *, since: datetime, now: datetime) -> None:
    """Households that wait for a text, or an answer, at a number that was lost since then are due at once."""
    connection.execute(_NUMBERLESS, {"since": since, "now": now})


def with_closed_window(connection: Connection, *, now: datetime) -> list[int]:
    """Events with texts left over from a window that has closed."""
    return list(connection.execute(_CLOSED_WINDOWS, {"now": now}).scalars())


def replan(connection: Connection, event_id: int, *, opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Moves left-over texts of an event to its next window."""
    values = {"event_id": event_id, "opens_at": opens_at, "closes_at": closes_at, "now": now}
    connection.execute(_REPLAN, values)


def events_with_due_texts(connection: Connection, *, now: datetime) -> list[int]:
    """Running events that have something to send, the most urgent first. Walks ix_message_queued."""
    return list(connection.execute(_DUE_EVENTS, {"now": now}).scalars())


def has_due_answers(connection: Connection, *, now: datetime) -> bool:
    """Whether an acknowledgement waits."""
    return bool(connection.execute(_DUE_ANSWERS, {"now": now}).scalar_one())


def has_due_recipients(connection: Connection, *, now: datetime) -> bool:
    """Whether somebody's next rung is due."""
    return bool(connection.execute(_DUE_RECIPIENTS, {"now": now}).scalar_one())


def unopened(connection: Connection, *, now: datetime) -> list[int]:
    """Events made but not fanned out."""
    return list(connection.execute(_UNOPENED, {"now": now}).scalars())
