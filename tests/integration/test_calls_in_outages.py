"""The provider places no calls: who waits to be rung by the machine is rung by a person, and is on the printed list."""

from datetime import datetime, timedelta

import pytest

from tests import builders, listings
from tests.integration.switchboard import Switchboard
from worker.catalogue import forms
from worker.domain.messages import Outcome, SendResult
from worker.services import call_sheets, events, outages, recording
from worker.store.database import Database

HERE = "w1"  # the switchboard's one worker
NOBODY = SendResult(0, 0, Outcome.TRANSIENT)
BROKEN = SendResult(0, 0, Outcome.TRANSIENT, http_status=503)
TAKEN = SendResult(999, 999, Outcome.ACCEPTED, "SM" + "1" * 32, http_status=201)
LOST = SendResult(999, 999, Outcome.TRANSIENT)


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def landline_home(town: Switchboard) -> builders.Household:
    return town.household(mobiles=(), landlines=(builders.landline(),))


def a_text(town: Switchboard, result: SendResult) -> None:
    """What this worker's requests for texts come to meanwhile."""
    numbers = {result.message_id: "+33600000000"}
    recording.record(
        town.db, [result], numbers=numbers, attempts_made={}, campaign=None, max_attempts=8, holder=HERE, now=town.now
    )


def minutes_pass(
    town: Switchboard, minutes: int, *, calls: SendResult | None = None, texts: SendResult | None = None
) -> None:
    """Minute by minute, with what the requests come to; None: none is made, and calls are taken."""
    for _minute in range(minutes):
        town.exchange.fates = [] if calls is None else [calls] * 9
        town.place()
        if texts is not None:
            a_text(town, texts)
        town.now += timedelta(minutes=1)
        town.sweep()
        town.climb()
    town.exchange.fates = []


def printed(town: Switchboard) -> int:
    """How many households the callers' printed lists have."""
    known = forms.load(listings.ROOT / "config")
    found = call_sheets.sheets(town.db, known, landlord="Les Chalets", agency=None, now=town.now)
    return sum(len(agency.sheets) for agency in found)


@pytest.mark.parametrize("silence", [NOBODY, BROKEN])
def test_after_the_patience_a_call_that_nobody_takes_is_a_persons_and_printed(
    town: Switchboard, silence: SendResult
) -> None:
    home = landline_home(town)
    event = town.open()
    town.climb()
    minutes_pass(town, 29, calls=silence)
    before = town.state(home), printed(town)

    minutes_pass(town, 5, calls=silence)

    assert before == ("waiting", 0)
    assert (town.state(home), printed(town)) == ("callback", 1)
    assert town.call_row(home)["state"] == "expired"
    assert "appel automatique" in (events.get(town.db, event).alarm or "")
    assert town.account(event).unaccounted == 0


def test_when_calls_are_taken_again_nobody_is_rung_twice(town: Switchboard) -> None:
    landline_home(town)
    town.open()
    town.climb()
    minutes_pass(town, 34, calls=NOBODY)

    minutes_pass(town, 3)

    assert town.exchange.rung == []


def test_calls_that_are_not_taken_are_handed_over_although_texts_are(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()

    minutes_pass(town, 34, calls=BROKEN, texts=TAKEN)

    assert (town.state(home), printed(town)) == ("callback", 1)


def test_calls_that_are_not_taken_hold_back_no_text(town: Switchboard) -> None:
    landline_home(town)
    town.open()
    town.climb()
    minutes_pass(town, 5, calls=NOBODY)

    with town.db.begin() as connection:
        assert outages.allowance(connection, holder=HERE, now=town.now) == (None, 0.0)


def test_as_long_as_calls_are_taken_texts_that_are_not_give_no_call_away(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    for _text in range(3):
        a_text(town, LOST)
    minutes_pass(town, 1, calls=NOBODY, texts=LOST)
    minutes_pass(town, 33, texts=LOST)

    assert town.state(home) == "waiting"
    assert len(town.exchange.rung) == 1


def test_the_call_of_who_is_silent_after_a_text_waits_and_a_person_rings_at_the_deadline_all_the_same(
    town: Switchboard,
) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(hours=1)
    town.sent(event)  # the reminder
    town.later(minutes=30)
    minutes_pass(town, 34, calls=NOBODY)
    waits = town.call_row(home)["state"], town.state(home), printed(town)

    town.later(hours=2)

    assert waits == ("queued", "waiting", 0)
    assert (town.call_row(home)["state"], town.state(home), printed(town)) == ("cancelled", "callback", 1)


def test_the_call_of_who_is_silent_after_a_text_is_made_when_calls_are_taken_again(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(hours=1)
    town.sent(event)
    town.later(minutes=30)
    minutes_pass(town, 34, calls=NOBODY)

    minutes_pass(town, 2)

    assert [call.to for call, _sid in town.exchange.rung] == [home.phone]
