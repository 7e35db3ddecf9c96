"""Whatever is done to referrals, in whatever order, however late the clock ticks: none that is open is forgotten."""

import contextlib
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tests.integration.conftest import DESK, Town
from tests.integration.referral_office import Office
from worker.domain.callbacks import OF_REFERRALS
from worker.domain.errors import Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.referrals import OPEN_STATES, ReferralReason, ReferralState, Urgency, Via
from worker.services import calls, undoing
from worker.store.database import Database

PROFILE = settings(
    derandomize=True,
    max_examples=6,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ENDINGS = [OutcomeCode.REACHED_OK, OutcomeCode.NO_ANSWER, OutcomeCode.MOVED, OutcomeCode.REFUSED_ALWAYS]


class AnyOrder(RuleBasedStateMachine):
    """Two households, two partners, callers who do anything at any time."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self.town, self.office = town, Office(town)
        self.homes = [town.household(), town.household()]
        self.partners = [self.office.partner(), self.office.partner()]
        self.made: list[int] = []

    def _mine(self) -> list[dict[str, Any]]:
        """The database is that of all examples."""
        ids = {home.id for home in self.homes}
        return [row for row in self.town.rows("referral") if row["household_id"] in ids]

    def _one(self, which: int) -> int:
        return self.made[which % len(self.made)]

    @rule(which=st.integers(0, 1), partner=st.integers(0, 1), urgency=st.sampled_from(Urgency))
    def draft(self, which: int, partner: int, urgency: Urgency) -> None:
        with contextlib.suppress(Refused):
            made = self.office.draft(
                self.homes[which], self.partners[partner], urgency=urgency, reasons=(ReferralReason.GROCERIES,)
            )
            self.made.append(made)

    @rule(which=st.integers(0, 9))
    @precondition(lambda self: self.made)
    def agree(self, which: int) -> None:
        with contextlib.suppress(Refused):
            self.office.consent(self._one(which))

    @rule(which=st.integers(0, 9), via=st.sampled_from([Via.PHONE, Via.PAPER]))
    @precondition(lambda self: self.made)
    def hand_over(self, which: int, via: Via) -> None:
        with contextlib.suppress(Refused):
            self.office.hand_over(self._one(which), via)

    @rule(which=st.integers(0, 9), to=st.sampled_from(ReferralState))
    @precondition(lambda self: self.made)
    def move(self, which: int, to: ReferralState) -> None:
        with contextlib.suppress(Refused):
            self.office.move(self._one(which), to)

    @rule(which=st.integers(0, 1), ending=st.sampled_from(ENDINGS), back=st.booleans())
    def call(self, which: int, ending: OutcomeCode, *, back: bool) -> None:
        task = self.town.task(self.homes[which])
        if task is None:
            return
        task_id = int(str(task["id"]))
        calls.record_outcome(
            self.town.db, task_id, outcome=ending, caller="lucie", note="", desk=DESK, now=self.town.now
        )
        if back:
            undoing.undo(self.town.db, task_id, caller="lucie", now=self.town.now)

    @rule(hours=st.sampled_from([0, 1, 13, 25, 80, 400]))
    def time_passes(self, hours: int) -> None:
        self.office.tick(hours=hours)

    @invariant()
    def nothing_open_is_without_a_next_look(self) -> None:
        assert self.office.forgotten() == []

    @invariant()
    def nothing_open_belongs_to_a_household_that_is_gone(self) -> None:
        gone = {h["id"] for h in self.town.rows("household") if h["gone_at"] or h["refused_at"]}
        assert [r["id"] for r in self._mine() if r["household_id"] in gone and not r["closed_at"]] == []

    @invariant()
    def the_history_ends_where_the_referral_stands(self) -> None:
        last = {m["referral_id"]: m["state"] for m in self.town.rows("referral_move")}
        undone = {r["id"] for r in self._mine() if last[r["id"]] == "withdrawn" and not r["closed_at"]}
        for row in self._mine():
            assert row["id"] in undone or last[row["id"]] == row["state"]

    def teardown(self) -> None:
        """A month in which nobody does anything: every open referral stands on a call that is owed."""
        self.office.tick(days=15)
        self.office.tick(days=15)
        for row in self._mine():
            if row["state"] in OPEN_STATES:
                home = next(h for h in self.homes if h.id == row["household_id"])
                assert set(self.office.reasons(home)) & set(OF_REFERRALS), row["state"]


def test_no_order_of_moves_and_ticks_forgets_a_referral(db: Database, now) -> None:  # type: ignore[no-untyped-def]
    run_state_machine_as_test(lambda: AnyOrder(Town(db, now)), settings=PROFILE)
