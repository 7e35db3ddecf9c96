"""Scheduled campaigns are opened from the database's own account of what was due, whatever became of the queue."""

from collections.abc import Iterable
from datetime import datetime

import structlog
from apscheduler.triggers.cron import CronTrigger

from worker.domain.campaigns import Campaign, occasion_of
from worker.services import events
from worker.services.desk import Desk
from worker.store import occasions
from worker.store.database import Database

log = structlog.get_logger()

# A cron line fires at most this often between two ticks that we look at; beyond it lies a mistake.
FIRES_MOST = 100


def open_due(db: Database, campaigns: Iterable[Campaign], *, desk: Desk, now: datetime) -> list[int]:
    """Opens what is due and still useful; the ids of new events. Safe at any time, any number of times, anywhere.

    An occasion is its local date, so it is one event however often this runs. What was missed while everything was down
    is opened late until the send window of its day closes, and noted as missed after that.
    """
    opened: list[int] = []
    for campaign in campaigns:
        if campaign.schedule:
            opened += _open_due(db, campaign, desk, now)
    return opened


def _open_due(db: Database, campaign: Campaign, desk: Desk, now: datetime) -> list[int]:
    with db.begin() as connection:
        since = occasions.done_until(connection, campaign.key, now=now)
    due = fires(campaign, since=since, now=now, desk=desk)
    opened = [_open(db, campaign, at, desk=desk, now=now) for at in due]
    if due:
        with db.begin() as connection:
            occasions.note_done(connection, campaign.key, due[-1])
    return [event_id for event_id in opened if event_id is not None]


def _open(db: Database, campaign: Campaign, at: datetime, *, desk: Desk, now: datetime) -> int | None:
    occasion = occasion_of(at.astimezone(desk.timezone))
    _opens_at, closes_at = desk.next_opening(campaign.window, at)
    if now >= closes_at:
        log.error("occasion_missed", campaign=campaign.key, occasion=occasion)
        return None
    made = events.open_event(db, campaign, occasion=occasion, desk=desk, now=now)
    return made.event_id if made.new else None


def fires(campaign: Campaign, *, since: datetime, now: datetime, desk: Desk) -> list[datetime]:
    """When the campaign's cron line fired after `since` and up to now, in the desk's time zone."""
    trigger = CronTrigger.from_crontab(campaign.schedule, timezone=desk.timezone)
    found: list[datetime] = []
    at: datetime | None = since
    while len(found) < FIRES_MOST:
        at = trigger.get_next_fire_time(at, at)
        if at is None or at > now:
            break
        if at > since:
            found.append(at)
    return found
