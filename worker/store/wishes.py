"""What households told us they want: refusals by channel and purpose, absences, language, channel and hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import Connection, text

_BY_DWELLING = text(
    """
SELECT h.id FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE d.code = :who AND h.gone_at IS NULL
"""
)

_BY_NUMBER = text(
    """
SELECT h.id, d.code FROM phone p JOIN household h ON h.id = p.household_id AND h.gone_at IS NULL
JOIN dwelling d ON d.id = h.dwelling_id
WHERE p.e164 = :who AND p.removed_at IS NULL ORDER BY d.code
"""
)

_HOME = text(
    """
SELECT h.id AS household_id, d.code AS dwelling, h.refused_at, h.preferred_language AS language,
       h.preferred_channel AS channel, h.preferred_from AS hours_from, h.preferred_until AS hours_until,
       (SELECT max(o.until_at) FROM hold o WHERE o.household_id = h.id AND o.ended_at IS NULL AND o.until_at > :now)
           AS away_until
FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE h.id = :household
"""
)

# All that stand, and all that were taken back: the ledger is history.
_REFUSALS = text(
    """
SELECT o.channel, o.purpose, o.source, o.recorded_by, o.since_at, o.undone_at, o.undone_by, count(*) AS numbers
FROM opt_out o
WHERE o.e164 IN (SELECT e164 FROM phone WHERE household_id = :household AND removed_at IS NULL)
GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY o.since_at, o.channel, o.purpose
"""
)

_OPT_OUT = text(
    """
INSERT INTO opt_out (e164, channel, purpose, source, since_at, recorded_by)
SELECT number, :channel, :purpose, 'operator', :now, :by FROM unnest(CAST(:numbers AS text[])) AS number
ON CONFLICT (e164, channel, purpose) WHERE undone_at IS NULL DO NOTHING
"""
)

# What the wish covers is taken back; a wider refusal (all channels, all purposes) is not cut in two.
_OPT_IN = text(
    """
UPDATE opt_out SET undone_at = :now, undone_by = :by
WHERE e164 = ANY (:numbers) AND undone_at IS NULL
  AND (:channel = 'all' OR channel = :channel) AND (:purpose = 'all' OR purpose = :purpose)
RETURNING source
"""
)

_WIDER = text(
    """
SELECT count(*) FROM opt_out
WHERE e164 = ANY (:numbers) AND undone_at IS NULL
  AND (channel = 'all' OR :channel = 'all' OR channel = :channel) AND (purpose = 'all' OR :purpose = 'all' OR purpose = :purpose)
"""
)

_NUMBERS = text("SELECT DISTINCT e164 FROM phone WHERE household_id = :household AND removed_at IS NULL ORDER BY e164")

_RUNNING_HOLDS = text(
    "SELECT count(*) FROM hold WHERE household_id = :household AND ended_at IS NULL AND until_at > :now"
)

_PREFER = text(
    """
UPDATE household SET
    preferred_language = CASE WHEN :say_language THEN CAST(:language AS text) ELSE preferred_language END,
    preferred_channel = CASE WHEN :say_channel THEN CAST(:channel AS text) ELSE preferred_channel END,
    preferred_from = CASE WHEN :say_hours THEN CAST(:hours_from AS time) ELSE preferred_from END,
    preferred_until = CASE WHEN :say_hours THEN CAST(:hours_until AS time) ELSE preferred_until END
WHERE id = :household
"""
)

_HOURS = text(
    """
SELECT id, preferred_from, preferred_until FROM household WHERE id = ANY (:households) AND preferred_from IS NOT NULL
"""
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal of so many of the household's numbers; undone_at: it was taken back."""

    channel: str
    purpose: str
    source: str
    recorded_by: str | None
    since_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    numbers: int


@dataclass(frozen=True, slots=True)
class Home:
    """A household's own wishes; None where it has none."""

    household_id: int
    dwelling: str
    refused_at: datetime | None
    language: str | None
    channel: str | None
    hours_from: time | None
    hours_until: time | None
    away_until: datetime | None


def in_dwelling(connection: Connection, dwelling: str) -> int | None:
    """The household that lives there now."""
    return connection.execute(_BY_DWELLING, {"who": dwelling}).scalar()


def with_number(connection: Connection, e164: str) -> list[tuple[int, str]]:
    """(household id, dwelling code) of those who have this number."""
    return [(row.id, row.code) for row in connection.execute(_BY_NUMBER, {"who": e164})]


def home(connection: Connection, household: int, *, now: datetime) -> Home:
    """What a household wishes."""
    return Home(**connection.execute(_HOME, {"household": household, "now": now}).one()._asdict())


def refusals(connection: Connection, household: int) -> list[Refusal]:
    """What was refused on its numbers, standing or taken back, oldest first."""
    return [Refusal(**row._asdict()) for row in connection.execute(_REFUSALS, {"household": household})]


def numbers_of(connection: Connection, household: int) -> list[str]:
    """All its numbers: a refusal holds for those known to be bad too."""
    return list(connection.execute(_NUMBERS, {"household": household}).scalars())


def opt_out(
    connection: Connection, numbers: Sequence[str], *, channel: str, purpose: str, by: str, now: datetime
) -> None:
    """A refusal that a person wrote down; repeating it changes nothing."""
    values = {"numbers": list(numbers), "channel": channel, "purpose": purpose, "by": by, "now": now}
    connection.execute(_OPT_OUT, values)


def opt_in(
    connection: Connection, numbers: Sequence[str], *, channel: str, purpose: str, by: str, now: datetime
) -> list[str]:
    """Takes refusals back; returns where each had come from."""
    values = {"numbers": list(numbers), "channel": channel, "purpose": purpose, "by": by, "now": now}
    return list(connection.execute(_OPT_IN, values).scalars())


def still_refused(connection: Connection, numbers: Sequence[str], *, channel: str, purpose: str) -> int:
    """How many refusals still stand in the way of this channel and purpose."""
    values = {"numbers": list(numbers), "channel": channel, "purpose": purpose}
    return int(connection.execute(_WIDER, values).scalar_one())


def running_holds(connection: Connection, household: int, *, now: datetime) -> int:
    """How many absences are noted and not over."""
    return int(connection.execute(_RUNNING_HOLDS, {"household": household, "now": now}).scalar_one())


def prefer(connection: Connection, household: int, said: dict[str, object]) -> None:
    """What the household would rather have. said: language, channel, hours_from, hours_until; what is not there stays."""
    values = {
        "household": household,
        "say_language": "language" in said,
        "language": said.get("language"),
        "say_channel": "channel" in said,
        "channel": said.get("channel"),
        "say_hours": "hours_from" in said,
        "hours_from": said.get("hours_from"),
        "hours_until": said.get("hours_until"),
    }
    connection.execute(_PREFER, values)


def hours_of(connection: Connection, households: Sequence[int]) -> dict[int, tuple[time, time]]:
    """The local hours in which some of these households would rather be rung."""
    rows = connection.execute(_HOURS, {"households": list(households)})
    return {row.id: (row.preferred_from, row.preferred_until) for row in rows}
