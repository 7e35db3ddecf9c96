"""When a campaign is to be opened: local days, each with its moment. Cron fires and holidays are handed in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.recurring import IsHoliday, Recurrence, monday


class ScheduleState(StrEnum):
    """Whether a scheduled campaign opens by itself."""

    ACTIVE = "active"
    PAUSED = "paused"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One time at which a campaign is to be opened. day: the local date, which makes it unique."""

    day: date
    at: datetime

    @property
    def key(self) -> str:
        return self.day.isoformat()

    @property
    def week(self) -> date:
        return monday(self.day)


def occasions(
    fires: Iterable[datetime],
    recurrence: Recurrence,
    *,
    weekdays: frozenset[int],
    tz: ZoneInfo,
    is_holiday: IsHoliday,
) -> Iterator[Occasion]:
    """The occasions, at most one a local day, in their order.

    fires: wall-clock times without a zone, ascending, at which the cron line fires; the first of a day counts. Being
    wall-clock times they come once on both nights of the clock change; an hour that the spring night skips counts as if
    the clocks had not changed. weekdays: of a spread campaign, those on which its texts may leave.
    """
    for fire in takewhile(lambda f: not recurrence.is_over(f.date()), _first_of_each_day(fires)):
        for day in _rest_of_week(fire.date(), weekdays) if recurrence.spread else (fire.date(),):
            if recurrence.allows(day, is_holiday=is_holiday):
                yield Occasion(day, calendar.instant(day, fire.time(), tz))


def _first_of_each_day(fires: Iterable[datetime]) -> Iterator[datetime]:
    last: date | None = None
    for fire in fires:
        if fire.date() != last:
            last = fire.date()
            yield fire


def _rest_of_week(day: date, weekdays: frozenset[int]) -> Iterator[date]:
    days = (day + timedelta(days=n) for n in range(8 - day.isoweekday()))
    return (d for d in days if d.isoweekday() in weekdays)
