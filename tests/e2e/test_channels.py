"""From a text to a call, and one call for two people: real processes, and telephones of the stand-in that speak."""

from datetime import date
from typing import Any

import pytest

from tests import builders
from tests.e2e.conftest import VOICE, District
from tests.waiting import until
from worker.domain.campaigns import Level

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("nothing_to_debug")]
MADAME_AND_MONSIEUR = (date(1938, 3, 15), date(1935, 11, 2))


def rung(district: District, home: builders.Household) -> list[dict[str, Any]]:
    """The calls to a household's first number, each as it was once it was over."""

    def calls() -> list[dict[str, Any]]:
        return list(district.control.calls(to=home.phone))

    until(lambda: all(call["status"] == "completed" for call in calls()), why="the calls to be over")
    return calls()


def heard(call: dict[str, Any]) -> str:
    return " ".join(" ".join(line["text"] for line in call["heard"]).split())


def keys(call: dict[str, Any]) -> list[str]:
    return [press["keys"] for press in call["pressed"] if press["listened"]]


def refusals(district: District, home: builders.Household) -> list[int | None]:
    """The provider's code for each text to a household's first number, as the ledger has it."""
    texts = "SELECT code FROM message WHERE e164 = :number AND channel = 'sms' ORDER BY id"
    return [row["code"] for row in district.all(texts, number=home.phone)]


@pytest.mark.parametrize(
    ("behaviour", "code", "accepted"),
    [("landline", 21614, 0), ("landline", 21635, 0), ("dead", 30006, 1)],
    ids=["refused", "refused by line type", "not delivered"],
)
def test_a_number_that_takes_no_text_is_rung_by_itself_and_the_key_settles_it(
    district: District, behaviour: str, code: int, accepted: int
) -> None:
    home = district.household(behaviour, code=code)
    district.control.put_callee(home.phone, "fine")

    district.settled(district.launch(district.calling()))

    assert refusals(district, home) == [code]
    assert len(district.received(home)) == accepted
    [call] = rung(district, home)
    assert (call["from"], keys(call)) == (VOICE, ["1"])
    assert "Si tout va bien, tapez 1." in heard(call)
    assert district.recipient(home)["state"] == "fine"
    assert district.task(home) is None


def test_when_the_alert_turns_red_the_same_day_it_is_rung_without_another_text(district: District) -> None:
    home = district.household("dead", code=30006)
    district.control.put_callee(home.phone, "fine")
    for level in (Level.ORANGE, Level.RED):
        district.settled(district.launch(district.calling(level=level)))

    assert len(district.received(home)) == 1
    assert [keys(call) for call in rung(district, home)] == [["1"], ["1"]]
    assert district.recipient(home)["state"] == "fine"


@pytest.fixture
def couple(district: District) -> builders.Household:
    """Two people with one landline and nothing else."""
    home = builders.household(
        district.city.db,
        agency=district.code,
        mobiles=(),
        landlines=(builders.landline(),),
        births=MADAME_AND_MONSIEUR,
    )
    builders.name(district.city.db, home, ("Mme", "GARNIER"), ("M.", "FAURE"))
    return home


def test_a_couple_is_rung_once_by_both_names_and_1_says_that_both_are_fine(
    district: District, couple: builders.Household
) -> None:
    district.control.put_callee(couple.phone, "deaf")

    account = district.settled(district.launch(district.calling()))

    [call] = rung(district, couple)
    assert "Cet appel est pour Madame Garnier et Monsieur Faure." in heard(call)
    assert "Si tout le monde va bien, tapez 1." in heard(call)
    assert keys(call) == ["1"]
    assert district.recipient(couple)["state"] == "fine"
    assert district.task(couple) is None
    assert (account["recipients"]["total"], account["recipients"]["unaccounted"]) == (1, 0)


def test_2_says_that_one_of_a_couple_needs_help_and_a_person_rings_once_for_both(
    district: District, couple: builders.Household
) -> None:
    district.control.put_callee(couple.phone, "silent", presses=[("2", 1.0, 0.5), None])

    district.settled(district.launch(district.calling()))

    [call] = rung(district, couple)
    assert "Si l'un de vous a besoin d'aide, tapez 2 : un conseiller vous appellera." in heard(call)
    assert "C'est bien noté. Un conseiller vous appelle" in heard(call)
    [task] = district.all("SELECT * FROM callback_task WHERE household_id = :id", id=couple.id)
    assert (task["state"], task["reasons"]) == ("open", ["asked_call"])
    assert district.recipient(couple)["state"] == "callback"
