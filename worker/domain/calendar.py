"""Local time: when texts may leave and when people ring. Holidays are handed in; nothing here asks the clock."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.domain.campaigns import SendWindow

Spans = tuple[tuple[time, time], ...]

# No window is closed longer than this; a definition that is never open is refused when it is read.
LOOK_AHEAD_DAYS = 15
WORKING_DAYS = frozenset({1, 2, 3, 4, 5})
NOON = time(13)  # the halves of a caller's day meet at lunch


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
            opens, closes = instant(day, window.opens, tz), instant(day, window.closes, tz)
            if opens < closes and at < closes:
                return max(at.astimezone(UTC), opens), closes
    raise ValueError("the window never opens")


def is_calling_time(at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]) -> bool:
    """Whether somebody rings at this moment."""
    return next_call_time(at, hours, urgent=urgent, tz=tz, holidays=holidays) == at


def next_call_time(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    """The first moment from `at` on at which somebody rings. urgent: the hours of an alert.

    Raises ValueError when nobody ever rings.
    """
    for opens, _ in _spans(at, hours, urgent=urgent, tz=tz, holidays=holidays):
        return opens
    raise ValueError("nobody ever rings")


def next_call_span(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> tuple[datetime, datetime]:
    """From `at` on, when calling next begins, and when it then ends. Raises ValueError as next_call_time does."""
    for span in _spans(at, hours, urgent=urgent, tz=tz, holidays=holidays):
        return span
    raise ValueError("nobody ever rings")


def after_call_time(
    at: datetime, hours: CallHours, *, wait: timedelta, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    """When so much time has passed in which somebody rings: two hours from 18:00 may end tomorrow morning."""
    for opens, closes in _spans(at, hours, urgent=urgent, tz=tz, holidays=holidays):
        if opens + wait <= closes:
            return opens + wait
        wait -= closes - opens
    raise ValueError("nobody ever rings for so long")


def call_time_between(
    since: datetime, until: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> timedelta:
    """How much of the time between two moments somebody rings; what lies beyond the look-ahead does not count."""
    spans = _spans(since, hours, urgent=urgent, tz=tz, holidays=holidays)
    return sum((min(closes, until) - opens for opens, closes in spans if opens < until), timedelta())


def end_of_working_day(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date], days_later: int = 0
) -> datetime:
    """When calling ends on the day of the next call time, or so many working days later."""
    days = _working_days(at, hours, urgent=urgent, tz=tz, holidays=holidays)
    return list(days.values())[days_later][-1][1]


def today_or_next_morning(
    at: datetime,
    hours: CallHours,
    *,
    at_least: timedelta,
    urgent: bool,
    tz: ZoneInfo,
    holidays: Collection[date],
) -> datetime:
    """The end of calling today if so much of it is left, else the end of the next working day's morning."""
    days = _working_days(at, hours, urgent=urgent, tz=tz, holidays=holidays)
    today = at.astimezone(tz).date()
    left = sum((closes - opens for opens, closes in days.get(today, [])), timedelta())
    if left >= at_least:
        return days[today][-1][1]
    day, spans = next((day, spans) for day, spans in days.items() if day > today)
    opens, closes = spans[0]
    return min(closes, max(opens + at_least, instant(day, NOON, tz)))


def other_half_day(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    """A call time on the next working day, in the half of the day that was not tried: who is never in of a
    morning may be in of an afternoon. Where the callers work half days only, the half they have."""
    local = at.astimezone(tz)
    days = _working_days(at, hours, urgent=urgent, tz=tz, holidays=holidays)
    day, spans = next((day, spans) for day, spans in days.items() if day > local.date())
    noon = instant(day, NOON, tz)
    if local.time() >= NOON:
        return spans[0][0]
    return next((max(opens, noon) for opens, closes in spans if closes > noon), spans[0][0])


def next_within(begins: time, ends: time, at: datetime, *, tz: ZoneInfo) -> datetime:
    """The first moment from `at` on between these wall-clock hours; `at` itself when it is one."""
    for day in _days(at, tz):
        if at < instant(day, ends, tz):
            return max(at, instant(day, begins, tz))
    raise ValueError("a day without that hour")


def instant(day: date, hour: time, tz: ZoneInfo) -> datetime:
    """A wall-clock hour as a moment in UTC, where sums and comparisons hold across the change of clocks.

    An hour that the spring night skips counts as if the clocks had not changed; of one that the autumn night
    repeats the first is meant. The end of a day is written 23:59:59.
    """
    return datetime.combine(day, hour, tzinfo=tz).astimezone(UTC)


def _working_days(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> dict[date, list[tuple[datetime, datetime]]]:
    """The spans of calling from `at` on, by local day."""
    days: dict[date, list[tuple[datetime, datetime]]] = {}
    for opens, closes in _spans(at, hours, urgent=urgent, tz=tz, holidays=holidays):
        days.setdefault(opens.astimezone(tz).date(), []).append((opens, closes))
    return days


def _spans(
    at: datetime, hours: CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> Iterator[tuple[datetime, datetime]]:
    """From `at` on, the spans in which somebody rings; the first may begin at `at`."""
    for day in _days(at, tz):
        if urgent or (day.isoweekday() in WORKING_DAYS and day not in holidays):
            for opens, closes in hours.alert if urgent else hours.routine:
                start, end = max(at.astimezone(UTC), instant(day, opens, tz)), instant(day, closes, tz)
                if start < end:
                    yield start, end


def _days(at: datetime, tz: ZoneInfo) -> Iterator[date]:
    first = at.astimezone(tz).date()
    return (first + timedelta(days=n) for n in range(LOOK_AHEAD_DAYS))
