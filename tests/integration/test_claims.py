"""Callers take tasks one by one: the most needed first, nobody the same, nothing lost when one goes away."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration import call_queue
from tests.integration.conftest import DESK, Town
from worker.domain import callbacks
from worker.domain.callbacks import TaskReason
from worker.domain.errors import NotFound, Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.routing import Rules
from worker.services import calls, claims, tasks
from worker.store import claims as rows
from worker.store import people

MANY = Rules(at_once=10_000)
ANNE, BRUNO, CHLOE = "anne", "bruno", "chloe"


def _owed(town: Town, reason: TaskReason = TaskReason.MANUAL, **what: object) -> builders.Household:
    """A household that somebody should ring."""
    home = town.household(**what)
    with town.db.begin() as connection:
        people.lock(connection, [home.id])
        tasks.hand_over(connection, [tasks.Call(home.id, None, (), reason)], desk=DESK, now=town.now)
    return home


def _next(town: Town, caller: str = ANNE, *agencies: str, rules: Rules = MANY) -> int | None:
    """The household the caller is to ring."""
    held = claims.next_task(town.db, caller=caller, agencies=agencies, rules=rules, now=town.now)
    return None if held is None else held.task.household_id


def _task_id(town: Town, home: builders.Household) -> int:
    task = town.task(home)
    assert task is not None
    return int(str(task["id"]))


def _outcome(town: Town, home: builders.Household, code: OutcomeCode, caller: str) -> calls.Ended:
    return calls.record_outcome(
        town.db, _task_id(town, home), outcome=code, caller=caller, note="", desk=DESK, now=town.now
    )


# ---- which one ---------------------------------------------------------------


def test_the_most_needed_task_comes_first(town: Town) -> None:
    weekly = _owed(town, TaskReason.WEEKLY)
    danger = _owed(town, TaskReason.EMERGENCY_WORD)
    asked = _owed(town, TaskReason.ASKED_CALL)

    assert [_next(town) for _ in range(4)] == [danger.id, asked.id, weekly.id, None]


def test_what_waits_for_an_hour_is_not_offered_before_it(town: Town) -> None:
    home = _owed(town)
    _next(town)
    claims.reschedule(
        town.db,
        _task_id(town, home),
        caller=ANNE,
        at=town.now + timedelta(hours=3),
        reason="chez le médecin",
        now=town.now,
    )

    assert _next(town) is None
    town.now += timedelta(hours=3)
    assert _next(town) == home.id


def test_within_a_band_the_caller_who_spoke_with_them_comes_first(town: Town) -> None:
    known, other = _owed(town, lives_alone="no"), _owed(town, lives_alone="yes")
    town.now = _outcome(town, known, OutcomeCode.CALL_LATER, BRUNO).next_call_at or town.now

    assert callbacks.band(int(str(town.task(known)["priority"]))) == callbacks.band(
        int(str(town.task(other)["priority"]))
    )
    assert town.task(known)["priority"] < town.task(other)["priority"]
    assert _next(town, BRUNO) == known.id
    assert _next(town, ANNE) == other.id


def test_a_more_urgent_stranger_goes_before_an_acquaintance(town: Town) -> None:
    known = _owed(town, TaskReason.WEEKLY)
    town.now = _outcome(town, known, OutcomeCode.CALL_LATER, BRUNO).next_call_at or town.now
    stranger = _owed(town, TaskReason.EMERGENCY_WORD)

    assert _next(town, BRUNO) == stranger.id


def test_an_answering_machine_makes_nobody_an_acquaintance(town: Town) -> None:
    home = _owed(town)
    _outcome(town, home, OutcomeCode.VOICEMAIL, BRUNO)

    assert town.task(home)["known_by"] is None


# ---- agencies ----------------------------------------------------------------


def _somebody_present(town: Town, agency: str) -> None:
    with town.db.begin() as connection:
        rows.be_present(connection, f"of {agency}", [agency], until=town.now + timedelta(days=3))


@pytest.mark.parametrize(
    ("reason", "minutes", "taken"),
    [
        (TaskReason.EMERGENCY_WORD, 4, False),
        (TaskReason.EMERGENCY_WORD, 5, True),
        (TaskReason.ASKED_CALL, 59, False),
        (TaskReason.ASKED_CALL, 60, True),
        (TaskReason.WEEKLY, 600, False),
        (TaskReason.WEEKLY, 4 * 24 * 60, True),
    ],
)
def test_another_agency_helps_when_a_call_has_waited_too_long_or_is_late(
    town: Town, reason: TaskReason, minutes: int, taken: bool
) -> None:
    town.household(agency="02")
    home = _owed(town, reason, agency="01", lives_alone="no", births=(town.now.date().replace(year=1955),))
    with town.db.begin() as connection:
        rows.be_present(connection, "of 01", ["01"], until=town.now + timedelta(days=9))

    town.now += timedelta(minutes=minutes)

    assert _next(town, ANNE, "02") == (home.id if taken else None)


def test_an_agency_where_nobody_is_shares_its_whole_queue(town: Town) -> None:
    town.household(agency="02")
    home = _owed(town, TaskReason.WEEKLY, agency="01")

    assert _next(town, ANNE, "02") == home.id


def test_an_agency_with_more_work_than_its_callers_can_do_shares_it(town: Town) -> None:
    call_queue.fill(town.db, 3 * MANY.calls_each, agencies=1, now=town.now)
    town.household(agency="02")
    _somebody_present(town, "01")

    taken = [_next(town, ANNE, "02") for _ in range(3 * MANY.calls_each)]

    assert len([t for t in taken if t is not None]) == 2 * MANY.calls_each


def test_ones_own_agency_is_always_open(town: Town) -> None:
    home = _owed(town, TaskReason.WEEKLY, agency="01")
    _somebody_present(town, "01")

    assert _next(town, ANNE, "01") == home.id


def test_an_agency_that_does_not_exist_is_refused(town: Town) -> None:
    with pytest.raises(NotFound, match="99"):
        _next(town, ANNE, "99")


# ---- the claim ---------------------------------------------------------------


def test_a_claim_nobody_renews_comes_back_by_itself(town: Town) -> None:
    home = _owed(town)
    assert _next(town, ANNE) == home.id

    town.now += MANY.lease

    assert _next(town, BRUNO) == home.id
    with pytest.raises(Refused, match="bruno"):
        claims.renew(town.db, _task_id(town, home), caller=ANNE, now=town.now)


def test_the_tick_brings_it_back_too(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)
    town.now += MANY.lease

    town.sweep()

    assert town.task(home)["state"] == "open"
    assert [m["move"] for m in town.rows("task_move")] == ["claimed", "expired"]


def test_a_heartbeat_keeps_it(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)
    town.now += MANY.lease - timedelta(seconds=1)
    until = claims.renew(town.db, _task_id(town, home), caller=ANNE, now=town.now)
    town.now += timedelta(minutes=1)

    assert until == town.now - timedelta(minutes=1) + MANY.lease
    assert _next(town, BRUNO) is None


def test_what_is_given_back_is_there_for_anybody(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    claims.release(town.db, _task_id(town, home), caller=ANNE, now=town.now)

    assert _next(town, ANNE) == home.id


def test_what_is_skipped_is_there_for_the_others_and_for_the_same_caller_later(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    claims.skip(town.db, _task_id(town, home), caller=ANNE, reason="c'est ma tante", now=town.now)

    assert _next(town, ANNE) is None
    assert _next(town, BRUNO) == home.id
    claims.release(town.db, _task_id(town, home), caller=BRUNO, now=town.now)
    town.now += Rules().skipped_for
    assert _next(town, ANNE) == home.id


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_skip_says_why_in_a_few_words(town: Town, reason: str) -> None:
    home = _owed(town)
    _next(town, ANNE)

    with pytest.raises(Refused):
        claims.skip(town.db, _task_id(town, home), caller=ANNE, reason=reason, now=town.now)


@pytest.mark.parametrize("days", [-1, 0, 32])
def test_a_call_is_put_off_to_a_day_that_is_to_come_and_not_far(town: Town, days: int) -> None:
    home = _owed(town)
    _next(town, ANNE)

    with pytest.raises(Refused):
        claims.reschedule(
            town.db,
            _task_id(town, home),
            caller=ANNE,
            at=town.now + timedelta(days=days),
            reason="absent",
            now=town.now,
        )


def test_only_the_holder_gives_back_skips_or_renews(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)
    task = _task_id(town, home)

    for attempt in (
        lambda: claims.release(town.db, task, caller=BRUNO, now=town.now),
        lambda: claims.skip(town.db, task, caller=BRUNO, reason="non", now=town.now),
        lambda: claims.renew(town.db, task, caller=BRUNO, now=town.now),
        lambda: claims.claim(town.db, task, caller=BRUNO, now=town.now),
    ):
        with pytest.raises(Refused, match="anne"):
            attempt()


def test_nobody_hoards(town: Town) -> None:
    for _ in range(4):
        _owed(town)
    for _ in range(3):
        _next(town, ANNE, rules=Rules())

    with pytest.raises(Refused, match="3 appels"):
        _next(town, ANNE, rules=Rules())


def test_going_home_gives_everything_back(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    assert claims.leave(town.db, caller=ANNE, now=town.now) == 1
    assert _next(town, BRUNO) == home.id


def test_a_caller_may_pick_one_from_the_list_and_pick_it_again(town: Town) -> None:
    _owed(town, TaskReason.EMERGENCY_WORD)
    home = _owed(town)

    first = claims.claim(town.db, _task_id(town, home), caller=ANNE, now=town.now)
    again = claims.claim(town.db, _task_id(town, home), caller=ANNE, now=town.now + timedelta(minutes=1))

    assert (first.task.household_id, again.until - first.until) == (home.id, timedelta(minutes=1))


# ---- the outcome -------------------------------------------------------------


def test_an_outcome_ends_the_claim(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    _outcome(town, home, OutcomeCode.REACHED_OK, ANNE)

    assert town.task(home) is None
    assert claims.held(town.db, caller=ANNE) == []


def test_a_call_to_be_tried_again_is_free_for_all(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    ended = _outcome(town, home, OutcomeCode.NO_ANSWER, ANNE)

    assert ended.next_call_at is not None
    town.now = ended.next_call_at
    assert _next(town, BRUNO) == home.id


def test_somebody_elses_outcome_is_refused_with_the_name_of_the_holder(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)

    with pytest.raises(Refused, match="anne"):
        _outcome(town, home, OutcomeCode.REACHED_OK, BRUNO)

    assert town.rows("call_outcome", home) == []


def test_after_the_lease_anybody_may_say_how_it_ended(town: Town) -> None:
    home = _owed(town)
    _next(town, ANNE)
    town.now += MANY.lease

    assert _outcome(town, home, OutcomeCode.REACHED_OK, BRUNO).closed


def test_news_while_somebody_rings_raise_the_same_task(town: Town) -> None:
    home = _owed(town, TaskReason.WEEKLY)
    _next(town, ANNE)

    town.reply(home.phone, "au secours")

    assert town.task(home)["claimed_by"] == ANNE
    assert town.task(home)["reasons"] == ["emergency_word", "weekly"]


# ---- many at once ------------------------------------------------------------


@pytest.mark.parametrize("agencies", [1, 10])
def test_twenty_callers_on_five_thousand_tasks_never_get_the_same_one(town: Town, agencies: int) -> None:
    """Each takes and finishes until nothing is left; every task is handed out exactly once."""
    call_queue.fill(town.db, 5_000, agencies=agencies, now=town.now)
    start = threading.Barrier(20)
    limit = 1_000 // agencies  # ten agencies: enough to see that they share

    def work(number: int) -> list[int]:
        start.wait()
        caller, mine, taken = f"caller {number}", (f"{1 + number % agencies:02}",), []
        while len(taken) < limit:
            held = claims.next_task(town.db, caller=caller, agencies=mine, rules=MANY, now=town.now)
            if held is None:
                break
            taken.append(held.task.id)
        return taken

    with ThreadPoolExecutor(20) as pool:
        taken = [task for tasks_of_one in pool.map(work, range(20)) for task in tasks_of_one]

    assert [task for task, times in Counter(taken).items() if times > 1] == []
    assert len(taken) >= 5_000 if agencies == 1 else len(taken) == 20 * limit


def test_the_time_of_a_claim_does_not_grow_with_the_queue(town: Town) -> None:
    """What the database reads for one claim, not what the clock of a busy machine says."""
    read = {}
    for already, more in ((0, 5_000), (5_000, 15_000)):
        call_queue.fill(town.db, more, after=already, agencies=10, now=town.now)
        read[already + more] = _pages_read(town)

    assert read[20_000] < 1.5 * read[5_000]


def _pages_read(town: Town) -> int:
    with town.db.begin() as connection:
        values = rows.next_parameters(ANNE, agencies=["01"], rules=MANY, now=town.now)
        plan = connection.execute(
            text("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + rows._NEXT.text), values
        ).scalar_one()
        connection.rollback()
    found = plan[0]["Plan"]
    return int(found["Shared Hit Blocks"] + found["Shared Read Blocks"])
