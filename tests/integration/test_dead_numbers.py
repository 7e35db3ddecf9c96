"""A number that the telephone network does not know: the household's next one is rung, and nobody rings it again where
that is proved."""

from datetime import datetime

import pytest

from tests import builders
from tests.integration.conftest import DESK
from tests.integration.switchboard import Switchboard, calling_campaign
from worker.domain.campaigns import Level
from worker.domain.messages import NumberFault, Outcome, SendResult
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, reporting
from worker.store import accounts
from worker.store.database import Database

REFUSED = SendResult(0, 0, Outcome.REFUSED_NUMBER, code=21217, http_status=400, fault=NumberFault.DEAD)
GRACE_S = 30


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def home_with(town: Switchboard, *, landlines: int) -> builders.Household:
    """A household with landlines alone."""
    return town.household(mobiles=(), landlines=[builders.landline() for _ in range(landlines)])


def rung(town: Switchboard) -> list[str]:
    """Who is rung now, by number."""
    town.climb()
    return [call.to for call in town.place()]


def dead(town: Switchboard, *, code: int = 404) -> None:
    """The call in the air fails, as the network says."""
    town.ends(town.exchange.rung[-1][0], "failed", sip_code=code)
    town.later(seconds=GRACE_S)


def bad_numbers(town: Switchboard) -> dict[str, object]:
    return {str(p["e164"]): p["bad_reason"] for p in town.rows("phone") if p["bad_since"] is not None}


@pytest.mark.parametrize("code", [410, 484, 604])
def test_a_dead_number_is_marked_as_a_text_would_mark_it(town: Switchboard, code: int) -> None:
    home = home_with(town, landlines=1)
    town.open()
    assert rung(town) == [home.phone]

    dead(town, code=code)

    assert bad_numbers(town) == {home.phone: "provider_dead"}


def test_a_number_not_found_once_is_left_to_the_person_who_rings_and_who_alone_may_give_it_up(
    town: Switchboard,
) -> None:
    """A fault of a carrier's routing says the same of numbers that are none the worse."""
    home = home_with(town, landlines=1)
    town.open()
    rung(town)

    dead(town)

    assert rung(town) == []
    assert town.reasons(home) == ["call_failed", "no_mobile"]
    assert bad_numbers(town) == {}
    [task] = reporting.tasks(town.db)
    assert [(phone["e164"], phone["bad"]) for phone in task.phones or []] == [(home.phone, False)]
    gone = OutcomeCode.NOT_IN_SERVICE
    calls.record_outcome(town.db, task.id, outcome=gone, caller="odile", note="", desk=DESK, now=town.now)
    assert bad_numbers(town) == {home.phone: "not_in_service"}


def test_a_number_not_found_on_two_days_is_dead_and_twice_on_one_day_is_not(town: Switchboard) -> None:
    home = home_with(town, landlines=1)
    town.open()
    rung(town)
    dead(town)
    town.open(calling_campaign(level=Level.RED), occasion="noon")
    assert rung(town) == [home.phone]
    dead(town)
    assert bad_numbers(town) == {}

    town.later(days=1)
    town.open(calling_campaign(level=Level.RED), occasion="tomorrow")
    assert rung(town) == [home.phone]
    dead(town)

    assert bad_numbers(town) == {home.phone: "provider_dead"}


def test_a_number_that_was_found_in_between_is_none_the_worse(town: Switchboard) -> None:
    home = home_with(town, landlines=1)
    for day, ends in enumerate(["failed", "completed", "failed"]):
        town.open(calling_campaign(level=Level.RED), occasion=f"day {day}")
        assert rung(town) == [home.phone]
        town.ends(town.exchange.rung[-1][0], ends, sip_code=404 if ends == "failed" else 200)
        town.later(days=1)

    assert bad_numbers(town) == {}


@pytest.mark.parametrize("code", [480, 500, 503, None])
def test_a_fault_of_the_network_marks_no_number(town: Switchboard, code: int | None) -> None:
    home_with(town, landlines=1)
    town.open()
    rung(town)

    town.ends(town.exchange.rung[-1][0], "failed", sip_code=code)

    assert bad_numbers(town) == {}


