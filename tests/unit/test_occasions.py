"""When a scheduled campaign comes round: local days at a local hour, whatever clocks and calendars do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import builders
from worker.domain.calendar import CallHours
from worker.domain.campaigns import Campaign, SendWindow
from worker.domain.recurring import Recurrence
from worker.services import schedules
from worker.services.desk import Desk
from worker.store.occasions import Mark

PARIS = ZoneInfo("Europe/Paris")
DESK = Desk(timezone=PARIS, hours=CallHours(), landlord="Les Chalets", phone="05 36 49 00 01")
MONDAY_TO_SATURDAY = SendWindow(time(9), time(19), frozenset({1, 2, 3, 4, 5, 6}), on_holidays=False)
DAYS = st.dates(date(2025, 1, 1), date(2032, 12, 31))


def _campaign(cron: str, window: SendWindow = builders.ALL_DAY, **recurrence: object) -> Campaign:
    return builders.campaign(schedule=cron, window=window, recurrence=Recurrence(**recurrence))  # type: ignore[arg-type]


def _local(day: date, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=PARIS)


def _days(campaign: Campaign, since: date, number: int) -> list[date]:
    ahead = schedules.coming(campaign, after=_local(since) - timedelta(seconds=1), desk=DESK)
    return [occasion.day for occasion in islice(ahead, number)]


@pytest.mark.parametrize(
    ("night", "at"),
    [
        (date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (date(2027, 3, 28), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2027, 10, 31), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
    ids=["spring 2026", "spring 2027", "autumn 2026", "autumn 2027"],
)
def test_the_hour_that_a_night_skips_or_repeats_comes_once(night: date, at: datetime) -> None:
    campaign = _campaign("30 2 * * *")

    ahead = schedules.coming(campaign, after=_local(night - timedelta(days=1)), desk=DESK)
    found = list(islice(ahead, 3))

    assert [one.day for one in found] == [night + timedelta(days=n) for n in (-1, 0, 1)]
    assert found[1].at == at


@given(day=DAYS)
def test_every_day_has_one_occasion_at_the_same_hour_by_the_clock_on_the_wall(day: date) -> None:
    found = list(islice(schedules.coming(_campaign("0 10 * * *"), after=_local(day), desk=DESK), 5))

    assert [one.at.astimezone(PARIS) for one in found] == [_local(day + timedelta(days=n), 10) for n in range(5)]


@given(start=DAYS, later=st.integers(0, 800))
def test_every_second_day_stays_in_step_over_months_years_and_changes_of_clocks(start: date, later: int) -> None:
    campaign = _campaign("0 10 * * *", starts_on=start, every_days=2)

    found = _days(campaign, start + timedelta(days=later), 40)

    first = start + timedelta(days=later + later % 2)
    assert found == [first + timedelta(days=2 * n) for n in range(40)]


def test_every_second_day_goes_over_a_month_of_31_days_and_a_leap_day() -> None:
    campaign = _campaign("0 10 * * *", starts_on=date(2028, 1, 29), every_days=2)

    assert _days(campaign, date(2028, 1, 29), 3) == [date(2028, 1, 29), date(2028, 1, 31), date(2028, 2, 2)]
    assert _days(campaign, date(2028, 2, 27), 3) == [date(2028, 2, 28), date(2028, 3, 1), date(2028, 3, 3)]


def test_a_leap_day_comes_in_leap_years() -> None:
    assert _days(_campaign("0 10 29 2 *"), date(2026, 1, 1), 2) == [date(2028, 2, 29), date(2032, 2, 29)]


def test_a_sunday_campaign_comes_on_sundays() -> None:
    assert _days(_campaign("0 10 * * sun"), date(2026, 7, 6), 2) == [date(2026, 7, 12), date(2026, 7, 19)]


def test_public_holidays_are_skipped_where_the_campaign_says_so() -> None:
    skipping, not_skipping = (_campaign("0 10 * * tue", skip_holidays=skip) for skip in (True, False))

    assert _days(skipping, date(2026, 7, 13), 2) == [date(2026, 7, 21), date(2026, 7, 28)]
    assert _days(not_skipping, date(2026, 7, 13), 2) == [date(2026, 7, 14), date(2026, 7, 21)]


def test_the_year_ends_on_the_31st_and_begins_with_a_holiday() -> None:
    campaign = _campaign("0 10 * * *", skip_holidays=True)

    assert _days(campaign, date(2026, 12, 31), 2) == [date(2026, 12, 31), date(2027, 1, 2)]


def test_a_skipped_holiday_does_not_bring_every_second_day_out_of_step() -> None:
    campaign = _campaign("0 10 * * *", starts_on=date(2026, 7, 12), every_days=2, skip_holidays=True)

    assert _days(campaign, date(2026, 7, 12), 3) == [date(2026, 7, 12), date(2026, 7, 16), date(2026, 7, 18)]


def test_the_first_and_the_last_day_are_included_and_nothing_else() -> None:
    campaign = _campaign("0 10 * * *", starts_on=date(2026, 5, 9), ends_on=date(2026, 5, 11))

    assert _days(campaign, date(2026, 1, 1), 9) == [date(2026, 5, 9), date(2026, 5, 10), date(2026, 5, 11)]


@pytest.mark.parametrize(
    ("theirs", "holds"),
    [(None, date(2026, 5, 11)), (date(2026, 6, 1), date(2026, 6, 1)), (date(2026, 4, 1), date(2026, 5, 11))],
)
def test_the_later_last_day_holds_the_files_or_the_operators(theirs: date | None, holds: date) -> None:
    campaign = _campaign("0 10 * * *", ends_on=date(2026, 5, 11))

    meant = schedules.steered(campaign, Mark(campaign.key, _local(holds), theirs, None))

    assert meant.recurrence.ends_on == holds


def test_a_line_that_fires_often_has_one_occasion_a_day() -> None:
    assert _days(_campaign("*/20 9-11 * * *"), date(2026, 7, 6), 2) == [date(2026, 7, 6), date(2026, 7, 7)]


def test_a_spread_campaign_has_an_occasion_on_each_day_left_of_its_week_on_which_texts_may_leave() -> None:
    campaign = _campaign("0 10 * * wed", MONDAY_TO_SATURDAY, spread=True)

    assert [d.isoformat() for d in _days(campaign, date(2026, 7, 17), 5)] == [
        "2026-07-17",
        "2026-07-18",
        "2026-07-22",
        "2026-07-23",
        "2026-07-24",
    ]


@pytest.mark.parametrize("skip", [True, False], ids=["skip_holidays", "closed window"])
def test_a_holiday_takes_its_day_from_the_week_and_not_the_week(skip: bool) -> None:
    window = builders.ALL_DAY if skip else MONDAY_TO_SATURDAY
    campaign = _campaign("0 10 * * mon", window, spread=True, skip_holidays=skip)

    easter = _days(campaign, date(2026, 4, 6), 1)  # Easter Monday
    july = _days(campaign, date(2026, 7, 13), 3)

    assert easter == [date(2026, 4, 7)]
    assert july == [date(2026, 7, 13), date(2026, 7, 15), date(2026, 7, 16)]
