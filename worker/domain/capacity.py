"""Whether the callers can ring everybody in time: when the last call is made, and what to do when it is too late.

Calls are counted as a flow: an agency's callers together work through its queue without a pause while somebody rings.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.calendar import CallHours

MORE_CALLERS_MOST = 50
DAYS_MOST = 31


@dataclass(frozen=True, slots=True)
class Load:
    """Calls that an agency owes. queued: before the campaign. at_once: households no text can reach. later: those whose
    text will not be answered, as far as can be told."""

    queued: int = 0
    at_once: int = 0
    later: int = 0

    @property
    def total(self) -> int:
        return self.queued + self.at_once + self.later

    @property
    def own(self) -> int:
        """What the campaign adds."""
        return self.at_once + self.later


@dataclass(frozen=True, slots=True)
class Crew:
    """The callers of an agency and their hours."""

    callers: int
    hours: CallHours


@dataclass(frozen=True, slots=True)
class Plan:
    """When the calls come up and by when they should be made. per_call: one caller's time for one call.

    starts_at: the calls at once can begin. silent_at: silence is noticed. urgent: the hours of an alert.
    """

    starts_at: datetime
    silent_at: datetime
    deadline: datetime
    per_call: timedelta
    urgent: bool
    tz: ZoneInfo
    holidays: Collection[date]


@dataclass(frozen=True, slots=True)
class Forecast:
    """How an agency comes through. last_at: the last call ends; None when not within two weeks, or nobody rings.

    in_time: calls that are made before the deadline, of all that are owed. fits: all of them; an agency to which the
    campaign adds nothing always fits.
    """

    agency: str
    load: Load
    callers: int
    work: timedelta
    last_at: datetime | None
    in_time: int
    fits: bool


@dataclass(frozen=True, slots=True)
class Ages:
    """Calls that households of one age would add. age: of the oldest tenant, None when unknown."""

    agency: str
    age: int | None
    at_once: int
    texted: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What would make it fit. days: written to in so many parts, one a day; None: no number of days helps.

    from_age: the lowest age limit with which all is rung in time; None when none is. more_callers: by agency, only
    where some are missing; an agency that no number of callers helps is left out. first: how many of all calls are made
    in time when the most needed go first.
    """

    days: int | None
    from_age: int | None
    more_callers: Mapping[str, int]
    first: int
    of: int


def forecast(agency: str, load: Load, crew: Crew, plan: Plan) -> Forecast:
    """When this agency's callers have rung everybody."""
    last_at = _last_at(load, crew, plan)
    in_time = min(load.total, _before_deadline(load, crew, plan))
    fits = load.own == 0 or (last_at is not None and last_at <= plan.deadline)
    return Forecast(agency, load, crew.callers, load.total * plan.per_call, last_at, in_time, fits)


def propose(
    loads: Mapping[str, Load],
    crews: Mapping[str, Crew],
    plan: Plan,
    *,
    ages: Sequence[Ages],
    rate: Callable[[int], int],
) -> Proposal | None:
    """What to do when it does not fit; None when it does. rate: households texted -> calls to expect."""
    made = [forecast(a, load, crews[a], plan) for a, load in loads.items()]
    if all(f.fits for f in made):
        return None
    return Proposal(
        days=_days(made, crews, plan),
        from_age=_from_age(loads, crews, plan, ages, rate),
        more_callers=_more_callers(made, crews, plan),
        first=sum(f.in_time for f in made),
        of=sum(f.load.total for f in made),
    )


def _work(calls: int, crew: Crew, plan: Plan) -> timedelta:
    return calls * plan.per_call / crew.callers


def _last_at(load: Load, crew: Crew, plan: Plan) -> datetime | None:
    """The later of two: all work done without a pause from the start, or the silent ones from when they are known."""
    if load.total == 0 or crew.callers == 0:
        return None
    ends = [_after(plan.starts_at, _work(load.total, crew, plan), crew, plan)]
    if load.later:
        ends.append(_after(plan.silent_at, _work(load.later, crew, plan), crew, plan))
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _after(at: datetime, work: timedelta, crew: Crew, plan: Plan) -> datetime | None:
    try:
        return calendar.after_call_time(
            at, crew.hours, wait=work, urgent=plan.urgent, tz=plan.tz, holidays=plan.holidays
        )
    except ValueError:
        return None


def _before_deadline(load: Load, crew: Crew, plan: Plan) -> int:
    """Calls made by the deadline: bounded by the time there is from the start, and from when silence is known."""
    from_start, from_silence = _room(plan.starts_at, crew, plan), _room(plan.silent_at, crew, plan)
    return min(load.queued + load.at_once + min(load.later, from_silence), from_start)


def _room(since: datetime, crew: Crew, plan: Plan) -> int:
    time = calendar.call_time_between(
        since, plan.deadline, crew.hours, urgent=plan.urgent, tz=plan.tz, holidays=plan.holidays
    )
    return int(crew.callers * time / plan.per_call)


def _days(made: Sequence[Forecast], crews: Mapping[str, Crew], plan: Plan) -> int | None:
    """The fewest parts of which each is rung in time beside what is queued already."""
    late = [f for f in made if not f.fits]
    for days in range(2, DAYS_MOST + 1):
        if all(forecast(f.agency, _part(f.load, days), crews[f.agency], plan).fits for f in late):
            return days
    return None


def _part(load: Load, days: int) -> Load:
    return replace(load, at_once=ceil(load.at_once / days), later=ceil(load.later / days))


def _from_age(
    loads: Mapping[str, Load],
    crews: Mapping[str, Crew],
    plan: Plan,
    ages: Sequence[Ages],
    rate: Callable[[int], int],
) -> int | None:
    """Households of unknown age always stay: nobody is left out for what we do not know."""
    for limit in sorted({a.age for a in ages if a.age is not None})[1:]:
        kept = [a for a in ages if a.age is None or a.age >= limit]
        smaller = {agency: _kept(agency, load, kept, rate) for agency, load in loads.items()}
        if all(forecast(agency, load, crews[agency], plan).fits for agency, load in smaller.items()):
            return limit
    return None


def _kept(agency: str, load: Load, kept: Sequence[Ages], rate: Callable[[int], int]) -> Load:
    mine = [a for a in kept if a.agency == agency]
    return replace(load, at_once=sum(a.at_once for a in mine), later=rate(sum(a.texted for a in mine)))


def _more_callers(made: Sequence[Forecast], crews: Mapping[str, Crew], plan: Plan) -> dict[str, int]:
    missing = {}
    for late in (f for f in made if not f.fits):
        crew = crews[late.agency]
        for more in range(1, MORE_CALLERS_MOST + 1):
            if forecast(late.agency, late.load, replace(crew, callers=crew.callers + more), plan).fits:
                missing[late.agency] = more
                break
    return missing
