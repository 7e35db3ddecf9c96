"""The rules of who rings whom, and of when people would rather be rung."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.domain import calendar, callbacks, routing
from worker.domain.routing import Rules
from worker.services import claims
from worker.settings import Settings

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("priority", range(-30, 200))
def test_bands_are_drawn_where_the_priority_says(priority: int) -> None:
    drawn = max((least, name) for name, least in routing.BANDS.items() if priority >= least)[1]

    assert drawn == callbacks.band(priority)


@pytest.mark.parametrize(
    ("claimed_by", "until", "holder"),
    [
        (None, None, None),
        ("anne", NOW + timedelta(seconds=1), "anne"),
        ("anne", NOW, None),
        ("anne", NOW - timedelta(hours=1), None),
    ],
)
def test_a_lease_that_ran_out_holds_nothing(claimed_by: str | None, until: datetime | None, holder: str | None) -> None:
    assert routing.holder(claimed_by, until, now=NOW) == holder


def test_a_caller_has_two_hours_of_work_in_ten_calls() -> None:
    assert Rules().calls_each == 10


def test_the_settings_say_the_same_as_the_rules() -> None:
    assert claims.rules_of(Settings()) == Rules()


@pytest.mark.parametrize(
    ("at", "begins", "ends", "expected"),
    [
        (datetime(2026, 7, 8, 8, 0, tzinfo=UTC), 14, 16, datetime(2026, 7, 8, 12, 0, tzinfo=UTC)),
        (datetime(2026, 7, 8, 13, 0, tzinfo=UTC), 14, 16, datetime(2026, 7, 8, 13, 0, tzinfo=UTC)),
        (datetime(2026, 7, 8, 14, 0, tzinfo=UTC), 14, 16, datetime(2026, 7, 9, 12, 0, tzinfo=UTC)),
        # the nights on which the clocks change: 14:00 on the wall either way
        (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), 14, 16, datetime(2026, 3, 29, 12, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), 14, 16, datetime(2026, 10, 25, 13, 0, tzinfo=UTC)),
    ],
)
def test_the_hours_they_prefer_are_hours_on_the_wall(at: datetime, begins: int, ends: int, expected: datetime) -> None:
    assert calendar.next_within(time(begins), time(ends), at, tz=PARIS) == expected
