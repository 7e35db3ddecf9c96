"""What a reply does to the household that wrote it."""

from datetime import date, timedelta

import pytest

from tests import builders
from tests.integration.conftest import Town
from worker.domain.campaigns import Kind, Level
from worker.services import inbound


def test_fine_settles_the_household_and_thanks_it(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)

    town.reply(home.phone, "1")

    assert town.state(home) == "fine"
    assert [m["template"] for m in town.texts(home, "ack")] == ["ack_ok"]
    assert town.task(home) is None


def test_fine_before_the_reminder_leaves_takes_the_reminder_back(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=2)
    assert [m["state"] for m in town.texts(home, "reminder")] == ["queued"]

    town.reply(home.phone, "oui tout va bien")

    assert [m["state"] for m in town.texts(home, "reminder")] == ["cancelled"]


@pytest.mark.parametrize(
    ("body", "reason", "template"),
    [
        ("2", "asked_call", "ack_help"),
        ("je suis tombée", "emergency_word", "ack_emergency"),
        ("1 mais le volet est en panne", "unclear", "ack_unclear"),
        ("STOP", "opted_out", "stop_ok"),
        ("vous vous trompez, mauvais numéro", "wrong_number", "wrong_number_ok"),
    ],
)
def test_whatever_is_not_plainly_fine_is_rung_by_a_person(town: Town, body: str, reason: str, template: str) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, body)

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == [reason]
    assert town.state(home) == "callback"
    assert [m["template"] for m in town.texts(home, "ack")] == [template]


@pytest.mark.parametrize(("body", "state"), [("oui", "callback"), ("1", "fine"), ("tout va bien", "fine")])
def test_a_bare_yes_to_a_text_that_did_not_ask_how_things_are_goes_to_a_person(
    town: Town, body: str, state: str
) -> None:
    home = town.household()
    advice = builders.campaign(kind=Kind.ADVICE, reply_deadline=None, reminder_text=None, reminder_after=None)
    town.sent(town.open(advice), advice)

    town.reply(home.phone, body)

    assert town.state(home) == state


@pytest.mark.parametrize("sender", ["", "38000", "anonymous", "whatsapp:+33612345678"])
@pytest.mark.parametrize("body", ["1", "STOP", "START", "au secours", "mauvais numéro", "bonjour"])
def test_a_text_from_no_number_is_kept_for_a_person_and_changes_nothing_else(
    town: Town, sender: str, body: str
) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(sender, body)

    [kept] = town.rows("inbound_message")
    assert (kept["e164"], kept["body"], kept["match"], kept["filed_at"]) == (sender, body, "unknown_sender", None)
    assert kept["read_at"] is not None
    assert (town.state(home), town.task(home), town.rows("opt_out")) == ("waiting", None, [])
    assert [message["step"] for message in town.rows("message")] == ["first"]


def test_an_emergency_is_due_within_a_quarter_of_an_hour(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "malaise")

    task = town.task(home)
    assert task is not None
    assert task["priority"] >= 100
    assert task["due_at"] == town.now + timedelta(minutes=15)


def test_a_later_call_for_help_overrides_fine(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "1")

    town.reply(home.phone, "finalement rappelez moi")

    assert town.state(home) == "callback"
    assert town.task(home) is not None


def test_fine_after_a_call_for_help_does_not_close_the_call(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "2")

    town.reply(home.phone, "1")

    task = town.task(home)
    assert task is not None
    assert task["news"]
    assert town.state(home) == "callback"


def test_a_late_fine_closes_a_call_made_for_silence(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=5)
    assert town.state(home) == "callback"

    town.reply(home.phone, "1")

    assert town.task(home) is None
    assert town.state(home) == "fine"


def test_a_late_fine_shows_on_a_call_that_somebody_has_claimed(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=5)
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE callback_task SET state = 'claimed', claimed_by = 'odile'")

    town.reply(home.phone, "1")

    task = town.task(home)
    assert task is not None
    assert task["state"] == "claimed"
    assert task["news"][0]["intent"] == "ok"


def test_reasons_merge_into_one_open_call_and_raise_its_priority(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=5)
    before = town.task(home)

    town.reply(home.phone, "au secours")

    after = town.task(home)
    assert before is not None
    assert after is not None
    assert after["id"] == before["id"]
    assert after["reasons"] == ["emergency_word", "no_reply_orange"]
    assert after["priority"] > before["priority"]


def test_stop_is_recorded_answered_once_and_stops_the_next_campaign(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "Stop.")
    town.reply(home.phone, "STOP")
    next_event = town.open(builders.campaign(), occasion="tomorrow")

    assert len(town.rows("opt_out")) == 1
    assert len(town.texts(home, "ack")) == 1
    assert town.recipient(home, next_event)["reason"] in {"opted_out", "contacted_today"}
    assert town.texts(home, "first")[-1]["event_id"] != next_event


def test_demarrer_takes_the_refusal_back(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "STOP")

    town.reply(home.phone, "DEMARRER")

    assert [row["undone_at"] is None for row in town.rows("opt_out")] == [False]


def test_when_the_provider_answers_stop_itself_we_do_not(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "STOP", opt_out_type="STOP")

    assert town.texts(home, "ack") == []
    assert len(town.rows("opt_out")) == 1


