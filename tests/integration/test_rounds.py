"""A weekly campaign that spreads its households: each has its turn once a week, and the week's account adds up."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import AgeBand, Audience, Campaign, Level, SendWindow
from worker.domain.recurring import Recurrence
from worker.services import events, schedules, steering, timetable
from worker.services.rounds import Week
from worker.settings import Settings
from worker.settings_tables import AgencySettings, CallHours

PARIS = ZoneInfo("Europe/Paris")
WINDOW = SendWindow(time(9), time(19), frozenset({1, 2, 3, 4, 5, 6}), on_holidays=False)
SETTINGS = Settings(agencies={"01": AgencySettings(callers=1), "02": AgencySettings(callers=2)})
MONDAY = date(2026, 7, 6)


def _campaign(**changes: object) -> Campaign:
    recurrence = Recurrence(spread=True, skip_holidays=True)
    weekly = builders.campaign(
        key="tournee",
        level=Level.NONE,
        schedule="0 10 * * mon",
        window=WINDOW,
        recurrence=recurrence,
        reply_deadline=timedelta(hours=24),
        reminder_after=timedelta(hours=12),
    )
    return replace(weekly, **changes)  # type: ignore[arg-type]


@pytest.fixture
def town(town: Town) -> Town:
    """A Monday morning before the round begins."""
    town.now = datetime(2026, 7, 6, 9, 0, tzinfo=PARIS)
    _tick(town, _campaign())
    return town


def _tick(town: Town, campaign: Campaign, settings: Settings = SETTINGS) -> list[int]:
    opened = schedules.open_due(town.db, [campaign], desk=DESK, settings=settings, now=town.now)
    for event_id in opened:
        events.fan_out(town.db, event_id, desk=DESK, now=town.now)
    return opened


def _on(town: Town, campaign: Campaign, day: date, hour: int = 10) -> list[int]:
    """What opens on that day, a minute past the hour."""
    town.now = datetime.combine(day, time(hour, 1), tzinfo=PARIS)
    return _tick(town, campaign)


def _days(first: date = MONDAY, number: int = 6) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range(number))


def _week(town: Town, campaign: Campaign) -> Week:
    found = timetable.line(town.db, campaign, desk=DESK, now=town.now).week
    assert found is not None
    for day in found.days:
        assert day.households == day.opened + day.to_come + day.left_out + day.gone
    return found


def _turns(town: Town, since: date = MONDAY, number: int = 7) -> dict[object, str]:
    """By household, the occasion in which it is; it must be in one only."""
    occasions = {e["id"]: str(e["occasion"]) for e in town.rows("campaign_event")}
    week = {day.isoformat() for day in _days(since, number)}
    turns = [(r["household_id"], occasions[r["event_id"]]) for r in town.rows("recipient")]
    mine = [(home, occasion) for home, occasion in turns if occasion in week]
    assert len(mine) == len(dict(mine))
    return dict(mine)


def _summed(week: Week, name: str) -> int:
    return sum(getattr(day, name) for day in week.days)


def test_each_household_has_its_turn_once_and_the_week_adds_up(town: Town) -> None:
    homes = [town.household(agency=code) for code in ("01", "02") for _n in range(20)]
    town.household(births=(date(1990, 1, 1),))
    campaign = _campaign()

    opened = [len(_on(town, campaign, day)) for day in _days(number=7)]

    turns = _turns(town)
    week = _week(town, campaign)
    by_day = Counter(turns[home.id] for home in homes if home.agency == "01")
    assert opened == [1, 1, 1, 1, 1, 1, 0]
    assert set(turns) == {home.id for home in homes}
    # Friday's and Saturday's silences are rung on the same Monday: half the room of another day.
    assert list(by_day.values()) == [4, 4, 4, 4, 2, 2]
    assert (_summed(week, "households"), _summed(week, "opened")) == (40, 40)
    assert week.round.beyond == {}


def test_the_account_holds_in_the_middle_of_the_week(town: Town) -> None:
    for _n in range(12):
        town.household()

    _on(town, _campaign(), MONDAY)
    week = _week(town, _campaign())

    assert (_summed(week, "opened"), _summed(week, "to_come")) == (len(_turns(town)), 12 - len(_turns(town)))
    assert _summed(week, "to_come") > 0


def test_several_schedulers_deal_a_week_out_once(town: Town) -> None:
    homes = [town.household(agency=code) for code in ("01", "02") for _n in range(15)]
    campaign = _campaign()
    for day in _days():
        now = datetime.combine(day, time(10, 1), tzinfo=PARIS)
        with ThreadPoolExecutor(4) as pool:
            ticks = [
                pool.submit(schedules.open_due, town.db, [campaign], desk=DESK, settings=SETTINGS, now=now)
                for _scheduler in range(4)
            ]
        (event_id,) = [event_id for tick in ticks for event_id in tick.result()]
        events.fan_out(town.db, event_id, desk=DESK, now=now)

    assert set(_turns(town)) == {home.id for home in homes}


def test_a_household_has_the_same_weekday_from_week_to_week_over_a_holiday_too(town: Town) -> None:
    for code in ("01", "02"):
        for _n in range(18):
            town.household(agency=code)
    campaign = _campaign()
    weeks = [MONDAY + timedelta(weeks=n) for n in range(3)]  # the 14th of July is in the second
    for first in weeks:
        for day in _days(first):
            _on(town, campaign, day)

    first, second, third = ({home: _weekday(on) for home, on in _turns(town, week).items()} for week in weeks)
    assert third == first
    assert 2 not in second.values()
    assert all(second[home] == day for home, day in first.items() if day != 2)
    assert len(second) == 36


def _weekday(occasion: str) -> int:
    return date.fromisoformat(occasion).isoweekday()


def test_a_missed_day_is_noted_and_its_households_have_their_turn_on_the_days_left(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    for day in _days():
        if day.isoweekday() not in {2, 3}:
            _on(town, campaign, day)

    assert [row["occasion"] for row in town.rows("missed_occasion")] == ["2026-07-07", "2026-07-08"]
    assert set(_turns(town)) == {home.id for home in homes}


def test_a_missed_last_day_leaves_its_households_in_sight(town: Town) -> None:
    for _n in range(12):
        town.household()
    campaign = _campaign()
    for day in _days(number=5):
        _on(town, campaign, day)
    _on(town, campaign, MONDAY + timedelta(days=6), hour=12)

    week = _week(town, campaign)
    assert [row["occasion"] for row in town.rows("missed_occasion")] == ["2026-07-11"]
    assert _summed(week, "left_out") == 12 - len(_turns(town)) > 0


def test_a_day_that_begins_late_is_opened_while_its_window_lasts(town: Town) -> None:
    town.household()

    assert len(_on(town, _campaign(), MONDAY, hour=17)) == 1


def test_who_comes_in_the_middle_of_the_week_has_a_turn_and_who_leaves_is_accounted_for(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    _on(town, campaign, MONDAY)
    late = town.household()
    gone = next(home for home in homes if home.id not in _turns(town))
    with town.db.begin() as connection:
        connection.execute(text("UPDATE household SET gone_at = now() WHERE id = :id"), {"id": gone.id})
    for day in _days(number=6):
        if day > MONDAY:
            _on(town, campaign, day)

    week = _week(town, campaign)
    assert set(_turns(town)) == {home.id for home in [*homes, late]} - {gone.id}
    assert (_summed(week, "households"), _summed(week, "opened"), _summed(week, "gone")) == (13, 12, 1)


def test_a_household_added_to_a_day_by_an_operator_has_had_its_turn(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    (event_id,) = _on(town, campaign, MONDAY)
    early = next(home for home in homes if home.id not in _turns(town))
    code = next(d["code"] for d in town.rows("dwelling") if d["id"] == _dwelling(town, early))
    steering.add(town.db, event_id, dwelling=str(code), desk=DESK, now=town.now)
    for day in _days(number=6):
        if day > MONDAY:
            _on(town, campaign, day)

    assert _turns(town)[early.id] == MONDAY.isoformat()
    assert set(_turns(town)) == {home.id for home in homes}
    assert _summed(_week(town, campaign), "opened") == 12


def _dwelling(town: Town, home: builders.Household) -> object:
    return next(h["dwelling_id"] for h in town.rows("household") if h["id"] == home.id)


def test_a_launch_by_hand_is_everybodys_turn_of_the_week(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    _on(town, campaign, MONDAY)
    tuesday = MONDAY + timedelta(days=1)
    town.now = datetime.combine(tuesday, time(9, 30), tzinfo=PARIS)
    town.open(campaign, tuesday.isoformat())
    after = len(town.rows("recipient"))
    for day in _days(tuesday, 5):
        _on(town, campaign, day)

    week = _week(town, campaign)
    assert after == len(town.rows("recipient"))
    assert {r["household_id"] for r in town.rows("recipient")} == {home.id for home in homes}
    assert (_summed(week, "households"), _summed(week, "opened")) == (12, 12)


def test_an_edit_in_the_middle_of_the_week_holds_from_the_next_week_on(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    _on(town, campaign, MONDAY)
    edited = replace(campaign, title="Autre titre", audience=Audience(age_bands=(AgeBand(99),)))
    for day in _days(number=6):
        _on(town, edited, day)

    assert set(_turns(town)) == {home.id for home in homes}
    assert {e["definition"]["title"] for e in town.rows("campaign_event")} == {campaign.title}  # type: ignore[index]
    _on(town, edited, MONDAY + timedelta(days=7))
    newest = town.rows("campaign_event")[-1]
    assert (newest["definition"]["title"], town.account(newest["id"]).total) == ("Autre titre", 0)  # type: ignore[index, arg-type]


def test_a_pause_in_the_middle_of_the_week_and_its_end_leave_nobody_out(town: Town) -> None:
    homes = [town.household() for _n in range(12)]
    campaign = _campaign()
    _on(town, campaign, MONDAY)
    timetable.pause(town.db, campaign, now=town.now)
    tuesday, wednesday, *rest = _days(MONDAY + timedelta(days=1), 5)
    paused = [_on(town, campaign, day) for day in (tuesday, wednesday)]
    town.now += timedelta(hours=4)
    timetable.resume(town.db, campaign, now=town.now)
    for day in rest:
        _on(town, campaign, day)

    assert paused == [[], []]
    assert set(_turns(town)) == {home.id for home in homes}
    assert town.rows("missed_occasion") == []


def test_a_week_beyond_the_callers_is_dealt_out_all_the_same_and_said(town: Town) -> None:
    homes = [town.household(mobiles=(), landlines=(builders.landline(),)) for _n in range(24)]
    campaign = _campaign()
    # Seven hours a day, a hundred minutes a call: 21 calls a week.
    slow = Settings(call_hours=CallHours(minutes_per_contact=100))
    town.now = datetime.combine(MONDAY, time(10, 1), tzinfo=PARIS)
    _tick(town, campaign, slow)
    said = _week(town, campaign).round.beyond
    for day in _days():
        _on(town, campaign, day)

    assert said == {"01": 3}
    assert set(_turns(town)) == {home.id for home in homes}
