"""Which recipients of a new event have no text queued yet: its texts are queued slice by slice."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_OWE = text("INSERT INTO unqueued (event_id, after_id, upto_id, since) VALUES (:event_id, :after, :upto, :now)")

_OWING = "SELECT after_id, upto_id FROM unqueued WHERE event_id = :event_id FOR UPDATE"
_FOR_WHO_WAITS, _FOR_WHO_DOES_NOT = text(_OWING), text(f"{_OWING} SKIP LOCKED")

_FROM = text("UPDATE unqueued SET after_id = :after, since = :now WHERE event_id = :event_id")

_DONE = text("DELETE FROM unqueued WHERE event_id = :event_id")

_LEFT = text("SELECT event_id FROM unqueued WHERE since <= :before ORDER BY event_id")


@dataclass(frozen=True, slots=True)
class Rest:
    """Recipients with ids above the one, up to the other."""

    after: int
    upto: int


def owe(connection: Connection, event_id: int, rest: Rest, *, now: datetime) -> None:
    """None of these recipients has a text yet."""
    connection.execute(_OWE, {"event_id": event_id, "after": rest.after, "upto": rest.upto, "now": now})


def owing(connection: Connection, event_id: int, *, wait: bool) -> Rest | None:
    """Who has none yet, locked until commit; None when all have. Who does not wait gets None also while another one is
    about it."""
    found = connection.execute(_FOR_WHO_WAITS if wait else _FOR_WHO_DOES_NOT, {"event_id": event_id}).one_or_none()
    return None if found is None else Rest(found.after_id, found.upto_id)


def queued(connection: Connection, event_id: int, rest: Rest, *, upto: int, now: datetime) -> None:
    """Up to this id they have."""
    if upto >= rest.upto:
        connection.execute(_DONE, {"event_id": event_id})
    else:
        connection.execute(_FROM, {"event_id": event_id, "after": upto, "now": now})


def left(connection: Connection, *, before: datetime) -> list[int]:
    """Events at which nobody has queued anything since then: whoever did it has stopped."""
    return list(connection.execute(_LEFT, {"before": before}).scalars())
