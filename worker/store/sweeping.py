"""What a lost queue, a dead worker or a closed window leaves behind, found by looking at the rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.outbox import Moved

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
    """
UPDATE message SET state = 'expired', settled_at = :now WHERE state = 'queued' AND void_at <= :now
RETURNING id, event_id, e164, step, state
"""
)

# A request that was under way when its event ended may come back as not sent.
_LEFT_OVER = text(
    """
UPDATE message m SET state = 'cancelled', settled_at = :now FROM campaign_event e
WHERE m.state = 'queued' AND m.lane <> 'answers' AND e.id = m.event_id AND e.state IN ('cancelled', 'settled')
"""
)

_SUPPRESSED = text(
    """
UPDATE message m SET state = 'suppressed', settled_at = :now
FROM campaign_event e
WHERE m.state = 'queued' AND m.step <> 'ack' AND e.id = m.event_id AND e.state IN ('running', 'paused')
  AND EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = m.e164 AND o.undone_at IS NULL AND o.channel IN (m.channel, 'all')
              AND o.purpose IN ('all', e.definition->>'purpose'))
RETURNING m.id, m.event_id, m.e164, m.step, m.state
"""
)

# A number that turned out to be wrong or dead since the event was drawn up, or left the listing. Who shares it, and to whom
# it still belongs, keeps the text.
_LOST = """(p.bad_since > CAST(:now AS timestamptz) - interval '2 days'
                OR p.removed_at > CAST(:now AS timestamptz) - interval '2 days')"""

_RETIRED = text(
    f"""
WITH lost AS (SELECT DISTINCT p.e164 FROM phone p WHERE {_LOST})
UPDATE message m SET state = 'failed', settled_at = :now
FROM lost
WHERE m.state = 'queued' AND m.lane <> 'answers' AND m.e164 = lost.e164
  AND NOT EXISTS (SELECT 1 FROM recipient r
                  WHERE r.event_id = m.event_id AND r.state = 'waiting'
                    AND CASE WHEN m.channel = 'voice' THEN r.call_e164 = m.e164
                             WHEN m.step = 'second_number' THEN r.id = m.recipient_id ELSE r.e164 = m.e164 END
                    AND NOT EXISTS (SELECT 1 FROM phone p WHERE p.household_id = r.household_id AND p.e164 = m.e164
                                    AND (p.bad_since IS NOT NULL OR p.removed_at IS NOT NULL)))
RETURNING m.id, m.event_id, m.e164, m.step, m.state
"""  # noqa: S608  # our own constant
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
    """
SELECT DISTINCT event_id FROM message WHERE state = 'queued' AND lane = 'bulk' AND window_closes_at <= :now AND void_at > :now
"""
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
  AND EXISTS (SELECT 1 FROM message m WHERE m.lane = 'bulk' AND m.event_id = e.id AND m.state = 'queued' AND m.due_at <= :now)
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

# Taken by whoever asks, so that several workers ask about different ones. The few attempts of a message are sorted (+ 0):
# a planner that has not counted the table yet would rather walk all attempts backwards for each.
_UNKNOWN = text(
    """
UPDATE message m SET looked_up_at = :now
FROM (SELECT u.id, a.id AS attempt_id, a.started_at, coalesce(a.finished_at, a.started_at) AS finished_at
      FROM message u
      JOIN LATERAL (SELECT id, started_at, finished_at FROM attempt
                    WHERE message_id = u.id ORDER BY id + 0 DESC LIMIT 1) a ON true
      WHERE u.state = 'unknown' AND u.sender = ANY (:senders) AND coalesce(a.finished_at, a.started_at) < :before
        AND (u.looked_up_at IS NULL OR u.looked_up_at < :before)
      ORDER BY u.looked_up_at NULLS FIRST, u.id LIMIT :limit FOR UPDATE OF u SKIP LOCKED) taken
WHERE m.id = taken.id
RETURNING m.id, m.event_id, m.e164, m.step, m.channel, m.sender, m.body, m.lookups, m.attempts, taken.attempt_id,
          taken.started_at, taken.finished_at
"""
)

# Two who asked at the same time have asked once.
_MISSED = text(
    """
UPDATE message SET lookups = lookups + 1, looked_up_at = :now WHERE id = :id AND state = 'unknown' AND lookups = :seen
"""
)

_GIVEN_UP = text(
    """
