"""A scheduled campaign opens once, whatever was down, and right over the nights when clocks change."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Campaign, SendWindow
from worker.domain.errors import NotFound, Refused
from worker.domain.occasions import ScheduleState
from worker.domain.recurring import Recurrence
from worker.services import boards, events, schedules, timetable
from worker.services.timetable import Line
from worker.settings import Settings
from worker.store import metrics

PARIS = ZoneInfo("Europe/Paris")
SETTINGS = Settings()
WINDOW = SendWindow(builders.ALL_DAY.opens.replace(hour=9), builders.ALL_DAY.closes.replace(hour=19))


def _campaign(cron: str | None = "0 10 * * *", window: SendWindow = WINDOW, **recurrence: object) -> Campaign:
    return builders.campaign(
        key="visite",
        schedule=cron,
        window=window,
        recurrence=Recurrence(**recurrence),  # type: ignore[arg-type]
    )


def _tick(town: Town, campaign: Campaign) -> list[int]:
    return schedules.open_due(town.db, [campaign], desk=DESK, settings=SETTINGS, now=town.now)


def _line(town: Town, campaign: Campaign) -> Line:
    return timetable.line(town.db, campaign, desk=DESK, now=town.now)


def _occasions(town: Town) -> list[object]:
    return [event["occasion"] for event in town.rows("campaign_event")]


def _missed(town: Town) -> list[object]:
    return [row["occasion"] for row in town.rows("missed_occasion")]


def _at(day: int, hour: int = 10, minute: int = 1, month: int = 7) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=PARIS)


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
    [
        (datetime(year, month, day, 12, tzinfo=UTC), 36)
        for year, month, day in ((2026, 3, 28), (2026, 10, 24), (2027, 3, 27), (2027, 10, 30))
    ],
    ids=["spring 2026", "autumn 2026", "spring 2027", "autumn 2027"],
)
@pytest.mark.parametrize("cron", ["30 2 * * *", "0 10 * * *"])
def test_the_nights_when_clocks_change_have_one_occasion_a_day(
    town: Town, night: datetime, hours: int, cron: str
) -> None:
    campaign = _campaign(cron, builders.ALL_DAY)
    town.now = night
    _tick(town, campaign)
    for _hour in range(hours * 4):
        town.now += timedelta(minutes=15)
        _tick(town, campaign)

    # The night between the two days, and for the later hour nothing more: a day and a half from noon on.
    assert _occasions(town) == [(night + timedelta(days=1)).date().isoformat()]
    assert _missed(town) == []


def test_a_weekly_campaign_waits_for_its_day(town: Town) -> None:
    campaign = _campaign("0 10 * * mon")
    _tick(town, campaign)
    days = []
    for _day in range(14):
        town.now += timedelta(days=1, minutes=1)
        if _tick(town, campaign):
            days.append(town.now.astimezone(PARIS).strftime("%a"))

    assert days == ["Mon", "Mon"]


def test_a_missed_occasion_is_kept_once_and_rings_until_somebody_has_seen_it(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    town.now = _at(9, 20)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _n: _tick(town, campaign), range(4)))
    rung = _alarms(town)
    seen = [timetable.take_note(town.db, campaign.key, now=town.now) for _again in range(2)]
    _tick(town, campaign)

    assert _missed(town) == ["2026-07-08", "2026-07-09"]
    assert rung == (2, ["2026-07-08", "2026-07-09"])
    assert seen == [2, 0]
    assert _alarms(town) == (0, [])
    assert [one.occasion for one in _line(town, campaign).missed] == ["2026-07-08", "2026-07-09"]


def _alarms(town: Town) -> tuple[int, list[str]]:
    """What monitoring reads, and what the board shows."""
    with town.db.begin() as connection:
        counted = metrics.snapshot(connection).missed_occasions
    return counted, [
        one.occasion for one in boards.board(town.db, agencies=None, desk=DESK, settings=SETTINGS, now=town.now).missed
    ]


def test_what_was_launched_by_hand_while_the_scheduler_was_down_was_not_missed(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    town.now = _at(8, 11)
    events.open_event(town.db, campaign, occasion="2026-07-08", desk=DESK, now=town.now)
    town.now = _at(8, 20)

    assert _tick(town, campaign) == []
    assert _missed(town) == []


def test_nothing_opens_after_the_last_day_until_an_operator_extends_it(town: Town) -> None:
    campaign = _campaign(ends_on=date(2026, 7, 8))
    for day in (7, 8, 9, 10):
        town.now = _at(day)
        _tick(town, campaign)
    over = _line(town, campaign)

    town.now = _at(10, 12)
    timetable.extend(town.db, campaign, until=date(2026, 7, 11), desk=DESK, now=town.now)
    extended = _line(town, campaign)
    for day in (10, 11, 12, 13):
        town.now = _at(day, 13)
        _tick(town, campaign)

    assert (over.state, over.coming) == (ScheduleState.OVER, [])
    assert [one.key for one in extended.coming] == ["2026-07-11"]
    assert (extended.ends_on, extended.file_ends_on) == (date(2026, 7, 11), date(2026, 7, 8))
    assert _occasions(town) == ["2026-07-08", "2026-07-11"]
    assert _missed(town) == []


def test_an_extension_is_refused_where_there_is_no_end_or_no_schedule_or_the_end_would_come_sooner(town: Town) -> None:
    def extend(campaign: Campaign) -> None:
        timetable.extend(town.db, campaign, until=date(2026, 7, 1), desk=DESK, now=town.now)

    with pytest.raises(Refused, match="n'a pas de date de fin"):
        extend(_campaign())
    with pytest.raises(Refused, match="court déjà jusqu'au 31/07/2026"):
        extend(_campaign(ends_on=date(2026, 7, 31)))
    with pytest.raises(NotFound, match="ne s'ouvre pas seule"):
        extend(_campaign(None))


def test_nothing_of_a_pause_is_opened_or_missed(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    timetable.pause(town.db, campaign, now=town.now)
    paused = _line(town, campaign)
    town.now = _at(8)
    _tick(town, campaign)
    town.now = _at(10, 12)  # no scheduler ran meanwhile
    timetable.resume(town.db, campaign, now=town.now)
    _tick(town, campaign)
    town.now = _at(11)
    _tick(town, campaign)

    assert (paused.state, paused.coming) == (ScheduleState.PAUSED, [])
    assert _occasions(town) == ["2026-07-11"]
    assert _missed(town) == []


def test_a_line_taken_out_and_put_back_promised_nothing_of_the_time_between(town: Town) -> None:
    campaign = _campaign()
    _tick(town, campaign)
    for day in (10, 12):
        town.now = _at(day, 9)
        _tick(town, _campaign(None))
    town.now = _at(12, 9, 30)
    _tick(town, campaign)
    town.now = _at(12)
    _tick(town, campaign)

    assert _occasions(town) == ["2026-07-12"]
    assert _missed(town) == []


def test_a_line_that_is_edited_promises_nothing_of_the_time_before(town: Town) -> None:
    _tick(town, _campaign("0 10 * * mon"))
    for hour in range(10, 16):
        town.now = _at(9, hour)
        _tick(town, _campaign("0 10 * * mon"))
    town.now = _at(9, 15, 2)

    assert _tick(town, _campaign("0 10 * * *")) == []
    assert _missed(town) == []


@pytest.mark.parametrize(
    ("first", "hours", "opened"),
    [
        (_at(12, 9), 96, ["2026-07-12", "2026-07-13", "2026-07-15"]),  # a Sunday; the 14th is a holiday
        (_at(30, 9, month=12), 96, ["2026-12-30", "2026-12-31", "2027-01-02"]),
    ],
    ids=["14 July", "31 December"],
)
def test_a_public_holiday_is_skipped_and_a_sunday_or_the_last_day_of_the_year_is_not(
    town: Town, first: datetime, hours: int, opened: list[str]
) -> None:
    campaign = _campaign("0 10 * * *", skip_holidays=True)
    for hour in range(hours):
        town.now = first + timedelta(hours=hour)
        _tick(town, campaign)

    assert _occasions(town) == opened
    assert _missed(town) == []


def test_several_schedulers_over_a_month_open_every_second_day_once(town: Town) -> None:
    campaign = _campaign(starts_on=date(2026, 7, 8), every_days=2)

    def tick_all(now: datetime) -> int:
        with ThreadPoolExecutor(3) as pool:
            made = pool.map(
                lambda _n: schedules.open_due(town.db, [campaign], desk=DESK, settings=SETTINGS, now=now), range(3)
            )
            return sum(map(len, made))

    tick_all(town.now)
    opened = [tick_all(_at(8) + timedelta(days=day)) for day in range(31)]

    assert opened == [1 - day % 2 for day in range(31)]
    assert _missed(town) == []
