"""Ringing a household through the system: one's own phone first, by a key the household, and never two at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import text

from tests.builders import Household, landline
from tests.integration import site as sites
from tests.integration.api_client import Program
from tests.integration.console_visits import Browser, Console
from tests.integration.switchboard import CALL_DESK, LINE, Switchboard
from worker.domain.channels import Sender
from worker.domain.errors import Refused
from worker.domain.messages import Inbound, Outcome, OutgoingCall, SendResult
from worker.domain.roles import Person, Role
from worker.services import bridging, claims, inbound, staffing
from worker.services.staffing import TERMINAL
from worker.store.database import Database
from worker.twilio import calls

OWN = "+33612345678"
ODILE = "odile"
PUBLIC = "http://127.0.0.1"
HOOK = "/hooks/twilio/voice/bridge"


class Exchange(Console):
    """A console whose landlord has a line."""

    def _program(self):  # type: ignore[no-untyped-def]
        program = super()._program()
        senders = program.settings.senders | {"voix": sites_sender()}
        settings = program.settings.model_copy(update={"senders": senders})
        return replace(program, desk=replace(program.desk, line=CALL_DESK.line), settings=settings)


def sites_sender() -> object:
    from worker.settings_tables import SenderSettings

    return SenderSettings(address=LINE.address, capability=LINE.capability)


@dataclass
class Provider:
    """In the gateway's place."""

    fate: SendResult | None = None
    next: list[SendResult] = field(default_factory=list)
    rung: list[OutgoingCall] = field(default_factory=list)

    def bridge(
        self, owed: Sequence[OutgoingCall], *, senders: Mapping[str, Sender], in_flight: int
    ) -> list[SendResult]:
        del senders, in_flight
        self.rung += owed
        if self.next:
            return [replace(self.next.pop(0), message_id=c.message_id, attempt_id=c.attempt_id) for c in owed]
        accepted = SendResult(0, 0, Outcome.ACCEPTED, f"CA{owed[0].message_id:032x}", http_status=201)
        return [replace(self.fate or accepted, message_id=c.message_id, attempt_id=c.attempt_id) for c in owed]


class Bridges(Switchboard):
    """A town with a caller, Odile, who works from home."""

    site: Exchange
    provider: Provider

    def hand(self, *further: str) -> tuple[Household, int]:
        """A household whose call Odile has in hand, and its task. further: its numbers beside the one that asked."""
        number = f"+3353649{1000 + len(self.rows('household')):04d}"
        home = self.household(mobiles=[], landlines=[number, *further])
        asked = Inbound(f"CA{home.id:032d}.0", home.phone, LINE.address, "2", self.now, channel="voice")
        stored = inbound.store(self.db, asked, now=self.now)
        inbound.handle(self.reading, stored or 0, now=self.now)
        task = int(self.task(home)["id"])  # type: ignore[index,call-overload]
        claims.claim(self.db, task, caller=ODILE, now=self.now)
        return home, task

    def ring(self, task: int, number: str = "", caller: str = ODILE) -> int:
        """Odile asks for the call, and a worker makes it."""
        rig = bridging.Rig(self.db, self.settings, CALL_DESK, lambda _bridge: None)
        bridge = bridging.start(rig, task, caller=Person(0, caller, Role.CALLER), number=number, now=self.now)
        self.place_bridge(bridge)
        return bridge

    def place_bridge(self, bridge: int) -> SendResult | None:
        rig = replace(self.texting, gateway=self.provider)  # type: ignore[arg-type]
        return bridging.place(rig, bridge, settings=self.settings)

    @property
    def settings(self):  # type: ignore[no-untyped-def]
        return self.site.parts().program.settings

    def hook(self, name: str, bridge: int, **form: str) -> ET.Element | None:
        """The provider asks or tells; what is to be said, as parsed."""
        told = {"CallSid": f"CA{bridge:032x}", "From": LINE.address, "To": OWN} | form
        answer = self.site.post(f"{HOOK}/{name}?b={bridge}", told, public=PUBLIC)
        assert answer.status_code in {200, 204}
        return ET.fromstring(answer.text) if answer.text else None  # noqa: S314  # our own

    def row(self, bridge: int) -> dict[str, object]:
        return next(r for r in self.rows("bridged_call") if r["id"] == bridge)


