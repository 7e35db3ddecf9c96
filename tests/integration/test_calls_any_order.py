"""Words about calls come in any order and more than once, some never: each story ends as when it is told straight, and
whatever else happens meanwhile nobody is rung twice for one attempt, nor forgotten."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests import builders
from tests.integration.switchboard import LINE, Switchboard, calling_campaign
from worker.domain.campaigns import Audience
from worker.domain.messages import FoundCall, Outcome, OutgoingCall, SendResult
from worker.domain.voice import FINAL, INTENT_OF_KEY
from worker.services import reconciling
from worker.store.database import Database

# The same examples on every machine; ANY_ORDER_EXAMPLES=500 looks further, at random.
WIDER = int(os.environ.get("ANY_ORDER_EXAMPLES", "0"))


def profile(examples: int, **more: int) -> settings:
    return settings(
        derandomize=not WIDER,
        max_examples=WIDER or examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if WIDER else [])],
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        **more,
    )


@dataclass(frozen=True)
class Told:
    """One thing that is told of a call: a key at a question (key, round_), or a word about its status."""

    key: str = ""
    round_: int = 0
    status: str = ""
    sequence: int = 0
    sip_code: int | None = None
    answered_by: str = ""
    heard_out: bool = False

    def tell(self, town: Switchboard, call: OutgoingCall) -> None:
        if self.key:
            town.press(call, self.key, self.round_)
            return
        said = {"status": self.status or None, "answered_by": self.answered_by or None, "sip_code": self.sip_code}
        town.word(call, sequence=self.sequence if self.status else None, heard_out=self.heard_out, **said)


RINGS = (Told(status="initiated", sequence=0), Told(status="ringing", sequence=1))
PICKS_UP = (*RINGS, Told(status="in-progress", sequence=2))
OVER = Told(status="completed", sequence=3)
PERSON, MACHINE, FAX = (Told(answered_by=by) for by in ("human", "machine_end_beep", "fax"))
# What may be told of one call, in the order in which it happens.
STORIES: dict[str, tuple[Told, ...]] = {
    "fine": (*PICKS_UP, PERSON, Told(key="1"), OVER),
    "help": (*PICKS_UP, PERSON, Told(key="2"), OVER),
    "no more such calls": (*PICKS_UP, PERSON, Told(key="9"), OVER),
    "once more, then fine": (*PICKS_UP, PERSON, Told(key="3"), Told(key="1", round_=1), OVER),
    "a slip, then help": (*PICKS_UP, Told(key="7"), PERSON, Told(key="2", round_=1), OVER),
    "taken for a machine": (*PICKS_UP, MACHINE, Told(key="1"), OVER),
    "a wrong key": (*PICKS_UP, PERSON, Told(key="7"), OVER),
    "silence": (*PICKS_UP, PERSON, Told(heard_out=True), OVER),
    "hung up": (*PICKS_UP, PERSON, OVER),
    "machine": (*PICKS_UP, MACHINE, OVER),
    "fax": (*PICKS_UP, FAX, OVER),
    "busy": (*RINGS, Told(status="busy", sequence=2, sip_code=486)),
    "no answer": (*RINGS, Told(status="no-answer", sequence=2, sip_code=487)),
    "dead": (RINGS[0], Told(status="failed", sequence=1, sip_code=404)),
}
# The provider's own record of a call: what is asked for when the end was never told.
FOUND = {"busy": "busy", "no answer": "no-answer"}
# While words are under way nobody acts on the end yet (following.GRACE); a tick may fall between any two of them.
GAP = timedelta(milliseconds=500)


@st.composite
def tellings(draw: st.DrawFn) -> tuple[str, list[Told | None]]:
    """A story, and an order in which it comes: some words twice, ticks (None) between them."""
    name = draw(st.sampled_from(sorted(STORIES)))
    story = STORIES[name]
    again = draw(st.lists(st.sampled_from(story), max_size=4))
    ticks = [None] * draw(st.integers(0, 3))
    return name, draw(st.permutations([*story, *again, *ticks]))


# Enough lines for all that these tests ring.
LINES = replace(LINE, calls_per_s=20.0, calls_at_once=90)
_codes = count(1)


def rings(town: Switchboard, homes: int = 1, **what: object) -> tuple[int, list[builders.Household]]:
    """An event of an agency of its own, whose households have a landline alone."""
    code = f"C{next(_codes)}"
    made = [town.household(agency=code, mobiles=(), **what) for _ in range(homes)]
    return town.open(calling_campaign(audience=Audience(agencies=(code,))), occasion=code), made


@dataclass
class Rung:
    """A household that is rung once, and told of."""

    town: Switchboard
    home: builders.Household
    call: OutgoingCall

    @classmethod
    def rung(cls, town: Switchboard) -> "Rung":
        _event, [home] = rings(town, landlines=[builders.landline()])
        town.climb()
        town.now += timedelta(seconds=2)
        [call] = [one for one in town.place(LINES) if one.to == home.phone]
        return cls(town, home, call)

    def hear(self, words: Sequence[Told | None]) -> None:
        for word in words:
            self.town.now += GAP
            if word is None:
                self.town.sweep()
                self.town.climb()
            else:
                word.tell(self.town, self.call)

    def came_to(self) -> dict[str, object]:
        """Where the household stands, once the words have come to rest."""
        self.town.later(seconds=30)
        recipient, row = self.town.recipient(self.home), self.town.call_row(self.home)
        return {
            "state": recipient["state"],
            "intent": recipient["intent"],
            "reasons": sorted(self.town.reasons(self.home)),
            "call": row["state"],
            "ends": self._of("automatic_call", "came_to", "message_id", row["id"]),
            "keys": self._of("inbound_message", "body", "e164", self.home.phone),
            "refused": self._of("opt_out", "channel", "e164", self.home.phone),
            "bad": self._of("phone", "bad_reason", "e164", self.home.phone),
        }

    def _of(self, table: str, column: str, key: str, value: object) -> list[object]:
        return [row[column] for row in self.town.rows(table) if row[key] == value]


def test_a_call_comes_to_the_same_in_whatever_order_and_however_often_it_is_told(db: Database, now: datetime) -> None:
    town = Switchboard(db, now)
    straight: dict[str, dict[str, object]] = {}
    for name, story in STORIES.items():
        told = Rung.rung(town)
        told.hear(story)
        straight[name] = told.came_to()

    @profile(30)
    @given(tellings())
    def told_anyhow(drawn: tuple[str, list[Told | None]]) -> None:
        name, words = drawn
        told = Rung.rung(town)
        told.hear(words)
        assert told.came_to() == straight[name], name

    told_anyhow()


@pytest.mark.parametrize("name", sorted(set(STORIES) - {"dead"}))  # that a number is dead stands in the lost word alone
def test_an_end_that_is_never_told_is_asked_for_and_comes_to_the_same(db: Database, now: datetime, name: str) -> None:
    town = Switchboard(db, now)
    whole, cut = Rung.rung(town), Rung.rung(town)
    whole.hear(STORIES[name])
    cut.hear([word for word in STORIES[name] if word.status not in FINAL])
    found = FoundCall(town.sid(cut.call), cut.call.to, FOUND.get(name, "completed"), None, 20, town.now)
    town.exchange.records.append(found)

    town.now += timedelta(minutes=7)
    reconciling.fetch_lost_ends(town.asking())

    assert cut.came_to() == whole.came_to()


WORDS = sorted({word for story in STORIES.values() for word in story if not word.key}, key=repr)
# Absence is proved in the first ones; later every try, hour and deadline passes.
SPANS_TO_THE_END = (15, 61, 61, 3600, 3600, 7200, 7200, 14400, 61)
STILL_OPEN = {"queued", "sending", "unknown", "sent"}


class AnyCalls(RuleBasedStateMachine):
    """A landlord's landlines: one alone, two that share a number, one with two numbers."""

    def __init__(self, db: Database, now: datetime) -> None:
        super().__init__()
        self.town = Switchboard(db, now)
        self.answered: dict[str, int] = {}  # number -> calls made to it when its key was read

    @initialize()
    def open(self) -> None:
        shared = builders.landline()
        lines = [(builders.landline(),), (shared,), (shared,), (builders.landline(), builders.landline())]
        code = f"C{next(_codes)}"
        self.homes = [self.town.household(agency=code, mobiles=(), landlines=numbers) for numbers in lines]
        self.event = self.town.open(calling_campaign(audience=Audience(agencies=(code,))), occasion=code)
        self.town.climb()
        self.place()

    @property
    def calls(self) -> list[OutgoingCall]:
        return [call for call, _sid in self.town.exchange.rung]

    @rule()
    def place(self) -> None:
        self.town.now += timedelta(seconds=2)
        self.town.place(LINES)

    @rule()
    def a_request_of_unknown_fate(self) -> None:
        self.town.exchange.fates = [SendResult(0, 0, Outcome.UNKNOWN)]
        self.place()
        self.town.exchange.fates = []

    @rule(which=st.integers(0, 20), word=st.sampled_from(WORDS), times=st.integers(1, 2))
    @precondition(lambda self: self.calls)
    def hear(self, which: int, word: Told, times: int) -> None:
        for _ in range(times):
            word.tell(self.town, self.calls[which % len(self.calls)])

    @rule(which=st.integers(0, 20), key=st.sampled_from("12379"), round_=st.integers(0, 1))
    @precondition(lambda self: self.calls)
    def press(self, which: int, key: str, round_: int) -> None:
        call = self.calls[which % len(self.calls)]
        self.town.press(call, key, round_)
        if key in INTENT_OF_KEY:
            self.answered.setdefault(call.to, self.rung(call.to))

    @rule(which=st.integers(0, 20), status=st.sampled_from(["completed", "busy", "no-answer", "failed"]))
    @precondition(lambda self: self.calls)
    def ask_for_a_lost_end(self, which: int, status: str) -> None:
        call = self.calls[which % len(self.calls)]
        self.town.exchange.records = [FoundCall(self.town.sid(call), call.to, status, None, 9, self.town.now)]
        self.ask()

    @rule()
    def ask(self) -> None:
        reconciling.fetch_lost_ends(self.town.asking())
        reconciling.settle_unknown(self.town.asking())

    @rule()
    def tick(self) -> None:
        self.town.sweep()
        self.town.climb()

    @rule(seconds=st.sampled_from([5, 15, 61, 900, 3700, 4 * 3600]))
    def wait(self, seconds: int) -> None:
        self.town.now += timedelta(seconds=seconds)

    def rung(self, number: str) -> int:
        return len([call for call in self.calls if call.to == number])

    @invariant()
    def nobody_is_forgotten_nor_rung_twice(self) -> None:
        calls = self.town.rows("automatic_call")
        by_message = Counter(c["message_id"] for c in calls if c["provider_sid"])
        in_the_air = Counter(c["message_id"] for c in calls if c["ended_at"] is None)

        assert self.town.account(self.event).unaccounted == 0
        assert max(in_the_air.values(), default=0) <= 1
        assert max(by_message.values(), default=0) <= 3
        assert {number: self.rung(number) for number in self.answered} == self.answered

    def teardown(self) -> None:
        """Every call ends, every hour passes: nothing is owed any more, and whoever did not answer is a person's."""
        for seconds in SPANS_TO_THE_END:
            for call in self.calls:
                Told(status="completed", sequence=9).tell(self.town, call)
            self.ask()
            self.tick()
            self.town.place(LINES)
            self.town.now += timedelta(seconds=seconds)
        self.nobody_is_forgotten_nor_rung_twice()
        states = {m["state"] for m in self.town.rows("message") if m["event_id"] == self.event}

        assert not states & STILL_OPEN
        assert "waiting" not in {self.town.state(home) for home in self.homes}


def test_nobody_is_rung_twice_for_one_attempt_nor_forgotten_in_any_order(db: Database, now: datetime) -> None:
    run_state_machine_as_test(lambda: AnyCalls(db, now), settings=profile(8, stateful_step_count=20))
