"""Somebody rings our number: real processes, and a telephone of the stand-in that dials, listens and presses."""

from typing import Any

import pytest

from tests import builders
from tests.e2e.conftest import AGENCY_PHONE, OPEN, SHUT, VOICE, City, District
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("nothing_to_debug")]
# What may not be heard by whoever we do not know.
PRIVATE = ("locataire", "nouvelles", "chaud", "tapez", "ESSAI", "Odette")


def rings(district: District, number: str, *presses: tuple[str, float, float] | None, **doings: Any) -> dict[str, Any]:
    """A telephone dials our line, its owner presses these keys; the call as it was, once it is over."""
    sid = district.control.ring(number, VOICE, "silent", presses=[*presses, None], **doings)
    until(lambda: _call(district, sid)["status"] == "completed", why="the call to be over")
    return _call(district, sid)


def _call(district: District, sid: str) -> dict[str, Any]:
    return dict(district.control.calls(sid=sid)[0])


def key(which: str) -> tuple[str, float, float]:
    """A key, pressed when the question was heard out."""
    return (which, 1.0, 0.5)


def heard(call: dict[str, Any]) -> str:
    return " ".join(line["text"] for line in call["heard"])


def asked(district: District) -> builders.Household:
    """A household that was asked how it is, by text, and has not answered."""
    home = district.household()
    event = district.launch()
    until(lambda: district.report(event)["messages"]["by_state"].get("delivered"), why="the text to arrive")
    return home


def state(district: District, home: builders.Household) -> str:
    return str(district.recipient(home)["state"])


def reasons(district: District, home: builders.Household) -> list[str]:
    task = district.task(home)
    return list(task["reasons"]) if task else []


def test_who_rings_back_hears_what_was_asked_and_1_settles_it(district: District) -> None:
    home = asked(district)

    call = rings(district, home.phone, key("1"))

    assert "Nous voulions prendre de vos nouvelles" in heard(call)
    assert "Prenez soin de vous" in heard(call)
    until(lambda: state(district, home) == "fine", why="the key to count")
    assert reasons(district, home) == []


def test_2_makes_a_call_due_at_once_and_says_by_when(district: District) -> None:
    home = asked(district)

    call = rings(district, home.phone, key("2"))

    assert "Un conseiller vous appelle" in heard(call)
    until(lambda: reasons(district, home) == ["asked_call"], why="the call to be owed")
    assert state(district, home) == "callback"


def test_the_question_is_heard_to_its_last_word_and_an_emergency_is_always_told(district: District) -> None:
    home = asked(district)

    silent = rings(district, home.phone)

    assert heard(silent).count("faites le 15") >= 2
    assert "Nous n'avons pas entendu votre choix" in heard(silent)
    assert (state(district, home), silent["pressed"]) == ("waiting", [])


def test_a_stranger_hears_where_the_landlord_is_reached_and_nothing_of_anybody(district: District) -> None:
    asked(district)

    call = rings(district, builders.mobile(), key("1"))

    assert "05, 36, 49, 00, 01" in heard(call)
    assert "faites le 15" in heard(call)
    assert not any(word in heard(call) for word in PRIVATE)


def test_in_its_hours_4_puts_through_to_the_agency_which_sees_our_line(city: City) -> None:
    district = city.district(OPEN)
    home = asked(district)
    district.control.put_callee(AGENCY_PHONE, "silent", talk_s=45)

    call = rings(district, home.phone, key("4"))

    assert "Pour parler à votre agence, tapez 4" in heard(call)
    assert f"[connected with {AGENCY_PHONE}]" in heard(call)
    [at_the_agency] = [leg for leg in district.control.calls(to=AGENCY_PHONE) if leg["parent"] == call["sid"]]
    assert (at_the_agency["from"], at_the_agency["status"]) == (VOICE, "completed")
    kept = "SELECT transfer, talked_s FROM incoming_call WHERE provider_sid = :sid"
    until(lambda: district.one(kept, sid=call["sid"])["transfer"] == "put_through", why="the transfer to be kept")
    assert 40 <= district.one(kept, sid=call["sid"])["talked_s"] <= 58
    assert reasons(district, home) == []


def test_when_nobody_picks_up_at_the_agency_a_person_calls_and_says_so(city: City) -> None:
    district = city.district(OPEN)
    home = asked(district)
    district.control.put_callee(AGENCY_PHONE, "no_answer")

    call = rings(district, home.phone, key("4"))

    assert "Votre agence ne peut pas répondre maintenant. Un conseiller vous appelle" in heard(call)
    until(lambda: reasons(district, home) == ["asked_call"], why="the call to be owed")


def test_out_of_hours_nobody_is_rung_and_a_person_calls(city: City) -> None:
    district = city.district(SHUT)
    home = asked(district)
    before = len(district.control.calls(to=AGENCY_PHONE))

    call = rings(district, home.phone, key("4"))

    assert "tapez 4" not in heard(call)
    assert "Votre agence est fermée. Un conseiller vous appelle" in heard(call)
    assert len(district.control.calls(to=AGENCY_PHONE)) == before
    until(lambda: reasons(district, home) == ["asked_call"], why="the call to be owed")


@pytest.mark.troubled
def test_who_rings_while_our_server_is_down_is_rung_back_by_a_person(city: City) -> None:
    district, elsewhere = city.district(), city.district()
    home, taken = asked(district), asked(elsewhere)
    rings(elsewhere, taken.phone)
    city.stack.kill("web")

    call = rings(district, home.phone, key("1"))
    city.stack.launch("web")

    assert "application error" in heard(call)
    until(lambda: "rang_unheard" in reasons(district, home), why="the household to be rung back")
    assert state(district, home) == "callback"
    assert "rang_unheard" not in reasons(elsewhere, taken)
