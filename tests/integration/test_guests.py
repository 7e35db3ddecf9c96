"""A test of a campaign goes to staff on the way every text takes, and never to a tenant."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Campaign, SendWindow
from worker.domain.errors import Refused
from worker.domain.messages import Receipt
from worker.services import events, guests, receipts, reporting, steering
from worker.store import audience, listing

ANNE, PAUL = "+33711000001", "+33711000002"


def send(town: Town, *numbers: str, occasion: str = "essai", campaign: Campaign | None = None) -> guests.Tested:
    return guests.send_test(
        town.db,
        campaign or builders.campaign(key="canicule"),
        numbers=numbers,
        occasion=occasion,
        desk=DESK,
        now=town.now,
    )


def delivered(town: Town) -> None:
    for message in town.rows("message"):
        receipt = Receipt(int(str(message["id"])), str(message["provider_sid"]), "delivered", None, town.now)
        receipts.record(town.db, [receipt], now=town.now)


def test_only_guests_get_the_text(town: Town) -> None:
    town.household()

    tested = send(town, ANNE, PAUL)

    assert tested.guests == 2
    assert {m["e164"] for m in town.rows("message")} == {ANNE, PAUL}
    assert {m["template"] for m in town.rows("message")} == {"heat_orange_check"}


def test_a_test_goes_through_ledger_receipts_and_account_like_any_event(town: Town) -> None:
    campaign = builders.campaign()
    tested = send(town, ANNE, campaign=campaign)
    town.sent(tested.event_id, campaign)
    delivered(town)
    town.sweep()

    account = town.account(tested.event_id)
    assert (account.recipients, account.messages, account.unaccounted) == ({"informed": 1}, {"delivered": 1}, 0)
    told = reporting.as_json(reporting.report(town.db, tested.event_id))
    assert (told["test"], told["state"]) == (True, "settled")


def test_a_silent_guest_is_not_rung(town: Town) -> None:
    campaign = builders.campaign()
    tested = send(town, ANNE, campaign=campaign)
    town.sent(tested.event_id, campaign)

    town.later(hours=12)

    assert town.rows("callback_task") == []
    assert town.account(tested.event_id).recipients == {"informed": 1}


@pytest.mark.parametrize("words", ["1", "2", "je ne comprends pas", "à l'aide"])
def test_what_a_guest_answers_is_read_and_calls_nobody(town: Town, words: str) -> None:
    campaign = builders.campaign()
    tested = send(town, ANNE, campaign=campaign)
    town.sent(tested.event_id, campaign)
    town.later(minutes=1)

    town.reply(ANNE, words)

    assert [m["match"] for m in town.rows("inbound_message")] == ["household"]
    assert town.rows("callback_task") == []
    assert town.account(tested.event_id).unaccounted == 0


def test_the_sweep_never_draws_up_the_audience_of_a_test(town: Town) -> None:
    town.household()
    tested = send(town, ANNE)

    assert tested.event_id not in town.sweep().unopened_events
    assert events.fan_out(town.db, tested.event_id, desk=DESK, now=town.now) == 0
    assert len(town.rows("recipient")) == 1


def test_no_tenant_can_be_added_to_a_test(town: Town) -> None:
    home = town.household()
    tested = send(town, ANNE)
    dwelling = next(d["code"] for d in town.rows("dwelling") if not str(d["code"]).startswith("ESSAI"))

    with pytest.raises(Refused):
        steering.add(town.db, tested.event_id, dwelling=str(dwelling), desk=DESK, now=town.now)

    assert town.rows("recipient", home) == []


def test_the_rule_of_who_lets_nobody_into_a_test_even_by_mistake(town: Town) -> None:
    town.household()
    tested = send(town, ANNE)
    everybody = events.occasion_of(builders.campaign(), desk=DESK, now=town.now)

    with town.db.begin() as connection:
        joined = audience.fan_out(connection, tested.event_id, everybody, recorded=[], void_at=town.now)

    assert joined.recipients == 0


def test_the_number_of_a_tenant_is_refused_as_a_guest(town: Town) -> None:
    town.household(mobiles=[ANNE])

    with pytest.raises(Refused, match="celui d'un locataire"):
        send(town, ANNE)

    assert town.rows("message") == []


@pytest.mark.parametrize(
    ("numbers", "said"),
    [((), "guests ="), (("0612345678",), "n° 1"), ((ANNE, "+33 6 12 34 56 78"), "n° 2")],
)
def test_a_list_of_guests_that_cannot_be_written_to_is_refused(town: Town, numbers: tuple[str, ...], said: str) -> None:
    with pytest.raises(Refused, match=said) as refused:
        send(town, *numbers)

    assert not any(number in str(refused.value) for number in numbers)


def test_testing_twice_finds_the_same_guests(town: Town) -> None:
    send(town, ANNE, occasion="one")
    send(town, ANNE, occasion="two")

    assert len(town.rows("household")) == 1
    assert len(town.rows("message")) == 2


def test_an_occasion_that_was_opened_for_tenants_is_not_used_for_a_test(town: Town) -> None:
    campaign = builders.campaign()
    town.household()
    town.open(campaign, occasion="essai")

    with pytest.raises(Refused, match="déjà servi"):
        send(town, ANNE, campaign=campaign)

    assert ANNE not in {m["e164"] for m in town.rows("message")}


def test_guests_are_in_no_audience_and_in_no_listing(town: Town) -> None:
    send(town, ANNE)
    event = town.open()

    with town.db.begin() as connection:
        held = listing.roll(connection)

    assert town.account(event).total == 0
    assert not held.households
    assert ANNE not in str(held)


def test_a_test_is_no_day_of_heat_and_keeps_no_tenant_from_their_text(town: Town) -> None:
    home = town.household()
    send(town, ANNE)

    town.open()

    assert town.state(home) == "waiting"
    assert {e["level"] for e in town.rows("campaign_event") if e["is_test"]} == {"none"}


def test_a_test_leaves_at_night_too(town: Town) -> None:
    town.now = datetime(2026, 7, 8, 22, 0, tzinfo=UTC)
    campaign = replace(builders.campaign(), window=SendWindow(*(DESK.hours.alert[0])))

    send(town, ANNE, campaign=campaign)

    assert [m["due_at"] for m in town.rows("message")] == [town.now]


def test_the_words_are_those_that_tenants_would_read(town: Town) -> None:
    campaign = builders.campaign()
    tested = send(town, ANNE, campaign=campaign)

    frozen = events.get(town.db, tested.event_id).definition

    assert (frozen["text"], frozen["level"], frozen["sender"]) == (campaign.text, campaign.level, campaign.sender)
    assert frozen["reply_deadline"] is not None
    assert frozen["reminder_after"] is not None


def test_a_test_writes_no_number_into_its_report(town: Town) -> None:
    tested = send(town, ANNE)

    assert "711000001" not in str(reporting.rows(town.db, tested.event_id))
