"""What the board and the desk show at a glance, counted by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# The lines between bands are those of worker.domain.routing.BANDS.
_QUEUE = text(
    """
SELECT g.code, g.name,
       CASE WHEN k.priority >= 100 THEN 'P0' WHEN k.priority >= 60 THEN 'P1' WHEN k.priority >= 35 THEN 'P2' ELSE 'P3' END AS band,
       count(*) AS tasks, count(*) FILTER (WHERE k.state = 'claimed') AS claimed, count(*) FILTER (WHERE k.due_at < :now) AS overdue
FROM callback_task k JOIN agency g ON g.id = k.agency_id
WHERE k.state IN ('open', 'claimed') AND (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""
)

_EVENTS = text(
    """
SELECT e.id, e.campaign, e.definition->>'title' AS title, e.occasion, e.state, e.alarm, e.opened_at,
       count(r.id) AS total, count(r.id) FILTER (WHERE r.state = 'waiting') AS waiting,
       count(r.id) FILTER (WHERE r.state = 'callback') AS callback
FROM (SELECT * FROM campaign_event ORDER BY (state IN ('planned', 'running', 'paused')) DESC, id DESC LIMIT :limit) e
LEFT JOIN recipient r ON r.event_id = e.id
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY (e.state IN ('planned', 'running', 'paused')) DESC, e.id DESC
"""
)

_CALLS_TODAY = text(
    "SELECT count(*) FROM call_outcome WHERE caller = :caller AND ended_at >= :since AND undone_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tasks of one agency and band."""

    code: str
    name: str
    band: str
    tasks: int
    claimed: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Under:
    """An event with how many of its households are where."""

    id: int
    campaign: str
    title: str
    occasion: str
    state: str
    alarm: str | None
    opened_at: datetime
    total: int
    waiting: int
    callback: int


def queue(connection: Connection, *, agencies: Sequence[str] | None, now: datetime) -> list[Waiting]:
    """What is to be rung, by agency and band; None: all agencies."""
    values = {"agencies": None if agencies is None else list(agencies), "now": now}
    return [Waiting(**row._asdict()) for row in connection.execute(_QUEUE, values)]


def events(connection: Connection, *, limit: int = 20) -> list[Under]:
    """The latest events, those under way first."""
    return [Under(**row._asdict()) for row in connection.execute(_EVENTS, {"limit": limit})]


def calls_since(connection: Connection, caller: str, since: datetime) -> int:
    """How many calls somebody has recorded since then."""
    return int(connection.execute(_CALLS_TODAY, {"caller": caller, "since": since}).scalar_one())
