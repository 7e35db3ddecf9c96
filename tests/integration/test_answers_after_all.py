"""Whom nobody reached may still answer: their word counts for as long as the event takes replies."""

from datetime import date, timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.outcomes import OutcomeCode
from worker.domain.pricing import Price, PriceTable
from worker.services import calls, summaries

PRICES = PriceTable((Price("+33", "sms", 80_000, date(2026, 1, 1), "contract"),))


def unreached(town: Town, outcome: OutcomeCode = OutcomeCode.UNREACHABLE, **household: object) -> builders.Household:
    """A household that was asked, said nothing, and whom people could not reach either."""
    home = town.household(**household)
    town.sent(town.open())
    town.later(hours=5)
    task = town.task(home)
    assert task is not None
    calls.record_outcome(
        town.db, int(str(task["id"])), outcome=outcome, caller="odile", note="", desk=DESK, now=town.now
    )
    assert town.state(home) == "unreached"
    town.now += timedelta(hours=1)
    return home


def report(town: Town, event: int) -> summaries.Report:
    return summaries.report(town.db, event, prices=PRICES, desk=DESK, now=town.now)


@pytest.mark.parametrize(("words", "state"), [("1", "fine"), ("absente jusqu'à vendredi", "absent")])
def test_who_answers_after_nobody_had_reached_them_is_not_unreached_any_more(
    town: Town, words: str, state: str
) -> None:
    home = unreached(town)

    town.reply(home.phone, words)

    recipient = town.recipient(home)
    assert (recipient["state"], recipient["reason"], recipient["settled_at"]) == (state, "replied", town.now)
    assert recipient["intent"] is not None
    event = int(str(recipient["event_id"]))
    account = town.account(event)
    assert (account.recipients, account.unaccounted) == ({state: 1}, 0)
    figures = report(town, event).summary.whole
    assert (figures.listed, figures.replied, figures.unreached, figures.still_open) == (1, 1, 0, 0)


@pytest.mark.parametrize(("words", "reason"), [("2", "asked_call"), ("malaise", "emergency_word"), ("??", "unclear")])
def test_who_asks_for_a_call_after_nobody_had_reached_them_is_rung(town: Town, words: str, reason: str) -> None:
    home = unreached(town)

    town.reply(home.phone, words)

    task = town.task(home)
    assert task is not None
    assert (task["reasons"], town.state(home)) == ([reason], "callback")


def test_fine_from_a_number_of_two_homes_after_nobody_had_reached_them_is_asked_about(town: Town) -> None:
    number = builders.mobile()
    town.household(mobiles=(number,))
    home = unreached(town, mobiles=(number,))

    town.reply(number, "1")

    assert town.task(home)["reasons"] == ["unclear"]  # type: ignore[index]


@pytest.mark.parametrize("outcome", [OutcomeCode.MOVED, OutcomeCode.DECEASED])
def test_fine_from_the_number_of_somebody_who_is_gone_brings_nobody_back(town: Town, outcome: OutcomeCode) -> None:
    home = unreached(town, outcome)

    town.reply(home.phone, "1")

    assert town.state(home) == "unreached"


def test_fine_after_the_event_takes_no_more_replies_changes_nothing(town: Town) -> None:
    home = unreached(town)
    town.now += timedelta(days=4)

    town.reply(home.phone, "1")

    assert town.state(home) == "unreached"