@pytest.fixture
def town(db: Database, now: object) -> Iterator[Bridges]:
    town = Bridges(db, now)  # type: ignore[arg-type]
    town.provider = Provider()
    for login, phone in ((ODILE, OWN), ("paul", None)):
        staffing.add(
            db,
            login=login,
            password="trois mots sans rapport",
            role=Role.CALLER,
            agencies=(),
            by=TERMINAL,
            now=town.now,
        )
        if phone:
            staffing.set_phone(db, login, phone, by=TERMINAL, now=town.now)
    with sites.running(Exchange(db, town.now)) as running:
        town.site = running  # type: ignore[assignment]
        yield town


def words(document: ET.Element | None) -> str:
    assert document is not None
    return " ".join("".join(say.itertext()) for say in document.iter("Say"))


def test_the_callers_own_phone_rings_first_and_shows_the_landlords_number(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)

    [call] = town.provider.rung
    assert (call.to, call.sender_key) == (OWN, "voix")
    assert town.row(bridge)["provider_sid"] == f"CA{bridge:032x}"


def test_a_key_connects_the_household_and_nothing_is_recorded(town: Bridges) -> None:
    home, task = town.hand()
    bridge = town.ring(task)

    asked = town.hook("answer", bridge)
    dialled = town.hook("connect", bridge, Digits="1")

    assert "Foyer suivant : une personne, demande un appel" in words(asked)
    assert not any(word in words(asked) for word in ("ESSAI", "Odette", home.phone[-4:]))
    [dial] = dialled.iter("Dial")  # type: ignore[union-attr]
    assert (dial.find("Number").text, dial.get("callerId")) == (home.phone, LINE.address)  # type: ignore[union-attr]
    assert dial.get("record") is None


def test_a_caller_beside_the_telephone_is_answered_by_the_next_try_when_one_fails(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)

    asked = town.hook("answer", bridge)
    dialled = town.hook("connect", bridge, Digits="1")
    form = calls.bridge_draft(town.provider.rung[0], LINE, public_url=PUBLIC).form

    actions = [e.get("action", "") for document in (asked, dialled) for e in document.iter() if e.get("action")]  # type: ignore[union-attr]
    assert all(address.endswith(calls.SOON_AGAIN) for address in [str(form["Url"]), *actions])
    assert len(actions) == 4


def test_a_voicemail_of_the_caller_never_meets_a_tenant(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("answer", bridge)

    silence = town.hook("connect", bridge)

    assert list(silence) == []  # type: ignore[arg-type]
    assert town.row(bridge)["came_to"] == "bridge_not_connected"


# What dialling the household came to, what is kept, what the card proposes.
ENDS = [
    ("completed", "bridge_talked", None),
    ("busy", "bridge_busy", "BUSY"),
    ("no-answer", "bridge_no_answer", "NO_ANSWER"),
    ("failed", "bridge_failed", None),
    ("canceled", "bridge_failed", None),
    ("", "bridge_failed", None),
]


@pytest.mark.parametrize(("status", "came_to", "proposed"), ENDS)
def test_how_it_ended_fills_the_card_and_a_person_confirms(
    town: Bridges, status: str, came_to: str, proposed: str | None
) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")
    town.hook("ended", bridge, DialCallStatus=status, DialCallDuration="204" if status == "completed" else "")

    row = town.row(bridge)
    assert (row["came_to"], row["talked_s"]) == (came_to, 204 if status == "completed" else None)
    page = browser(town).get(f"/tasks/{task}").page
    assert (f'value="{proposed}" form="call"' in page) is (proposed is not None)
    assert town.rows("call_outcome") == []


@pytest.mark.parametrize("status", ["canceled", "no-answer"])
def test_a_caller_who_hangs_up_while_it_rings_is_offered_no_try_of_the_households(town: Bridges, status: str) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")

    town.hook("ended", bridge, DialCallStatus=status, CallStatus="completed")  # their own side is over already

    assert town.row(bridge)["came_to"] == "bridge_failed"
    assert 'value="NO_ANSWER" form="call"' not in browser(town).get(f"/tasks/{task}").page


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_when_the_callers_phone_is_not_picked_up_nobody_else_is_rung(town: Bridges, status: str) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)

    town.hook("status", bridge, CallStatus=status)

    assert town.row(bridge)["came_to"] == "bridge_not_picked_up"


