"""One heatwave day: every kind of household, one event, real processes from end to end."""

from dataclasses import dataclass
from datetime import date

import pytest

from tests import builders
from tests.e2e.conftest import City, District

pytestmark = [pytest.mark.e2e, pytest.mark.any_broker]


@dataclass
class Day:
    """A settled event and the households in it by what they are."""

    district: District
    homes: dict[str, builders.Household]
    account: dict[str, object]

    def state(self, who: str) -> str:
        return str(self.district.recipient(self.homes[who])["state"])

    def reasons(self, who: str) -> list[str]:
        task = self.district.task(self.homes[who])
        return [] if task is None else list(task["reasons"])

    def received(self, who: str) -> list[str]:
        return self.district.received(self.homes[who])


@pytest.fixture(scope="module")
def day(city: City) -> Day:
    district = city.district()
    shared = builders.mobile()
    homes = {
        "fine": district.household("fine", answers=[(0.5, "Oui tout va bien")]),
        "help": district.household("help", answers=[(0.5, "rappelez moi svp")]),
        "emergency": district.household("emergency", answers=[(0.5, "Je suis tombée")]),
        "unclear": district.household("free_text", answers=[(0.5, "Qui va me faire les courses cette semaine ?")]),
        "stop": district.household("stop", answers=[(0.5, "Stop")]),
        "wrong": district.household("wrong_number", answers=[(0.5, "Mauvais numéro")]),
        "absent": district.household("absent", answers=[(0.5, "Je suis en vacances 2 semaines")]),
        "silent": district.household("silent"),
        "until_reminder": district.household("until_reminder", answers=[(0.5, "1")]),
        "undelivered": district.household("dead", code=30005),
        "landline": district.household(mobiles=(), landlines=(builders.landline(),)),
        "refused_landline": district.household("landline", code=21614),
        "opted_out_at_twilio": district.household("opted_out"),
        "couple": district.household("fine", answers=[(0.5, "1")], births=(date(1938, 3, 15), date(1935, 11, 2))),
        "late": district.household("fine", answers=[(19.0, "1")]),
        "no_number": district.household(mobiles=()),
        "mother": district.household("fine", answers=[(0.5, "1")], mobiles=(shared,)),
        "aunt": district.household("fine", answers=[(0.5, "1")], mobiles=(shared,)),
    }
    event = district.launch()
    district.settled(event)
    district.control.wait_idle()
    account = district.settled(event)
    return Day(district, homes, account)


def test_everybody_is_in_exactly_one_state_and_the_sum_is_the_audience(day: Day) -> None:
    recipients = day.account["recipients"]

    assert isinstance(recipients, dict)
    assert recipients["total"] == len(day.homes)
    assert sum(recipients["by_state"].values()) == len(day.homes)
    assert recipients["unaccounted"] == 0


@pytest.mark.parametrize(
    ("who", "state", "reason"),
    [
        ("fine", "fine", None),
        ("couple", "fine", None),
        ("until_reminder", "fine", None),
        ("late", "fine", "no_reply_orange"),
        ("absent", "absent", None),
        ("help", "callback", "asked_call"),
        ("emergency", "callback", "emergency_word"),
        ("unclear", "callback", "unclear"),
        ("stop", "callback", "opted_out"),
        ("wrong", "callback", "wrong_number"),
        ("silent", "callback", "no_reply_orange"),
        ("undelivered", "callback", "undelivered"),
        ("landline", "callback", "no_mobile"),
        ("refused_landline", "callback", "no_mobile"),
        ("opted_out_at_twilio", "callback", "opted_out"),
        ("no_number", "callback", "no_mobile"),
        ("mother", "callback", "unclear"),
        ("aunt", "callback", "unclear"),
    ],
)
def test_each_household_ends_where_it_should(day: Day, who: str, state: str, reason: str | None) -> None:
    assert day.state(who) == state
    assert day.reasons(who) == ([] if reason is None else [reason])


def test_a_late_answer_closed_the_call_made_for_silence(day: Day) -> None:
    task = day.district.task(day.homes["late"])

    assert task is not None
    assert task["closed_as"] == "late_answer"


def test_nobody_got_the_same_campaign_text_twice(day: Day) -> None:
    for home in day.homes.values():
        if home.phones:
            texts = [body for body in day.district.received(home) if "1 = tout va bien, 2 = appelez-moi" in body]
            assert len(texts) == len(set(texts)), home


def test_the_silent_were_reminded_once_and_the_others_not(day: Day) -> None:
    reminded = {who for who, home in day.homes.items() if home.phones and _reminders(day, who)}

    assert reminded == {"silent", "until_reminder", "late"}
    assert _reminders(day, "silent") == 1


def test_each_answer_was_acknowledged_in_its_own_words(day: Day) -> None:
    assert "bien noté" in day.received("fine")[-1]
    assert "un conseiller vous appelle" in day.received("help")[-1] or "nous vous appelons" in day.received("help")[-1]
    assert "Faites le 15" in day.received("emergency")[-1]
    assert "vous ne recevrez plus" in day.received("stop")[-1]
    assert "retiré de notre liste" in day.received("wrong")[-1]


def test_the_shared_number_got_one_text_for_two_obligations(day: Day) -> None:
    asked = [body for body in day.received("mother") if body.startswith("Les Chalets : canicule.")]

    assert len(asked) == 1


def test_what_the_provider_taught_us_about_numbers_is_remembered(day: Day) -> None:
    phones = {row["e164"]: row for row in day.district.all("SELECT * FROM phone WHERE household_id > 0")}
    opted_out = day.district.all("SELECT e164 FROM opt_out WHERE undone_at IS NULL")

    assert phones[day.homes["undelivered"].phone]["bad_since"] is not None
    assert phones[day.homes["refused_landline"].phone]["kind"] == "fixed"
    assert {day.homes["opted_out_at_twilio"].phone, day.homes["stop"].phone} <= {row["e164"] for row in opted_out}


def _reminders(day: Day, who: str) -> int:
    return sum("attendons votre réponse" in body for body in day.received(who))
