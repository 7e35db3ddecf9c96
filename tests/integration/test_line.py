"""Ringing our number: it knows the household by its number, takes its keys, and tells a stranger nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from tests import builders
from tests.integration import site as sites
from tests.integration.conftest import DESK, Town
from tests.integration.site import Site, shipped
from tests.integration.switchboard import CALL_DESK
from tests.integration.test_steering import END
from tests.outages import away
from tests.waiting import until
from worker.domain.campaigns import Kind, Level
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, events, files, inbound, reporting, ringing_back, steering
from worker.settings_tables import AgencySettings
from worker.store import accounts
from worker.store.database import Database
from worker.web.parts import Parts

LINE = "+33939000001"
RING = "/hooks/twilio/voice/inbound"
KEYS = f"{RING}/keys"
TRANSFERRED = f"{RING}/transferred"
SID = "CA" + "0123456789abcdef" * 2
AGENCY = "+33561000002"
# What Twilio puts in From when somebody hides their number.
WITHHELD = "+266696687"


class Telephone(Town):
    """A town whose line is rung."""

    site: Site

    def call(self, number: str, path: str = RING, sid: str = SID, **more: str) -> ET.Element:
        """The provider asks what to say; the answer as parsed."""
        form = {"CallSid": sid, "From": number, "To": LINE, "CallStatus": "ringing", "Direction": "inbound"}
        answer = self.site.post(path, form | more)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/xml")
        self.read()
        return ET.fromstring(answer.text)  # noqa: S314  # our own

    def press(self, number: str, key: str, path: str = KEYS, sid: str = SID) -> ET.Element:
        return self.call(number, path, sid, Digits=key) if key else self.call(number, path, sid)

    def read(self) -> None:
        """The workers read what was announced to them."""
        stored = [row["id"] for row in self.rows("inbound_message") if row["read_at"] is None]
        until(lambda: set(stored) <= set(self.site.woken), why="the workers to be told")
        for inbound_id in stored:
            inbound.handle(self.reading, inbound_id, now=self.now)  # type: ignore[arg-type]


def parts(site: Site) -> Parts:
    """The landlord's agency 01 has a telephone, and the campaigns' usual hours."""
    settings = shipped().settings.model_copy(update={"agencies": {"01": AgencySettings(phone=AGENCY)}})
    return replace(site.parts(), program=replace(site.parts().program, settings=settings))


@pytest.fixture
def town(db: Database, now: object) -> Iterator[Telephone]:
    town = Telephone(db, now)  # type: ignore[arg-type]
    site = Site(db, town.now)
    with sites.running(site, parts(site)) as running:
        town.site = running
        yield town


def words(document: ET.Element) -> str:
    return " ".join("".join(say.itertext()) for say in document.iter("Say"))


def asked(town: Telephone, **household: object) -> builders.Household:
    """A household that was asked how it is, and has not answered."""
    home = town.household(**household)
    town.sent(town.open())
    town.now += timedelta(minutes=5)
    town.site.now = town.now
    return home


def state(town: Telephone, home: builders.Household) -> object:
    return town.recipient(home)["state"]


def test_who_rings_back_hears_the_question_again_and_their_key_counts(town: Telephone) -> None:
    home = asked(town)

    question = town.call(home.phone)

    assert "Nous voulions prendre de vos nouvelles" in words(question)
    assert "tapez 1" in words(question)
    assert [g.get("numDigits") for g in question.iter("Gather")] == ["1", "1", "1"]
    assert "Prenez soin de vous" in words(town.press(home.phone, "1"))
    assert state(town, home) == "fine"


@pytest.mark.parametrize("label", ["child", "neighbour", "other"])
def test_one_from_a_number_of_somebody_else_s_does_not_say_that_the_household_is_fine(
    town: Telephone, label: str
) -> None:
    home, relative = asked(town), builders.landline()
    builders.add_phone(town.db, home, relative, label=label)

    town.call(relative)
    town.press(relative, "1")

    assert state(town, home) == "callback"
    assert town.task(home)["reasons"] == ["unclear"]  # type: ignore[index]


def test_two_from_a_number_of_somebody_else_s_makes_a_call_due_at_once(town: Telephone) -> None:
    home, relative = asked(town), builders.landline()
    builders.add_phone(town.db, home, relative, label="neighbour")

    town.press(relative, "2")

    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]


def test_one_from_the_spouse_s_own_number_counts(town: Telephone) -> None:
    home, spouse = asked(town), builders.landline()
    builders.add_phone(town.db, home, spouse, label="spouse")

    town.press(spouse, "1")

    assert state(town, home) == "fine"


@pytest.mark.parametrize("key", ["2", "4"])
def test_a_key_pressed_while_the_database_is_away_is_told_as_such_and_kept_when_it_is_back(
    town: Telephone, key: str
) -> None:
    home = asked(town)
    town.call(home.phone)
    form = {"CallSid": SID, "From": home.phone, "To": LINE, "CallStatus": "in-progress", "Digits": key}
    with away(town.db, "inbound_message"), away(town.db, "phone"):
        answer = town.site.post(KEYS, form)
        again = town.site.post(KEYS, form)

    assert "pas pu noter votre choix" in words(ET.fromstring(answer.text))  # noqa: S314  # our own
    assert again.status_code == 200
    until(lambda: town.site.woken, why="the key to be kept")
    town.read()
    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]
    assert len(town.rows("inbound_message")) == 1


@pytest.mark.parametrize(
    ("how", "said", "reasons"),
    [
        ({"DialCallStatus": "no-answer"}, "pas pu noter votre choix", ["asked_call"]),
        ({"DialCallStatus": "completed", "DialCallDuration": "95"}, "", []),
    ],
)
def test_a_transfer_that_nobody_took_while_the_database_is_away_is_a_persons_call_once_it_is_back(
    town: Telephone, how: dict[str, str], said: str, reasons: list[str]
) -> None:
    home = asked(town)
    town.call(home.phone)
    town.press(home.phone, "4")
    form = {"CallSid": SID, "From": home.phone, "To": LINE, "CallStatus": "in-progress"}
    with away(town.db, "inbound_message"), away(town.db, "incoming_call"):
        answer = town.site.post(TRANSFERRED, form | how)

    heard = words(ET.fromstring(answer.text))  # noqa: S314  # our own
    assert said in heard if said else heard == ""
    until(lambda: town.rows("incoming_call")[0]["transfer"], why="the transfer to be kept")
    until(lambda: len(town.site.woken) == len(reasons), why="the wish to be kept")
    town.read()
    task = town.task(home)
    assert (task["reasons"] if task else []) == reasons


def test_two_makes_a_call_due_and_nine_ends_calls_by_the_machine_alone(town: Telephone) -> None:
    help_wanted, no_more = asked(town), asked(town)
    town.call(help_wanted.phone)
    town.press(help_wanted.phone, "2")
    town.call(no_more.phone, sid=SID[:-1] + "0")
    town.press(no_more.phone, "9", sid=SID[:-1] + "0")

    assert town.task(help_wanted)["reasons"] == ["asked_call"]  # type: ignore[index]
    assert [o["channel"] for o in town.rows("opt_out")] == ["voice"]


def test_a_late_fine_on_the_line_closes_a_call_that_silence_made(town: Telephone) -> None:
    home = asked(town)
    town.now += timedelta(hours=5)
    town.site.now = town.now
    town.climb()
    assert town.task(home) is not None

    town.call(home.phone)
    town.press(home.phone, "1")

    assert (town.task(home), state(town, home)) == (None, "fine")


def test_who_rings_back_after_nobody_reached_them_hears_the_question_and_their_key_counts(town: Telephone) -> None:
    """Silence is then promised no call: nobody owes one any more."""
    home = asked(town)
    town.now += timedelta(hours=5)
    town.site.now = town.now
    town.climb()
    given_up(town, home)
    assert (town.task(home), state(town, home)) == (None, "unreached")

    question = town.call(home.phone)
    silence = town.press(home.phone, "")
    town.press(home.phone, "1")

    assert "Nous voulions prendre de vos nouvelles" in words(question)
    assert "tapez 1" in words(question)
    assert "rappellera" not in words(silence)
    assert state(town, home) == "fine"


def test_ringing_alone_closes_nothing_and_shows_on_the_open_call(town: Telephone) -> None:
    home = asked(town)
    town.now += timedelta(hours=5)
    town.site.now = town.now
    town.climb()

    town.call(home.phone)
    town.call(home.phone)  # the provider asks again when it heard nothing

    task = town.task(home)
    assert task is not None
    assert [item["intent"] for item in task["news"]] == ["rang_back"]  # type: ignore[attr-defined]
    assert len(town.rows("incoming_call")) == 1
    [listed] = reporting.tasks(town.db)
    assert not listed.said_fine


def test_silence_on_the_line_is_not_fine(town: Telephone) -> None:
    home = asked(town)
    town.call(home.phone)

    assert "Nous n'avons pas entendu votre choix" in words(town.press(home.phone, ""))
    assert state(town, home) == "waiting"
    assert town.rows("inbound_message") == []


def test_three_repeats_and_so_does_a_slip_of_the_finger_but_not_for_ever(town: Telephone) -> None:
    home = asked(town)
    town.call(home.phone)

    again = [town.press(home.phone, "3"), town.press(home.phone, "7", f"{KEYS}?n=1")]

    assert all("tapez 1" in words(document) for document in again)
    assert [next(d.iter("Gather")).get("action", "").partition("#")[0][-3:] for d in again] == ["n=1", "n=2"]
    assert not list(town.press(home.phone, "3", f"{KEYS}?n=3").iter("Gather"))


@pytest.mark.parametrize("number", [WITHHELD, "anonymous", "", "+33612000000", "+12025550100"])
def test_a_stranger_learns_nothing(town: Telephone, number: str) -> None:
    asked(town)

    said = [town.call(number), town.press(number, "1"), town.press(number, "4")]

    assert len({words(one) for one in said}) == 1
    assert "05, 36, 49, 00, 01" in words(said[0])
    assert "faites le 15" in words(said[0])
    assert not any(word in words(said[0]) for word in ("locataire", "nouvelles", "chaud", "tapez", "ESSAI", "Odette"))
    assert town.rows("inbound_message") == []
    assert [call["e164"] for call in town.rows("incoming_call")] == [number if len(number) > 10 else None]


def test_a_strangers_call_waits_in_the_inbox_until_somebody_knows_the_number(town: Telephone) -> None:
    home = asked(town)
    for number, sid in (("+33612000000", "a"), ("+33612000000", "b"), (WITHHELD, "c"), (home.phone, "d")):
        town.call(number, sid=SID[:-1] + sid)

    [caller] = ringing_back.strangers(town.db, now=town.now)
    assert (caller.e164, caller.calls) == ("+33612000000", 2)

    builders.add_phone(town.db, home, "+33612000000", "mobile")
    assert ringing_back.strangers(town.db, now=town.now) == []


COUPLE = (builders.date(1940, 5, 1), builders.date(1942, 5, 1))


@pytest.mark.parametrize(
    ("language", "all_well"), [("fr", "tout le monde va bien chez vous"), ("en", "everyone in your home")]
)
@pytest.mark.parametrize("births", [COUPLE, COUPLE[:1]], ids=["a couple", "one"])
def test_one_of_a_couple_who_rings_back_is_asked_about_both(
    town: Telephone, births: tuple[builders.date, ...], language: str, all_well: str
) -> None:
    home = asked(town, births=births, language=language)

    assert (all_well in words(town.call(home.phone))) is (len(births) == 2)


@pytest.mark.parametrize(
    ("language", "all_well", "one_of_them"),
    [("fr", "tout le monde va bien chez vous", "l'un de vous"), ("en", "everyone in your home", "one of you")],
)
@pytest.mark.parametrize("births", [COUPLE, COUPLE[:1]], ids=["a couple", "one"])
def test_so_is_one_of_a_couple_of_whom_nothing_was_asked(
    *, town: Telephone, births: tuple[builders.date, ...], language: str, all_well: str, one_of_them: str
) -> None:
    home = town.household(births=births, language=language)

    said = words(town.call(home.phone))

    assert (all_well in said, one_of_them in said) == (len(births) == 2, len(births) == 2)


def test_no_name_is_ever_said(town: Telephone) -> None:
    waits, knows = asked(town, births=COUPLE), town.household(births=COUPLE)

    said = [town.call(knows.phone, sid=SID[:-1] + "0"), town.call(waits.phone)]
    said += [town.press(waits.phone, "2"), town.press(waits.phone, "4", f"{KEYS}?n=1")]

    assert not any(name in words(one).casefold() for one in said for name in ("essai", "odette"))


def test_the_agency_is_rung_in_its_hours_and_shows_our_line(town: Telephone) -> None:
    home = asked(town)
    assert "Pour parler à votre agence, tapez 4" in words(town.call(home.phone))

    [dial] = town.press(home.phone, "4").iter("Dial")

    assert (dial.find("Number").text, dial.get("callerId")) == (AGENCY, LINE)  # type: ignore[union-attr]
    assert town.call(home.phone, TRANSFERRED, DialCallStatus="completed", DialCallDuration="95").tag == "Response"
    [call] = town.rows("incoming_call")
    assert (call["transfer"], call["talked_s"]) == ("put_through", 95)
    assert town.task(home) is None


@pytest.mark.parametrize(
    ("status", "talked_s"),
    [
        ("busy", ""),
        ("no-answer", ""),
        ("failed", ""),
        ("canceled", ""),
        ("", ""),
        ("completed", "12"),
        ("completed", "0"),
    ],
)
def test_when_the_agency_does_not_pick_up_or_only_its_voicemail_does_a_person_calls(
    town: Telephone, status: str, talked_s: str
) -> None:
    home = asked(town)
    town.call(home.phone)
    town.press(home.phone, "0")

    ended = town.call(home.phone, TRANSFERRED, DialCallStatus=status, DialCallDuration=talked_s)

    assert "Un conseiller vous appelle" in words(ended)
    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]
    assert town.rows("incoming_call")[0]["transfer"] == "agency_missed"


def test_out_of_hours_nobody_is_rung_and_a_person_calls(town: Telephone) -> None:
    home = asked(town)
    town.now = town.now.replace(hour=20)
    town.site.now = town.now

    assert "agence, tapez 4" not in words(town.call(home.phone))
    closed = town.press(home.phone, "4")

    assert not list(closed.iter("Dial"))
    assert "Votre agence est fermée" in words(closed)
    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]


def test_a_number_of_two_households_speaks_for_neither_alone(town: Telephone) -> None:
    shared = builders.landline()
    homes = [town.household(mobiles=[builders.mobile()], landlines=[shared]) for _ in range(2)]
    town.sent(town.open())
    town.now += timedelta(minutes=5)
    town.site.now = town.now
    town.call(shared)
    town.press(shared, "1")

    assert [town.task(home)["reasons"] for home in homes] == [["unclear"], ["unclear"]]  # type: ignore[index]


def test_with_nothing_open_they_can_still_ask_for_a_call(town: Telephone) -> None:
    home = town.household()

    assert "Si tout va bien, raccrochez" in words(town.call(home.phone))
    town.press(home.phone, "2")

    assert town.task(home)["reasons"] == ["asked_call"]  # type: ignore[index]


ADVICE = builders.campaign(
    kind=Kind.ADVICE,
    level=Level.YELLOW,
    text="heat_yellow_advice",
    reply_deadline=None,
    reminder_text=None,
    reminder_after=None,
)


def advised(town: Telephone) -> builders.Household:
    """A household that was told an advice by text."""
    home = town.household()
    town.sent(town.open(ADVICE))
    return home


def test_an_advice_is_repeated_too(town: Telephone) -> None:
    home = advised(town)

    assert "Il va faire très chaud" in words(town.call(home.phone))


@pytest.mark.parametrize(("key", "query"), [("", ""), ("7", "?n=3")])
def test_who_listens_to_an_advice_and_presses_nothing_is_promised_no_call(
    town: Telephone, key: str, query: str
) -> None:
    home = advised(town)
    town.call(home.phone)

    said = words(town.press(home.phone, key, KEYS + query))

    assert "Vous pouvez nous joindre au 05, 36, 49, 00, 01" in said
    assert "appellera" not in said
    assert town.task(home) is None


def test_what_was_cancelled_is_not_said_again_to_who_rings_back(town: Telephone) -> None:
    home = advised(town)
    events.cancel(town.db, int(str(town.recipient(home)["event_id"])), now=town.now)

    said = words(town.call(home.phone))

    assert "Il va faire très chaud" not in said
    assert "Si tout va bien, raccrochez" in said


def given_up(town: Telephone, home: builders.Household) -> None:
    """Nobody was reached in all tries."""
    task_id = int(str(town.task(home)["id"]))  # type: ignore[index]
    code = OutcomeCode.UNREACHABLE
    calls.record_outcome(town.db, task_id, outcome=code, caller="odile", note="", desk=DESK, now=town.now)


def asks_for_help(town: Telephone, home: builders.Household) -> None:
    """A person owes them a call, and has not rung yet."""
    town.reply(home.phone, "2")


@pytest.mark.parametrize(
    ("before", "pressed", "stands"),
    [(given_up, "1", "fine"), (asks_for_help, "", "callback")],
)
def test_after_the_all_clear_who_rings_back_hears_that_it_is_over_and_an_answer_to_the_alert_still_counts(
    town: Telephone, before: Callable[[Telephone, builders.Household], None], pressed: str, stands: str
) -> None:
    home = town.household()
    alert = town.open(builders.campaign(level=Level.RED, text="heat_red_check"))
    town.sent(alert)
    town.later(hours=5)
    before(town, home)
    end = replace(END, call_script="heat_end")
    cleared = steering.all_clear(town.db, alert, end=end, desk=CALL_DESK, now=town.now)
    assert cleared.end_event_id is not None
    events.fan_out(town.db, cleared.end_event_id, desk=CALL_DESK, now=town.now)
    town.sent(cleared.end_event_id)
    town.site.now = town.now

    said = words(town.call(home.phone))
    town.press(home.phone, pressed)

    assert "La canicule se termine" in said
    assert town.state(home, alert) == stands


def test_the_call_stands_in_the_history_of_the_household(town: Telephone) -> None:
    home = asked(town)
    town.call(home.phone)
    town.press(home.phone, "2")

    kinds = {line.kind for line in files.history(town.db, home.id)}
    assert kinds >= {"incoming", "reply", "task"}


def test_the_language_of_the_household_is_spoken(town: Telephone) -> None:
    home = asked(town, language="en")

    assert "We wanted to know how you are" in words(town.call(home.phone))


@pytest.mark.parametrize("path", [RING, KEYS, TRANSFERRED])
def test_a_wrong_signature_is_refused_and_keeps_nothing(town: Telephone, path: str) -> None:
    form = {"CallSid": SID, "From": "+33612000000", "To": LINE, "Digits": "1"}

    assert town.site.post(path, form, token="another token").status_code == 403
    assert town.rows("incoming_call") + town.rows("inbound_message") == []


def test_nobody_is_left_unaccounted_by_what_is_pressed(town: Telephone) -> None:
    homes = [asked(town) for _ in range(4)]
    for n, (home, key) in enumerate(zip(homes, "1294", strict=True)):
        town.call(home.phone, sid=f"CA{n:032x}")
        town.press(home.phone, key, sid=f"CA{n:032x}")

    with town.db.begin() as connection:
        events = {row["event_id"] for row in town.rows("recipient")}
        assert all(accounts.of_event(connection, event).unaccounted == 0 for event in events)  # type: ignore[arg-type]
