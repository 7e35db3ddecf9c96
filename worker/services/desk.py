"""What the use cases share about place and time: the local day, holidays, the callers' hours."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays

from worker.domain import calendar, callbacks
from worker.domain.campaigns import SendWindow
from worker.settings import Settings

Written = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """The landlord's local world: time zone, call hours, words that stand for the landlord in texts."""

    timezone: ZoneInfo
    hours: calendar.CallHours
    landlord: str
    phone: str

    def local_date(self, now: datetime) -> date:
        return now.astimezone(self.timezone).date()

    def day_start(self, now: datetime) -> datetime:
        """Local midnight before `now`."""
        return self.day_start_of(self.local_date(now))

    def day_start_of(self, day: date) -> datetime:
        """Local midnight at which that day begins."""
        return datetime.combine(day, time(), tzinfo=self.timezone)

    def holidays(self, now: datetime) -> frozenset[date]:
        """French public holidays around `now`."""
        year = self.local_date(now).year
        return _holidays(year) | _holidays(year + 1)

    def is_holiday(self, day: date) -> bool:
        """Whether that day is a French public holiday."""
        return day in _holidays(day.year)

    def next_opening(self, window: SendWindow, now: datetime) -> tuple[datetime, datetime]:
        """When the window is next open, and when it then closes."""
        return calendar.next_opening(window, now, tz=self.timezone, holidays=self.holidays(now))

    def callers_are_there(self, now: datetime, *, urgent: bool) -> bool:
        """Whether somebody rings at this moment. urgent: the hours of an alert."""
        return calendar.is_calling_time(now, self.hours, urgent=urgent, tz=self.timezone, holidays=self.holidays(now))

    def next_call_time(self, at: datetime, *, urgent: bool) -> datetime:
        """The first moment from `at` on at which somebody rings. urgent: the hours of an alert."""
        return calendar.next_call_time(at, self.hours, urgent=urgent, tz=self.timezone, holidays=self.holidays(at))

    def next_morning(self, now: datetime, *, urgent: bool) -> datetime:
        """When somebody first rings on a later day than this one."""
        midnight = datetime.combine(self.local_date(now) + timedelta(days=1), time(), tzinfo=self.timezone)
        return calendar.next_call_time(
            midnight, self.hours, urgent=urgent, tz=self.timezone, holidays=self.holidays(now)
        )

    def due_at(self, band: str, now: datetime, *, urgent: bool) -> datetime:
        """By when a task of this band is to be rung."""
        return callbacks.due_at(band, now, self.hours, urgent=urgent, tz=self.timezone, holidays=self.holidays(now))


def of(settings: Settings) -> Desk:
    """The desk that the settings describe."""
    return Desk(
        timezone=ZoneInfo(settings.timezone),
        hours=call_hours(settings.call_hours.routine, settings.call_hours.alert),
        landlord=settings.landlord.name,
        phone=settings.landlord.phone,
    )


def call_hours(routine: Written, alert: Written) -> calendar.CallHours:
    """Hours as the settings write them: (("10:00", "12:30"), …)."""

    def parsed(spans: Written) -> tuple[tuple[time, time], ...]:
        return tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)

    return calendar.CallHours(routine=parsed(routine), alert=parsed(alert))


@lru_cache(maxsize=8)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(public_holidays.country_holidays("FR", years=year))
