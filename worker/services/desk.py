"""What the use cases share about place and time: the local day, holidays, the callers' hours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays

from worker.domain import calendar, callbacks
from worker.domain.campaigns import URGENT_LEVELS, Campaign, SendWindow
from worker.domain.channels import Capability
from worker.domain.voice import AGAIN, Again, CallEnd
from worker.rendering import VOICE, Texts
from worker.settings import Settings
from worker.settings_tables import Calls

Written = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """The line on which the machine rings. sender: its key; most: calls to one household in one event; again: how long
    after a call that came to an end the next one is made; scripts: what there are words for, None: not looked at."""

    sender: str
    hours: calendar.CallHours
    most: int = 3
    again: Mapping[CallEnd, Again] = field(default_factory=lambda: AGAIN)
    scripts: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """The sender of texts that a person sets off, and how many automatic ones a household gets in a day at most."""

    sender: str
    a_day: int = 3


@dataclass(frozen=True, slots=True)
class Desk:
    """The landlord's local world: time zone, call hours, words that stand for the landlord in texts.

    line: None where the machine rings nobody. answers: None where no sender carries texts.
    """

    timezone: ZoneInfo
    hours: calendar.CallHours
    landlord: str
    phone: str
    line: Line | None = None
    answers: Answers | None = None

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

    def line_opening(self, campaign: Campaign, at: datetime) -> tuple[datetime, datetime]:
        """From `at` on, when the machine may next ring for a campaign, and until when: in the campaign's own hours,
        else in those of its level."""
        if campaign.call_window is not None:
            return self.next_opening(campaign.call_window, at)
        hours = self.line.hours if self.line else self.hours
        urgent = campaign.level in URGENT_LEVELS
        return calendar.next_call_span(at, hours, urgent=urgent, tz=self.timezone, holidays=self.holidays(at))

    def rings(self, campaign: Campaign) -> bool:
        """Whether the machine rings households for a campaign at all: it has a line, and something to say."""
        if self.line is None or campaign.script is None:
            return False
        return self.line.scripts is None or campaign.script in self.line.scripts

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
        line=_line(settings),
        answers=_answers(settings),
    )


def _answers(settings: Settings) -> Answers | None:
    """A sender that takes replies before one that does not: who is told something may ask back."""
    texting = {key: s for key, s in settings.sender_table.items() if s.capability is not Capability.VOICE}
    keys = sorted(texting, key=lambda key: (not texting[key].takes_replies, key))
    return Answers(keys[0], settings.limits.acks_per_day) if keys else None


def _line(settings: Settings) -> Line | None:
    """The first sender that carries calls; None without one."""
    keys = sorted(key for key, sender in settings.sender_table.items() if sender.capability is Capability.VOICE)
    hours = call_hours(settings.calls.routine, settings.calls.alert)
    if not keys:
        return None
    scripts = Texts(settings.templates_dir, VOICE, optional=True).keys()
    return Line(keys[0], hours, settings.calls.most, _again(settings.calls), scripts)


def _again(calls: Calls) -> Mapping[CallEnd, Again]:
    written = {
        CallEnd.BUSY: calls.busy_min,
        CallEnd.FAILED: calls.busy_min,
        CallEnd.NO_ANSWER: calls.no_answer_min,
        CallEnd.MACHINE: calls.machine_min,
    }
    return {
        end: replace(AGAIN[end], earliest=timedelta(minutes=low), latest=timedelta(minutes=high))
        for end, (low, high) in written.items()
    }


def call_hours(routine: Written, alert: Written) -> calendar.CallHours:
    """Hours as the settings write them: (("10:00", "12:30"), …)."""

    def parsed(spans: Written) -> tuple[tuple[time, time], ...]:
        return tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans)

    return calendar.CallHours(routine=parsed(routine), alert=parsed(alert))


@lru_cache(maxsize=8)
def _holidays(year: int) -> frozenset[date]:
    return frozenset(public_holidays.country_holidays("FR", years=year))
