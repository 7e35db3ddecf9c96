"""Up to when each scheduled campaign has been looked at, what was missed, and the operator's word on a schedule."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

# A campaign seen for the first time has no past: nothing of before then is opened.
_SEEN = text(
    """
INSERT INTO schedule_done (campaign, until_at) SELECT unnest(CAST(:campaigns AS text[])), :now
ON CONFLICT (campaign) DO NOTHING
"""
)

_MARKS = text("SELECT campaign, until_at, ends_on, paused_at FROM schedule_done WHERE campaign = ANY (:campaigns)")

# Who comes second waits, and then finds what the first has dealt with.
_LOCKED = text("SELECT campaign, until_at, ends_on, paused_at FROM schedule_done WHERE campaign = :campaign FOR UPDATE")

_DONE = text("UPDATE schedule_done SET until_at = greatest(until_at, :until) WHERE campaign = :campaign")

# So that a line that is edited, or taken out and put back, promises nothing of the time before. A campaign that is not in
# the files of this host may be in those of another for a while.
_LOOKED = text(
    """
UPDATE schedule_done SET until_at = :now
WHERE until_at < CAST(:now AS timestamptz) - CASE WHEN campaign = ANY (:campaigns) THEN CAST(:often AS interval)
                                                  ELSE CAST(:seldom AS interval) END
"""
)

_EXTEND = text("UPDATE schedule_done SET ends_on = :ends_on WHERE campaign = :campaign")
_PAUSE = text("UPDATE schedule_done SET paused_at = coalesce(paused_at, :now) WHERE campaign = :campaign")
# What came due meanwhile was not wanted.
_RESUME = text(
    """
UPDATE schedule_done SET paused_at = NULL, until_at = greatest(until_at, :now)
WHERE campaign = :campaign AND paused_at IS NOT NULL
"""
)

_MISS = text(
    """
INSERT INTO missed_occasion (campaign, occasion, due_at, noted_at) VALUES (:campaign, :occasion, :due_at, :now)
ON CONFLICT (campaign, occasion) DO NOTHING
"""
)

_MISSED = text(
    """
SELECT campaign, occasion, due_at, noted_at, seen_at FROM missed_occasion
WHERE seen_at IS NULL OR due_at >= :since ORDER BY due_at, campaign
"""
)

_TAKE_NOTE = text("UPDATE missed_occasion SET seen_at = :now WHERE campaign = :campaign AND seen_at IS NULL")

OFTEN, SELDOM = timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was due up to until_at has been dealt with. ends_on: an operator's later last day."""

    campaign: str
    until_at: datetime
    ends_on: date | None
    paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Missed:
    """An occasion that nobody could open while it was useful. seen_at: an operator took note."""

    campaign: str
    occasion: str
    due_at: datetime
    noted_at: datetime
    seen_at: datetime | None


def marks(connection: Connection, campaigns: Collection[str], *, now: datetime) -> Mapping[str, Mark]:
    """By campaign; one that was never seen is seen now."""
    found = known(connection, campaigns)
    if len(found) < len(campaigns):
        connection.execute(_SEEN, {"campaigns": sorted(campaigns), "now": now})
        found = known(connection, campaigns)
    return found


def known(connection: Connection, campaigns: Collection[str]) -> Mapping[str, Mark]:
    """By campaign, those that were seen before."""
    rows = connection.execute(_MARKS, {"campaigns": sorted(campaigns)})
    return {row.campaign: Mark(**row._asdict()) for row in rows}


def lock(connection: Connection, campaign: str) -> Mark:
    """The mark of a campaign that was seen, for this transaction alone."""
    return Mark(**connection.execute(_LOCKED, {"campaign": campaign}).one()._asdict())


def note_done(connection: Connection, campaign: str, until: datetime) -> None:
    """What was due up to then is dealt with; never goes back."""
    connection.execute(_DONE, {"campaign": campaign, "until": until})


def note_looked(connection: Connection, campaigns: Collection[str], *, now: datetime) -> None:
    """All that was due up to now has been dealt with. campaigns: those that were looked at."""
    values = {"campaigns": sorted(campaigns), "now": now, "often": OFTEN, "seldom": SELDOM}
    connection.execute(_LOOKED, values)


def extend(connection: Connection, campaign: str, *, ends_on: date) -> None:
    """The operator's last day."""
    connection.execute(_EXTEND, {"campaign": campaign, "ends_on": ends_on})


def pause(connection: Connection, campaign: str, *, now: datetime) -> None:
    """Nothing opens until it is resumed."""
    connection.execute(_PAUSE, {"campaign": campaign, "now": now})


def resume(connection: Connection, campaign: str, *, now: datetime) -> None:
    """Opens again what comes due from now on."""
    connection.execute(_RESUME, {"campaign": campaign, "now": now})


def note_missed(connection: Connection, campaign: str, occasion: str, *, due_at: datetime, now: datetime) -> None:
    """Rings the alarm until an operator takes note."""
    values = {"campaign": campaign, "occasion": occasion, "due_at": due_at, "now": now}
    connection.execute(_MISS, values)


def missed(connection: Connection, *, since: datetime) -> list[Missed]:
    """Those nobody took note of, and all that were due since then; oldest first."""
    return [Missed(**row._asdict()) for row in connection.execute(_MISSED, {"since": since})]


def take_note(connection: Connection, campaign: str, *, now: datetime) -> int:
    """An operator has seen what was missed; returns how many occasions that were new to them."""
    return connection.execute(_TAKE_NOTE, {"campaign": campaign, "now": now}).rowcount
