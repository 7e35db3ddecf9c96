"""What somebody notes while a text or a call of the machine waits for its turn holds for that one already."""

from datetime import time, timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import Town
from tests.integration.switchboard import Switchboard
from tests.integration.test_wishes import dwelling_of
from worker.services import wishes
from worker.store import leaving, people
from worker.store import wishes as rows


@pytest.fixture
def town(db: object, now: object) -> Switchboard:
    return Switchboard(db, now)  # type: ignore[arg-type]


def leaves(town: Town, event_id: int) -> list[str]:
    """The numbers whose texts a worker would send now; nothing is sent."""
    with town.db.begin() as connection:
        claimed = leaving.claim(connection, event_id, purpose="care", limit=10, now=town.now).texts
    return [text.e164 for text in claimed]


def note_wrong(town: Town, home: builders.Household) -> None:
    with town.db.begin() as connection:
        people.mark_not_theirs(connection, home.id, home.phone, now=town.now)


def note_removed(town: Town, home: builders.Household) -> None:
    """A listing without the number was imported."""
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE phone SET removed_at = :now WHERE household_id = :id AND e164 = :e164"),
            {"now": town.now, "id": home.id, "e164": home.phone},
        )


def note_stop(town: Town, home: builders.Household) -> None:
    wishes.opt_out(town.db, dwelling_of(town, home), channel="all", purpose="care", by="odile", now=town.now)


def note_hold(town: Town, home: builders.Household) -> None:
    """Short enough that the text may be useful after it."""
    with town.db.begin() as connection:
        until = town.now + timedelta(hours=1)
        people.hold(connection, [home.id], reason="absent", source="operator", until=until, now=town.now)


NOTED = [note_wrong, note_removed, note_stop, note_hold]


@pytest.mark.parametrize("note", NOTED)
def test_a_text_that_waits_for_its_turn_does_not_leave(town: Switchboard, note: object) -> None:
    home, other = town.household(), town.household()
    event = town.open()

    note(town, home)  # type: ignore[operator]

    assert leaves(town, event) == [other.phone]


@pytest.mark.parametrize("note", NOTED)
def test_a_call_that_waits_for_a_line_is_not_made(town: Switchboard, note: object) -> None:
    homes = [town.household(mobiles=(), landlines=(builders.landline(),)) for _n in range(2)]
    town.open()
    town.climb()

    note(town, homes[0])  # type: ignore[operator]

    assert [call.to for call in town.place()] == [homes[1].phone]


@pytest.mark.parametrize("note", [note_wrong, note_removed])
def test_who_is_not_to_be_written_to_any_more_goes_to_a_person_at_the_next_tick(
    town: Switchboard, note: object
) -> None:
    home = town.household()
    town.open()

    note(town, home)  # type: ignore[operator]
    town.sweep()
    town.climb()

    assert town.state(home) == "callback"
    assert town.reasons(home) == ["undelivered"]


def test_a_number_that_proves_wrong_after_the_text_arrived_there_brings_a_person_at_once(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'delivered'"))

    note_wrong(town, home)
    town.sweep()
    town.climb()

    assert town.reasons(home) == ["undelivered"]


def test_a_number_that_only_left_the_listing_may_still_answer(town: Switchboard) -> None:
    home = town.household()
    town.sent(town.open())

    note_removed(town, home)
    town.sweep()
    town.climb()
    town.reply(home.phone, "1")

    assert town.state(home) == "fine"


def test_an_absence_that_ends_in_time_lets_the_text_leave_then(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    note_hold(town, home)

    town.now += timedelta(hours=1, seconds=1)

    assert leaves(town, event) == [home.phone]


def shared(town: Town) -> tuple[builders.Household, builders.Household]:
    """Two households with one number; the text to it is in the name of the first."""
    number = builders.mobile()
    return town.household(mobiles=(number,)), town.household(mobiles=(number,))


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_number_that_is_right_for_the_neighbour_still_gets_the_text_of_both(town: Switchboard, wrong: int) -> None:
    homes = shared(town)
    event = town.open()

    note_wrong(town, homes[wrong])
    town.sweep()
    town.climb()

    assert leaves(town, event) == [homes[0].phone]
    assert town.state(homes[1 - wrong]) == "waiting"
    assert town.reasons(homes[wrong]) == ["undelivered"]


def test_an_absent_neighbour_does_not_keep_the_text_of_who_is_there(town: Switchboard) -> None:
    away, home = shared(town)
    event = town.open()

    note_hold(town, away)

    assert leaves(town, event) == [home.phone]


def prefer(town: Town, home: builders.Household, begins: int, ends: int) -> None:
    """Local hours; the town's morning is 10:01 in Paris."""
    with town.db.begin() as connection:
        rows.prefer(connection, home.id, {"hours_from": time(begins), "hours_until": time(ends)})


def rung_at(town: Switchboard, home: builders.Household, hours: range) -> list[int]:
    """The local hours of today at which the machine rings the household, if nobody picks up."""
    found = []
    for hour in hours:
        town.now = town.now.replace(hour=hour - 2, minute=30)
        town.sweep()
        found += [hour for call in town.place() if call.to == home.phone]
    return found


@pytest.mark.parametrize(
    ("begins", "ends", "rung"),
    [
        (9, 12, [10]),  # it is their hour
        (13, 17, [13]),  # not before
        (14, 17, [10]),  # a person rings by then: in an alert nobody waits longer than for an answer
        (8, 10, [10]),  # tomorrow would be too late
        (19, 21, [10]),  # nobody rings so late
    ],
)
def test_the_machine_keeps_to_the_hours_a_household_prefers_where_there_is_time(
    town: Switchboard, begins: int, ends: int, rung: list[int]
) -> None:
    home = town.household(mobiles=(), landlines=(builders.landline(),))
    town.open()
    town.climb()

    prefer(town, home, begins, ends)

    assert rung_at(town, home, range(10, 16)) == rung
