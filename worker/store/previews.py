"""What a campaign would do, counted before it does anything; changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.store.audience import FATE, RUNG, SORTED, Occasion, parameters

# Who was asked by a cancelled event gets no second text; households that share a number get one.
_TOLD = f"""{SORTED}
, told AS (
    SELECT s.*, {FATE} AS fate, g.code AS agency, d.code AS dwelling, d.commune,
           s.reason IS NULL AND s.asked_at IS NULL
           AND row_number() OVER (PARTITION BY s.e164, s.reason IS NULL AND s.asked_at IS NULL ORDER BY s.household_id) = 1
               AS gets_text,
           {RUNG} AND row_number() OVER (PARTITION BY s.call_e164, {RUNG} ORDER BY s.household_id) = 1 AS gets_call,
           EXISTS (SELECT 1 FROM callback_task k WHERE k.household_id = s.household_id AND k.state IN ('open', 'claimed'))
               AS is_queued
    FROM sorted s JOIN household h ON h.id = s.household_id JOIN dwelling d ON d.id = h.dwelling_id
    JOIN agency g ON g.id = d.agency_id
)
"""  # noqa: S608  # our own constant

_GROUPS = text(
    f"""{_TOLD}
SELECT agency, fate, language, years AS age,
       (SELECT p FROM unnest(CAST(:destinations AS text[])) p WHERE starts_with(coalesce(CASE WHEN fate = 'voice' THEN told.call_e164 END, told.e164, '+'), p)
        ORDER BY length(p) DESC LIMIT 1) AS destination,
       count(*) AS households, count(*) FILTER (WHERE gets_text) AS texts,
       count(*) FILTER (WHERE gets_call) AS calls,
       count(*) FILTER (WHERE NOT is_queued) AS not_queued, min(dwelling) AS example
FROM told GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""  # noqa: S608  # our own constants
)

_HOUSEHOLDS = text(
    f"""{_TOLD}
SELECT told.household_id, told.dwelling, told.agency, told.commune, told.fate, told.language, told.years AS age,
       e.campaign AS other_campaign, e.occasion AS other_occasion
FROM told LEFT JOIN campaign_event e ON e.id = told.other_event
WHERE (CAST(:fate AS text) IS NULL OR told.fate = :fate) AND (CAST(:agency AS text) IS NULL OR told.agency = :agency)
ORDER BY told.agency, told.fate, told.dwelling LIMIT :limit
"""  # noqa: S608  # our own constants
)

# Where the same households were written to since midnight of the day the texts leave on.
_ELSEWHERE = text(
    f"""{_TOLD}
SELECT e.id AS event_id, e.campaign, e.occasion, e.level, count(*) AS households,
       count(*) FILTER (WHERE told.fate = 'text') AS again
FROM told JOIN recipient p ON p.household_id = told.household_id AND p.contacted_at >= :day_start
JOIN campaign_event e ON e.id = p.event_id
GROUP BY 1, 2, 3, 4 ORDER BY 1
"""  # noqa: S608  # our own constants
)

_NAMES = text(
    """
SELECT household_id, string_agg(trim(civility || ' ' || last_name || ' ' || first_name), ' / '
                                ORDER BY (role = 'holder') DESC, id) AS names
FROM tenant WHERE household_id = ANY (:households) AND status = 'active' GROUP BY 1
"""
)

# The latest events of the kind and level in which nobody waits any more: of whom was written to, who had to be rung.
_SHARE_RUNG = text(
    """
SELECT count(*) AS events, coalesce(sum(texted), 0)::int AS texted, coalesce(sum(rung), 0)::int AS rung
FROM (SELECT count(*) AS texted, count(r.task_id) AS rung
      FROM campaign_event e JOIN recipient r ON r.event_id = e.id AND r.contacted_at IS NOT NULL
      WHERE e.kind = :kind AND e.level = :level AND e.state = 'settled' AND NOT e.is_test
      GROUP BY e.id ORDER BY e.id DESC LIMIT :latest) lately
"""
)

# From taking a task to the word on how the call ended, all calls of a task together. A claim that was forgotten says
# nothing about how long a call takes. Walks ix_task_move_task_id.
_TIME_PER_TASK = text(
    """
SELECT count(DISTINCT task_id) AS tasks, sum(took) AS took
FROM (SELECT o.task_id, o.ended_at - (SELECT max(v.moved_at) FROM task_move v
                                      WHERE v.task_id = o.task_id AND v.caller = o.caller AND v.move = 'claimed'
                                        AND v.moved_at <= o.ended_at) AS took
      FROM call_outcome o WHERE o.undone_at IS NULL AND o.ended_at > :since
      ORDER BY o.id DESC LIMIT :latest) calls
WHERE took <= CAST(:longest AS interval)
"""
)

LATEST_EVENTS = 10
LATEST_CALLS = 2000
LONGEST_CALL = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Group:
    """Households of the audience that are alike. age: of the oldest tenant in years. destination: of the number.

    texts: SMS to send them; calls: by the machine. not_queued: those without an open task. example: a dwelling's code.
    """

    agency: str
    fate: str
    language: str
    age: int | None
    destination: str
    households: int
    texts: int
    calls: int
    not_queued: int
    example: str


@dataclass(frozen=True, slots=True)
class Household:
    """One household of the audience, by its dwelling; other_*: the event that wrote to it today."""

    household_id: int
    dwelling: str
    agency: str
    commune: str
    fate: str
    language: str
    age: int | None
    other_campaign: str | None
    other_occasion: str | None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another event that wrote today to households of the audience. again: those that would get a text all the same."""

    event_id: int
    campaign: str
    occasion: str
    level: str
    households: int
    again: int


def groups(connection: Connection, occasion: Occasion, *, destinations: Sequence[str]) -> list[Group]:
    """The whole audience in groups. destinations: beginnings of numbers that are told apart, "+" among them."""
    rows = connection.execute(_GROUPS, parameters(occasion) | {"destinations": list(destinations)})
    return [Group(**row._asdict()) for row in rows]


def households(
    connection: Connection, occasion: Occasion, *, fate: str | None, agency: str | None, limit: int
) -> list[Household]:
    """The households behind the groups, without a name."""
    values = parameters(occasion) | {"fate": fate, "agency": agency, "limit": limit}
    return [Household(**row._asdict()) for row in connection.execute(_HOUSEHOLDS, values)]


def names(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Who lives there: for a person's eyes, never for a file or a log."""
    return {row.household_id: row.names for row in connection.execute(_NAMES, {"households": list(ids)})}


def elsewhere(connection: Connection, occasion: Occasion) -> list[Elsewhere]:
    """The events that wrote to households of this audience today."""
    return [Elsewhere(**row._asdict()) for row in connection.execute(_ELSEWHERE, parameters(occasion))]


def share_rung(connection: Connection, *, kind: str, level: str) -> tuple[int, int, int]:
    """(events, households written to, of those rung) of the latest settled events of this kind."""
    row = connection.execute(_SHARE_RUNG, {"kind": kind, "level": level, "latest": LATEST_EVENTS}).one()
    return row.events, row.texted, row.rung


def time_per_task(connection: Connection, *, since: datetime) -> tuple[int, timedelta]:
    """(tasks, callers' time spent on them) since then."""
    values = {"since": since, "latest": LATEST_CALLS, "longest": LONGEST_CALL}
    row = connection.execute(_TIME_PER_TASK, values).one()
    return row.tasks, row.took or timedelta()
