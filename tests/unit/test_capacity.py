"""When the last person is rung, and what is proposed when that is too late."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import capacity
from worker.domain.calendar import CallHours
from worker.domain.capacity import Ages, Crew, Load, Plan

PARIS = ZoneInfo("Europe/Paris")
HOURS = CallHours()
ONE, TWO = Crew(1, HOURS), Crew(2, HOURS)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


# A Wednesday; routine hours are 10:00-12:30 and 14:00-18:30, seven hours a day.
ROUTINE = Plan(
    starts_at=paris("2026-09-23T10:00"),
    silent_at=paris("2026-09-24T10:00"),
    deadline=paris("2026-09-24T18:30"),
    per_call=timedelta(minutes=7),
    urgent=False,
    tz=PARIS,
    holidays=frozenset(),
)
ALERT = replace(
    ROUTINE,
    starts_at=paris("2026-07-14T10:00"),
    silent_at=paris("2026-07-14T14:00"),
    deadline=paris("2026-07-14T19:00"),
    urgent=True,
    holidays=frozenset({paris("2026-07-14T00:00").date()}),
)


@pytest.mark.parametrize(
    ("load", "crew", "plan", "last_at"),
    [
        (Load(at_once=10), ONE, ROUTINE, "2026-09-23T11:10"),
        (Load(at_once=60), ONE, ROUTINE, "2026-09-23T18:30"),  # to the minute when people go home
        (Load(at_once=150), ONE, ROUTINE, "2026-09-25T15:00"),  # Friday: seventeen hours and a half
        (Load(at_once=150), TWO, ROUTINE, "2026-09-24T11:45"),
        (Load(later=10), ONE, ROUTINE, "2026-09-24T11:10"),  # idle until silence is noticed
        (Load(at_once=70, later=10), ONE, ROUTINE, "2026-09-24T12:20"),
        (Load(queued=60, at_once=60), ONE, ROUTINE, "2026-09-24T18:30"),
        (Load(at_once=30, later=30), ONE, ALERT, "2026-07-14T17:30"),  # 14 July: an alert rings on holidays
    ],
)
def test_the_last_person_is_rung_when_the_hours_are_used_up(load: Load, crew: Crew, plan: Plan, last_at: str) -> None:
    assert capacity.forecast("01", load, crew, plan).last_at == paris(last_at)


def test_routine_calls_skip_the_weekend_and_holidays() -> None:
    friday = replace(
        ROUTINE,
        starts_at=paris("2026-12-24T18:00"),
        silent_at=paris("2026-12-24T18:00"),
        holidays={datetime(2026, 12, 25).date()},  # noqa: DTZ001
    )

    assert capacity.forecast("01", Load(at_once=10), ONE, friday).last_at == paris("2026-12-28T10:40")


def test_the_night_in_which_clocks_go_back_adds_no_calling_time() -> None:
    night = replace(ROUTINE, starts_at=paris("2026-10-24T18:00"), silent_at=paris("2026-10-24T18:00"), urgent=True)

    assert capacity.forecast("01", Load(at_once=20), ONE, night).last_at == paris("2026-10-25T10:20")


def test_without_callers_nobody_is_rung() -> None:
    made = capacity.forecast("01", Load(at_once=1), Crew(0, HOURS), ROUTINE)

    assert (made.last_at, made.in_time, made.fits) == (None, 0, False)


def test_an_agency_to_which_the_campaign_adds_nothing_is_no_reason_to_wait() -> None:
    assert capacity.forecast("01", Load(queued=500), ONE, ROUTINE).fits


def test_what_takes_longer_than_anybody_looks_ahead_has_no_date() -> None:
    made = capacity.forecast("01", Load(at_once=5000), ONE, ROUTINE)

    assert (made.last_at, made.fits, made.in_time) == (None, False, 120)


def test_the_proposal_says_days_age_callers_and_who_comes_first() -> None:
    ages = [Ages("01", age, at_once=10, texted=0) for age in range(70, 90)] + [Ages("01", None, 4, 0)]
    load = Load(at_once=204)

    made = capacity.propose({"01": load}, {"01": ONE}, ROUTINE, ages=ages, rate=lambda texted: texted)

    assert made is not None
    assert made.days == 2
    assert made.from_age == 79  # 11 years of 10 and the four of unknown age are 114 of the 120 that fit
    assert made.more_callers == {"01": 1}
    assert (made.first, made.of) == (120, 204)


def test_nothing_is_proposed_when_everybody_is_rung_in_time() -> None:
    assert capacity.propose({"01": Load(at_once=3)}, {"01": ONE}, ROUTINE, ages=[], rate=int) is None


def test_an_agency_that_is_behind_already_is_helped_by_callers_alone() -> None:
    load = Load(queued=200, at_once=10)

    made = capacity.propose(
        {"01": load}, {"01": ONE}, ROUTINE, ages=[Ages("01", 80, 10, 0)], rate=lambda texted: texted
    )

    assert made is not None
    assert (made.days, made.from_age, made.more_callers) == (None, None, {"01": 1})


loads = st.builds(Load, queued=st.integers(0, 80), at_once=st.integers(0, 200), later=st.integers(0, 200))
plans = st.sampled_from([ROUTINE, ALERT])


def _at(moment: datetime | None) -> float:
    return float("inf") if moment is None else moment.timestamp()


@given(loads, st.integers(1, 12), plans, st.sampled_from(["queued", "at_once", "later"]))
def test_one_more_call_never_ends_earlier(load: Load, callers: int, plan: Plan, kind: str) -> None:
    more = replace(load, **{kind: getattr(load, kind) + 1})
    crew = Crew(callers, HOURS)
    before, after = (capacity.forecast("01", one, crew, plan) for one in (load, more))

    assert load.total == 0 or _at(after.last_at) >= _at(before.last_at)
    assert after.in_time >= before.in_time


@given(loads, st.integers(1, 12), plans)
def test_one_more_caller_never_ends_later(load: Load, callers: int, plan: Plan) -> None:
    fewer, more = (capacity.forecast("01", load, Crew(n, HOURS), plan) for n in (callers, callers + 1))

    assert _at(more.last_at) <= _at(fewer.last_at)
    assert more.in_time >= fewer.in_time


@given(loads, st.integers(0, 12), plans)
def test_whoever_fits_has_every_call_in_time_and_nobody_else_has(load: Load, callers: int, plan: Plan) -> None:
    made = capacity.forecast("01", load, Crew(callers, HOURS), plan)

    assert 0 <= made.in_time <= load.total
    assert load.own == 0 or made.fits == (made.in_time == load.total)


@given(loads, loads, st.integers(1, 6), plans)
def test_what_is_proposed_fits(one: Load, two: Load, callers: int, plan: Plan) -> None:
    crews = {"01": Crew(callers, HOURS), "02": ONE}
    made = capacity.propose({"01": one, "02": two}, crews, plan, ages=[], rate=int)

    if made is not None and made.days is not None:
        for agency, load in (("01", one), ("02", two)):
            part = Load(load.queued, -(-load.at_once // made.days), -(-load.later // made.days))
            assert capacity.forecast(agency, part, crews[agency], plan).fits
    for agency, more in (made.more_callers if made else {}).items():
        load = {"01": one, "02": two}[agency]
        assert capacity.forecast(agency, load, Crew(crews[agency].callers + more, HOURS), plan).fits
        assert not capacity.forecast(agency, load, Crew(crews[agency].callers + more - 1, HOURS), plan).fits
