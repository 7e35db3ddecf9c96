"""A round: one week of a campaign that spreads its households, each of them on one of its days. An event a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from worker import catalogue
from worker.domain import spreading
from worker.domain.campaigns import URGENT_LEVELS, Campaign
from worker.domain.capacity import Crew
from worker.domain.occasions import Occasion
from worker.domain.recipients import Reason
from worker.domain.spreading import Rooms
from worker.services import capacity, events
from worker.services.capacity import Basis
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import rounds
from worker.store.database import Connection
from worker.store.rounds import Day, Round

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Week:
    """The latest round of a campaign and its account."""

    round: Round
    days: Sequence[Day]


def open_day(
    connection: Connection,
    campaign: Campaign,
    days: Sequence[Occasion],
    *,
    desk: Desk,
    settings: Settings,
    now: datetime,
) -> events.Opened:
    """Opens the event of the first of these days for the households whose day it is; the others have theirs later.

    days: those that the week still has. The first of a week freezes the campaign for all its days and deals its
    households out; a later one gives a day to newcomers and to those whose day was missed. To be called under the lock
    on the campaign's schedule.
    """
    today = days[0]
    campaign = catalogue.thaw(rounds.begin(connection, campaign.key, today.week, catalogue.freeze(campaign), now=now))
    _deal(connection, campaign, days, desk=desk, settings=settings, now=now)
    made = events.open_in(connection, _of_the_day(campaign), occasion=today.key, desk=desk, now=now)
    if made.new:
        dealt = rounds.take_up(connection, campaign.key, today.week, day=today.day, event_id=made.event_id)
        log.info("round_day_opened", campaign=campaign.key, event_id=made.event_id, households=dealt)
    return made


def latest(connection: Connection, campaigns: Mapping[str, Campaign], *, today: date) -> dict[str, Week]:
    """The account of the latest week of each campaign that spreads its households."""
    spread = [key for key, campaign in campaigns.items() if campaign.recurrence.spread]
    found = rounds.latest(connection, spread)
    return {one.campaign: Week(one, rounds.days(connection, one, today=today)) for one in found}


def _of_the_day(campaign: Campaign) -> Campaign:
    return replace(campaign, audience=replace(campaign.audience, dealt=True))


def _deal(
    connection: Connection,
    campaign: Campaign,
    days: Sequence[Occasion],
    *,
    desk: Desk,
    settings: Settings,
    now: datetime,
) -> None:
    week = days[0].week
    since = desk.day_start_of(week)
    rounds.note_taken_elsewhere(connection, campaign.key, week, since=since)
    homes = rounds.homes(
        connection,
        campaign.key,
        week,
        events.occasion_of(campaign, desk=desk, now=now),
        since=since,
        not_rung=[*events.recorded_only(campaign.exclusions), Reason.CONTACTED_TODAY],
    )
    basis = capacity.basis_of(connection, campaign, settings=settings, now=now)
    room = {
        agency: _rooms(campaign, days, capacity.crew_of(settings, agency), basis, desk)
        for agency in {home.agency for home in homes}
    }
    rounds.place(connection, campaign.key, week, spreading.deal(homes, room))
    beyond = spreading.beyond(homes, room, rate=basis.rate)
    rounds.note_beyond(connection, campaign.key, week, beyond)
    if beyond:
        log.warning("round_beyond_callers", campaign=campaign.key, week=week.isoformat(), calls=beyond)


def _rooms(campaign: Campaign, days: Sequence[Occasion], crew: Crew, basis: Basis, desk: Desk) -> Rooms:
    return spreading.rooms(
        days,
        crew,
        wait=campaign.reply_deadline or campaign.receipt_wait,
        per_call=timedelta(minutes=basis.minutes),
        urgent=campaign.level in URGENT_LEVELS,
        tz=desk.timezone,
        holidays=desk.holidays(days[0].at),
    )
