"""Whatever callers do in whatever order: nobody is offered what another holds, and always the most needed call."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from tests.integration import call_queue
from tests.integration.conftest import DESK
from worker.domain import callbacks
from worker.domain.errors import Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.routing import Rules
from worker.services import calls, claims, undoing
from worker.store.database import Database

CALLERS = st.sampled_from(["anne", "bruno", "chloe"])
TASKS = 8
RULES = Rules(at_once=2)
PROFILE = settings(
    derandomize=True,
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
ENDINGS = [OutcomeCode.REACHED_OK, OutcomeCode.NO_ANSWER, OutcomeCode.CALL_LATER, OutcomeCode.MOVED]


class Desks(RuleBasedStateMachine):
    """Three callers and a few tasks. What each may see is kept here in plain sets, and compared."""

    def __init__(self, db: Database, now: datetime) -> None:
        super().__init__()
        self.db, self.now = db, now
        self.holds: dict[int, tuple[str, datetime]] = {}
        self.skipped: dict[tuple[int, str], datetime] = {}

    @initialize()
    def begin(self) -> None:
        with self.db.begin() as connection:
            connection.execute(text("TRUNCATE callback_task, household, dwelling, agency, caller_presence CASCADE"))
        call_queue.fill(self.db, TASKS, now=self.now)

    @rule(caller=CALLERS)
    def next(self, caller: str) -> None:
        if len(self._held(caller)) >= RULES.at_once:
            try:
                claims.next_task(self.db, caller=caller, rules=RULES, now=self.now)
            except Refused:
                return
            raise AssertionError("more in hand than allowed")
        free = self._free(caller)
        held = claims.next_task(self.db, caller=caller, rules=RULES, now=self.now)
        if held is None:
            assert free == {}
            return
        assert held.task.id in free
        assert callbacks.band(held.task.priority) == min(callbacks.band(p) for p in free.values())
        self.holds[held.task.id] = (caller, held.until)

    @rule(caller=CALLERS, task=st.integers(0, TASKS - 1))
    def claim(self, caller: str, task: int) -> None:
        chosen = self._ids()[task]
        free = chosen in self._open() and (len(self._held(caller)) < RULES.at_once or self._holder(chosen) == caller)
        try:
            held = claims.claim(self.db, chosen, caller=caller, rules=RULES, now=self.now)
        except Refused:
            assert not free or self._holder(chosen) not in {None, caller}
            return
        assert free
        assert self._holder(chosen) in {None, caller}
        self.holds[chosen] = (caller, held.until)

    @rule(caller=CALLERS, task=st.integers(0, TASKS - 1), how=st.sampled_from(["renew", "release", "skip", "later"]))
    def give_back(self, caller: str, task: int, how: str) -> None:
        chosen = self._ids()[task]
        mine = self._holder(chosen) == caller
        try:
            self._do(how, chosen, caller)
        except Refused:
            assert not mine
            return
        # a lease that has run out, and that nobody has noticed yet, still counts for its holder
        assert mine or self.holds.get(chosen, ("", self.now))[0] == caller
        self.holds.pop(chosen)
        if how == "renew":
            self.holds[chosen] = (caller, self.now + RULES.lease)
        if how == "skip":
            self.skipped[chosen, caller] = self.now + RULES.skipped_for

    def _do(self, how: str, task: int, caller: str) -> None:
        if how == "renew":
            claims.renew(self.db, task, caller=caller, rules=RULES, now=self.now)
        elif how == "release":
            claims.release(self.db, task, caller=caller, now=self.now)
        elif how == "skip":
            claims.skip(self.db, task, caller=caller, reason="autre", rules=RULES, now=self.now)
        else:
            at = self.now + timedelta(minutes=40)
            claims.reschedule(self.db, task, caller=caller, at=at, reason="autre", now=self.now)

    @rule(caller=CALLERS, task=st.integers(0, TASKS - 1), code=st.sampled_from(ENDINGS), undo=st.booleans())
    def end(self, caller: str, task: int, code: OutcomeCode, *, undo: bool) -> None:
        chosen = self._ids()[task]
        allowed = chosen in self._open() and self._holder(chosen) in {None, caller}
        before = self._row(chosen)
        try:
            calls.record_outcome(self.db, chosen, outcome=code, caller=caller, note="", desk=DESK, now=self.now)
        except Refused:
            assert not allowed
            return
        assert allowed
        if undo:
            undoing.undo(self.db, chosen, caller=caller, now=self.now)
            assert self._row(chosen) == before
        else:
            self.holds.pop(chosen, None)

    @rule(caller=CALLERS)
    def leave(self, caller: str) -> None:
        claims.leave(self.db, caller=caller, now=self.now)
        self.holds = {task: held for task, held in self.holds.items() if held[0] != caller}

    @rule(minutes=st.sampled_from([1, 14, 16, 61, 600]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_rows_say_the_same(self) -> None:
        live = {task: caller for task, (caller, until) in self.holds.items() if until > self.now}
        with self.db.begin() as connection:
            rows = connection.execute(
                text("SELECT id, claimed_by FROM callback_task WHERE state = 'claimed' AND claimed_until > :now"),
                {"now": self.now},
            )
            assert {row.id: row.claimed_by for row in rows} == live

    def _holder(self, task: int) -> str | None:
        caller, until = self.holds.get(task, ("", self.now))
        return caller if until > self.now else None

    def _held(self, caller: str) -> list[int]:
        return [task for task in self.holds if self._holder(task) == caller]

    def _ids(self) -> list[int]:
        with self.db.begin() as connection:
            return list(
                connection.execute(text("SELECT id FROM callback_task ORDER BY id LIMIT :n"), {"n": TASKS}).scalars()
            )

    def _row(self, task: int) -> dict[str, object]:
        with self.db.begin() as connection:
            return dict(
                connection.execute(text("SELECT * FROM callback_task WHERE id = :id"), {"id": task}).mappings().one()
            )

    def _open(self) -> dict[int, int]:
        with self.db.begin() as connection:
            rows = connection.execute(text("SELECT id, priority FROM callback_task WHERE state IN ('open', 'claimed')"))
            return {row.id: row.priority for row in rows}

    def _free(self, caller: str) -> dict[int, int]:
        """What this caller may be offered now: task -> priority."""
        with self.db.begin() as connection:
            rows = connection.execute(
                text(
                    "SELECT id, priority FROM callback_task WHERE state IN ('open', 'claimed') "
                    "AND (not_before IS NULL OR not_before <= :now)"
                ),
                {"now": self.now},
            )
            ready = {row.id: row.priority for row in rows}
        return {
            task: priority
            for task, priority in ready.items()
            if self._holder(task) is None and self.skipped.get((task, caller), self.now) <= self.now
        }


def test_claims_hold_whatever_callers_do_in_whatever_order(db: Database, now: datetime) -> None:
    run_state_machine_as_test(lambda: Desks(db, now), settings=PROFILE)
