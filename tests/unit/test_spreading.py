"""Households are dealt out over a week: each once, no day fuller than callers can bear, the same day week by week."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from worker.domain import spreading
from worker.domain.calendar import CallHours
from worker.domain.capacity import Crew
from worker.domain.occasions import Occasion
from worker.domain.spreading import Home, Place

PARIS = ZoneInfo("Europe/Paris")
MONDAY = date(2026, 7, 6)
WEEK = [MONDAY + timedelta(days=n) for n in range(6)]
EVEN = dict.fromkeys(WEEK, 10.0)

ROOMS = st.lists(st.sampled_from([0.0, 3.5, 7.0, 20.0]), min_size=1, max_size=6).map(
    lambda rooms: dict(zip(WEEK, rooms, strict=False))
)
HOMES = st.lists(
    st.builds(
        Home,
        household_id=st.integers(1, 10_000),
        agency=st.sampled_from(["01", "02"]),
        at_once=st.booleans(),
        weekday=st.none() | st.integers(1, 7),
        day=st.none() | st.sampled_from(WEEK),
    ),
    max_size=60,
    unique_by=lambda home: home.household_id,
)


def _homes(number: int, **more: object) -> list[Home]:
    return [Home(n, "01", at_once=False, **more) for n in range(1, number + 1)]  # type: ignore[arg-type]


def _next_week(places: list[Place]) -> list[Home]:
    return [Home(p.household_id, "01", at_once=False, weekday=p.weekday) for p in places]


def _days(places: list[Place]) -> dict[int, date]:
    return {p.household_id: p.day for p in places}


@given(homes=HOMES, one=ROOMS, other=ROOMS)
def test_each_household_without_a_day_gets_exactly_one_and_the_others_keep_theirs(
    homes: list[Home], one: dict[date, float], other: dict[date, float]
) -> None:
    rooms = {"01": one, "02": other}

    places = spreading.deal(homes, rooms)

    waiting = [home for home in homes if home.day not in rooms[home.agency]]
    assert Counter(p.household_id for p in places) == Counter(home.household_id for home in waiting)
    agency = {home.household_id: home.agency for home in homes}
    assert all(p.day in rooms[agency[p.household_id]] for p in places)


@given(number=st.integers(0, 200), rooms=ROOMS, held=st.integers(0, 5))
def test_no_day_is_fuller_for_its_room_than_it_would_be_with_one_household_less(
    number: int, rooms: dict[date, float], held: int
) -> None:
    taken = {WEEK[0]: held}

    more = spreading.shares(number, rooms, taken)

    able = {day: room for day, room in rooms.items() if room} or dict.fromkeys(rooms, 1.0)
    load = {day: more[day] + taken.get(day, 0) for day in able}
    assert sum(more.values()) == number
    assert min(more.values()) >= 0
    lowest = min((load[day] + 1) / able[day] for day in able)
    assert all(load[day] / able[day] <= lowest + 1e-9 for day in able if more[day])


@given(number=st.integers(1, 60), rooms=ROOMS.filter(lambda r: sum(r.values()) > 0))
def test_what_the_callers_can_ring_in_a_week_is_dealt_so_that_they_can_on_each_day(
    number: int, rooms: dict[date, float]
) -> None:
    whole = {day: float(int(room)) for day, room in rooms.items()}
    number = min(number, int(sum(whole.values())))

    more = spreading.shares(number, whole, {})

    assert all(more[day] <= room for day, room in whole.items())


@given(number=st.integers(0, 80), rooms=ROOMS)
def test_a_household_keeps_its_weekday_from_week_to_week(number: int, rooms: dict[date, float]) -> None:
    first = spreading.deal(_homes(number), {"01": rooms})

    second = spreading.deal(_next_week(first), {"01": rooms})

    assert _days(second) == _days(first)


def test_one_household_more_or_less_moves_nobody_or_hardly_anybody() -> None:
    first = spreading.deal(_homes(60), {"01": EVEN})

    fewer = spreading.deal(_next_week(first)[1:], {"01": EVEN})
    more = spreading.deal([*_next_week(first), Home(61, "01", at_once=False)], {"01": EVEN})

    assert sum(_days(first)[home] != day for home, day in _days(fewer).items()) <= 1
    assert {home: day for home, day in _days(more).items() if home != 61} == _days(first)


def test_a_holiday_moves_its_households_for_that_week_only() -> None:
    first = spreading.deal(_homes(60), {"01": EVEN})

    short = spreading.deal(_next_week(first), {"01": {day: room for day, room in EVEN.items() if day != MONDAY}})
    after = spreading.deal(_next_week(short), {"01": EVEN})

    stayed = [home for home, day in _days(first).items() if day != MONDAY]
    assert all(_days(short)[home] == _days(first)[home] for home in stayed)
    assert _days(after) == _days(first)


def test_households_to_be_rung_at_once_are_divided_like_the_others() -> None:
    homes = [Home(n, "01", at_once=n <= 12) for n in range(1, 61)]

    days = _days(spreading.deal(homes, {"01": EVEN}))

    assert Counter(day for home, day in days.items() if home <= 12) == dict.fromkeys(WEEK, 2)


def test_an_agency_without_callers_is_divided_evenly() -> None:
    days = _days(spreading.deal(_homes(12), {"01": dict.fromkeys(WEEK, 0.0)}))

    assert Counter(days.values()) == dict.fromkeys(WEEK, 2)


def _rooms(callers: int = 1, holidays: frozenset[date] = frozenset()) -> dict[date, float]:
    occasions = [Occasion(day, datetime.combine(day, time(10), tzinfo=PARIS).astimezone(UTC)) for day in WEEK]
    return spreading.rooms(
        occasions,
        Crew(callers, CallHours()),
        wait=timedelta(hours=24),
        per_call=timedelta(minutes=10),
        urgent=False,
        tz=PARIS,
        holidays=holidays,
    )


def test_days_whose_silence_is_rung_on_the_same_monday_share_its_callers() -> None:
    # Seven hours of calling a day, ten minutes a call: 42.
    assert list(_rooms().values()) == [42, 42, 42, 42, 21, 21]
    assert list(_rooms(callers=2).values()) == [84, 84, 84, 84, 42, 42]


def test_a_holiday_of_the_callers_leaves_less_room_to_the_days_before_it() -> None:
    assert list(_rooms(holidays=frozenset({date(2026, 7, 8)})).values()) == [42, 21, 21, 42, 21, 21]


def test_an_agency_whose_callers_cannot_ring_so_many_is_named_with_how_many() -> None:
    homes = [*_homes(100), Home(200, "02", at_once=True)]

    over = spreading.beyond(homes, {"01": dict.fromkeys(WEEK, 5.0), "02": EVEN}, rate=0.35)

    assert over == {"01": 5}
