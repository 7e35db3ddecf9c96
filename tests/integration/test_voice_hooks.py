"""The hooks of calls: signed, answered at once with what is said next, every key kept before anything is said."""

from collections.abc import Iterator
from datetime import date, datetime
from xml.etree import ElementTree as ET

import pytest

from tests import builders
from tests.integration.site import PUBLIC, Site, running
from tests.integration.switchboard import LINE, Switchboard
from tests.integration.test_automatic_calls import landline_home
from tests.outages import away
from tests.waiting import until
from worker.domain.messages import OutgoingCall
from worker.services import inbound
from worker.store.database import Database
from worker.twilio.calls import SOON_AGAIN


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


@pytest.fixture
def site(db: Database, now: datetime) -> Iterator[Site]:
    with running(Site(db, now)) as up:
        yield up


@pytest.fixture
def call(town: Switchboard) -> OutgoingCall:
    landline_home(town)
    town.open()
    town.climb()
    [placed] = town.place()
    return placed


def path(hook: str, call: OutgoingCall, round_: int = 0) -> str:
    again = f"&n={round_}" if round_ else ""
    return f"/hooks/twilio/voice/{hook}?m={call.message_id}&a={call.attempt_id}{again}"


def form(town: Switchboard, call: OutgoingCall, **fields: str) -> dict[str, str]:
    sid = town.sid(call)
    return {"CallSid": sid, "From": LINE.address, "To": call.to, "Direction": "outbound-api", **fields}


def spoken(body: str) -> list[str]:
    return [" ".join("".join(said.itertext()).split()) for said in ET.fromstring(body).iter("Say")]  # noqa: S314  # our own answer


def test_who_picks_up_hears_the_question_and_may_interrupt_it(
    town: Switchboard, site: Site, call: OutgoingCall
) -> None:
    answer = site.post(path("answer", call), form(town, call, CallStatus="in-progress"))
    gathers = list(ET.fromstring(answer.text).iter("Gather"))  # noqa: S314  # our own answer

    assert answer.headers["content-type"].startswith("text/xml")
    assert "tapez 1" in " ".join(spoken(answer.text))
    assert all(g.get("action", "").endswith(path("gather", call) + SOON_AGAIN) for g in gathers)
    assert all(g.find("Say") is not None for g in gathers)


COUPLE = (date(1940, 5, 1), date(1942, 5, 1))


@pytest.mark.parametrize(
    "homes",
    [[{"births": COUPLE}], [{}, {}]],
    ids=["a couple", "two households with one landline"],
)
def test_several_people_behind_one_landline_are_called_by_name_and_asked_whether_all_are_well(
    town: Switchboard, site: Site, homes: list[dict[str, object]]
) -> None:
    number = builders.landline()
    for home in homes:
        town.household(mobiles=(), landlines=(number,), **home)
    town.open()
    town.climb()
    [call] = town.place()

    said = " ".join(spoken(site.post(path("answer", call), form(town, call, CallStatus="in-progress")).text))

    assert "Cet appel est pour Essai et Essai" in said
    assert "Si tout le monde va bien, tapez 1" in said
    assert "Si l'un de vous a besoin d'aide, tapez 2" in said


