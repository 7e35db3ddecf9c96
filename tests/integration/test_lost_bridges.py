"""How a bridged call ended, where nobody told us: the provider is asked, and the caller's card says it."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from sandbox.twilio.control import Control
from tests.integration import site as sites
from tests.integration.switchboard import CALL_DESK, LINE
from tests.integration.test_bridges import HOOK, ODILE, OWN, PUBLIC, Bridges, Exchange, browser
from worker.domain.errors import Unavailable
from worker.domain.messages import FoundCall
from worker.domain.roles import Person, Role
from worker.services import bridge_ends, bridging, claims, reconciling, staffing
from worker.services.staffing import TERMINAL
from worker.settings_tables import Twilio
from worker.store.database import Database
from worker.twilio.client import Gateway
from worker.web.parts import Parts

NOWHERE = "http://127.0.0.1:9"
MINUTE = timedelta(minutes=1)
HOUSEHOLDS = tuple(f"+3353649{n}" for n in range(1000, 1003))
PICKS_UP = {"presses": [["1", 0.9, 0.0], None], "talk_s": 3000}


@dataclass
class Signed(Exchange):
    """A console to which the stand-in's signature is good."""

    token: str = ""

    def parts(self) -> Parts:
        return replace(super().parts(), tokens=(self.token, ""))


class Deaf(Bridges):
    """A town whose calls the stand-in puts together, and whose web server may be away."""

    twilio: Control

    def is_reached(self, *, but: str = "") -> None:
        """The provider's posts arrive. but: the one hook that does not answer."""
        lost = {f"{PUBLIC}{HOOK}/{but}": NOWHERE} if but else {}
        self.twilio.settings(rewrites=lost | {PUBLIC: self.site.url})

    def is_away(self) -> None:
        """Nothing that the provider posts arrives."""
        self.twilio.settings(rewrites={PUBLIC: NOWHERE})

    def passes(self, minutes: float = 2.0) -> None:
        """Time passes here; the telephones have their own."""
        self.now += minutes * MINUTE
        self.site.now = self.now

    def connected(self) -> tuple[int, int]:
        """Odile has rung a household and pressed the key: its telephone is about to ring. (task, bridged call)"""
        _home, task = self.hand()
        bridge = self.ring(task)
        for _second in range(60):
            if self.row(bridge)["connected_at"] is not None:
                return task, bridge
            self.twilio.clock(jump_s=1)
        raise AssertionError("nobody pressed a key")

    def household_does(self, manner: str, **doings: object) -> None:
        """What happens at the household's telephone when it is rung."""
        for number in HOUSEHOLDS:
            self.twilio.put_callee(number, manner, **doings)

    def rig(self, gateway: object = None) -> reconciling.Rig:
        rules = bridge_ends.rules_of(self.settings)
        return replace(self.asking(), gateway=gateway or self.provider, bridges=rules, at_once=2)  # type: ignore[arg-type]

    def asks(self, gateway: object = None) -> int:
        """One round of questions, as a worker has it every few seconds; how many ends it learnt."""
        return reconciling.fetch_lost_bridges(self.rig(gateway)).done

    def end(self, bridge: int) -> tuple[object, object]:
        row = self.row(bridge)
        return row["came_to"], row["talked_s"]

    def deletes(self, bridge: int) -> None:
        """The provider's record of it is gone."""
        account = self.twilio.account()
        with sites._session() as session:
            for call in self.twilio.calls():
                if self.row(bridge)["provider_sid"] in {call["sid"], call["parent"]}:
                    path = f"/2010-04-01/Accounts/{account['sid']}/Calls/{call['sid']}.json"
                    gone = session.delete(self.twilio.url + path, auth=(account["sid"], account["token"]), timeout=10)
                    assert gone.status_code == 204


@dataclass
class Counting:
    """A gateway that keeps who was asked about. meanwhile: what happens before the answer is there."""

    inner: Gateway
    meanwhile: Callable[[str], object] = str
    asked: Counter[str] = field(default_factory=Counter)

    def dialled_by(self, sid: str) -> list[FoundCall]:
        self.asked[sid] += 1
        found = self.inner.dialled_by(sid)
        self.meanwhile(sid)
        return found

    def fetch_call(self, sid: str) -> FoundCall | None:
        return self.inner.fetch_call(sid)


class Silent:
    """A provider that does not answer."""

    def dialled_by(self, sid: str) -> list[FoundCall]:
        raise Unavailable(sid)


