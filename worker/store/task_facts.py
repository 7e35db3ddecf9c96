"""What is known of households that are to be rung: from this their tasks are scored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

# The caller holds the household locks.
_FACTS = text(
    """
SELECT h.id AS household_id, d.agency_id, h.lives_alone, h.fragile,
       (SELECT min(CASE t.birth_precision WHEN 'year' THEN make_date(date_part('year', t.birth_date)::int, 12, 31)
                                          ELSE t.birth_date END)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active') AS oldest_birth,
       (SELECT count(*) FROM (SELECT r.intent, r.state FROM recipient r
                              WHERE r.household_id = h.id AND r.contacted_at IS NOT NULL AND r.event_id <> ALL (:events)
                              -- "+ 0" keeps the planner from walking the primary key backwards in search of one household
                              ORDER BY r.id + 0 DESC LIMIT 3) lately
        WHERE lately.intent IS NULL AND lately.state IN ('callback', 'reached', 'unreached')) AS silent_events,
       EXISTS (SELECT 1 FROM call_outcome o WHERE o.household_id = h.id AND o.code = 'REACHED_OK' AND o.undone_at IS NULL
               AND o.ended_at > CAST(:now AS timestamptz) - interval '24 hours') AS fine_recently,
       k.id AS task_id, coalesce(k.reasons, '{}') AS reasons, k.state AS task_state, k.priority, k.due_at,
       (SELECT max(o.ended_at) FROM call_outcome o WHERE o.task_id = k.id AND o.undone_at IS NULL) AS tried_at
FROM household h
JOIN dwelling d ON d.id = h.dwelling_id
LEFT JOIN callback_task k ON k.household_id = h.id AND k.state IN ('open', 'claimed')
WHERE h.id = ANY (:households) AND NOT h.guest  -- nobody rings a guest of a test
ORDER BY h.id
"""
)


@dataclass(frozen=True, slots=True)
class Known:
    """What the score is made from, with the household's open task if there is one, and when it was last rung."""

    household_id: int
    agency_id: int
    lives_alone: str
    fragile: bool
    oldest_birth: date | None
    silent_events: int
    fine_recently: bool
    task_id: int | None
    reasons: list[str]
    task_state: str | None
    priority: int | None
    due_at: datetime | None
    tried_at: datetime | None


def known(
    connection: Connection, households: Sequence[int], *, now: datetime, events: Sequence[int] = ()
) -> list[Known]:
    """What is known of these households, for scoring. events: those under way, whose silence is not "before"."""
    rows = connection.execute(_FACTS, {"households": list(households), "now": now, "events": list(events)})
    return [Known(**row._asdict()) for row in rows]
