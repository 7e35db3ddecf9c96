"""Whatever comes, in whatever order and however often: after every step everybody is accounted for, and at the end all
agree. The machine plays landlord, workers, provider and tenants against a real PostgreSQL."""

import os
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from sandbox.chaos import promises
from tests import builders
from tests.integration.provider import FATES
from tests.integration.rehearsal import Rehearsal
from worker.domain.campaigns import Campaign, Exclusions, Kind, Level, Remedy
from worker.domain.outcomes import RULES, OutcomeCode
from worker.domain.rungs import LadderStep, Rung, When
from worker.store.database import Database

# The same examples on every machine; ANY_ORDER_EXAMPLES=500 looks further, at random.
WIDER = int(os.environ.get("ANY_ORDER_EXAMPLES", "0"))
PROFILE = settings(
    derandomize=not WIDER,
    max_examples=WIDER or 16,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if WIDER else [])],  # the machine of a failure is short enough to read
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)

FATES_OF_MANY = st.lists(st.sampled_from([*FATES, "taken later"]), min_size=2, max_size=6)
# As the kind of campaign asks for, or as its file says.
RESENDS = st.none() | st.booleans()
WORDS = ("1", "2", "Je suis tombée", "STOP", "START", "Mauvais numéro", "Je suis en vacances", "Qui est-ce ?")
SPANS_S = (1, 61, 61, 150, 1900, 4 * 3600, 9 * 3600)
# A text of its own for each event: two alike to one number cannot be told apart in the provider's list.
LONGEST_DEADLINE = timedelta(hours=4, minutes=30)
# The level rises from event to event, or nobody would be written to again on the same day.
LEVELS = (Level.NONE, Level.ORANGE, Level.RED)
QUESTIONS = ("heat_orange_check", "heat_red_check", "weekly_check")
ADVICE = ("heat_yellow_advice", "cold_advice", "lockdown_advice")
ROUNDS_S = (61, 61, 61, *[3600] * 16)  # absence is proved in the first ones; later every deadline passes
# Who moved out or died is no longer of the audience of later events.
STAYING = [code for code in OutcomeCode if not RULES[code].tenants_become]
# What follows the first text: nothing but the call, the short form, or every step written out.
STEPS = ("none", "reminder", "ladder")
LADDER = (
    LadderStep(Rung.REMINDER, timedelta(hours=1), When.SILENT, "heat_reminder"),
    LadderStep(Rung.VOICE, timedelta(hours=2)),
    LadderStep(Rung.SECOND_NUMBER, timedelta(hours=2), When.ALWAYS, "reminder"),
    LadderStep(Rung.CALLBACK, timedelta(hours=4)),
    LadderStep(Rung.TRUSTED_CONTACT),
    LadderStep(Rung.PARTNER),
)
CHECKS = {**promises.ALWAYS, **promises.AT_ANY_TIME}


