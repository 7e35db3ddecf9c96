"""An all clear while the machine rings: calls that are owed are not made; the last text is for who got the alert."""

from datetime import datetime, timedelta

import pytest

from tests import builders
from tests.integration.switchboard import CALL_DESK, Switchboard
from tests.integration.test_steering import END
from worker.domain.campaigns import Level
from worker.domain.messages import Receipt
from worker.services import events, receipts, steering
from worker.store.database import Database


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def landline_homes(town: Switchboard, count: int) -> list[builders.Household]:
    return [town.household(mobiles=(), landlines=(builders.landline(),)) for _n in range(count)]


def does_not_arrive(town: Switchboard, home: builders.Household) -> None:
    """The carrier could not deliver the first text: the machine rings instead."""
    [first] = town.texts(home, "first")
    receipts.record(
        town.db, [Receipt(first["id"], str(first["provider_sid"]), "undelivered", 30003, town.now)], now=town.now
    )  # type: ignore[arg-type]
    town.climb()


def clear(town: Switchboard, event: int) -> set[object]:
    """Says the all clear; returns the numbers of the last text."""
    cleared = steering.all_clear(town.db, event, end=END, desk=CALL_DESK, now=town.now)
    assert cleared.end_event_id is not None
    events.fan_out(town.db, cleared.end_event_id, desk=CALL_DESK, now=town.now)
    return {m["e164"] for m in town.rows("message") if m["event_id"] == cleared.end_event_id}


def test_calls_that_were_not_made_never_are(town: Switchboard) -> None:
    homes = landline_homes(town, 3)
    event = town.open()
    town.climb()
    under_way = town.place()

    clear(town, event)
    for call in under_way:
        town.ends(call, "busy", sip_code=486)
    town.sweep()
    town.later(hours=2)

    assert town.place() == []
    assert {town.state(home, event) for home in homes} == {"cancelled"}
    assert {town.call_row(home)["state"] for home in homes} <= {"cancelled", "undelivered", "failed"}
    assert [town.task(home) for home in homes] == [None, None, None]
    assert town.account(event).unaccounted == 0


def test_a_key_pressed_in_a_call_under_way_is_still_heard(town: Switchboard) -> None:
    [home] = landline_homes(town, 1)
    event = town.open()
    town.climb()
    [call] = town.place()

    clear(town, event)
    town.press(call, "2")

    assert town.reasons(home) == ["asked_call"]


def test_who_was_not_reached_by_the_alert_gets_no_last_text(town: Switchboard) -> None:
    """Neither whose text did not arrive, nor who was rung in vain."""
    got, undelivered = town.household(), town.household()
    event = town.open()
    town.sent(event)
    does_not_arrive(town, undelivered)
    for call in town.place():
        town.ends(call, "no-answer", sip_code=487)
    town.now += timedelta(minutes=1)

    assert clear(town, event) == {got.phone}


def test_who_picked_up_an_alert_by_telephone_gets_the_last_text(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    does_not_arrive(town, home)
    [call] = town.place()
    town.press(call, "1")
    town.ends(call, "completed", duration_s=20)

    assert clear(town, event) == {home.phone}


def test_an_alert_that_rose_during_the_day_ends_with_one_last_text(town: Switchboard) -> None:
    """The orange of the morning does not keep the last text of the red from anybody, nor is it sent for both."""
    home = town.household()
    orange, red = (town.open(builders.campaign(level=level), level) for level in (Level.ORANGE, Level.RED))
    town.sent(orange)
    town.sent(red)

    assert clear(town, red) == {home.phone}
    assert clear(town, orange) == set()