def test_words_in_any_order_and_twice_come_to_the_same(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")
    town.hook("status", bridge, CallStatus="completed")  # before the end of the dialling is told
    town.hook("ended", bridge, DialCallStatus="busy")
    town.hook("ended", bridge, DialCallStatus="completed", DialCallDuration="9")
    town.hook("status", bridge, CallStatus="completed")

    assert town.row(bridge)["came_to"] == "bridge_busy"


def test_never_two_at_once_for_a_task_nor_for_a_caller(town: Bridges) -> None:
    (_one, first), (_two, second) = town.hand(), town.hand()
    bridge = town.ring(first)

    for task in (first, second):
        with pytest.raises(Refused, match="déjà en cours"):
            town.ring(task)

    town.hook("status", bridge, CallStatus="no-answer")
    assert town.ring(second)
    assert len(town.provider.rung) == 2


def test_a_worker_that_is_told_twice_rings_once(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)

    assert town.place_bridge(bridge) is None
    assert len(town.provider.rung) == 1


def test_a_turn_that_passed_while_the_worker_was_busy_does_not_refuse_the_caller(town: Bridges) -> None:
    _home, task = town.hand()
    answers = [SendResult(0, 0, Outcome.TRANSIENT, asked=False), SendResult(0, 0, Outcome.ACCEPTED, f"CA{7:032x}")]
    town.provider.next = answers

    bridge = town.ring(task)

    assert (town.row(bridge)["provider_sid"], town.row(bridge)["ended_at"]) == (f"CA{7:032x}", None)
    assert [call.leave_at is None for call in town.provider.rung] == [False, True]


def test_its_lines_are_not_there_for_the_machine_meanwhile(town: Bridges) -> None:
    _home, task = town.hand()
    for _ in range(2):
        town.household(mobiles=[], landlines=[landline()])
    town.open()
    town.climb()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")
    town.later(seconds=5)

    assert town.place(LINE) == []  # of two lines the caller has one, the household the other

    town.hook("ended", bridge, DialCallStatus="completed", DialCallDuration="3")
    assert len(town.place(LINE)) == 1


@pytest.mark.parametrize("number", ["", "+33536492000"])
def test_the_machine_does_not_ring_a_household_that_a_caller_speaks_with(town: Bridges, number: str) -> None:
    home, task = town.hand("+33536492000")
    neighbour = town.household(mobiles=[], landlines=[landline()])
    roomy = replace(LINE, calls_at_once=9, calls_per_s=9.0)
    town.open()
    town.climb()
    bridge = town.ring(task, number)
    town.hook("connect", bridge, Digits="1")
    town.later(seconds=5)

    meanwhile = town.place(roomy)
    town.hook("ended", bridge, DialCallStatus="completed", DialCallDuration="3")
    town.later(seconds=5)

    assert [call.to for call in meanwhile] == [neighbour.phone]
    assert [call.to for call in town.place(roomy)] == [home.phone]


def test_who_had_the_system_ring_whom_is_written_down(town: Bridges) -> None:
    home, task = town.hand()
    page = browser(town).get(f"/tasks/{task}")

    page.send(f"/tasks/{task}/bridge")
    page.send(f"/tasks/{task}/bridge")  # refused: one is under way

    rang = [(e["who"], e["kind"], e["object_id"]) for e in town.rows("audit_entry") if e["action"] == "rang"]
    assert rang == [(ODILE, "household", str(home.id))]


def test_a_call_nobody_waits_for_any_more_is_not_made(town: Bridges) -> None:
    _home, task = town.hand()
    rig = bridging.Rig(town.db, town.settings, CALL_DESK, lambda _bridge: None)
    bridge = bridging.start(rig, task, caller=Person(0, ODILE, Role.CALLER), number="", now=town.now)
    town.now += timedelta(minutes=2)

    assert town.place_bridge(bridge) is None
    assert town.provider.rung == []
    assert town.ring(task) != bridge
    assert town.row(bridge)["came_to"] == "bridge_not_made"


def test_a_call_of_which_nothing_was_heard_does_not_bar_the_next_for_ever(town: Bridges) -> None:
    _home, task = town.hand()
    town.provider.fate = SendResult(0, 0, Outcome.UNKNOWN)
    lost = town.ring(task)
    town.now += timedelta(minutes=4)

    assert town.ring(task) != lost
    assert town.row(lost)["came_to"] == "bridge_lost"


def test_what_the_provider_refuses_is_told_and_over(town: Bridges) -> None:
    _home, task = town.hand()
    town.provider.fate = SendResult(0, 0, Outcome.TRANSIENT, code=10004, http_status=400)
    bridge = town.ring(task)

    assert (town.row(bridge)["came_to"], town.row(bridge)["code"]) == ("bridge_refused", 10004)


def test_a_call_that_this_process_was_too_busy_to_ask_for_was_not_refused_by_the_provider(town: Bridges) -> None:
    _home, task = town.hand()
    town.provider.fate = SendResult(0, 0, Outcome.TRANSIENT, asked=False)
    bridge = town.ring(task)

    assert town.row(bridge)["came_to"] == "bridge_not_made"


def test_only_who_has_the_task_in_hand_may_start_it(town: Bridges) -> None:
    _home, task = town.hand()
    staffing.set_phone(town.db, "paul", OWN, by=TERMINAL, now=town.now)

    with pytest.raises(Refused):
        town.ring(task, caller="paul")

    town.now += timedelta(hours=1)  # the lease is over
    with pytest.raises(Refused, match="plus entre vos mains"):
        town.ring(task)
    assert town.provider.rung == []


def test_a_task_lost_before_the_key_is_pressed_connects_nobody(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    claims.release(town.db, task, caller=ODILE, now=town.now)

    said = town.hook("connect", bridge, Digits="1")

    assert "plus entre vos mains" in words(said)
    assert not list(said.iter("Dial"))  # type: ignore[union-attr]


def test_only_a_number_of_the_household_is_rung(town: Bridges) -> None:
    from worker.domain.errors import NotFound

    home, task = town.hand()
    for number in ("+33612000000", "3615", "+12025550100"):
        with pytest.raises(NotFound):
            town.ring(task, number)

    assert town.row(town.ring(task, "0" + home.phone[3:]))["e164"] == home.phone


@pytest.mark.parametrize("number", ["", "0", "15", "0899123456", "+12025550100", "3639", "bonjour", "06 00 00 00 00"])
def test_a_number_abroad_or_with_a_price_is_no_callers_phone(town: Bridges, number: str) -> None:
    with pytest.raises(Refused, match="numéro de téléphone français ordinaire"):
        staffing.set_phone(town.db, ODILE, number, by=TERMINAL, now=town.now)


def browser(town: Bridges, login: str = ODILE) -> Browser:
    return Browser(town.site.url).sign_in(login)


def test_the_button_works_without_a_script(town: Bridges) -> None:
    _home, task = town.hand()
    page = browser(town).get(f"/tasks/{task}")

    after = page.send(f"/tasks/{task}/bridge")

    assert (after.status, "Votre téléphone sonne" in after.page) == (200, True)
    assert len(town.site.bridges) == 1


def test_when_no_worker_can_be_told_the_call_is_not_made_later(town: Bridges) -> None:
    _home, task = town.hand()
    page = browser(town).get(f"/tasks/{task}")
    town.site.queue_is_away = True

    assert page.send(f"/tasks/{task}/bridge").status == 503
    assert [r["came_to"] for r in town.rows("bridged_call")] == ["bridge_not_made"]


def test_ones_own_phone_is_kept_and_shown_nowhere(town: Bridges) -> None:
    paul = browser(town, "paul").get("/desk")
    after = paul.send("/desk/phone", phone="06 98 76 54 32")

    assert "un numéro est connu" in after.page
    assert "98 76" not in after.page
    assert "98765432" not in after.page
    with town.db.begin() as connection:
        assert (
            connection.execute(text("SELECT phone FROM staff_account WHERE login = 'paul'")).scalar() == "+33698765432"
        )
    assert "un numéro est connu" not in after.send("/desk/phone", do="forget").page


def test_without_a_phone_of_ones_own_the_card_says_where_to_write_it(town: Bridges) -> None:
    _home, task = town.hand()
    staffing.set_phone(town.db, ODILE, None, by=TERMINAL, now=town.now)

    page = browser(town).get(f"/tasks/{task}").page

    assert "écrivez d&#39;abord votre téléphone" in page
    assert "Faire sonner mon téléphone" not in page


@pytest.mark.parametrize("name", ["answer", "connect", "ended", "status", "fallback"])
def test_a_wrong_signature_is_refused(town: Bridges, name: str) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    form = {"CallSid": f"CA{bridge:032x}", "Digits": "1", "CallStatus": "completed", "DialCallStatus": "completed"}

    assert town.site.post(f"{HOOK}/{name}?b={bridge}", form, public=PUBLIC, token="another").status_code == 403
    assert town.row(bridge)["ended_at"] is None


def test_a_word_about_another_call_changes_nothing(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)

    said = town.hook("connect", bridge, CallSid=f"CA{999:032x}", Digits="1")

    assert list(said) == []  # type: ignore[arg-type]
    assert town.row(bridge)["connected_at"] is None


def test_the_card_stays_in_hand_while_they_talk(town: Bridges) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")
    town.now += timedelta(minutes=40)
    town.site.now = town.now

    town.hook("ended", bridge, DialCallStatus="completed", DialCallDuration="2300")

    held = town.rows("callback_task")[0]
    assert (held["claimed_by"], held["claimed_until"]) == (ODILE, town.now + timedelta(minutes=15))


@pytest.mark.parametrize("sign", [claims.renew, claims.claim])
def test_a_sign_of_life_from_the_card_does_not_end_a_long_talk_for_a_colleague(town: Bridges, sign: Any) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    town.hook("connect", bridge, Digits="1")
    town.now += timedelta(minutes=1)
    sign(town.db, task, caller=ODILE, now=town.now)  # the last one: nobody touches the card while they talk

    town.now += timedelta(minutes=34)

    assert claims.next_task(town.db, caller="paul", now=town.now) is None


def test_a_sign_of_life_in_a_talk_says_until_when_the_card_is_held(town: Bridges) -> None:
    _home, task = town.hand()
    town.hook("connect", town.ring(task), Digits="1")

    until = claims.renew(town.db, task, caller=ODILE, now=town.now)

    assert until == town.rows("callback_task")[0]["claimed_until"]
    assert until > town.now + timedelta(seconds=town.settings.bridge.longest_s)


def program(town: Bridges, login: str = ODILE) -> Program:
    made = staffing.issue_token(town.db, login, name="test", role=None, days=1, by=TERMINAL, now=town.now)
    return Program(town.site, made.token, login)


def test_other_programs_ring_and_read_how_it_went(town: Bridges) -> None:
    _home, task = town.hand()
    odile = program(town)

    asked = odile.post(f"/tasks/{task}/bridge", {})
    bridge = asked.json()["id"]
    town.place_bridge(bridge)
    town.hook("connect", bridge, Digits="1")
    town.hook("ended", bridge, DialCallStatus="busy")

    assert (asked.status_code, asked.json()["came_to"], town.site.bridges) == (202, None, [bridge])
    told = odile.get(f"/tasks/{task}/bridge")
    assert (told["came_to"], told["proposed"]) == ("bridge_busy", "BUSY")
    assert OWN not in str(told)


def test_another_program_may_not_ring_what_it_does_not_hold(town: Bridges) -> None:
    _home, task = town.hand()
    staffing.set_phone(town.db, "paul", OWN, by=TERMINAL, now=town.now)

    assert program(town, "paul").post(f"/tasks/{task}/bridge", {}).status_code == 409
    assert town.rows("bridged_call") == []
