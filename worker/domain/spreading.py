"""Dealing the households of a campaign out over the days of a week, by what the callers of their agency can ring."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from math import ceil
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.capacity import Crew
from worker.domain.occasions import Occasion

# Calls that the texts of each day may bring, without more being owed than the callers can make.
Rooms = Mapping[date, float]


@dataclass(frozen=True, slots=True)
class Home:
    """A household that has not had its turn this week. at_once: no text can reach it, so it is rung.

    weekday: the one it had before (ISO), None for a newcomer. day: where it has its place already, if anywhere.
    """

    household_id: int
    agency: str
    at_once: bool
    weekday: int | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A household's day of this week; weekday: the one it keeps for the weeks to come."""

    household_id: int
    day: date
    weekday: int


def deal(homes: Sequence[Home], rooms: Mapping[str, Rooms]) -> list[Place]:
    """A place for each household that has none on one of the days.

    The households of an agency are divided in proportion to its rooms, those to be rung at once apart from the others;
    each keeps its weekday as far as that allows.
    """
    ordered = sorted(homes, key=_group)
    return [place for _key, group in groupby(ordered, key=_group) for place in _deal(list(group), rooms)]


def _group(home: Home) -> tuple[str, bool]:
    return home.agency, home.at_once


def _deal(group: Sequence[Home], rooms: Mapping[str, Rooms]) -> list[Place]:
    days = rooms[group[0].agency]
    held = {day: sum(h.day == day for h in group) for day in days}
    waiting = sorted((h for h in group if h.day not in days), key=lambda h: h.household_id)
    free = shares(len(waiting), days, held)
    kept = _keep_weekdays(waiting, free)
    moved = (h for h in waiting if h.household_id not in kept)
    found = kept | dict(zip((h.household_id for h in moved), _one_by_one(free, kept.values()), strict=True))
    offered = {day.isoweekday() for day in days}
    return [Place(h.household_id, found[h.household_id], _weekday(h, found[h.household_id], offered)) for h in waiting]


def shares(number: int, rooms: Rooms, held: Mapping[date, int]) -> dict[date, int]:
    """How many more each day takes, so that the fullest, measured by its room, is as empty as can be.

    Days without room take nobody, unless none has any: then all are alike.
    """
    open_days = {day: room for day, room in rooms.items() if room > 0} or dict.fromkeys(rooms, 1.0)
    load = {day: held.get(day, 0) for day in rooms}
    for _household in range(number):
        load[min(open_days, key=lambda day: ((load[day] + 1) / open_days[day], day))] += 1
    return {day: load[day] - held.get(day, 0) for day in rooms}


def _keep_weekdays(homes: Iterable[Home], free: Mapping[date, int]) -> dict[int, date]:
    days, left = {day.isoweekday(): day for day in free}, dict(free)
    kept: dict[int, date] = {}
    for home in homes:
        day = days.get(home.weekday or 0)
        if day is not None and left[day]:
            kept[home.household_id] = day
            left[day] -= 1
    return kept


def _one_by_one(free: Mapping[date, int], taken: Collection[date]) -> list[date]:
    """The places that are left, each its day."""
    used = {day: sum(t == day for t in taken) for day in free}
    return [day for day, number in free.items() for _place in range(number - used[day])]


def _weekday(home: Home, day: date, offered: Collection[int]) -> int:
    """A holiday or a day that is over moves a household for this week only."""
    return home.weekday if home.weekday is not None and home.weekday not in offered else day.isoweekday()


def rooms(
    days: Sequence[Occasion],
    crew: Crew,
    *,
    wait: timedelta,
    per_call: timedelta,
    urgent: bool,
    tz: ZoneInfo,
    holidays: Collection[date],
) -> dict[date, float]:
    """Calls that each day's texts may bring. wait: from a text to its silence.

    The calls of a day come up on the first day after the silence on which somebody rings: Friday's, Saturday's and
    Sunday's share a Monday.
    """
    rung_on = {o.day: _rung_on(o.at + wait, crew, urgent=urgent, tz=tz, holidays=holidays) for o in days}
    made = {
        day: _calls(day, crew, per_call=per_call, urgent=urgent, tz=tz, holidays=holidays) if day else 0.0
        for day in set(rung_on.values())
    }
    return {day: made[rung] / sum(r == rung for r in rung_on.values()) for day, rung in rung_on.items()}


def beyond(homes: Sequence[Home], rooms: Mapping[str, Rooms], *, rate: float) -> dict[str, int]:
    """By agency: calls to expect of these households beyond what its callers can make; none: it is left out.

    rate: share of texted households that must be rung.
    """
    rung = Counter(home.agency for home in homes if home.at_once)
    texted = Counter(home.agency for home in homes if not home.at_once)
    # A hair of floating point is not a call more.
    over = {
        agency: ceil(round(rung[agency] + texted[agency] * rate - sum(room.values()), 6))
        for agency, room in rooms.items()
    }
    return {agency: calls for agency, calls in over.items() if calls > 0}


def _rung_on(at: datetime, crew: Crew, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]) -> date | None:
    try:
        return calendar.next_call_time(at, crew.hours, urgent=urgent, tz=tz, holidays=holidays).astimezone(tz).date()
    except ValueError:
        return None


def _calls(
    day: date, crew: Crew, *, per_call: timedelta, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> float:
    starts, ends = (calendar.instant(d, time(), tz) for d in (day, day + timedelta(days=1)))
    span = calendar.call_time_between(starts, ends, crew.hours, urgent=urgent, tz=tz, holidays=holidays)
    return crew.callers * (span / per_call)
