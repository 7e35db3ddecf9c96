"""The same days, with an operator who extends and ends alerts, and callers who take, give back and take back."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.integration.conftest import DESK
from tests.integration.test_any_order import PROFILE, WIDER, AnyOrder
from worker.domain.errors import Refused
from worker.domain.outcomes import OutcomeCode
from worker.services import calls, claims, steering, undoing
from worker.store.database import Database

ANNE = "anne"


class SteeredInAnyOrder(AnyOrder):
    """More hands on the same town."""

    def __init__(self, db: Database, now: datetime) -> None:
        super().__init__(db, now)
        self.extended: set[int] = set()

    @rule(event=AnyOrder.opened, hours=st.integers(1, 3))
    def extend(self, event: int, hours: int) -> None:
        """Once each: the end must come within the rounds that follow."""
        if event in self.extended:
            return
        self.extended.add(event)
        by = timedelta(hours=hours)
        with suppress(Refused):
            steering.extend(self.town.db, event, by=by, now=self.town.now)
            promised = self.town.opened[event]
            if promised.reply_deadline is not None:  # the promise is about the longer time now
                self.town.opened[event] = replace(promised, reply_deadline=promised.reply_deadline + by)

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


def test_every_promise_holds_while_events_are_steered_and_calls_taken(db: Database, now: datetime) -> None:
    run_state_machine_as_test(lambda: SteeredInAnyOrder(db, now), settings=settings(PROFILE, max_examples=WIDER or 15))