@pytest.fixture
def town(db: Database, now: object, standin: Control) -> Iterator[Deaf]:
    standin.clock(speed=0)
    standin.put_senders({"address": LINE.address})
    standin.settings(calls_per_s=50.0)
    standin.put_callee(OWN, "silent", **PICKS_UP)
    account = standin.account()
    town = Deaf(db, now)  # type: ignore[arg-type]
    town.twilio = standin
    staffing.add(
        db, login=ODILE, password="trois mots sans rapport", role=Role.CALLER, agencies=(), by=TERMINAL, now=town.now
    )
    staffing.set_phone(db, ODILE, OWN, by=TERMINAL, now=town.now)
    values = {"account_sid": account["sid"], "auth_token": SecretStr(account["token"]), "api_url": standin.url}
    gateway = Gateway(Twilio(**values), public_url=PUBLIC, clock=lambda: town.now)  # type: ignore[arg-type]
    town.provider = gateway  # type: ignore[assignment]
    with sites.running(Signed(db, town.now, token=account["token"])) as running:
        town.site = running  # type: ignore[assignment]
        town.is_reached()
        yield town
    gateway.close()


def card(town: Deaf, task: int) -> str:
    page = browser(town).get(f"/tasks/{task}").page
    return page.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_talk_whose_end_nobody_told_is_on_the_card_with_its_length(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    task, bridge = town.connected()
    town.is_away()
    town.twilio.clock(jump_s=120)
    town.passes()
    assert town.end(bridge) == (None, None)

    assert town.asks() == 1

    assert town.end(bridge) == ("bridge_talked", 42)
    assert "<strong>conversation</strong>, moins d&#39;une minute" in card(town, task)


def test_a_household_that_was_not_in_is_proposed_for_the_caller_to_confirm(town: Deaf) -> None:
    town.household_does("no_answer")
    task, bridge = town.connected()
    town.is_away()
    town.twilio.clock(jump_s=120)
    town.passes()

    town.asks()

    assert town.end(bridge) == ("bridge_no_answer", None)
    assert 'value="NO_ANSWER" form="call"' in card(town, task)
    assert town.rows("call_outcome") == []


def test_a_talk_that_goes_on_is_left_alone_and_asked_about_again(town: Deaf) -> None:
    town.household_does("silent", talk_s=1200)
    task, bridge = town.connected()
    town.twilio.clock(jump_s=120)
    town.is_away()
    town.passes()

    meanwhile = [town.asks(), town.end(bridge), "l&#39;appel est en cours" in card(town, task)]
    town.twilio.clock(jump_s=1200)
    at_once = town.asks()
    town.passes()

    assert meanwhile == [0, (None, None), True]
    assert at_once == 0  # it was asked about just now
    assert town.asks() == 1
    assert town.end(bridge) == ("bridge_talked", 1200)


@pytest.mark.parametrize(
    ("manner", "came_to"), [("no_answer", "bridge_not_picked_up"), ("silent", "bridge_not_connected")]
)
def test_a_caller_whose_own_phone_came_to_nothing_is_told_so(town: Deaf, manner: str, came_to: str) -> None:
    town.twilio.put_callee(OWN, manner)
    _home, task = town.hand()
    bridge = town.ring(task)
    town.is_away()
    town.twilio.clock(jump_s=120)
    town.passes()

    town.asks()

    assert town.end(bridge) == (came_to, None)


def test_of_what_the_provider_knows_nothing_the_end_is_unknown_without_another_call(town: Deaf) -> None:
    town.twilio.put_callee(OWN, "no_answer")
    _home, task = town.hand()
    bridge = town.ring(task)
    town.is_away()
    town.twilio.clock(jump_s=120)
    town.deletes(bridge)

    town.passes()
    town.asks()
    early = town.end(bridge)
    town.passes()
    town.asks()
    asked = Counting(town.provider)  # type: ignore[arg-type]
    town.passes(60)
    town.asks(asked)

    assert early == (None, None)
    assert town.end(bridge) == ("bridge_lost", None)
    assert asked.asked == {}
    claims.claim(town.db, task, caller=ODILE, now=town.now)
    assert "<strong>fin inconnue</strong>" in card(town, task)


def test_a_call_that_nobody_has_a_name_for_is_over_by_itself(town: Deaf) -> None:
    _home, task = town.hand()
    bridge = town.ring(task)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE bridged_call SET provider_sid = NULL"))
    town.passes()
    town.asks()
    early = town.end(bridge)
    town.passes()
    town.asks()

    assert early == (None, None)
    assert town.end(bridge) == ("bridge_lost", None)


def test_a_call_that_no_worker_made_is_said_to_be_none_as_soon_as_nobody_waits_for_it(town: Deaf) -> None:
    _home, task = town.hand()
    rig = bridging.Rig(town.db, town.settings, CALL_DESK, lambda _bridge: None)
    bridge = bridging.start(rig, task, caller=Person(0, ODILE, Role.CALLER), number="", now=town.now)
    town.passes(0.9)
    town.asks()
    early = town.end(bridge)
    town.passes(0.2)
    town.asks()

    assert early == (None, None)
    assert town.end(bridge) == ("bridge_not_made", None)
    assert "<strong>appel non lancé</strong>" in card(town, task)
    assert town.place_bridge(bridge) is None
    assert town.twilio.calls() == []


def test_the_end_of_the_callers_own_side_alone_does_not_hide_the_talk(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    _task, bridge = town.connected()
    town.is_reached(but="ended")
    town.twilio.clock(jump_s=120)
    before = town.end(bridge)
    town.passes()

    town.asks()

    assert before == ("bridge_lost", None)
    assert town.end(bridge) == ("bridge_talked", 42)


@pytest.mark.parametrize("hook", ["answer", "connect", "ended"])
def test_a_caller_hears_in_their_own_words_that_the_system_does_not_answer(town: Deaf, hook: str) -> None:
    town.household_does("silent", talk_s=42)
    _home, task = town.hand()
    town.is_reached(but=hook)
    town.ring(task)
    town.twilio.clock(jump_s=240)

    heard = " ".join(line["text"] for line in town.twilio.calls(to=OWN)[0]["heard"])

    assert "refaites l'appel depuis sa fiche" in heard
    assert "application error" not in heard


def test_an_end_that_was_told_is_not_asked_about(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    _task, bridge = town.connected()
    town.twilio.clock(jump_s=120)
    town.passes(60)
    asked = Counting(town.provider)  # type: ignore[arg-type]

    town.asks(asked)

    assert (town.end(bridge), asked.asked) == (("bridge_talked", 42), {})


def test_while_the_provider_does_not_answer_a_call_is_over_in_time_and_its_end_learnt_later(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    _task, bridge = town.connected()
    town.is_away()
    town.twilio.clock(jump_s=120)
    ends = []
    for minutes in (2, 70):
        town.passes(minutes)
        town.asks(Silent())
        ends.append(town.end(bridge)[0])

    town.passes()
    town.asks()

    assert ends == [None, "bridge_lost"]
    assert town.end(bridge) == ("bridge_talked", 42)


def test_an_end_that_is_learnt_late_does_not_shorten_the_next_call(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    task, lost = town.connected()
    town.is_reached(but="ended")
    town.twilio.clock(jump_s=120)
    town.is_reached()
    town.household_does("silent", talk_s=1200)
    second = town.ring(task)
    town.twilio.clock(jump_s=60)
    held = town.rows("callback_task")[0]["claimed_until"]
    assert town.row(second)["connected_at"] is not None
    town.passes()

    town.asks()

    assert town.end(lost) == ("bridge_talked", 42)
    assert town.end(second) == (None, None)
    assert town.rows("callback_task")[0]["claimed_until"] == held


def test_two_workers_at_once_ask_about_each_call_once(town: Deaf) -> None:
    town.household_does("silent", talk_s=600)
    bridges = [town.connected()[1]]
    for _more in range(2):
        with town.db.begin() as connection:  # its caller is another one
            connection.execute(text("UPDATE bridged_call SET caller = 'x' || id"))
        bridges.append(town.connected()[1])
    town.is_away()
    town.twilio.clock(jump_s=900)
    town.passes()
    other = Counting(town.provider)  # type: ignore[arg-type]
    one = Counting(town.provider, meanwhile=lambda _sid: town.asks(other))  # type: ignore[arg-type]

    learnt = town.asks(one)

    assert (learnt, sorted(one.asked.values()), other.asked) == (3, [1, 1, 1], {})
    assert {town.end(bridge)[0] for bridge in bridges} == {"bridge_talked"}


def test_what_a_hook_tells_while_the_provider_is_asked_counts_once(town: Deaf) -> None:
    town.household_does("silent", talk_s=42)
    _task, bridge = town.connected()
    sid = str(town.row(bridge)["provider_sid"])
    town.is_away()
    town.twilio.clock(jump_s=120)
    town.passes()

    asking = Counting(town.provider, meanwhile=lambda sid: told(town, bridge, sid))  # type: ignore[arg-type]

    assert town.asks(asking) == 0
    assert town.end(bridge) == ("bridge_busy", None)
    assert town.row(bridge)["provider_sid"] == sid


def told(town: Deaf, bridge: int, sid: str) -> None:
    form = {"CallSid": sid, "From": LINE.address, "To": OWN, "DialCallStatus": "busy"}
    token = town.twilio.account()["token"]
    assert town.site.post(f"{HOOK}/ended?b={bridge}", form, public=PUBLIC, token=token).status_code == 200
