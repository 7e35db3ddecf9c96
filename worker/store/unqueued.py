"""Which recipients of an event have no text queued yet: the texts of a new event are queued slice by slice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_OWE = text("INSERT INTO unqueued (event_id, after_id, upto_id, since) VALUES (:event_id, :after, :upto, :now)")

_OWING = "SELECT after_id, upto_id FROM unqueued WHERE event_id = :event_id ORDER BY after_id LIMIT 1 FOR UPDATE"
_FOR_WHO_WAITS, _FOR_WHO_DOES_NOT = text(_OWING), text(f"{_OWING} SKIP LOCKED")

_LOCK = text("SELECT 1 FROM unqueued WHERE event_id = :event_id ORDER BY after_id FOR UPDATE")

_FROM = text("UPDATE unqueued SET after_id = :upto, since = :now WHERE event_id = :event_id AND after_id = :after")

_DONE = text("DELETE FROM unqueued WHERE event_id = :event_id AND after_id = :after")

_LEFT = text("SELECT DISTINCT event_id FROM unqueued WHERE since <= :before ORDER BY event_id")

# Who may still be written to by an event, and has neither a text of it nor a place among those who will.
_OWE_AGAIN = text(
    """
INSERT INTO unqueued (event_id, after_id, upto_id, since)
SELECT r.event_id, r.id - 1, r.id, '-infinity' FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.household_id = :household AND r.state = 'waiting' AND r.e164 IS NOT NULL AND r.reason IS NULL
  AND r.contacted_at IS NULL AND e.state IN ('running', 'paused')
  AND NOT EXISTS (SELECT 1 FROM message m WHERE m.event_id = r.event_id AND m.e164 = r.e164 AND m.channel = 'sms'
                  AND m.step = 'first')
  AND NOT EXISTS (SELECT 1 FROM unqueued u WHERE u.event_id = r.event_id AND r.id > u.after_id AND r.id <= u.upto_id)
ON CONFLICT DO NOTHING
"""
)


@dataclass(frozen=True, slots=True)
class Rest:
    """Recipients with ids above the one, up to the other."""

    after: int
    upto: int


def owe(connection: Connection, event_id: int, rest: Rest, *, now: datetime) -> None:
    """None of these recipients has a text yet."""
    connection.execute(_OWE, {"event_id": event_id, "after": rest.after, "upto": rest.upto, "now": now})


def owe_again(connection: Connection, household: int) -> None:
    """What ended for a household while others' texts were queued was taken back: theirs is queued at the next tick."""
    connection.execute(_OWE_AGAIN, {"household": household})


def owing(connection: Connection, event_id: int, *, wait: bool) -> Rest | None:
    """Some who have none yet, locked until commit; None when all have. Who does not wait gets None also while another one
    is about it."""
    found = connection.execute(_FOR_WHO_WAITS if wait else _FOR_WHO_DOES_NOT, {"event_id": event_id}).one_or_none()
    return None if found is None else Rest(found.after_id, found.upto_id)


def lock(connection: Connection, event_id: int) -> None:
    """Waits for the slice in hand; no other is queued until commit. After the event's own row, never before it."""
    connection.execute(_LOCK, {"event_id": event_id})


def queued(connection: Connection, event_id: int, rest: Rest, *, upto: int, now: datetime) -> None:
    """Up to this id they have."""
    values = {"event_id": event_id, "after": rest.after, "upto": upto, "now": now}
    connection.execute(_DONE if upto >= rest.upto else _FROM, values)


def left(connection: Connection, *, before: datetime) -> list[int]:
    """Events at which nobody has queued anything since then: whoever did it has stopped."""
    return list(connection.execute(_LEFT, {"before": before}).scalars())