class AnyOrder(RuleBasedStateMachine):
    """One landlord's days, a step at a time."""

    def __init__(self, db: Database, now: datetime) -> None:
        super().__init__()
        self.town = Rehearsal(db, now)
        self.before = self.town.evidence()

    opened = Bundle("opened")

    @initialize(
        target=opened,
        check_in=st.sampled_from([True, True, False]),
        resend=RESENDS,
        steps=st.sampled_from(STEPS),
        fates=FATES_OF_MANY,
        dies=st.booleans(),
    )
    def open_and_send(self, fates: list[str], *, check_in: bool, resend: bool | None, steps: str, dies: bool) -> int:
        """No run without texts under way, and half of them in the hands of somebody who dies."""
        event = self.open(check_in=check_in, resend=resend, remedy=Remedy.CALLBACK, steps=steps)
        self.town.provider.dies_after = len(fates) if dies else None
        self.send(event, fates, quick=False)
        return event

    @rule(
        target=opened,
        check_in=st.booleans(),
        resend=RESENDS,
        remedy=st.sampled_from(list(Remedy)),
        steps=st.sampled_from(STEPS),
        dies_after=st.integers(0, 2),
    )
    @precondition(lambda self: len(self.town.opened) < len(LEVELS))
    def open(self, *, check_in: bool, resend: bool | None, remedy: Remedy, steps: str, dies_after: int = 0) -> int:
        number = len(self.town.opened)
        text = (QUESTIONS if check_in else ADVICE)[number]
        level = LEVELS[number]
        campaign = _campaign(check_in, text, level=level, resend=resend, remedy=remedy, steps=steps)
        return self.town.open(campaign, dies_after=dies_after)

    @rule(event=opened)
    def draw_up_again(self, event: int) -> None:
        self.town.draw_up(event)

    @rule(event=opened, order=st.sampled_from(["pause", "resume", "resume", "cancel"]))
    def steer(self, event: int, order: str) -> None:
        self.town.steer(event, order)

    @rule(event=opened, fates=FATES_OF_MANY, quick=st.booleans())
    def send(self, event: int, fates: list[str], *, quick: bool) -> None:
        self.town.provider.fates, self.town.provider.quick = fates, quick
        self.town.send(event)

    @rule(event=opened, after=st.integers(0, 3))
    def die_while_sending(self, event: int, after: int) -> None:
        self.town.provider.fates, self.town.provider.dies_after = [], after
        self.town.send(event)
        self.town.provider.dies_after = None

    @rule(fates=st.lists(st.sampled_from(list(FATES)), max_size=2))
    def answer(self, fates: list[str]) -> None:
        self.town.provider.fates = fates
        self.town.send_answers()

    @rule(
        which=st.integers(0, 50), status=st.sampled_from(["queued", "sent", "final", "final"]), times=st.integers(1, 2)
    )
    @precondition(lambda self: self.town.provider.taken)
    def hear(self, which: int, status: str, times: int) -> None:
        taken = self.town.provider.taken[which % len(self.town.provider.taken)]
        for _ in range(times):
            self.town.word(taken, taken.fate if status == "final" else status)

    @rule()
    def all_receipts_come(self) -> None:
        """As they do on a good day: sent, then the last word, within moments."""
        for taken in self.town.provider.taken:
            for status in ("sent", taken.fate):
                self.town.word(taken, status)

    @rule(
        which=st.integers(0, 50),
        fate=st.sampled_from([("undelivered", 30005), ("undelivered", 30003), ("failed", 30036)]),
    )
    @precondition(lambda self: self.town.provider.taken)
    def will_not_arrive(self, which: int, fate: tuple[str, int]) -> None:
        taken = self.town.provider.taken[which % len(self.town.provider.taken)]
        if taken.said != taken.fate:
            taken.fate, taken.code = fate

    @rule(which=st.integers(0, 2), body=st.sampled_from(WORDS), times=st.integers(1, 2), read=st.booleans())
    def write(self, which: int, body: str, times: int, *, read: bool) -> None:
        message = self.town.write(self.town.numbers[which], body)
        for _ in range(times - 1):
            self.town.hook(message)
        if read:
            self.town.read()

    @rule(which=st.integers(0, 1), body=st.sampled_from(WORDS), read=st.booleans())
    def write_from_another_number(self, which: int, body: str, *, read: bool) -> None:
        self.town.write(self.town.others[which], body)
        if read:
            self.town.read()

    @rule(outcome=st.sampled_from(STAYING))
    def call(self, outcome: OutcomeCode) -> None:
        self.town.call(outcome)

    @rule(seconds=st.sampled_from(SPANS_S))
    def wait(self, seconds: int) -> None:
        self.town.wait(seconds=seconds)

    @rule()
    def tick(self) -> None:
        self.town.tick()

    @rule()
    def ask(self) -> None:
        self.town.ask()

    @rule()
    def read(self) -> None:
        self.town.read()

    @invariant()
    def every_promise_of_the_moment_holds(self) -> None:
        seen = self.town.evidence()
        wrong = {name: found for name, check in CHECKS.items() if (found := check(seen).wrong)}
        wrong |= {"nothing_goes_back": found} if (found := promises.nothing_goes_back(self.before, seen).wrong) else {}
        self.before = seen

        assert wrong == {}

    def teardown(self) -> None:
        """Nothing more goes wrong: all comes to an end, and both sides agree."""
        self.town.provider.fates = []
        began = self.town.now
        for event in self.town.opened:
            self.town.steer(event, "resume")
        for seconds in ROUNDS_S:
            for taken in self.town.provider.taken:
                taken.said = taken.fate
            self.town.work()
            seen = self.town.evidence()
            if self.town.now > began + LONGEST_DEADLINE:  # what was found late has its time from then
                assert promises.nobody_waits_past_the_deadline(seen).wrong == ()
            self.town.wait(seconds=seconds)
            if not any(check(seen).wrong for check in promises.AT_THE_END.values()):
                break
        wrong = {name: found for name, check in promises.EVERY.items() if (found := check(seen).wrong)}

        assert wrong == {}


def _campaign(check_in: bool, text: str, *, level: Level, resend: bool | None, remedy: Remedy, steps: str) -> Campaign:
    reasons = Exclusions.__dataclass_fields__
    values: dict[str, Any] = {
        "text": text,
        "level": level,
        "resend_after_unknown": resend,
        "exclusions": Exclusions(**dict.fromkeys(reasons, remedy)),
    }
    if not check_in:
        values |= {"kind": Kind.ADVICE, "purpose": "advice", "sender": "alpha"}
        values |= {"reply_deadline": None}
    if not check_in or steps != "reminder":
        values |= {"reminder_text": None, "reminder_after": None}
    if check_in and steps == "ladder":
        values |= {"reply_deadline": None, "ladder": LADDER}
    return builders.campaign(**values)


def test_every_promise_holds_after_every_step_and_at_the_end(db: Database, now: datetime) -> None:
    run_state_machine_as_test(lambda: AnyOrder(db, now), settings=PROFILE)
