"""Local time: when texts may leave and when people ring. Holidays are handed in; nothing here asks the clock."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.domain.campaigns import SendWindow

Spans = tuple[tuple[time, time], ...]

# No window is closed longer than this; a definition that is never open is refused when it is read.
LOOK_AHEAD_DAYS = 15
WORKING_DAYS = frozenset({1, 2, 3, 4, 5})


@dataclass(frozen=True, slots=True)
class CallHours:
    """When people ring: routine on working days, alert (orange and red heat) every day."""

    routine: Spans = ((time(10), time(12, 30)), (time(14), time(18, 30)))
    alert: Spans = ((time(9), time(19)),)


def next_opening(
    window: SendWindow, at: datetime, *, tz: ZoneInfo, holidays: Collection[date]
) -> tuple[datetime, datetime]:
    """When the window is next open, and when it then closes; `at` itself when it is open now.

    Hours are wall-clock hours of the day they fall on, so both nights of the clock change come out right.
    Raises ValueError for a window that never opens.
    """
    for day in _days(at, tz):
        if day.isoweekday() in window.weekdays and (window.on_holidays or day not in holidays):
            opens, closes = _at(day, window.opens, tz), _at(day, window.closes, tz)
            if at < closes:
                return max(at, opens), closes
    raise ValueError("the window never opens")


def is_calling_time(at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]) -> bool:
    """Whether somebody rings at this moment."""
    return next_call_time(at, hours, urgent=urgent, tz=tz, holidays=holidays) == at


def next_call_time(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    """The first moment from `at` on at which somebody rings. urgent: the hours of an alert."""
    for opens, closes in _spans(at, hours, urgent=urgent, tz=tz, holidays=holidays):
        if at < closes:
            return max(at, opens)
    raise ValueError("nobody ever rings")


def end_of_working_day(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date], days_later: int = 0
) -> datetime:
    """When calling ends on the day of the next call time, or so many working days later."""
    start = next_call_time(at, hours, urgent=urgent, tz=tz, holidays=holidays)
    ends: dict[date, datetime] = {}
    for opens, closes in _spans(start, hours, urgent=urgent, tz=tz, holidays=holidays):
        if closes > start:
            ends[opens.astimezone(tz).date()] = closes
        if len(ends) > days_later + 1:
            break
    return list(ends.values())[days_later]


def _spans(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> Iterator[tuple[datetime, datetime]]:
    for day in _days(at, tz):
        if urgent or (day.isoweekday() in WORKING_DAYS and day not in holidays):
            for opens, closes in hours.alert if urgent else hours.routine:
                yield _at(day, opens, tz), _at(day, closes, tz)


def _days(at: datetime, tz: ZoneInfo) -> Iterator[date]:
    first = at.astimezone(tz).date()
    return (first + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS))


def _at(day: date, hour: time, tz: ZoneInfo) -> datetime:
    """A wall-clock hour; 24:00 is written 23:59:59 in definitions."""
    return datetime.combine(day, hour, tzinfo=tz)
