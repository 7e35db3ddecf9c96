"""Rounds: which day of a week each household of a spread campaign has, and which event took it up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.spreading import Home, Place
from worker.store.audience import SORTED, Occasion, parameters

_BEGIN = text(
    """
INSERT INTO campaign_round (campaign, week, definition, begun_at) VALUES (:campaign, :week, :definition, :now)
ON CONFLICT (campaign, week) DO NOTHING
"""
).bindparams(bindparam("definition", type_=JSONB))

_DEFINITION = text("SELECT definition FROM campaign_round WHERE campaign = :campaign AND week = :week")

_BEYOND = text("UPDATE campaign_round SET beyond = :beyond WHERE campaign = :campaign AND week = :week").bindparams(
    bindparam("beyond", type_=JSONB)
)

# Households that an event of the week has already: launched by hand, or added to it late. Who was withdrawn from one
# before a text left has not had its turn. Walks ix_recipient_household_id.
_HAD = """
SELECT r.household_id, e.id AS event_id FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE e.campaign = :campaign AND e.opened_at >= :since AND NOT e.is_test
  AND NOT (r.state = 'cancelled' AND r.contacted_at IS NULL)
"""

_TAKEN_ELSEWHERE = text(
    f"""
UPDATE round_place p SET event_id = had.event_id FROM ({_HAD}) had
WHERE p.campaign = :campaign AND p.week = :week AND p.event_id IS NULL AND p.household_id = had.household_id
"""  # noqa: S608  # our own constant
)

_HOMES = text(
    f"""{SORTED}
SELECT s.household_id, g.code AS agency, s.reason IS NOT NULL AND s.reason <> ALL (:not_rung) AS at_once, p.day,
       coalesce(p.home, (SELECT b.home FROM round_place b WHERE b.campaign = :campaign AND b.week < :week
                         AND b.household_id = s.household_id ORDER BY b.week DESC LIMIT 1)) AS weekday
FROM sorted s JOIN household h ON h.id = s.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
LEFT JOIN round_place p ON p.campaign = :campaign AND p.week = :week AND p.household_id = s.household_id
WHERE p.event_id IS NULL AND s.household_id NOT IN (SELECT household_id FROM ({_HAD}) had)
"""  # noqa: S608  # our own constants
)

_PLACE = text(
    """
INSERT INTO round_place (campaign, week, household_id, day, home)
SELECT :campaign, :week, * FROM unnest(CAST(:households AS bigint[]), CAST(:days AS date[]), CAST(:weekdays AS smallint[]))
ON CONFLICT (campaign, household_id, week) DO UPDATE SET day = excluded.day, home = excluded.home
WHERE round_place.event_id IS NULL
"""
)

_TAKE_UP = text(
    """
UPDATE round_place SET event_id = :event_id
WHERE campaign = :campaign AND week = :week AND day = :day AND event_id IS NULL
"""
)

_LATEST = text(
    """
SELECT campaign, week, beyond FROM campaign_round c
WHERE campaign = ANY (:campaigns) AND week = (SELECT max(week) FROM campaign_round WHERE campaign = c.campaign)
"""
)

# An event that has not drawn up its recipients will have them all.
_DAYS = text(
    """
SELECT p.day, g.code AS agency, count(*) AS households,
       count(*) FILTER (WHERE e.fanned_out_at IS NOT NULL AND r.id IS NOT NULL) AS opened,
       count(*) FILTER (WHERE (p.event_id IS NULL AND p.day >= :today) OR e.fanned_out_at IS NULL AND e.state = 'planned') AS to_come,
       count(*) FILTER (WHERE (p.event_id IS NULL AND p.day < :today) OR e.fanned_out_at IS NULL AND e.state = 'cancelled') AS left_out,
       count(*) FILTER (WHERE e.fanned_out_at IS NOT NULL AND r.id IS NULL) AS gone
FROM round_place p JOIN household h ON h.id = p.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
LEFT JOIN campaign_event e ON e.id = p.event_id
LEFT JOIN recipient r ON r.event_id = p.event_id AND r.household_id = p.household_id
WHERE p.campaign = :campaign AND p.week = :week GROUP BY 1, 2 ORDER BY 1, 2
"""
)


@dataclass(frozen=True, slots=True)
class Round:
    """A week of a spread campaign. beyond: by agency, calls to expect beyond what its callers can make."""

    campaign: str
    week: date
    beyond: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Day:
    """Households of an agency whose day it is; exactly one of: their event is open, it is to come, their day passed
    without one, or they had left the audience when it was opened."""

    day: date
    agency: str
    households: int
    opened: int
    to_come: int
    left_out: int
    gone: int


def begin(
    connection: Connection, campaign: str, week: date, definition: Mapping[str, Any], *, now: datetime
) -> Mapping[str, Any]:
    """The campaign as it stood when its week began, which may be now."""
    which = {"campaign": campaign, "week": week}
    connection.execute(_BEGIN, which | {"definition": dict(definition), "now": now})
    found: Mapping[str, Any] = connection.execute(_DEFINITION, which).scalar_one()
    return found


def note_beyond(connection: Connection, campaign: str, week: date, beyond: Mapping[str, int]) -> None:
    """What the callers of an agency cannot make this week."""
    connection.execute(_BEYOND, {"campaign": campaign, "week": week, "beyond": dict(beyond)})


def note_taken_elsewhere(connection: Connection, campaign: str, week: date, *, since: datetime) -> None:
    """Places of households that another event of the week has. since: when the week began."""
    connection.execute(_TAKEN_ELSEWHERE, {"campaign": campaign, "week": week, "since": since})


def homes(
    connection: Connection,
    campaign: str,
    week: date,
    occasion: Occasion,
    *,
    since: datetime,
    not_rung: Collection[str],
) -> list[Home]:
    """The audience but for those who had their turn this week. not_rung: reasons for which nobody rings at once."""
    values = parameters(occasion) | {
        "campaign": campaign,
        "week": week,
        "since": since,
        "not_rung": sorted(not_rung),
    }
    return [Home(**row._asdict()) for row in connection.execute(_HOMES, values)]


def place(connection: Connection, campaign: str, week: date, places: Sequence[Place]) -> None:
    """Gives households their day; one whose event is open keeps it."""
    values = {
        "campaign": campaign,
        "week": week,
        "households": [p.household_id for p in places],
        "days": [p.day for p in places],
        "weekdays": [p.weekday for p in places],
    }
    connection.execute(_PLACE, values)


def take_up(connection: Connection, campaign: str, week: date, *, day: date, event_id: int) -> int:
    """The households of that day are this event's; returns how many."""
    values = {"campaign": campaign, "week": week, "day": day, "event_id": event_id}
    return connection.execute(_TAKE_UP, values).rowcount


def latest(connection: Connection, campaigns: Collection[str]) -> list[Round]:
    """The latest week of each of these that has one."""
    return [Round(**row._asdict()) for row in connection.execute(_LATEST, {"campaigns": sorted(campaigns)})]


def days(connection: Connection, round_: Round, *, today: date) -> list[Day]:
    """The account of a week, by day and agency."""
    values = {"campaign": round_.campaign, "week": round_.week, "today": today}
    return [Day(**row._asdict()) for row in connection.execute(_DAYS, values)]
