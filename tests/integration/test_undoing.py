"""A caller who clicked the wrong ending takes it back: everything is as it was, or nothing changes."""

from datetime import timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Level
from worker.domain.errors import NotFound, Refused
from worker.domain.outcomes import RULES, WRITTEN_AS, OutcomeCode
from worker.services import calls, claims, events, steering, undoing

ANNE, BRUNO = "anne", "bruno"
TABLES = ("callback_task", "recipient", "tenant", "phone", "household", "message", "campaign_event")


def _called(town: Town) -> tuple[builders.Household, int]:
    """A silent household of an event, in Anne's hands, that also waits in a second event with a text queued."""
    home = town.household(births=(town.now.date().replace(year=1940), town.now.date().replace(year=1942)))
    town.sent(town.open(occasion="first"))
    town.later(hours=3)
    town.later(hours=2)
    town.open(builders.campaign(level=Level.RED), occasion="second")
    held = claims.next_task(town.db, caller=ANNE, now=town.now)
    assert held is not None
    return home, held.task.id


def _rows(town: Town) -> dict[str, list[dict[str, object]]]:
    return {table: town.rows(table) for table in TABLES}


def _record(town: Town, task: int, code: OutcomeCode, caller: str = ANNE) -> calls.Ended:
    said = calls.Said(tenant="1") if code in {OutcomeCode.MOVED, OutcomeCode.DECEASED} else calls.NOTHING_MORE
    return calls.record_outcome(town.db, task, outcome=code, caller=caller, note="", desk=DESK, now=town.now, said=said)


@pytest.mark.parametrize("code", list(OutcomeCode))
def test_every_ending_can_be_taken_back_exactly(town: Town, code: OutcomeCode) -> None:
    home, task = _called(town)
    town.sweep()
    before = _rows(town)
    _record(town, task, code)
    town.now += timedelta(seconds=59)
    if not RULES[code].bad_number:  # the tick takes back texts that wait to leave for a bad number: see below
        town.sweep()

    written = WRITTEN_AS.get(code, code)
    assert undoing.undo(town.db, task, caller=ANNE, now=town.now) == written

    after = _rows(town)
    made = [t for t in after.pop("callback_task") if t not in before["callback_task"]]
    before.pop("callback_task")
    assert after == before
    assert {t["closed_as"] for t in made} <= {"undone"}
    assert [h for h in town.rows("hold") if h["ended_at"] is None] == []
    assert [o for o in town.rows("opt_out") if o["undone_at"] is None] == []
    assert [(o["code"], o["undone_by"]) for o in town.rows("call_outcome", home)] == [(written, ANNE)]


def test_the_right_ending_can_then_be_recorded(town: Town) -> None:
    home, task = _called(town)
    _record(town, task, OutcomeCode.DECEASED)
    undoing.undo(town.db, task, caller=ANNE, now=town.now)

    _record(town, task, OutcomeCode.REACHED_OK)

    assert [o["undone_at"] is None for o in town.rows("call_outcome", home)] == [False, True]
    assert town.task(home) is None


def test_after_a_minute_it_stands(town: Town) -> None:
    _home, task = _called(town)
    _record(town, task, OutcomeCode.REACHED_OK)
    town.now += timedelta(seconds=61)

    with pytest.raises(Refused, match="minute"):
        undoing.undo(town.db, task, caller=ANNE, now=town.now)


def test_it_cannot_be_taken_back_twice(town: Town) -> None:
    _home, task = _called(town)
    _record(town, task, OutcomeCode.REACHED_OK)
    undoing.undo(town.db, task, caller=ANNE, now=town.now)

    with pytest.raises(Refused):
        undoing.undo(town.db, task, caller=ANNE, now=town.now)


def test_only_who_recorded_it_takes_it_back(town: Town) -> None:
    _home, task = _called(town)
    _record(town, task, OutcomeCode.REACHED_OK)

    with pytest.raises(Refused, match="anne"):
        undoing.undo(town.db, task, caller=BRUNO, now=town.now)


def test_an_unknown_task_is_told(town: Town) -> None:
    with pytest.raises(NotFound):
        undoing.undo(town.db, 999, caller=ANNE, now=town.now)


def _a_reply(town: Town, home: builders.Household, _task: int) -> None:
    town.reply(home.phone, "2")


def _another_takes_it(town: Town, _home: builders.Household, _task: int) -> None:
    assert claims.next_task(town.db, caller=BRUNO, now=town.now) is not None


def _a_tick(town: Town, _home: builders.Household, _task: int) -> None:
    """A text of the other event was waiting to leave for the number that is bad now: it is taken back."""
    town.sweep()


def _an_all_clear(town: Town, _home: builders.Household, _task: int) -> None:
    for event in events.recent(town.db):
        steering.all_clear(town.db, event.id, end=None, desk=DESK, now=town.now)


@pytest.mark.parametrize(
    ("code", "happens"),
    [
        (OutcomeCode.REACHED_OK, _a_reply),
        (OutcomeCode.WRONG_NUMBER, _another_takes_it),
        (OutcomeCode.NOT_IN_SERVICE, _a_tick),
        (OutcomeCode.DECEASED, _an_all_clear),
    ],
)
def test_once_something_else_has_happened_it_stands(town: Town, code: OutcomeCode, happens: object) -> None:
    home, task = _called(town)
    if code is OutcomeCode.WRONG_NUMBER:
        builders.add_phone(town.db, home, builders.landline())
    _record(town, task, code)
    happens(town, home, task)  # type: ignore[operator]
    before = _rows(town)

    with pytest.raises(Refused):
        undoing.undo(town.db, task, caller=ANNE, now=town.now)

    assert _rows(town) == before


def test_what_was_kept_for_undoing_is_gone_after_its_minute(town: Town) -> None:
    """It holds names and numbers."""
    _home, task = _called(town)
    _record(town, task, OutcomeCode.REACHED_OK)
    assert len(town.rows("outcome_undo")) == 1

    town.now += timedelta(seconds=61)
    town.sweep()

    assert town.rows("outcome_undo") == []


def test_an_undone_all_well_does_not_lower_the_next_score(town: Town) -> None:
    home, task = _called(town)
    _record(town, task, OutcomeCode.REACHED_OK)
    undoing.undo(town.db, task, caller=ANNE, now=town.now)

    town.reply(home.phone, "bonjour")

    open_task = town.task(home)
    assert open_task is not None
    assert "fine_recently" not in dict(open_task["score"])  # type: ignore[call-overload]
