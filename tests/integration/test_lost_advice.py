"""Nobody counts as informed by advice that may never have left."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from sandbox.chaos import promises
from tests import builders
from tests.integration.rehearsal import MARGIN, Rehearsal
from worker.domain.campaigns import Campaign, Exclusions, Kind, Remedy
from worker.store.database import Database

FATES_OF_ALL = 6


@pytest.fixture
def town(db: Database, now: datetime) -> Iterator[Rehearsal]:
    """Whatever a test does with it, whom it counts as informed the provider has a text for."""
    town = Rehearsal(db, now)
    yield town
    assert promises.who_is_informed_had_the_text(town.evidence()).wrong == ()


def _advice(**changes: object) -> Campaign:
    silent = dict.fromkeys(("reply_deadline", "reminder_text", "reminder_after"))
    words = {"kind": Kind.ADVICE, "purpose": "advice", "sender": "alpha", "text": "heat_yellow_advice"}
    return builders.campaign(**words | silent | changes)


def _lost(town: Rehearsal, campaign: Campaign) -> int:
    """An event of which every request was lost, and nobody knows."""
    event = town.open(campaign)
    town.provider.fates = ["lost without a word"] * FATES_OF_ALL
    town.send(event)
    town.provider.fates.clear()
    return event


def _states(town: Rehearsal) -> set[tuple[str, str | None]]:
    """Of those who have a number to write to."""
    return {(r.state, r.reason) for r in town.evidence().books.recipients if r.number}


def _later(town: Rehearsal, span: timedelta) -> None:
    town.now += span
    town.tick()


def test_advice_that_proves_lost_long_after_its_receipt_was_due_leaves_once_more_and_informs_then(
    town: Rehearsal,
) -> None:
    """Twilio's list was away for longer than a receipt is waited for."""
    event = _lost(town, _advice(receipt_wait=timedelta(hours=2)))
    _later(town, timedelta(hours=3))
    of_unknown_fate = _states(town)
    for _look in range(2):
        town.ask()
        _later(town, 2 * MARGIN)
    queued_again = _states(town)
    town.send(event)
    _later(town, timedelta(minutes=2))

    assert of_unknown_fate == queued_again == {("waiting", None)}
    assert _states(town) == {("informed", "unconfirmed")}
    assert promises.accepted_once(town.evidence()).wrong == ()


@pytest.mark.parametrize(
    ("remedy", "end"),
    [(Remedy.RECORD, ("unreached", "unknown_outcome")), (Remedy.CALLBACK, ("callback", "undelivered"))],
)
def test_advice_of_which_nobody_will_ever_know_ends_as_the_campaign_says(
    town: Rehearsal, remedy: Remedy, end: tuple[str, str]
) -> None:
    """An hour after it was last of use."""
    _lost(town, _advice(void_after=timedelta(hours=8), exclusions=Exclusions(undelivered=remedy)))
    _later(town, timedelta(hours=8))
    until_then = _states(town)
    _later(town, timedelta(hours=1))

    assert until_then == {("waiting", None)}
    assert _states(town) == {end}


def test_an_acknowledgement_that_arrives_informs_nobody_of_advice_that_has_not_left(town: Rehearsal) -> None:
    """It is kept with the event, as the answer to somebody who wrote while the text was still waiting."""
    town.open(_advice())
    town.write(town.homes[5].phone, "1")
    town.read()
    town.send_answers()
    [acknowledgement] = town.provider.taken
    for status in ("sent", "delivered"):
        town.word(acknowledgement, status)

    assert _states(town) == {("waiting", None)}
