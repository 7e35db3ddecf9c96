"""The text to a household's other number: where it goes, and what its fate means for the recipient its row names."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.store.outbox import Plan

# A text to a household's second number is for that household alone.
_QUEUE = text(
    """
INSERT INTO message (event_id, recipient_id, household_id, e164, channel, step, lane, sender, template, language,
                     state, due_at, window_closes_at, void_at, created_at)
SELECT r.event_id, r.id, r.household_id, n.e164, 'sms', :step, 'bulk', :sender, :template, r.language,
       'queued', :due_at, :closes_at, :void_at, :now
FROM unnest(CAST(:recipients AS bigint[]), CAST(:numbers AS text[])) AS n(id, e164)
JOIN recipient r ON r.id = n.id AND r.event_id = :event_id AND r.state = 'waiting'
ORDER BY r.id
ON CONFLICT DO NOTHING
RETURNING recipient_id
"""
)

# A text to a second number is for one recipient, whom its row names.
_LEFT = text(
    """
WITH touched AS (
    SELECT r.id FROM recipient r JOIN message m ON m.recipient_id = r.id
    WHERE m.id = ANY (:messages) AND r.state = 'waiting' AND r.contacted_at IS NULL
    ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE recipient r SET contacted_at = :now, due_at = CAST(:now AS timestamptz) + :first_wait
FROM touched WHERE r.id = touched.id
"""
)

_FAILED = text(
    """
WITH touched AS (
    SELECT r.id FROM recipient r JOIN message m ON m.recipient_id = r.id
    WHERE m.id = ANY (:messages) AND r.state = 'waiting'
    ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE recipient r SET due_at = :now FROM touched WHERE r.id = touched.id
"""
)

# The household's best other mobile: not the number the event writes to, nor one on which anybody else of the event is
# or was written to. Chosen in the same order as the first.
_BEST = text(
    """
SELECT r.id, other.e164
FROM recipient r
JOIN campaign_event e ON e.id = r.event_id
CROSS JOIN LATERAL (
    SELECT p.e164 FROM phone p
    WHERE p.household_id = r.household_id AND p.kind = 'mobile' AND p.removed_at IS NULL AND p.bad_since IS NULL
      AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = p.e164 AND o.undone_at IS NULL
                      AND o.channel IN ('sms', 'all') AND o.purpose IN ('all', e.definition->>'purpose'))
      AND NOT EXISTS (SELECT 1 FROM recipient w WHERE w.event_id = r.event_id AND w.e164 = p.e164)
      AND NOT EXISTS (SELECT 1 FROM message m WHERE m.event_id = r.event_id AND m.e164 = p.e164 AND m.step <> 'ack')
    ORDER BY (p.label IN ('self', 'spouse')) DESC, (p.source = 'caller') DESC, p.rank, p.id
    LIMIT 1
) other
WHERE r.id = ANY (:ids) AND r.e164 IS NOT NULL
"""
)


def queue(connection: Connection, event_id: int, plan: Plan, numbers: Mapping[int, str], *, now: datetime) -> set[int]:
    """One text for each recipient at its other number (recipient id -> E.164); returns who has one now.

    Of two households with the same other number one is written to.
    """
    values = asdict(plan) | {
        "event_id": event_id,
        "now": now,
        "recipients": list(numbers),
        "numbers": list(numbers.values()),
    }
    return set(connection.execute(_QUEUE, values).scalars())


def mark_left(connection: Connection, messages: Sequence[int], *, first_wait: timedelta, now: datetime) -> None:
    """Texts to second numbers left, by message id: who had none before has their time to answer from now."""
    connection.execute(_LEFT, {"messages": list(messages), "first_wait": first_wait, "now": now})


def mark_failed(connection: Connection, messages: Sequence[int], *, now: datetime) -> None:
    """Texts to second numbers cannot arrive, by message id: somebody looks again at once."""
    connection.execute(_FAILED, {"messages": list(messages), "now": now})


def best(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Recipient id -> another mobile of the household to which this event may write."""
    return {row.id: row.e164 for row in connection.execute(_BEST, {"ids": list(ids)})}
