"""Somebody who asks for a call once more is told "today" once more: whatever was planned gives way to the wish."""

from datetime import timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Level
from worker.domain.messages import Inbound
from worker.domain.outcomes import OutcomeCode
from worker.domain.rungs import LadderStep, Rung
from worker.services import calls, claims, inbound

BY = "odile"
WEEKLY = builders.campaign(level=Level.NONE)
WITH_RELATIVES = builders.campaign(
    level=Level.NONE,
    reply_deadline=None,
    reminder_text=None,
    reminder_after=None,
    ladder=(LadderStep(Rung.CALLBACK, timedelta(hours=3)), LadderStep(Rung.TRUSTED_CONTACT)),
)


def asked(town: Town, body: str = "2", **home: object) -> builders.Household:
    """A household that has asked for a call."""
    found = town.household(**home)
    town.sent(town.open(WEEKLY))
    town.reply(found.phone, body)
    return found


def ring(town: Town, home: builders.Household, outcome: OutcomeCode, **said: str) -> calls.Ended:
    """Somebody rings, now."""
    task = town.task(home)
    assert task is not None
    said_more = calls.Said(**said)
    return calls.record_outcome(
        town.db, int(str(task["id"])), outcome=outcome, caller=BY, note="", desk=DESK, now=town.now, said=said_more
    )


def offered(town: Town) -> int | None:
    claim = claims.next_task(town.db, caller=BY, now=town.now)
    return None if claim is None else claim.task.id


# ---- at once -----------------------------------------------------------------


@pytest.mark.parametrize("words", ["2", "malaise"])
@pytest.mark.parametrize(
    ("outcome", "said"), [(OutcomeCode.NO_ANSWER, {}), (OutcomeCode.CALL_LATER, {"at": "2026-07-10 15:00"})]
)
def test_who_asks_again_after_a_try_is_rung_at_once_not_when_the_next_try_was_planned(
    town: Town, words: str, outcome: OutcomeCode, said: dict[str, str]
) -> None:
    home = asked(town, words)
    planned = ring(town, home, outcome, **said).next_call_at
    assert planned is not None
    assert planned > town.now + timedelta(hours=2)
    town.now += timedelta(minutes=15)
    assert offered(town) is None

    town.reply(home.phone, words)

    task = town.task(home)
    assert task is not None
    assert task["not_before"] is None
    assert task["due_at"] <= town.now + timedelta(hours=2)  # type: ignore[operator]
    assert offered(town) == task["id"]


def test_a_wish_that_is_read_after_the_call_it_asked_for_moves_no_plan(town: Town) -> None:
    home = asked(town)
    second = inbound.store(town.db, Inbound("SM" + "7" * 32, home.phone, "38000", "2", town.now), now=town.now)
    assert second is not None
    town.now += timedelta(minutes=5)
    planned = ring(town, home, OutcomeCode.NO_ANSWER).next_call_at

    inbound.handle(town.reading, second, now=town.now + timedelta(minutes=1))

    task = town.task(home)
    assert task is not None
    assert task["not_before"] == planned


# ---- and as often as anybody -------------------------------------------------


def tries(town: Town, home: builders.Household, *outcomes: OutcomeCode) -> None:
    for outcome in outcomes:
        ended = ring(town, home, outcome)
        town.now = max(town.now, ended.next_call_at or town.now)


def test_the_tries_begin_anew_for_who_asks_for_a_call(town: Town) -> None:
    home = asked(town)
    tries(town, home, OutcomeCode.NO_ANSWER, OutcomeCode.NO_ANSWER)
    town.reply(home.phone, "2")

    first = ring(town, home, OutcomeCode.BUSY)
    tries(town, home, OutcomeCode.NO_ANSWER)
    last = ring(town, home, OutcomeCode.NO_ANSWER)

    assert not first.closed
    assert last.closed
    assert town.state(home) == "unreached"


@pytest.mark.parametrize("outcome", [OutcomeCode.NO_ANSWER, OutcomeCode.VOICEMAIL, OutcomeCode.UNREACHABLE])
def test_a_call_asked_for_while_the_last_try_rings_is_still_owed_soon(town: Town, outcome: OutcomeCode) -> None:
    home = asked(town)
    tries(town, home, OutcomeCode.NO_ANSWER, OutcomeCode.NO_ANSWER)
    assert offered(town) is not None
    town.now += timedelta(minutes=1)
    town.reply(home.phone, "2")
    town.now += timedelta(minutes=1)

    ended = ring(town, home, outcome)

    assert (ended.closed, ended.next_call_at) == (False, town.now + timedelta(minutes=15))
    assert town.state(home) == "callback"


def test_who_asks_is_rung_themselves_and_not_the_relative_who_was_to_be_rung(town: Town) -> None:
    home = town.household()
    builders.add_phone(town.db, home, builders.landline(), label="child")
    town.sent(town.open(WITH_RELATIVES))
    town.reply(home.phone, "2")
    tries(town, home, OutcomeCode.UNREACHABLE)
    assert town.task(home)["reasons"] == ["asked_call", "trusted_contact"]  # type: ignore[index]

    town.reply(home.phone, "2")

    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]
    assert town.task(home)["not_before"] is None  # type: ignore[index]
    again = ring(town, home, OutcomeCode.UNREACHABLE)
    assert again.then == "trusted_contact"


def test_no_number_of_the_household_is_given_up_for_a_call_to_its_relative(town: Town) -> None:
    """They ask while the relative is being rung: which number was wrong is then said, or none is given up."""
    home = town.household()
    builders.add_phone(town.db, home, builders.landline(), label="child")
    town.sent(town.open(WITH_RELATIVES))
    town.reply(home.phone, "2")
    tries(town, home, OutcomeCode.UNREACHABLE)
    assert offered(town) is not None
    town.now += timedelta(minutes=1)
    town.reply(home.phone, "2")

    ended = ring(town, home, OutcomeCode.WRONG_NUMBER)

    assert not ended.closed
    assert [phone["bad_since"] for phone in town.rows("phone", home)] == [None, None]
