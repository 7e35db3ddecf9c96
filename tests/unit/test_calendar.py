"""Local time: send windows and call hours, through nights, holidays and changes of clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import calendar
from worker.domain.campaigns import SendWindow

PARIS = ZoneInfo("Europe/Paris")
HOURS = calendar.CallHours()
BASTILLE = frozenset({date(2026, 7, 14)})
ADVICE = SendWindow(time(9), time(19), weekdays=frozenset({1, 2, 3, 4, 5, 6}), on_holidays=False)
ALERT = SendWindow(time(8, 30), time(20))


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("window", "at", "opens", "closes"),
    [
        (ADVICE, "2026-07-08 10:00", "2026-07-08 10:00", "2026-07-08 19:00"),
        (ADVICE, "2026-07-08 09:00", "2026-07-08 09:00", "2026-07-08 19:00"),
        (ADVICE, "2026-07-08 06:00", "2026-07-08 09:00", "2026-07-08 19:00"),
        (ADVICE, "2026-07-08 18:59:59", "2026-07-08 18:59:59", "2026-07-08 19:00"),
        (ADVICE, "2026-07-08 19:00", "2026-07-09 09:00", "2026-07-09 19:00"),
        (ADVICE, "2026-07-11 20:00", "2026-07-13 09:00", "2026-07-13 19:00"),  # Saturday evening: not Sunday
        (ADVICE, "2026-07-13 20:00", "2026-07-15 09:00", "2026-07-15 19:00"),  # 14 July
        (ALERT, "2026-07-12 07:00", "2026-07-12 08:30", "2026-07-12 20:00"),  # an alert has no Sundays
        (ALERT, "2026-07-14 12:00", "2026-07-14 12:00", "2026-07-14 20:00"),
        (ALERT, "2026-12-31 21:00", "2027-01-01 08:30", "2027-01-01 20:00"),
        (ADVICE, "2026-03-28 20:00", "2026-03-30 09:00", "2026-03-30 19:00"),  # over the night that skips an hour
        (ADVICE, "2026-10-24 20:00", "2026-10-26 09:00", "2026-10-26 19:00"),  # over the night that repeats one
    ],
)
def test_a_send_window_opens_at_its_local_hour(window: SendWindow, at: str, opens: str, closes: str) -> None:
    opening = calendar.next_opening(window, paris(at), tz=PARIS, holidays=BASTILLE)

    assert opening == (paris(opens), paris(closes))


def test_the_local_hour_is_another_moment_after_the_clocks_change() -> None:
    before = calendar.next_opening(ALERT, paris("2026-10-24 06:00"), tz=PARIS, holidays=())[0]
    after = calendar.next_opening(ALERT, paris("2026-10-25 06:00"), tz=PARIS, holidays=())[0]

    assert (before.astimezone(UTC).hour, after.astimezone(UTC).hour) == (6, 7)


def test_a_window_in_the_hour_that_spring_skips_is_skipped_or_moved_but_never_turned_around() -> None:
    window = SendWindow(time(2, 50), time(3, 10))

    opens, closes = calendar.next_opening(window, paris("2026-03-29 00:00"), tz=PARIS, holidays=())

    assert (opens, closes) == (paris("2026-03-30 02:50"), paris("2026-03-30 03:10"))


@pytest.mark.parametrize(
    "window",
    [SendWindow(time(9), time(19), weekdays=frozenset()), SendWindow(time(19), time(9)), SendWindow(time(9), time(9))],
)
def test_a_window_that_never_opens_is_an_error_and_no_endless_search(window: SendWindow) -> None:
    with pytest.raises(ValueError, match="never opens"):
        calendar.next_opening(window, paris("2026-07-08 10:00"), tz=PARIS, holidays=())


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds without a zone, as hypothesis wants them
windows = st.builds(
    SendWindow,
    st.times(max_value=time(22)),
    st.just(time(22, 30)),
    weekdays=st.frozensets(st.integers(1, 7), min_size=1),
    on_holidays=st.booleans(),
)
holidays = st.frozensets(st.dates(date(2026, 1, 1), date(2028, 2, 1)).filter(lambda d: d.day == 14), max_size=5)


@given(window=windows, at=moments, days_off=holidays)
def test_a_window_is_found_ahead_and_inside_its_hours(
    window: SendWindow, at: datetime, days_off: frozenset[date]
) -> None:
    opens, closes = calendar.next_opening(window, at, tz=PARIS, holidays=days_off)
    local = opens.astimezone(PARIS)

    assert at <= opens < closes
    assert local.isoweekday() in window.weekdays
    assert window.on_holidays or local.date() not in days_off
    assert calendar.next_opening(window, opens, tz=PARIS, holidays=days_off) == (opens, closes)


@pytest.mark.parametrize(
    ("at", "urgent", "expected"),
    [
        ("2026-07-08 10:30", False, "2026-07-08 10:30"),
        ("2026-07-08 09:30", False, "2026-07-08 10:00"),
        ("2026-07-08 12:30", False, "2026-07-08 14:00"),  # lunch
        ("2026-07-08 18:30", False, "2026-07-09 10:00"),
        ("2026-07-10 19:00", False, "2026-07-13 10:00"),  # Friday evening
        ("2026-07-13 19:00", False, "2026-07-15 10:00"),  # 14 July
        ("2026-07-08 12:30", True, "2026-07-08 12:30"),
        ("2026-07-08 19:00", True, "2026-07-09 09:00"),
        ("2026-07-12 11:00", True, "2026-07-12 11:00"),  # Sunday
        ("2026-07-14 11:00", True, "2026-07-14 11:00"),
    ],
)
def test_people_ring_in_office_hours_and_in_an_alert_every_day(at: str, urgent: bool, expected: str) -> None:
    found = calendar.next_call_time(paris(at), HOURS, urgent=urgent, tz=PARIS, holidays=BASTILLE)

    assert found == paris(expected)
    assert calendar.is_calling_time(paris(at), HOURS, urgent=urgent, tz=PARIS, holidays=BASTILLE) == (at == expected)


def test_a_desk_that_never_rings_is_an_error() -> None:
    with pytest.raises(ValueError, match="nobody"):
        calendar.next_call_time(
            paris("2026-07-08 10:00"), calendar.CallHours(routine=()), urgent=False, tz=PARIS, holidays=()
        )


@pytest.mark.parametrize(
    ("at", "urgent", "expected"),
    [
        ("2026-07-08 10:00", False, "2026-07-08 12:00"),
        ("2026-07-08 10:30", False, "2026-07-08 12:30"),
        ("2026-07-08 12:00", False, "2026-07-08 15:30"),  # half an hour, lunch, an hour and a half
        ("2026-07-08 18:00", False, "2026-07-09 11:30"),
        ("2026-07-10 18:00", False, "2026-07-13 11:30"),
        ("2026-07-08 18:00", True, "2026-07-09 10:00"),
        ("2026-07-08 03:00", True, "2026-07-08 11:00"),
        ("2026-10-24 18:00", True, "2026-10-25 10:00"),  # 25 hours of a day change nothing
    ],
)
def test_two_hours_are_two_hours_in_which_somebody_rings(at: str, urgent: bool, expected: str) -> None:
    found = calendar.after_call_time(
        paris(at), HOURS, wait=timedelta(hours=2), urgent=urgent, tz=PARIS, holidays=BASTILLE
    )

    assert found == paris(expected)


@pytest.mark.parametrize(
    ("at", "days_later", "expected"),
    [
        ("2026-07-08 10:00", 0, "2026-07-08 18:30"),
        ("2026-07-08 18:30", 0, "2026-07-09 18:30"),
        ("2026-07-08 10:00", 2, "2026-07-10 18:30"),
        ("2026-07-09 10:00", 2, "2026-07-13 18:30"),
        ("2026-07-10 10:00", 2, "2026-07-15 18:30"),  # a weekend and 14 July between
    ],
)
def test_working_days_are_counted_without_weekends_and_holidays(at: str, days_later: int, expected: str) -> None:
    found = calendar.end_of_working_day(
        paris(at), HOURS, urgent=False, tz=PARIS, holidays=BASTILLE, days_later=days_later
    )

    assert found == paris(expected)


@pytest.mark.parametrize(
    ("at", "urgent", "expected"),
    [
        ("2026-07-08 10:00", False, "2026-07-08 18:30"),
        ("2026-07-08 17:30", False, "2026-07-08 18:30"),
        ("2026-07-08 17:31", False, "2026-07-09 12:30"),  # less than an hour left: tomorrow's morning
        ("2026-07-08 19:30", False, "2026-07-09 12:30"),
        ("2026-07-08 07:00", False, "2026-07-08 18:30"),
        ("2026-07-11 10:00", False, "2026-07-13 12:30"),
        ("2026-07-08 18:30", True, "2026-07-09 13:00"),
        ("2026-07-11 10:00", True, "2026-07-11 19:00"),
    ],
)
def test_the_same_day_means_the_next_morning_when_the_day_is_nearly_over(at: str, urgent: bool, expected: str) -> None:
    found = calendar.today_or_next_morning(
        paris(at), HOURS, at_least=timedelta(hours=1), urgent=urgent, tz=PARIS, holidays=BASTILLE
    )

    assert found == paris(expected)


@pytest.mark.parametrize(
    ("at", "urgent", "expected"),
    [
        ("2026-07-08 10:15", False, "2026-07-09 14:00"),
        ("2026-07-08 15:00", False, "2026-07-09 10:00"),
        ("2026-07-08 19:00", False, "2026-07-09 10:00"),
        ("2026-07-10 11:00", False, "2026-07-13 14:00"),
        ("2026-07-13 15:00", False, "2026-07-15 10:00"),
        ("2026-07-08 10:15", True, "2026-07-09 13:00"),
    ],
)
def test_the_other_half_of_the_next_working_day(at: str, urgent: bool, expected: str) -> None:
    assert calendar.other_half_day(paris(at), HOURS, urgent=urgent, tz=PARIS, holidays=BASTILLE) == paris(expected)


def test_callers_who_only_work_mornings_ring_in_the_morning() -> None:
    mornings = calendar.CallHours(routine=((time(9), time(12)),))

    found = calendar.other_half_day(paris("2026-07-08 10:15"), mornings, urgent=False, tz=PARIS, holidays=())

    assert found == paris("2026-07-09 09:00")


@given(at=moments, urgent=st.booleans(), days_off=holidays)
def test_every_time_found_lies_ahead_and_in_call_hours(at: datetime, urgent: bool, days_off: frozenset[date]) -> None:
    found = calendar.next_call_time(at, HOURS, urgent=urgent, tz=PARIS, holidays=days_off)
    other = calendar.other_half_day(at, HOURS, urgent=urgent, tz=PARIS, holidays=days_off)
    later = calendar.after_call_time(at, HOURS, wait=timedelta(hours=2), urgent=urgent, tz=PARIS, holidays=days_off)

    assert at <= found < later
    assert at < other
    for moment in (found, other):
        assert calendar.is_calling_time(moment, HOURS, urgent=urgent, tz=PARIS, holidays=days_off)
