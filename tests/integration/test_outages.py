"""The provider does not answer: texts wait together, one tries, and in the end people ring."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from structlog.testing import capture_logs

from tests import builders
from tests.integration.conftest import DESK, OUTAGE, Town
from tests.waiting import until
from worker.domain.campaigns import Kind
from worker.domain.messages import Outcome, SendResult
from worker.services import events, outages, recording, sweeping
from worker.store import outages as rows

HERE = "a-host:1"
NOBODY = {"outcome": Outcome.TRANSIENT}
TIMEOUT = {"outcome": Outcome.UNKNOWN}
BROKEN = {"outcome": Outcome.UNKNOWN, "http_status": 503}


def _record(town: Town, *results: dict[str, object], holder: str = HERE) -> None:
    made = [SendResult(1000 + n, 2000 + n, **result) for n, result in enumerate(results)]  # type: ignore[arg-type]
    numbers = {r.message_id: "+33600000000" for r in made}
    recording.record(
        town.db, made, numbers=numbers, attempts_made={}, campaign=None, max_attempts=8, holder=holder, now=town.now
    )


def _allowance(town: Town, holder: str = HERE) -> tuple[int | None, float]:
    with town.db.begin() as connection:
        return outages.allowance(connection, holder=holder, now=town.now)


@pytest.mark.parametrize("result", [NOBODY, TIMEOUT, BROKEN])
def test_a_batch_that_nobody_answers_makes_the_others_wait(town: Town, result: dict[str, object]) -> None:
    _record(town, result, result, result)

    claimable, wait_s = _allowance(town)

    assert claimable == 0
    assert wait_s > 0


@pytest.mark.parametrize("status", [201, 400, 401])
def test_any_answer_is_an_answer(town: Town, status: int) -> None:
    _record(town, NOBODY, {"outcome": Outcome.TRANSIENT, "http_status": status})

    assert _allowance(town) == (None, 0.0)


def test_one_text_at_a_time_tries_again_however_many_threads_there_are(town: Town) -> None:
    _record(town, NOBODY, NOBODY, NOBODY)
    town.now += timedelta(minutes=2)

    allowed = [_allowance(town)[0] for _thread in range(3)]

    assert allowed == [1, 0, 0]


def test_one_text_without_an_answer_stops_nobody(town: Town) -> None:
    _record(town, TIMEOUT)

    assert _allowance(town) == (None, 0.0)


def test_texts_that_fail_one_by_one_are_an_outage_too(town: Town) -> None:
    """As the last two of a blast do, or a round of two households."""
    for _try in range(3):
        _record(town, NOBODY)

    assert _allowance(town)[0] == 0


def test_an_answer_in_between_makes_each_of_them_an_accident(town: Town) -> None:
    with capture_logs() as logged:
        for _text in range(4):
            _record(town, TIMEOUT)
            _record(town, {"outcome": Outcome.ACCEPTED, "provider_sid": "SM" + "1" * 32, "http_status": 201})

    assert _allowance(town) == (None, 0.0)
    assert logged == []


def test_an_accident_is_no_alarm_and_hands_nobody_over(town: Town) -> None:
    _record(town, TIMEOUT)
    home = town.household()
    town.open()
    town.now += timedelta(minutes=31)
    _record(town, TIMEOUT)

    with capture_logs() as logged:
        town.sweep()

    assert logged == []
    assert [m["state"] for m in town.texts(home, "first")] == ["queued"]


def test_a_single_household_that_cannot_be_written_to_is_rung_after_the_patience(town: Town) -> None:
    home = town.household()
    town.open()
    for _minute in range(32):
        _record(town, NOBODY)
        town.now += timedelta(minutes=1)

    town.sweep()
    town.climb()

    assert town.state(home) == "callback"


def test_a_try_that_fails_is_followed_by_the_next_within_seconds(town: Town) -> None:
    _record(town, NOBODY, NOBODY, NOBODY)
    town.now += timedelta(seconds=3)
    assert _allowance(town)[0] == 1
    _record(town, TIMEOUT)

    town.now += timedelta(seconds=5)

    assert _allowance(town)[0] == 1


def test_a_host_cut_off_from_the_provider_stops_only_itself(town: Town) -> None:
    _record(town, NOBODY, NOBODY, NOBODY)

    assert _allowance(town)[0] == 0
    assert _allowance(town, "another-host:1") == (None, 0.0)


def test_as_long_as_one_host_gets_answers_nobody_is_handed_to_the_callers(town: Town) -> None:
    home = town.household()
    town.open()
    for _minute in range(31):
        _record(town, NOBODY, NOBODY, NOBODY)
        _record(town, {"outcome": Outcome.REFUSED_NUMBER, "http_status": 400}, holder="another-host:1")
        town.now += timedelta(minutes=1)

    town.sweep()

    assert [m["state"] for m in town.texts(home, "first")] == ["queued"]


def test_the_last_answer_any_host_got_begins_the_patience_and_does_not_end_it(town: Town) -> None:
    """The other host stopped for good, or is idle; this one meets nobody ever since."""
    home = town.household()
    town.open()
    _record(town, NOBODY, NOBODY, NOBODY)
    _record(town, {"outcome": Outcome.REFUSED_NUMBER, "http_status": 400}, holder="another-host:1")
    _fail_for(town, 29)
    town.sweep()
    before = town.texts(home, "first")[0]["state"]
    _fail_for(town, 2)
    town.sweep()

    assert (before, town.texts(home, "first")[0]["state"]) == ("queued", "expired")


def test_when_the_provider_is_back_everything_leaves_at_once(town: Town) -> None:
    _record(town, NOBODY, NOBODY, NOBODY)
    town.now += timedelta(minutes=2)
    _allowance(town)

    _record(town, {"outcome": Outcome.ACCEPTED, "provider_sid": "SM" + "1" * 32, "http_status": 201})

    assert _allowance(town) == (None, 0.0)


def test_tries_come_less_often_but_at_least_once_a_minute(town: Town) -> None:
    waits = []
    for _failure in range(10):
        _record(town, NOBODY, NOBODY, NOBODY)
        with town.db.begin() as connection:
            outage = rows.current(connection, HERE)
        assert outage is not None
        waits.append((outage.retry_at - town.now).total_seconds())
        town.now = outage.retry_at

    assert waits[0] <= 2
    assert 30 <= max(waits) <= 60


def test_an_outage_is_told_once(town: Town) -> None:
    _record(town, NOBODY, NOBODY, NOBODY)
    town.now += timedelta(minutes=2)

    with capture_logs() as logged:
        for _tick in range(5):
            town.sweep()

    assert [entry["event"] for entry in logged] == ["provider_down"]


def _fail_for(town: Town, minutes: int) -> None:
    for _minute in range(minutes):
        _record(town, NOBODY, NOBODY, NOBODY)
        town.now += timedelta(minutes=1)


def test_after_the_patience_who_waits_for_a_check_in_is_rung_and_not_written_to(town: Town) -> None:
    home = town.household()
    event = town.open()
    _fail_for(town, 31)

    town.sweep()
    town.climb()

    assert town.state(home) == "callback"
    assert [m["state"] for m in town.texts(home, "first")] == ["expired"]
    assert "Twilio ne prend plus de SMS" in (events.get(town.db, event).alarm or "")
    assert town.account(event).unaccounted == 0


def test_advice_waits_for_as_long_as_it_is_useful(town: Town) -> None:
    home = town.household()
    town.open(builders.campaign(kind=Kind.ADVICE, reply_deadline=None, reminder_text=None, reminder_after=None))
    _fail_for(town, 31)

    town.sweep()

    assert [m["state"] for m in town.texts(home, "first")] == ["queued"]


def test_an_outage_of_yesterday_does_not_hand_todays_households_over(town: Town) -> None:
    _fail_for(town, 31)
    town.now += timedelta(days=1)
    home = town.household()
    town.open()

    sweeping.sweep(town.db, desk=DESK, outage=OUTAGE, now=town.now)

    assert [m["state"] for m in town.texts(home, "first")] == ["queued"]


def test_texts_that_found_nobody_do_not_use_up_their_tries(town: Town) -> None:
    home = town.household()
    town.open()
    [message] = town.texts(home, "first")
    for _attempt in range(20):
        with town.db.begin() as connection:
            connection.exec_driver_sql("UPDATE message SET state = 'sending', attempts = attempts + 1")
        attempts = {int(str(message["id"])): 1}
        result = SendResult(int(str(message["id"])), 0, Outcome.TRANSIENT)
        recording.record(
            town.db,
            [result],
            numbers={result.message_id: home.phone},
            attempts_made=attempts,
            campaign=builders.campaign(),
            max_attempts=8,
            holder=HERE,
            now=town.now,
        )

    assert [(m["state"], m["attempts"]) for m in town.texts(home, "first")] == [("queued", 0)]


TOO_MANY = {"outcome": Outcome.TRANSIENT, "http_status": 429}


def _refuse_for(town: Town, *, seconds: int, holder: str = HERE) -> None:
    for _batch in range(seconds // 5):
        _record(town, TOO_MANY, TOO_MANY, TOO_MANY, holder=holder)
        town.now += timedelta(seconds=5)


def test_refusals_for_being_too_many_stop_nobody_at_first(town: Town) -> None:
    """Fewer are asked at once for them."""
    _refuse_for(town, seconds=60)

    assert _allowance(town) == (None, 0.0)


def test_nothing_but_refusals_for_a_minute_is_an_outage(town: Town) -> None:
    _refuse_for(town, seconds=65)

    with capture_logs() as logged:
        claimable, wait_s = _allowance(town)
        town.sweep()

    assert (claimable, wait_s > 0) == (1, False)  # one tries
    assert [entry["event"] for entry in logged] == ["provider_down"]


def test_a_try_of_such_an_outage_that_is_refused_makes_the_next_wait_for_seconds(town: Town) -> None:
    _refuse_for(town, seconds=65)
    for _try in range(5):
        _record(town, TOO_MANY)

    claimable, wait_s = _allowance(town)

    assert (claimable, 1 < wait_s < 5) == (0, True)


@pytest.mark.parametrize("holder", [HERE, "another-host:1"])
def test_a_refusal_beside_texts_that_are_taken_is_no_outage(town: Town, holder: str) -> None:
    for _half_minute in range(10):
        _refuse_for(town, seconds=30)
        _record(town, ACCEPTED, TOO_MANY, holder=holder)

    with capture_logs() as logged:
        town.sweep()

    assert _allowance(town) == (None, 0.0)
    assert logged == []


def test_a_refusal_now_and_one_long_ago_are_no_outage(town: Town) -> None:
    _record(town, TOO_MANY)
    town.now += timedelta(minutes=5)
    _record(town, TOO_MANY)
    _record(town, TOO_MANY)

    assert _allowance(town) == (None, 0.0)


def test_a_provider_that_refuses_and_wants_to_be_left_alone_for_minutes_is_away_too(town: Town) -> None:
    for _try in range(3):
        _record(town, TOO_MANY | {"retry_after_s": 300.0})
        town.now += timedelta(minutes=5)

    assert _allowance(town)[0] is not None


def test_a_text_that_is_taken_ends_an_outage_of_refusals(town: Town) -> None:
    _refuse_for(town, seconds=90)

    _record(town, ACCEPTED)

    assert _allowance(town) == (None, 0.0)


def test_after_the_patience_those_that_a_provider_takes_nothing_for_are_rung(town: Town) -> None:
    home = town.household()
    event = town.open()
    _refuse_for(town, seconds=31 * 60)

    town.sweep()
    town.climb()

    assert town.state(home) == "callback"
    assert "Twilio ne prend plus de SMS" in (events.get(town.db, event).alarm or "")


ACCEPTED = {"outcome": Outcome.ACCEPTED, "provider_sid": "SM" + "1" * 32, "http_status": 201}
LAPSED = {"outcome": Outcome.TRANSIENT, "asked": False}


def test_the_one_try_of_an_outage_that_found_no_place_is_somebody_elses(town: Town) -> None:
    """It never left, so nothing was learnt; nobody else would try for a minute."""
    _record(town, NOBODY, NOBODY, NOBODY)
    town.now += timedelta(minutes=2)
    assert _allowance(town)[0] == 1

    _record(town, LAPSED)

    assert _allowance(town)[0] == 1


def test_while_nobody_meets_silence_an_answer_costs_no_statement(town: Town) -> None:
    statements: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(town.db.engine, "before_cursor_execute", hear)
    _record(town, ACCEPTED)
    quiet = len(statements)
    _record(town, NOBODY, holder="another-host:1")
    statements.clear()
    _record(town, ACCEPTED)

    assert quiet == len(statements) - 3


def test_two_workers_that_get_answers_at_once_do_not_wait_for_each_other_for_ever(town: Town) -> None:
    """Each ends its own outage and tells the other's; in what order, decides whether both come through."""
    workers = ("a-host:1", "b-host:1")
    for holder in workers:
        _record(town, NOBODY, NOBODY, NOBODY, holder=holder)
    told = threading.Semaphore(0)

    def both_are_half_way(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.startswith("DELETE FROM provider_outage WHERE holder"):
            told.release()
            until(lambda: told._value == len(workers) or _somebody_waits(town), why="the other worker")

    event.listen(town.db.engine, "before_cursor_execute", both_are_half_way)

    def answered(holder: str) -> None:
        with town.db.begin() as connection:
            rows.note_answer(connection, holder, now=town.now)

    with ThreadPoolExecutor(len(workers)) as threads:
        list(threads.map(answered, workers))

    assert [_allowance(town, holder)[0] for holder in workers] == [None, None]


def _somebody_waits(town: Town) -> bool:
    waiting = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"
    with town.db.begin() as connection:
        return bool(connection.execute(text(waiting)).scalar_one())


def test_who_was_silent_and_refuses_now_is_tried_every_few_seconds(town: Town) -> None:
    """As rarely as before, twenty texts behind a dozen refusals would wait for minutes."""
    for _ in range(8):
        _record(town, NOBODY, NOBODY, NOBODY)
        town.now += timedelta(minutes=1)

    waits = []
    for _ in range(3):
        assert _allowance(town) == (1, 0.0)
        _record(town, TOO_MANY)
        waits.append(_allowance(town)[1])
        town.now += timedelta(seconds=5)

    assert max(waits) < 5
