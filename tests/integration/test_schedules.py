"""A scheduled campaign opens once, whatever was down, and right over the nights when clocks change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Campaign, SendWindow
from worker.services import schedules

PARIS = ZoneInfo("Europe/Paris")
WINDOW = SendWindow(builders.ALL_DAY.opens.replace(hour=9), builders.ALL_DAY.closes.replace(hour=19))


def _campaign(cron: str = "0 10 * * *", window: SendWindow = WINDOW) -> Campaign:
    return builders.campaign(key="visite", schedule=cron, window=window)


def _tick(town: Town, campaign: Campaign) -> list[int]:
    return schedules.open_due(town.db, [campaign], desk=DESK, now=town.now)


@pytest.fixture
def town(town: Town) -> Town:
    town.now = datetime(2026, 7, 8, 9, 59, tzinfo=PARIS)
    return town


def test_a_campaign_seen_for_the_first_time_opens_nothing_of_the_past(town: Town) -> None:
    town.now = datetime(2026, 7, 8, 10, 30, tzinfo=PARIS)

    assert [_tick(town, _campaign()) for _again in range(2)] == [[], []]


def test_an_occasion_is_opened_when_it_is_due_and_once(town: Town) -> None:
    campaign = _campaign()
    before = _tick(town, campaign)
    town.now += timedelta(minutes=2)

    opened = [_tick(town, campaign) for _again in range(3)]

    assert before == []
    assert [len(made) for made in opened] == [1, 0, 0]
    assert [e["occasion"] for e in town.rows("campaign_event")] == ["2026-07-08"]


def test_two_who_tick_at_once_open_one_event(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    town.now += timedelta(minutes=2)

    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _n: _tick(town, campaign), range(8)))

    assert sum(map(len, opened)) == 1


def test_what_was_missed_is_opened_late_while_its_day_can_still_be_written_on(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    town.now = datetime(2026, 7, 8, 17, 0, tzinfo=PARIS)

    assert len(_tick(town, campaign)) == 1


def test_what_is_no_longer_useful_is_noted_as_missed_and_the_next_is_opened(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    town.now = datetime(2026, 7, 10, 10, 1, tzinfo=PARIS)

    with capture_logs() as logged:
        opened = _tick(town, campaign)

    assert len(opened) == 1
    assert [(e["event"], e["occasion"]) for e in logged] == [
        ("occasion_missed", "2026-07-08"),
        ("occasion_missed", "2026-07-09"),
    ]


@pytest.mark.parametrize(
    ("night", "hours"),
    [(datetime(2026, 3, 28, 12, tzinfo=UTC), 36), (datetime(2026, 10, 24, 12, tzinfo=UTC), 36)],
    ids=["spring", "autumn"],
)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 10 * * *"])
def test_the_nights_when_clocks_change_have_one_occasion_a_day_at_most(
    town: Town, night: datetime, hours: int, cron: str
) -> None:
    campaign = _campaign(cron, builders.ALL_DAY)
    town.now = night
    _tick(town, campaign)
    for _hour in range(hours * 4):
        town.now += timedelta(minutes=15)
        _tick(town, campaign)

    occasions = [e["occasion"] for e in town.rows("campaign_event")]
    assert len(occasions) == len(set(occasions))
    assert len(occasions) in {1, 2}


def test_a_weekly_campaign_waits_for_its_day(town: Town) -> None:
    campaign = _campaign("0 10 * * mon")
    _tick(town, campaign)
    days = []
    for _day in range(14):
        town.now += timedelta(days=1, minutes=1)
        if _tick(town, campaign):
            days.append(town.now.astimezone(PARIS).strftime("%a"))

    assert days == ["Mon", "Mon"]
