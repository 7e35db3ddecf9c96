"""What a seed of a fault run decides."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.chaos import plan, town
from sandbox.chaos.blows import FAULTS, HOURS_S, Kind
from sandbox.twilio.faults import Fault
from tests import deployments
from worker.domain.campaigns import Kind as CampaignKind

SHIPPED = town.shipped(deployments.ROOT)
BEGINS = datetime(2026, 7, 8, 9, 59, 30, tzinfo=UTC)


def test_the_same_seed_is_the_same_plan() -> None:
    assert plan.draw(7, 40) == plan.draw(7, 40)
    assert plan.draw(7, 40).blows != plan.draw(8, 40).blows
    assert plan.draw(7, 40).homes != plan.draw(8, 40).homes


def test_a_long_run_brings_every_kind_of_fault() -> None:
    assert {blow.kind for blow in plan.draw(1, 240).blows} == set(Kind)


def test_short_runs_bring_every_kind_between_them() -> None:
    kinds = Counter(blow.kind for seed in range(20) for blow in plan.draw(seed, 24).blows)

    assert set(kinds) == set(Kind)


@pytest.mark.parametrize("seconds", [24, 240])
def test_faults_and_launches_leave_time_to_come_to_an_end(seconds: float) -> None:
    drawn = plan.draw(3, seconds)

    assert max(blow.at_s for blow in drawn.blows) <= drawn.scale.faults_s
    assert max(drive.at_s for drive in drawn.drives) + drawn.scale.deadline_s < seconds


def test_every_fault_is_one_the_stand_in_knows() -> None:
    for name, details in FAULTS.values():
        assert Fault(kind=name, **details).kind == name
    assert FAULTS[Kind.RECEIPTS_HOURS_LATE][1]["seconds"] == HOURS_S


def test_an_agency_is_written_to_with_rising_levels_so_that_nobody_counts_as_contacted() -> None:
    drives = [d for d in plan.draw(5, 240).drives if d.subject.agency == "A00"]

    assert [d.subject.level for d in sorted(drives, key=lambda d: d.at_s)] == list(plan.LEVELS)


def test_everybody_is_in_the_audience_of_their_own_agency_and_of_the_last_campaign() -> None:
    drawn = plan.draw(5, 40)
    last = drawn.drives[-1]

    assert len(drawn.audience(last)) == len(drawn.homes)
    assert len(drawn.audience(drawn.drives[0])) == drawn.scale.homes


def test_the_run_takes_place_around_noon_wherever_that_is() -> None:
    for hour in range(24):
        now = datetime(2026, 7, 8, hour, 30, tzinfo=UTC)
        assert now.astimezone(town.noon(now)).hour == 12


def test_what_the_checker_is_told_of_a_window_is_what_the_campaign_says() -> None:
    drawn, zone = plan.draw(2, 240), town.noon(BEGINS)
    closing = next(d for d in drawn.drives if d.closes)
    window = town.campaign(closing, drawn.scale, shipped=SHIPPED, begins=BEGINS, zone=zone).window
    told = town.terms(drawn, closing, BEGINS).window

    assert told is not None
    assert told[1].astimezone(zone).time() == window.closes
    assert told[1] - BEGINS - timedelta(seconds=closing.at_s) >= town.LATEST_LAUNCH


def test_what_becomes_of_a_lost_text_is_mostly_what_the_shipped_campaigns_say_and_otherwise_drawn() -> None:
    drawn, zone = plan.draw(2, 240), town.noon(BEGINS)
    resends: dict[bool | None, set[tuple[CampaignKind, bool]]] = {None: set(), True: set(), False: set()}
    for drive in drawn.drives:
        asked = town.campaign(drive, drawn.scale, shipped=SHIPPED, begins=BEGINS, zone=zone)
        resends[drive.resend].add((asked.kind, asked.resends_lost))

    assert resends == {
        None: {(CampaignKind.ADVICE, True), (CampaignKind.CHECK_IN, False)},
        True: {(CampaignKind.ADVICE, True), (CampaignKind.CHECK_IN, True)},
        False: {(CampaignKind.ADVICE, False), (CampaignKind.CHECK_IN, False)},
    }
