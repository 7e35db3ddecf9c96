"""At which number the machine rings a household, and at what times of day it has answered so far."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from sqlalchemy import Connection, text

# The household's best number for a voice: a telephone at home before one in a bag, its own before a relative's. Who
# pressed 9 on one of its own is not rung at another.
CALLABLE = """
    SELECT p.e164 FROM phone p
    WHERE p.household_id = {household} AND p.kind IN ('fixed', 'voip', 'mobile') AND p.removed_at IS NULL AND p.bad_since IS NULL
      AND p.label IN ('self', 'spouse') {further}
      AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = p.e164 AND o.undone_at IS NULL
                      AND o.channel IN ('voice', 'all') AND o.purpose IN ('all', {purpose}))
      AND NOT EXISTS (SELECT 1 FROM phone q JOIN opt_out o ON o.e164 = q.e164 AND o.undone_at IS NULL
                      WHERE q.household_id = p.household_id AND q.label IN ('self', 'spouse')
                        AND o.channel = 'voice' AND o.purpose IN ('all', {purpose}))
    ORDER BY (p.kind = 'mobile'), (p.source = 'caller') DESC, p.rank, p.id
    LIMIT 1
"""

# Found dead by a call of this very event.
_DEAD_HERE = """
EXISTS (SELECT 1 FROM message t JOIN automatic_call c ON c.message_id = t.id
        WHERE t.event_id = r.event_id AND t.e164 = {number} AND t.channel = 'voice' AND c.came_to = 'dead')
"""

# Who was not rung yet, or whose number proved dead meanwhile: its next one stands in for that.
_BEST = text(
    f"""
SELECT r.id, best.e164
FROM recipient r JOIN campaign_event e ON e.id = r.event_id
CROSS JOIN LATERAL ({
        CALLABLE.format(
            household="r.household_id",
            purpose="e.definition->>'purpose'",
            further=f"AND NOT {_DEAD_HERE.format(number='p.e164')}",
        )
    }) best
WHERE r.id = ANY (:ids)
  AND (r.call_e164 IS NULL OR {_DEAD_HERE.format(number="r.call_e164")}
       OR EXISTS (SELECT 1 FROM phone d WHERE d.household_id = r.household_id AND d.e164 = r.call_e164
                                      AND d.bad_since IS NOT NULL AND d.bad_reason = 'provider_dead'))
"""  # noqa: S608  # our own constant
)

# The latest keys that were pressed at the household, and how many of them in the morning.
_HABITS = text(
    """
SELECT r.id, count(*) AS keys, count(*) FILTER (WHERE CAST(k.at AT TIME ZONE :timezone AS time) < :noon) AS mornings
FROM recipient r CROSS JOIN LATERAL (
    SELECT i.received_at AS at FROM reply y JOIN inbound_message i ON i.id = y.inbound_id
    WHERE y.household_id = r.household_id AND i.channel = 'voice' ORDER BY i.id DESC LIMIT :keys
) k
WHERE r.id = ANY (:ids) GROUP BY r.id
"""
)


@dataclass(frozen=True, slots=True)
class Habit:
    """keys: of the latest ones that count; mornings: how many of them were pressed in the morning."""

    keys: int
    mornings: int


def best(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Recipient id -> the number at which this event may ring the household now: its first, or the next after a dead one."""
    return {row.id: row.e164 for row in connection.execute(_BEST, {"ids": list(ids)})}


def habits(connection: Connection, ids: Sequence[int], *, timezone: str, noon: time, keys: int) -> dict[int, Habit]:
    """Recipient id -> when the household pressed its latest keys, for those that ever did."""
    values = {"ids": list(ids), "timezone": timezone, "noon": noon, "keys": keys}
    return {row.id: Habit(row.keys, row.mornings) for row in connection.execute(_HABITS, values)}
