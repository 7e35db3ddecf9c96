"""The operator's view of the schedules: what comes, what was missed, and their word on it: extend, pause, resume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import structlog

from worker.domain.campaigns import Campaign
from worker.domain.errors import NotFound, Refused
from worker.domain.occasions import Occasion, ScheduleState
from worker.i18n import _
from worker.services import rounds, schedules
from worker.services.desk import Desk
from worker.services.rounds import Week
from worker.store import occasions
from worker.store.database import Connection, Database
from worker.store.occasions import Mark, Missed

log = structlog.get_logger()

# What an operator took note of stays in the list for so long.
REMEMBERED = timedelta(days=31)
COMING_MOST = 8


@dataclass(frozen=True, slots=True)
class Line:
    """One scheduled campaign. ends_on: the last day that holds, the operator's if later; file_ends_on: the file's.

    coming: the next occasions, none while paused. week: the latest round of a campaign that spreads its households.
    """

    campaign: Campaign
    state: ScheduleState
    coming: Sequence[Occasion]
    ends_on: date | None
    file_ends_on: date | None
    missed: Sequence[Missed]
    week: Week | None


def lines(
    db: Database, campaigns: Mapping[str, Campaign], *, desk: Desk, now: datetime, most: int = COMING_MOST
) -> list[Line]:
    """Every scheduled campaign; those that were missed and are scheduled no more are not among them: see `missed`."""
    scheduled = {key: campaign for key, campaign in campaigns.items() if campaign.schedule}
    with db.begin() as connection:
        marks = occasions.known(connection, scheduled.keys())
        missed = occasions.missed(connection, since=now - REMEMBERED)
        weeks = rounds.latest(connection, scheduled, today=desk.local_date(now))
    return [
        _line(
            campaign,
            marks.get(key, Mark(key, now, None, None)),
            desk=desk,
            now=now,
            most=most,
            missed=[one for one in missed if one.campaign == key],
            week=weeks.get(key),
        )
        for key, campaign in scheduled.items()
    ]


def line(db: Database, campaign: Campaign, *, desk: Desk, now: datetime, most: int = COMING_MOST) -> Line:
    """One scheduled campaign. Raises NotFound when it has no schedule."""
    _scheduled(campaign)
    return lines(db, {campaign.key: campaign}, desk=desk, now=now, most=most)[0]


def missed(db: Database, *, now: datetime) -> list[Missed]:
    """What was missed, of whatever campaign: those nobody took note of, and the latest."""
    with db.begin() as connection:
        return occasions.missed(connection, since=now - REMEMBERED)


def unseen(connection: Connection, *, now: datetime) -> list[Missed]:
    """What was missed and nobody took note of: the alarm."""
    return [one for one in occasions.missed(connection, since=now) if one.seen_at is None]


def extend(db: Database, campaign: Campaign, *, until: date, desk: Desk, now: datetime) -> None:
    """A later last day, kept in the database, over the file's. Said again, it changes nothing.

    Days between a former end and now are not made up for. Raises NotFound without a schedule, Refused where there is no
    end, or where it would come sooner.
    """
    with db.begin() as connection:
        mark = _mark(connection, campaign, now)
        ends_on = schedules.steered(campaign, mark).recurrence.ends_on
        if ends_on is None:
            raise Refused(
                _("« {campaign} » n'a pas de date de fin (ends_on) : rien à prolonger.").format(campaign=campaign.key)
            )
        if until < ends_on:
            raise Refused(
                _("« {campaign} » court déjà jusqu'au {end:%d/%m/%Y} ; pour l'arrêter avant : schedule pause.").format(
                    campaign=campaign.key, end=ends_on
                )
            )
        occasions.extend(connection, campaign.key, ends_on=until)
        if desk.local_date(now) > ends_on:
            occasions.note_done(connection, campaign.key, now)
    log.info("schedule_extended", campaign=campaign.key, until=until.isoformat())


def pause(db: Database, campaign: Campaign, *, now: datetime) -> None:
    """Nothing opens by itself until it is resumed; events under way go on. Raises NotFound without a schedule."""
    with db.begin() as connection:
        _mark(connection, campaign, now)
        occasions.pause(connection, campaign.key, now=now)
    log.info("schedule_paused", campaign=campaign.key)


def resume(db: Database, campaign: Campaign, *, now: datetime) -> None:
    """Opens again what comes due from now on, nothing of the pause. Raises NotFound without a schedule."""
    with db.begin() as connection:
        _mark(connection, campaign, now)
        occasions.resume(connection, campaign.key, now=now)
    log.info("schedule_resumed", campaign=campaign.key)


def take_note(db: Database, campaign: str, *, now: datetime) -> int:
    """An operator has seen what was missed of a campaign, and the alarm is off. Returns how many occasions."""
    with db.begin() as connection:
        return occasions.take_note(connection, campaign, now=now)


def as_json(line: Line) -> dict[str, Any]:
    """One line in its outer form."""
    recurrence = line.campaign.recurrence
    return {
        "campaign": line.campaign.key,
        "title": line.campaign.title,
        "schedule": line.campaign.schedule,
        "state": str(line.state),
        "starts_on": recurrence.starts_on,
        "ends_on": line.ends_on,
        "extended": line.ends_on != line.file_ends_on,
        "every_days": recurrence.every_days,
        "skip_holidays": recurrence.skip_holidays,
        "spread": recurrence.spread,
        "coming": [{"occasion": one.key, "at": one.at} for one in line.coming],
        "missed": [missed_as_json(one) for one in line.missed],
        "round": line.week and round_as_json(line.week),
    }


def missed_as_json(one: Missed) -> dict[str, Any]:
    """One missed occasion in its outer form."""
    return {
        "campaign": one.campaign,
        "occasion": one.occasion,
        "due_at": one.due_at,
        "noted_at": one.noted_at,
        "seen_at": one.seen_at,
    }


def round_as_json(week: Week) -> dict[str, Any]:
    """The account of a week; the landlord's totals by day, and the days by agency."""
    counted = ("households", "opened", "to_come", "left_out", "gone")
    return {
        "week": week.round.week,
        "households": sum(day.households for day in week.days),
        "days": [
            {"day": day.day, "agency": day.agency} | {name: getattr(day, name) for name in counted} for day in week.days
        ],
        "beyond": dict(week.round.beyond),
    }


def _line(
    campaign: Campaign,
    mark: Mark,
    *,
    desk: Desk,
    now: datetime,
    most: int,
    missed: Sequence[Missed],
    week: Week | None,
) -> Line:
    meant = schedules.steered(campaign, mark)
    ahead = list(islice(schedules.coming(meant, after=max(now, mark.until_at), desk=desk), most))
    state = ScheduleState.PAUSED if mark.paused_at else ScheduleState.ACTIVE if ahead else ScheduleState.OVER
    return Line(
        campaign=campaign,
        state=state,
        coming=ahead if state is ScheduleState.ACTIVE else [],
        ends_on=meant.recurrence.ends_on,
        file_ends_on=campaign.recurrence.ends_on,
        missed=missed,
        week=week,
    )


def _mark(connection: Connection, campaign: Campaign, now: datetime) -> Mark:
    _scheduled(campaign)
    occasions.marks(connection, [campaign.key], now=now)
    return occasions.lock(connection, campaign.key)


def _scheduled(campaign: Campaign) -> None:
    if not campaign.schedule:
        raise NotFound(
            _("« {campaign} » ne s'ouvre pas seule : son fichier n'a pas de ligne schedule.").format(
                campaign=campaign.key
            )
        )