def test_an_absent_tenant_is_left_in_peace_until_the_day_named(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "absente jusqu'au 20/07")
    next_event = town.open(builders.campaign(), occasion="tomorrow")

    assert town.state(home, next_event) == "excluded"
    assert town.recipient(home, next_event)["reason"] == "on_hold"
    assert [h["until_at"].date() for h in town.rows("hold")] == [date(2026, 7, 20)]


def test_retour_ends_the_absence(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "je suis absente 2 semaines")

    town.reply(home.phone, "RETOUR")

    assert [h["ended_at"] is not None for h in town.rows("hold")] == [True]


def test_a_wrong_number_is_never_used_again(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "erreur de numéro, je ne connais pas")
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE recipient SET contacted_at = NULL")
    next_event = town.open(builders.campaign(), occasion="tomorrow")

    assert town.recipient(home, next_event)["reason"] == "no_phone"


def test_the_couple_of_one_dwelling_answers_with_one_text(town: Town) -> None:
    home = town.household(births=(date(1938, 3, 15), date(1935, 11, 2)))
    event = town.open()
    town.sent(event)

    town.reply(home.phone, "1")

    assert town.account(event).recipients == {"fine": 1}
    assert len(town.texts(home, "first")) == 1


def test_fine_from_a_number_two_households_share_settles_neither(town: Town) -> None:
    shared = builders.mobile()
    aunt, mother = town.household(mobiles=(shared,)), town.household(mobiles=(shared,))
    event = town.open()
    town.sent(event)

    town.reply(shared, "1")

    assert [town.state(h) for h in (aunt, mother)] == ["callback", "callback"]
    assert len([m for m in town.rows("message") if m["step"] == "first"]) == 1


def test_a_reply_heard_twice_counts_once(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    first = town.reply(home.phone, "2", sid="SM" + "a" * 32)
    second = town.reply(home.phone, "2", sid="SM" + "a" * 32)

    assert first is not None
    assert second is None
    assert len(town.rows("callback_task")) == 1


def test_reading_a_stored_reply_twice_changes_nothing(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    stored = town.reply(home.phone, "2")

    again = inbound.handle(town.reading, stored or 0, now=town.now)

    assert again is None
    assert len(town.texts(home, "ack")) == 1


def test_an_unknown_number_is_kept_and_gets_one_neutral_line_a_day(town: Town) -> None:
    stranger = builders.mobile()

    town.reply(stranger, "bonjour")
    town.reply(stranger, "vous êtes qui ?")

    assert [m["match"] for m in town.rows("inbound_message")] == ["unknown_sender"] * 2
    assert [m["template"] for m in town.rows("message")] == ["unknown_sender"]
    assert town.rows("callback_task") == []


def test_nobody_gets_more_than_three_automatic_answers_a_day(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    for body in ("1", "2", "bof", "RETOUR", "je suis absente 2 semaines", "au secours", "STOP"):
        town.reply(home.phone, body)

    assert len(town.texts(home, "ack")) == 3


def test_the_last_answer_of_the_day_is_kept_for_a_call_for_help(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    for body in ("1", "bof", "RETOUR", "au secours"):
        town.reply(home.phone, body)

    assert [m["template"] for m in town.texts(home, "ack")] == ["ack_ok", "ack_unclear", "ack_emergency"]


def test_the_same_thing_said_twice_in_ten_minutes_is_acknowledged_once(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "1")
    town.reply(home.phone, "1")

    assert len(town.texts(home, "ack")) == 1


def test_a_call_for_help_without_any_event_is_still_heard(town: Town) -> None:
    home = town.household()

    town.reply(home.phone, "2")

    task = town.task(home)
    assert task is not None
    assert task["event_id"] is None


def test_help_after_an_advice_text_makes_a_call(town: Town) -> None:
    home = town.household()
    advice = builders.campaign(kind=Kind.ADVICE, reply_deadline=None, reminder_text=None, reminder_after=None)
    town.sent(town.open(advice), advice)

    town.reply(home.phone, "2")

    assert town.state(home) == "callback"


def test_a_relative_s_second_one_says_no_more_than_the_first_although_we_thanked_them_for_it(town: Town) -> None:
    home, relative = town.household(), builders.mobile()
    builders.add_phone(town.db, home, relative, "mobile", label="child")
    town.sent(town.open())
    town.reply(relative, "1")
    assert [ack["e164"] for ack in town.texts(home, "ack")] == [relative]
    afternoon = town.open(builders.campaign(level=Level.RED), occasion="afternoon")
    town.sent(afternoon)
    assert town.state(home, afternoon) == "waiting"

    town.reply(relative, "1")

    assert town.state(home, afternoon) == "callback"
    task = town.task(home)
    assert task is not None
    assert (task["reasons"], task["news"]) == (["unclear"], [])


def test_contact_is_answered_with_who_writes_and_a_person_rings(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)

    town.reply(home.phone, "CONTACT")

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["unclear"]
    assert [m["template"] for m in town.texts(home, "ack")] == ["contact_ok"]
    assert town.recipient(home)["intent"] == "contact"
    assert town.account(event).replies == {"contact": 1}