def test_the_second_landline_is_rung_before_a_person_rings(town: Switchboard) -> None:
    home = home_with(town, landlines=2)
    town.open()
    assert rung(town) == [home.phones[0]]
    dead(town)

    assert (town.state(home), town.task(home)) == ("waiting", None)
    assert rung(town) == [home.phones[1]]

    town.press(town.exchange.rung[-1][0], "1")
    assert town.state(home) == "fine"


def test_a_number_refused_at_once_leads_to_the_next_too(town: Switchboard) -> None:
    home = home_with(town, landlines=2)
    town.open()
    town.exchange.fates.append(REFUSED)
    assert rung(town) == []

    assert bad_numbers(town) == {home.phones[0]: "provider_dead"}
    town.later(seconds=2)
    assert rung(town) == [home.phones[1]]


@pytest.mark.parametrize(("code", "given_up"), [(404, 0), (604, 3)])
def test_when_every_number_is_dead_a_person_is_told_so(town: Switchboard, code: int, given_up: int) -> None:
    home = home_with(town, landlines=3)
    town.open()
    for number in home.phones:
        assert rung(town) == [number]
        dead(town, code=code)
    assert rung(town) == []

    assert town.reasons(home) == ["call_failed", "no_mobile"]
    assert set(bad_numbers(town)) == set(home.phones[:given_up])


def test_who_does_not_pick_up_at_the_next_number_is_a_person_s_as_anybody(town: Switchboard) -> None:
    home = home_with(town, landlines=2)
    town.open()
    rung(town)
    dead(town)
    rung(town)

    town.ends(town.exchange.rung[-1][0], "completed")
    town.later(seconds=GRACE_S)
    town.climb()

    assert town.reasons(home) == ["no_reply_orange", "call_no_key"]


def test_busy_is_tried_again_at_the_same_number_and_not_at_the_next(town: Switchboard) -> None:
    home = home_with(town, landlines=2)
    town.open()
    rung(town)
    town.ends(town.exchange.rung[-1][0], "busy", sip_code=486)

    town.later(seconds=3600)

    assert rung(town) == [home.phones[0]]


def test_a_dead_word_told_twice_or_late_rings_the_next_number_once(town: Switchboard) -> None:
    home = home_with(town, landlines=2)
    town.open()
    rung(town)
    first = town.exchange.rung[-1][0]
    dead(town)
    rung(town)

    town.ends(first, "failed", sip_code=404)
    town.word(first, status="ringing", sequence=1)
    town.later(seconds=GRACE_S)

    assert rung(town) == []
    assert [call.to for call, _sid in town.exchange.rung] == list(home.phones)


def test_neighbours_with_one_dead_line_are_each_rung_at_their_own_next(town: Switchboard) -> None:
    shared = builders.landline()
    one = town.household(mobiles=(), landlines=(shared, builders.landline()))
    other = town.household(mobiles=(), landlines=(shared, builders.landline()))
    alone = town.household(mobiles=(), landlines=(shared,))
    town.open()
    assert rung(town) == [shared]
    dead(town)

    town.climb()
    town.place()
    town.later(seconds=5)
    town.place()

    assert sorted(call.to for call, _sid in town.exchange.rung[1:]) == sorted([one.phones[1], other.phones[1]])
    assert town.reasons(alone) == ["call_failed", "no_mobile"]


def test_neighbours_whose_next_line_is_one_rely_on_one_call_there(town: Switchboard) -> None:
    first, second = builders.landline(), builders.landline()
    homes = [town.household(mobiles=(), landlines=(first, second)) for _ in range(2)]
    town.open()
    assert rung(town) == [first]
    dead(town)

    assert rung(town) == [second]
    town.press(town.exchange.rung[-1][0], "2")

    assert [town.reasons(home) for home in homes] == [["asked_call"]] * 2


def test_nobody_is_outside_the_account_while_numbers_prove_dead(town: Switchboard) -> None:
    homes = [home_with(town, landlines=n) for n in (1, 2, 3)]
    event = town.open()
    for _ in range(6):
        for _number in rung(town):
            dead(town)
        town.later(seconds=GRACE_S)

        with town.db.begin() as connection:
            account = accounts.of_event(connection, event)
        assert account.unaccounted == 0

    assert {town.state(home) for home in homes} == {"callback"}
