"""What the board and the desk show at a glance, counted by the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# The lines between bands are those of worker.domain.routing.BANDS.
_BAND = "CASE WHEN k.priority >= 100 THEN 'P0' WHEN k.priority >= 60 THEN 'P1' WHEN k.priority >= 35 THEN 'P2' ELSE 'P3' END"

_QUEUE = text(
    f"""
SELECT g.code, g.name, {_BAND} AS band,
       count(*) AS tasks, count(*) FILTER (WHERE k.state = 'claimed') AS claimed, count(*) FILTER (WHERE k.due_at < :now) AS overdue,
       count(*) FILTER (WHERE k.not_before IS NULL OR k.not_before <= :now) AS due_now,
       coalesce(bool_or(e.level IN ('orange', 'red')), false) AS urgent
FROM callback_task k JOIN agency g ON g.id = k.agency_id LEFT JOIN campaign_event e ON e.id = k.event_id
WHERE k.state IN ('open', 'claimed') AND (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
GROUP BY 1, 2, 3 ORDER BY 1, 3
"""  # noqa: S608  # our own constant
)

_BY_BAND = text(
    f"""
SELECT {_BAND} AS band, count(*) AS tasks FROM callback_task k
WHERE k.state IN ('open', 'claimed')
  AND (CAST(:agencies AS text[]) IS NULL OR k.agency_id IN (SELECT g.id FROM agency g WHERE g.code = ANY (:agencies)))
GROUP BY 1
"""  # noqa: S608  # our own constant
)

# Walks ix_recipient_event_id once for each event shown.
_EVENTS = text(
    """
SELECT e.id, e.campaign, e.definition->>'title' AS title, e.occasion, e.state, e.alarm, e.opened_at, e.settled_at, e.is_test,
       coalesce((SELECT jsonb_object_agg(c.state, c.households) FROM
                 (SELECT r.state, count(*) AS households FROM recipient r WHERE r.event_id = e.id GROUP BY 1) c), '{}') AS states
FROM campaign_event e
WHERE e.state IN ('planned', 'running', 'paused') OR e.opened_at >= :since
   OR e.id IN (SELECT l.id FROM campaign_event l ORDER BY l.id DESC LIMIT :least)
ORDER BY (e.state IN ('planned', 'running', 'paused')) DESC, e.id DESC LIMIT :limit
"""
)

_PRESENT = text("SELECT agencies FROM caller_presence WHERE until_at > :now")

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
    due_now: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Under:
    """An event with how many of its households are in which state."""

    id: int
    campaign: str
    title: str
    occasion: str
    state: str
    alarm: str | None
    opened_at: datetime
    settled_at: datetime | None
    is_test: bool
    states: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


def queue(connection: Connection, *, agencies: Sequence[str] | None, now: datetime) -> list[Waiting]:
    """What is to be rung, by agency and band; None: all agencies."""
    values = {"agencies": None if agencies is None else list(agencies), "now": now}
    return [Waiting(**row._asdict()) for row in connection.execute(_QUEUE, values)]


def by_band(connection: Connection, *, agencies: Sequence[str] | None) -> dict[str, int]:
    """How many tasks are to be rung, by band; None: of all agencies."""
    values = {"agencies": None if agencies is None else list(agencies)}
    return {row.band: row.tasks for row in connection.execute(_BY_BAND, values)}


def events(connection: Connection, *, since: datetime, least: int = 5, limit: int = 20) -> list[Under]:
    """Those under way first, then those opened since then, and at least so many of the latest."""
    values = {"since": since, "least": least, "limit": limit}
    return [Under(**row._asdict()) for row in connection.execute(_EVENTS, values)]


def present(connection: Connection, *, now: datetime) -> list[list[str]]:
    """The agencies of each caller who is at their desk; none: all."""
    return [list(row.agencies) for row in connection.execute(_PRESENT, {"now": now})]


def calls_since(connection: Connection, caller: str, since: datetime) -> int:
    """How many calls somebody has recorded since then."""
    return int(connection.execute(_CALLS_TODAY, {"caller": caller, "since": since}).scalar_one())