UPDATE message SET state = 'failed', settled_at = :now WHERE state = 'unknown' AND void_at < :before
RETURNING id, event_id, e164, step, state
"""
)

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:e164, 0))")

# By its own row, or by a receipt that names another message of ours, whose result is not recorded yet.
_TAKEN_SIDS = text(
    """
SELECT provider_sid FROM message WHERE provider_sid = ANY (:sids)
UNION SELECT provider_sid FROM automatic_call WHERE provider_sid = ANY (:sids)
UNION SELECT provider_sid FROM delivery_receipt WHERE provider_sid = ANY (:sids) AND message_id <> :message_id
"""
)

# Taken by whoever asks, so that several workers ask about different ones.
_WITHOUT_WORD = text(
    """
UPDATE message m SET looked_up_at = :now
FROM (SELECT id FROM message
      WHERE state = 'sent' AND provider_sid IS NOT NULL AND sent_at < :before
        AND (looked_up_at IS NULL OR looked_up_at < :before) AND sent_at > :oldest
      ORDER BY looked_up_at NULLS FIRST, id LIMIT :limit FOR UPDATE SKIP LOCKED) taken
WHERE m.id = taken.id RETURNING m.id, m.provider_sid
"""
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of unknown fate: what to look for in the provider's list."""

    id: int
    event_id: int | None
    e164: str
    step: str
    channel: str
    sender: str
    body: str
    lookups: int
    attempts: int
    attempt_id: int
    started_at: datetime
    finished_at: datetime


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


def suppress_refused(connection: Connection, *, now: datetime) -> list[Moved]:
    """Queued texts to numbers that have refused in the meantime."""
    return [Moved(**row._asdict()) for row in connection.execute(_SUPPRESSED, {"now": now})]


def fail_retired(connection: Connection, *, now: datetime) -> list[Moved]:
    """Queued texts and calls to numbers that nobody who waits can be had at any more."""
    return [Moved(**row._asdict()) for row in connection.execute(_RETIRED, {"now": now})]


def let_go_of_lost_numbers(connection: Connection, *, now: datetime) -> None:
    """Households that wait for a text, or an answer, at a number that is not theirs are due at once."""
    connection.execute(_NUMBERLESS, {"now": now})


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


def take_unknown(
    connection: Connection, *, before: datetime, senders: list[str], limit: int, now: datetime
) -> list[Unknown]:
    """Messages of unknown fate from these senders whose request ended, and that were last asked about, before then; for
    the caller to look for."""
    values = {"before": before, "senders": senders, "limit": limit, "now": now}
    return [Unknown(**row._asdict()) for row in connection.execute(_UNKNOWN, values)]


def count_miss(connection: Connection, message_id: int, *, seen: int, now: datetime) -> bool:
    """The provider's list does not have it; False when somebody else has counted this miss, or its fate is known."""
    return connection.execute(_MISSED, {"id": message_id, "seen": seen, "now": now}).rowcount == 1


def give_up_unknown(connection: Connection, *, before: datetime, now: datetime) -> list[Moved]:
    """Texts of unknown fate that nobody could tell about although they were void before then."""
    return [Moved(**row._asdict()) for row in connection.execute(_GIVEN_UP, {"before": before, "now": now})]


def settle_alone(connection: Connection, e164: str) -> None:
    """Until the end of the transaction nobody else settles what was sent to a number: of two with the same words only
    one may take the provider's id for its own."""
    connection.execute(_ALONE, {"e164": e164})


def taken_sids(connection: Connection, sids: list[str], *, message_id: int) -> set[str]:
    """Those of the provider's ids that already belong to one of our messages; to another one than this."""
    return set(connection.execute(_TAKEN_SIDS, {"sids": sids, "message_id": message_id}).scalars())


def take_without_final_word(
    connection: Connection, *, before: datetime, oldest: datetime, limit: int, now: datetime
) -> list[tuple[int, str]]:
    """(message id, provider id) of texts sent long ago about which nothing final was heard, for the caller to ask about."""
    values = {"before": before, "oldest": oldest, "limit": limit, "now": now}
    return [(row.id, row.provider_sid) for row in connection.execute(_WITHOUT_WORD, values)]