def test_who_lives_alone_is_not_called_by_name(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    said = " ".join(spoken(site.post(path("answer", call), form(town, call, CallStatus="in-progress")).text))

    assert "Si tout va bien, tapez 1" in said
    assert "Essai" not in said


KEYS = {
    "1": ("Prenez soin de vous", "ok"),
    "2": ("Un conseiller vous appelle", "help"),
    "9": ("plus d'appels", "stop"),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_answers_is_kept_and_confirmed(town: Switchboard, site: Site, call: OutgoingCall, key: str) -> None:
    words, intent = KEYS[key]
    answer = site.post(path("gather", call), form(town, call, CallStatus="in-progress", Digits=key))
    until(lambda: site.woken)  # the wake-up goes after the answer
    read = inbound.handle(town.reading, site.woken[0], now=town.now)

    assert words in " ".join(spoken(answer.text))
    assert str(read) == intent


def test_three_puts_the_question_again_and_a_wrong_key_too_but_not_for_ever(
    town: Switchboard, site: Site, call: OutgoingCall
) -> None:
    heard = [
        site.post(path("gather", call, round_), form(town, call, Digits=key)).text
        for round_, key in enumerate(["3", "5", "3", "5"])
    ]

    assert ["<Gather" in said for said in heard] == [True, True, True, False]
    assert "n=1" in heard[0]
    assert "pas entendu votre choix" in " ".join(spoken(heard[-1]))
    assert site.woken == []


def test_silence_is_told_and_is_no_answer(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    answer = site.post(path("gather", call), form(town, call, Digits=""))
    site.post(path("status", call), form(town, call, CallStatus="completed", SequenceNumber="3", CallDuration="31"))

    assert "pas entendu votre choix" in " ".join(spoken(answer.text))
    [row] = town.rows("automatic_call")
    assert (row["came_to"], row["duration_s"]) == ("no_input", 31)


def test_when_no_other_hook_can_say_anything_they_hear_how_to_reach_us(
    town: Switchboard, site: Site, call: OutgoingCall
) -> None:
    told = form(town, call, CallStatus="in-progress", ErrorCode="11200")
    said = site.post("/hooks/twilio/voice/fallback", told)

    assert "pas pu noter votre choix" in " ".join(spoken(said.text))
    assert site.post("/hooks/twilio/voice/fallback", told, signature="wrong").status_code == 403


def test_a_key_posted_twice_is_kept_once(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    for _again in range(2):
        site.post(path("gather", call), form(town, call, Digits="2"))

    until(lambda: site.woken)
    assert len(site.woken) == 1
    assert len(town.rows("inbound_message")) == 1


@pytest.mark.parametrize("over", [False, True], ids=["they wait", "they hung up"])
def test_a_key_pressed_while_the_database_is_away_is_kept_when_it_is_back(
    town: Switchboard, site: Site, call: OutgoingCall, over: bool
) -> None:
    told = form(town, call, CallStatus="completed" if over else "in-progress", Digits="2")
    with away(town.db, "inbound_message"):
        codes = [site.post(path("gather", call), told).status_code for _again in range(3)]

    until(lambda: site.woken, why="the key to be kept")
    inbound.handle(town.reading, site.woken[0], now=town.now)
    [task] = town.rows("callback_task")
    assert (codes, task["reasons"]) == ([503] * 3, ["asked_call"])
    assert town.rows("automatic_call")[0]["came_to"] == "answered"
    assert len(town.rows("inbound_message")) == 1


def test_a_busy_line_is_told_once_however_often(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    told = form(town, call, CallStatus="busy", SequenceNumber="2", SipResponseCode="486", CallDuration="0")
    codes = [site.post(path("status", call), told).status_code for _ in range(3)]

    assert codes == [204, 204, 204]
    [row] = town.rows("automatic_call")
    assert row["came_to"] == "busy"


def test_asking_for_it_again_until_the_end_is_not_hanging_up(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    for round_ in range(4):
        site.post(path("gather", call, round_), form(town, call, Digits="3"))
    site.post(path("status", call), form(town, call, CallStatus="completed", SequenceNumber="3"))

    assert town.rows("automatic_call")[0]["came_to"] == "no_input"


@pytest.mark.parametrize("hook", ["answer", "gather"])
def test_a_machine_hears_how_to_reach_us_once_and_is_asked_for_no_key(
    town: Switchboard, site: Site, call: OutgoingCall, hook: str
) -> None:
    told = form(town, call, CallStatus="in-progress", Digits="", AnsweredBy="machine_end_beep")
    said = site.post(path(hook, call), told).text

    assert [verb.tag for verb in ET.fromstring(said)] == ["Gather", "Hangup"]  # noqa: S314  # our own answer
    assert "nous rappeler au" in " ".join(spoken(said))
    assert not any(word in " ".join(spoken(said)) for word in ("tapez", "choix", "chaud"))


def test_a_key_pressed_by_who_was_taken_for_a_machine_counts(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    said = site.post(path("gather", call), form(town, call, Digits="", AnsweredBy="machine_end_other")).text
    [listens] = ET.fromstring(said).iter("Gather")  # noqa: S314  # our own answer
    action = str(listens.get("action")).removeprefix(PUBLIC).partition("#")[0]

    thanks = site.post(action, form(town, call, Digits="1", AnsweredBy="machine_end_other")).text
    site.post(path("status", call), form(town, call, CallStatus="completed", SequenceNumber="3"))
    until(lambda: site.woken)
    inbound.handle(town.reading, site.woken[0], now=town.now)

    assert listens.get("actionOnEmptyResult") == "false"
    assert "Prenez soin de vous" in " ".join(spoken(thanks))
    assert town.rows("automatic_call")[0]["came_to"] == "answered"
    assert [recipient["state"] for recipient in town.rows("recipient")] == ["fine"]


def test_a_machine_is_told_once_whether_by_a_worker_or_at_the_end_of_the_question(
    town: Switchboard, site: Site, call: OutgoingCall
) -> None:
    site.post(path("amd", call), form(town, call, AnsweredBy="machine_end_beep"))
    first = site.post(path("gather", call), form(town, call, Digits="", AnsweredBy="machine_end_beep")).text
    second = site.post(path("gather", call), form(town, call, Digits="", AnsweredBy="machine_end_beep")).text

    assert "nous rappeler au" in " ".join(spoken(first))
    assert spoken(second) == []


def test_who_pressed_a_key_is_no_machine_whatever_the_detection_says(
    town: Switchboard, site: Site, call: OutgoingCall
) -> None:
    said = site.post(path("gather", call), form(town, call, Digits="1", AnsweredBy="machine_start")).text

    assert "Prenez soin de vous" in " ".join(spoken(said))


def test_a_machine_is_told_to_the_workers(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    site.post(path("status", call), form(town, call, CallStatus="in-progress", SequenceNumber="2"))
    answer = site.post(path("amd", call), form(town, call, AnsweredBy="machine_start", MachineDetectionDuration="3000"))

    assert answer.status_code == 204
    until(lambda: site.machines)
    assert site.machines == [(call.message_id, call.attempt_id)]


@pytest.mark.parametrize("hook", ["answer", "gather", "status", "amd"])
def test_every_hook_of_calls_asks_for_a_signature(town: Switchboard, site: Site, call: OutgoingCall, hook: str) -> None:
    told = form(town, call, CallStatus="completed", Digits="1", AnsweredBy="human")

    assert site.post(path(hook, call), told, signature="wrong").status_code == 403
    assert site.post(path(hook, call), told, token="somebody else's").status_code == 403
    assert town.rows("inbound_message") == []
    assert town.rows("automatic_call")[0]["status"] is None


@pytest.mark.parametrize("query", ["", "?m=1", "?m=abc&a=1", "?m=999999&a=999999"])
@pytest.mark.parametrize("hook", ["answer", "gather", "status", "amd"])
def test_a_call_we_do_not_know_harms_nothing(
    town: Switchboard, site: Site, call: OutgoingCall, hook: str, query: str
) -> None:
    answer = site.post(f"/hooks/twilio/voice/{hook}{query}", form(town, call, CallStatus="completed", Digits="7"))

    assert answer.status_code in {200, 204}
    assert town.rows("automatic_call")[0]["status"] is None


def test_a_key_that_answers_is_kept_even_for_a_call_we_lost(town: Switchboard, site: Site, call: OutgoingCall) -> None:
    site.post("/hooks/twilio/voice/gather?m=999999&a=999999", form(town, call, Digits="2"))

    until(lambda: site.woken)
    assert len(site.woken) == 1
