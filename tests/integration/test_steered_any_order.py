"""The same days, with an operator who extends and ends alerts, and callers who take, give back and take back."""

from contextlib import suppress
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from tests.integration.conftest import DESK
from tests.integration.test_any_order import LEVELS, PROFILE, WIDER, AnyOrder
from worker.domain.campaigns import Remedy
from worker.domain.errors import Refused
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, claims, steering, undoing, wishes
from worker.store import people
from worker.store import wishes as rows
from worker.store.database import Database

ANNE = "anne"


class SteeredInAnyOrder(AnyOrder):
    """More hands on the same town."""

    def __init__(self, db: Database, now: datetime) -> None:
        super().__init__(db, now)
        self.extended: set[int] = set()
        self.wrong: set[str] = set()
        self.wrong_before: set[str] = set()
        self.sent = 0

    @rule(event=AnyOrder.opened, hours=st.integers(1, 3))
    def extend(self, event: int, hours: int) -> None:
        """Once each: the end must come within the rounds that follow."""
        if event in self.extended:
            return
        self.extended.add(event)
        by = timedelta(hours=hours)
        with suppress(Refused):
            steering.extend(self.town.db, event, by=by, now=self.town.now)
            self.town.opened[event] = self.town.opened[event].longer(by)  # the promise is about the longer time now

    @rule(event=AnyOrder.opened)
    def all_clear(self, event: int) -> None:
        with suppress(Refused):
            steering.all_clear(self.town.db, event, end=None, desk=DESK, now=self.town.now)

    @rule(end=st.sampled_from([None, *OutcomeCode]), undo=st.booleans())
    def take_a_call(self, end: OutcomeCode | None, *, undo: bool) -> None:
        held = claims.next_task(self.town.db, caller=ANNE, now=self.town.now)
        if held is None:
            return
        if end is None:
            claims.release(self.town.db, held.task.id, caller=ANNE, now=self.town.now)
            return
        calls.record_outcome(
            self.town.db, held.task.id, outcome=end, caller=ANNE, note="", desk=DESK, now=self.town.now
        )
        if undo:
            undoing.undo(self.town.db, held.task.id, caller=ANNE, now=self.town.now)
            claims.leave(self.town.db, caller=ANNE, now=self.town.now)

    @rule(which=st.integers(0, 2), what=st.sampled_from(["wrong", "stop"]))
    def note(self, which: int, what: str) -> None:
        """An operator writes down what everybody at one number has told them."""
        number, now = self.town.numbers[which], self.town.now
        for household, dwelling in self._at(number):
            if what == "stop":
                wishes.opt_out(self.town.db, dwelling, channel="all", purpose="all", by=ANNE, now=now)
                continue
            with self.town.db.begin() as connection:
                people.lock(connection, [household])
                people.mark_not_theirs(connection, household, number, now=now)
            self.wrong.add(number)

    @rule(which=st.integers(0, 2), what=st.sampled_from(["wrong", "stop"]), remedy=st.sampled_from(list(Remedy)))
    @precondition(lambda self: len(self.town.opened) < len(LEVELS))
    def note_at_the_last_moment(self, which: int, what: str, remedy: Remedy) -> None:
        """The texts of another event wait for their turn."""
        event = self.open(check_in=True, resend=False, remedy=remedy, steps="reminder")
        self.note(which, what)
        self.wrong_before = set(self.wrong)
        self.send(event, [], quick=True)

    def _at(self, number: str) -> list[tuple[int, str]]:
        with self.town.db.begin() as connection:
            return rows.with_number(connection, number)

    @invariant()
    def nothing_leaves_to_a_number_that_is_nobodys(self) -> None:
        new = self.town.provider.taken[self.sent :]
        self.sent += len(new)

        assert [t for t in new if t.text.to in self.wrong_before and not t.text.answer] == []
        self.wrong_before = set(self.wrong)


def test_every_promise_holds_while_events_are_steered_and_calls_taken(db: Database, now: datetime) -> None:
    run_state_machine_as_test(lambda: SteeredInAnyOrder(db, now), settings=settings(PROFILE, max_examples=WIDER or 8))
