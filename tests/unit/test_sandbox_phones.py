"""Simulated phones: repeatable, plausible, and each behaviour recognisable."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from sandbox import chance, habits
from sandbox.habits import DEFAULT_MIX, HABITS, Behaviour
from sandbox.phones import Answer, Line, Phone, Phones
from worker.domain import replies
from worker.domain.replies import Intent

ASKS = "Les Chalets : canicule. Comment allez-vous ? Répondez 1 = tout va bien, 2 = appelez-moi. Malaise : faites le 15"
MOBILES = [f"+3363998{n:04d}" for n in range(4000)]


def test_the_same_seed_gives_the_same_people() -> None:
    first, second, other = Phones("a"), Phones("a"), Phones("b")
    people = [first.get(number).behaviour for number in MOBILES]

    assert people == [second.get(number).behaviour for number in reversed(MOBILES)][::-1]
    assert people != [other.get(number).behaviour for number in MOBILES]
    assert first.receives(MOBILES[0], ASKS) == second.receives(MOBILES[0], ASKS)


def test_the_mix_is_kept() -> None:
    phones = Phones("a")
    found = Counter(phones.get(number).behaviour for number in MOBILES)
    whole = sum(DEFAULT_MIX.values())

    for behaviour, weight in DEFAULT_MIX.items():
        assert found[behaviour] / len(MOBILES) == pytest.approx(weight / whole, abs=0.03), behaviour


def test_a_plausible_day_has_somebody_of_every_kind_and_mostly_people_who_are_fine() -> None:
    found = Counter(Phones("a").get(number).behaviour for number in MOBILES)

    assert set(found) == set(Behaviour) - {Behaviour.LANDLINE}
    assert found.most_common(1)[0][0] is Behaviour.FINE


@pytest.mark.parametrize("number", ["+33536490001", "+33199000001", "+33937000001", "+33800000001"])
def test_french_numbers_that_are_no_mobiles_take_no_texts(number: str) -> None:
    assert Phones("a").line(number).refusal in {21614, 21635}


@pytest.mark.parametrize(
    ("behaviour", "lines"),
    [
        (Behaviour.FINE, {Line()}),
        (Behaviour.OPTED_OUT, {Line(refusal=21610)}),
        (Behaviour.LANDLINE, {Line(refusal=21614), Line(refusal=21635)}),
        (Behaviour.DEAD, {Line(final="undelivered", code=30005), Line(final="undelivered", code=30003)}),
        (Behaviour.NO_RECEIPT, {Line(final="sent")}),
    ],
)
def test_the_network_treats_each_behaviour_as_documented(behaviour: Behaviour, lines: set[Line]) -> None:
    phones = Phones("a")
    for number in MOBILES[:50]:
        phones.put(Phone(number, behaviour))

    assert {phones.line(number) for number in MOBILES[:50]} == lines


def test_a_code_may_be_given_to_one_phone() -> None:
    phones = Phones("a")
    phones.put(Phone(MOBILES[0], Behaviour.FINE, code=30006))

    assert phones.line(MOBILES[0]) == Line(final="undelivered", code=30006)
    assert not phones.line(MOBILES[0]).rings


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if HABITS[b].turns])
def test_answers_come_in_order_after_a_human_while(behaviour: Behaviour) -> None:
    phones = Phones("a")
    phones.put(Phone(MOBILES[0], behaviour))
    phones.receives(MOBILES[0], ASKS)
    answers = phones.receives(MOBILES[0], ASKS)
    waits = [answer.after_s for answer in answers]

    assert answers
    assert waits == sorted(waits)
    assert waits[0] >= habits.MINUTE
    assert all(answer.body for answer in answers)


def test_who_waits_for_the_reminder_answers_every_second_text() -> None:
    phones = Phones("a")
    phones.put(Phone(MOBILES[0], Behaviour.UNTIL_REMINDER))

    assert [len(phones.receives(MOBILES[0], ASKS)) for _ in range(4)] == [0, 1, 0, 1]


def test_a_script_takes_the_place_of_the_habit() -> None:
    phones = Phones("a")
    phones.put(Phone(MOBILES[0], Behaviour.SILENT, answers=(Answer(5, "oui"),)))

    assert phones.receives(MOBILES[0], ASKS) == (Answer(5, "oui"),)
    assert phones.receives(MOBILES[0], "Merci, c'est bien noté.") == ()


def test_unclear_letters_have_accents_and_several_parts() -> None:
    assert any("é" in text for text in habits.FREE_TEXT)
    assert any(len(text) > 160 for text in habits.FREE_TEXT)


def test_chance_is_even_and_within_bounds() -> None:
    draws = [chance.draw("a", n) for n in range(2000)]

    assert all(0 <= draw < 1 for draw in draws)
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.03)
    assert Counter(chance.choose("xyz", "a", n) for n in range(3000)).keys() == set("xyz")
    assert all(2 <= chance.between((2, 3), n) < 3 for n in range(50))
    assert {chance.weighted({"never": 0, "always": 1}, n) for n in range(50)} == {"always"}


READ_AS = {
    Behaviour.FINE: {Intent.OK},
    Behaviour.HELP: {Intent.HELP},
    Behaviour.FREE_TEXT: {Intent.HELP, Intent.UNCLEAR},
    Behaviour.EMERGENCY: {Intent.EMERGENCY},
    Behaviour.STOP: {Intent.STOP},
    Behaviour.ARRET: {Intent.STOP},
    Behaviour.WRONG_NUMBER: {Intent.WRONG_NUMBER},
    Behaviour.ABSENT: {Intent.ABSENT},
    Behaviour.COUPLE: {Intent.OK, Intent.HELP, Intent.UNCLEAR},
}


@pytest.mark.parametrize("behaviour", READ_AS)
def test_people_mean_what_the_product_reads(behaviour: Behaviour) -> None:
    texts = {text for choice, _ in HABITS[behaviour].turns for text in choice}

    assert {replies.read(text, on=date(2026, 7, 8)).intent for text in texts} <= READ_AS[behaviour]


def shipped_texts() -> list[tuple[str, str]]:
    folder = Path(__file__).parents[2] / "templates" / "sms"
    return [(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*/*.txt"))]


@pytest.mark.parametrize(("key", "text"), shipped_texts())
def test_of_the_shipped_texts_those_that_ask_get_an_answer(key: str, text: str) -> None:
    asks = key.endswith(("_check", "reminder")) or key == "call_missed"
    assert habits.asks_for_reply(text) is asks
