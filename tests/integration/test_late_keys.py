"""A key or a text that comes while the household is handed to a person: who is fine is left in peace."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import Town
from tests.integration.switchboard import CALL_DESK, LINE, Switchboard, calling_campaign
from tests.waiting import until
from worker.domain.campaigns import Level
from worker.domain.messages import Inbound, OutgoingCall
from worker.domain.voice import Word
from worker.services import following, inbound
from worker.store import people
from worker.store.database import Database
from worker.twilio import calls
from worker.twilio.calls import Place


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def landline_home(town: Switchboard) -> builders.Household:
    return town.household(mobiles=(), landlines=(builders.landline(),))


def picked_up(town: Switchboard, call: OutgoingCall) -> None:
    town.word(call, status="in-progress", sequence=2)


def in_the_air_at_the_deadline(town: Switchboard) -> tuple[builders.Household, OutgoingCall]:
    """The first call found the line busy; the second goes on while the time to answer ends."""
    home = landline_home(town)
    town.open()
    town.climb()
    [first] = town.place()
    town.ends(first, "busy", sip_code=486)
    town.now += timedelta(hours=3, minutes=59)
    [second] = town.place()
    picked_up(town, second)
    town.later(minutes=1)
    assert town.state(home) == "callback"
    return home, second


def test_who_is_being_rung_when_their_time_ends_counts_as_silent(town: Switchboard) -> None:
    home, _call = in_the_air_at_the_deadline(town)

    assert town.reasons(home) == ["no_reply_orange"]


def test_1_pressed_in_the_call_that_was_in_the_air_then_closes_the_task(town: Switchboard) -> None:
    home, call = in_the_air_at_the_deadline(town)

    town.press(call, "1")

    assert town.state(home) == "fine"
    assert town.reasons(home) == []


def given_up_as_never_made(town: Switchboard, home: builders.Household) -> Place:
    """Two vain looks proved that the call was not made; it was all the same."""
    town.gives_a_call_up()
    assert town.reasons(home) == ["no_mobile"]
    with town.db.begin() as connection:
        row = connection.execute(text("SELECT message_id, attempt_id FROM automatic_call")).one()
    return Place(row.message_id, row.attempt_id, "CA" + "d" * 32, 0)


def pressed(town: Switchboard, home: builders.Household, at: Place, key: str) -> int:
    """The hook keeps a key; nobody has read it yet."""
    answer = calls.pressed({"To": home.phone, "From": LINE.address}, at, key, now=town.now)
    _known, stored = following.press(town.db, at, Word(key=key), answer, desk=CALL_DESK, now=town.now)
    assert stored is not None
    return stored


def test_1_pressed_in_a_call_that_turns_up_late_closes_the_task_made_for_want_of_a_mobile(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    at = given_up_as_never_made(town, home)

    inbound.handle(town.reading, pressed(town, home, at, "1"), now=town.now)

    assert town.state(home) == "fine"
    assert town.reasons(home) == []


def test_1_does_not_close_a_task_that_is_also_for_an_event_in_which_nothing_could_be_asked(town: Switchboard) -> None:
    home = landline_home(town)
    told = {"reply_deadline": timedelta(hours=4), "reminder_text": None, "reminder_after": None}
    unasked = town.open(calling_campaign(level=Level.RED, ladder=(), **told), occasion="no machine")
    town.climb()
    assert town.reasons(home) == ["no_mobile"]
    asked = town.open()
    town.climb()
    [call] = town.place()
    picked_up(town, call)
    town.later(hours=4)

    town.press(call, "1")

    assert (town.state(home, unasked), town.state(home, asked)) == ("callback", "callback")
    assert set(town.reasons(home)) == {"no_reply_orange", "no_mobile"}


# ---- an answer that is stored while who climbs waits for the household -------


def is_waited_for(town: Town) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with town.db.begin() as connection:
        return bool(connection.execute(text(waiting)).scalar_one())


def climbing_meets_an_answer(town: Switchboard, home: builders.Household, store: object) -> int:
    """Who climbs has seen that nothing was heard, and waits for the household; meanwhile an answer is stored."""
    with ThreadPoolExecutor(1) as thread:
        with town.db.begin() as connection:
            people.lock(connection, [home.id])
            climbing = thread.submit(town.climb)
            until(lambda: is_waited_for(town), why="the household to be waited for")
            stored = store()  # type: ignore[operator]
        climbing.result()
    return int(stored)


def test_a_key_that_is_stored_while_the_household_is_waited_for_makes_no_task(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    [call] = town.place()
    picked_up(town, call)
    town.now += timedelta(hours=4)

    stored = climbing_meets_an_answer(town, home, lambda: pressed(town, home, town.place_of(call), "1"))
    states = town.state(home), town.reasons(home)
    inbound.handle(town.reading, stored, now=town.now)

    assert states == ("waiting", [])
    assert town.state(home) == "fine"
    assert town.rows("callback_task") == []


def test_a_text_that_is_stored_while_the_household_is_waited_for_makes_no_task(town: Switchboard) -> None:
    home = town.household()
    town.sent(town.open(builders.campaign()))
    town.now += timedelta(hours=4)
    words = Inbound("SM" + "7" * 32, home.phone, "38000", "1", town.now)

    stored = climbing_meets_an_answer(town, home, lambda: inbound.store(town.db, words, now=town.now))
    inbound.handle(town.reading, stored, now=town.now)

    assert town.state(home) == "fine"
    assert town.rows("callback_task") == []
