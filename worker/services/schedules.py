"""Scheduled campaigns are opened from the database's own account of what was due, whatever became of the queue."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import takewhile

import structlog
from apscheduler.triggers.cron import CronTrigger

from worker.domain.campaigns import Campaign
from worker.domain.occasions import Occasion
from worker.domain.occasions import occasions as occasions_of
from worker.services import events, rounds
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import events as event_rows
from worker.store import occasions
from worker.store.database import Connection, Database
from worker.store.occasions import Mark

log = structlog.get_logger()

WEEK = timedelta(days=7)


def open_due(
    db: Database, campaigns: Iterable[Campaign], *, desk: Desk, settings: Settings, now: datetime
) -> list[int]:
    """Opens what is due and still useful; the ids of new events. Safe at any time, any number of times, anywhere.

    An occasion is its local date, so it is one event however often this runs. What was missed while everything was down
    is opened late until the send window of its day closes, and kept as missed after that.
    """
    scheduled = {c.key: c for c in campaigns if c.schedule}
    with db.begin() as connection:
        marks = occasions.marks(connection, scheduled.keys(), now=now)
    opened: list[int] = []
    for key, campaign in scheduled.items():
        if _due(campaign, marks[key], desk=desk, now=now):
            opened += _open_due(db, campaign, desk=desk, settings=settings, now=now)
    with db.begin() as connection:
        occasions.note_looked(connection, scheduled.keys(), now=now)
    return opened


def coming(campaign: Campaign, *, after: datetime, desk: Desk) -> Iterator[Occasion]:
    """The occasions of a scheduled campaign after that moment, in their order; without end where it has none."""
    recurrence = campaign.recurrence
    if recurrence.spread and not campaign.window.on_holidays:
        recurrence = replace(recurrence, skip_holidays=True)
    # The week of a spread campaign may have begun before.
    since = datetime.combine(desk.local_date(after - WEEK), time())
    found = occasions_of(
        _fires(str(campaign.schedule), since),
        recurrence,
        weekdays=campaign.window.weekdays,
        tz=desk.timezone,
        is_holiday=desk.is_holiday,
    )
    return (occasion for occasion in found if occasion.at > after)


def steered(campaign: Campaign, mark: Mark) -> Campaign:
    """The campaign with the last day that an operator has given it, if that is later than the file's."""
    ends_on = campaign.recurrence.ends_on
    if ends_on is None or mark.ends_on is None or mark.ends_on <= ends_on:
        return campaign
    return replace(campaign, recurrence=replace(campaign.recurrence, ends_on=mark.ends_on))


def _fires(line: str, since: datetime) -> Iterator[datetime]:
    """Wall-clock times at which a cron line fires, the first of each day: reckoned in UTC, which changes no clocks."""
    trigger = CronTrigger.from_crontab(line, timezone=UTC)
    at = trigger.get_next_fire_time(None, since.replace(tzinfo=UTC))
    while at is not None:
        yield at.replace(tzinfo=None)
        at = trigger.get_next_fire_time(None, datetime.combine(at.date() + timedelta(days=1), time(), tzinfo=UTC))


def _due(campaign: Campaign, mark: Mark, *, desk: Desk, now: datetime) -> list[Occasion]:
    if mark.paused_at is not None:
        return []
    ahead = coming(steered(campaign, mark), after=mark.until_at, desk=desk)
    return list(takewhile(lambda occasion: occasion.at <= now, ahead))


def _open_due(db: Database, campaign: Campaign, *, desk: Desk, settings: Settings, now: datetime) -> list[int]:
    """All in one transaction, under a lock on the campaign's mark: who comes second finds nothing due."""

    def work(connection: Connection) -> list[int]:
        mark = occasions.lock(connection, campaign.key)
        meant = steered(campaign, mark)
        due = _due(campaign, mark, desk=desk, now=now)
        opened = [_open(connection, meant, one, desk=desk, settings=settings, now=now) for one in due]
        if due:
            occasions.note_done(connection, campaign.key, due[-1].at)
        return [event_id for event_id in opened if event_id is not None]

    return db.run(work)


def _open(
    connection: Connection, campaign: Campaign, occasion: Occasion, *, desk: Desk, settings: Settings, now: datetime
) -> int | None:
    _opens_at, closes_at = desk.next_opening(campaign.window, occasion.at)
    if now >= closes_at:
        _miss(connection, campaign, occasion, now)
        return None
    if campaign.recurrence.spread:
        days = _rest_of_week(campaign, occasion, desk)
        made = rounds.open_day(connection, campaign, days, desk=desk, settings=settings, now=now)
    else:
        made = events.open_in(connection, campaign, occasion=occasion.key, desk=desk, now=now)
    return made.event_id if made.new else None


def _miss(connection: Connection, campaign: Campaign, occasion: Occasion, now: datetime) -> None:
    if event_rows.of_occasion(connection, campaign.key, occasion.key) is not None:
        return  # launched by hand
    log.error("occasion_missed", campaign=campaign.key, occasion=occasion.key)
    occasions.note_missed(connection, campaign.key, occasion.key, due_at=occasion.at, now=now)


def _rest_of_week(campaign: Campaign, occasion: Occasion, desk: Desk) -> list[Occasion]:
    later = coming(campaign, after=occasion.at, desk=desk)
    return [occasion, *takewhile(lambda other: other.week == occasion.week, later)]
