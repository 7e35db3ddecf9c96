"""Many questions to the provider: how many at a time, for how long, and what a silent one costs."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from worker.domain.errors import Unavailable
from worker.services import questions
from worker.services.questions import PAGE, ROUND, Asked

NOON = datetime(2026, 7, 8, 12, 0, tzinfo=UTC)


class Waiting:
    """Questions that wait in the database, and who asked them."""

    def __init__(self, count: int) -> None:
        self.left = list(range(count))
        self.asked: list[int] = []

    def take(self, limit: int) -> Sequence[int]:
        page, self.left = self.left[:limit], self.left[limit:]
        return page

    def ask(self, question: int) -> int:
        self.asked.append(question)
        return question


def _round(
    waiting: Waiting,
    *,
    ask: Callable[[int], int] | None = None,
    at_once: int = 1,
    clock: Callable[[], datetime] = lambda: NOON,
) -> Asked:
    return questions.ask_all(
        waiting.take, ask or waiting.ask, lambda _q, _a: 1, at_once=at_once, purpose="test", clock=clock
    )


def test_a_full_page_is_followed_by_the_next() -> None:
    waiting = Waiting(2 * PAGE + 1)

    asked = _round(waiting)

    assert asked == Asked(2 * PAGE + 1)
    assert waiting.asked == list(range(2 * PAGE + 1))


def test_a_round_ends_when_its_time_is_up_and_says_that_questions_are_left() -> None:
    waiting, times = Waiting(3 * PAGE), iter([NOON, NOON, NOON + ROUND])

    asked = _round(waiting, clock=lambda: next(times))

    assert asked == Asked(2 * PAGE, more=True)
    assert len(waiting.left) == PAGE


def test_questions_are_asked_side_by_side_and_no_more_than_may_be() -> None:
    waiting, lock, under_way = Waiting(20), threading.Lock(), [0, 0]
    together = threading.Barrier(3, timeout=10)

    def ask(question: int) -> int:
        with lock:
            under_way[0] += 1
            under_way[1] = max(under_way)
        if 1 <= question <= 18:  # the first is asked alone, the last may find nobody to wait for
            together.wait()
        with lock:
            under_way[0] -= 1
        return question

    asked = _round(waiting, ask=ask, at_once=3)

    assert (asked.done, under_way[1]) == (20, 3)


def test_a_provider_that_does_not_answer_is_asked_once() -> None:
    waiting = Waiting(2 * PAGE)

    def ask(question: int) -> int:
        waiting.asked.append(question)
        raise Unavailable

    with capture_logs() as logged:
        asked = _round(waiting, ask=ask, at_once=5)

    assert (asked, waiting.asked) == (Asked(), [0])
    assert [(entry["event"], entry["purpose"]) for entry in logged] == [("provider_unavailable", "test")]


def test_what_fails_on_our_side_is_not_taken_for_the_providers_silence() -> None:
    def note(_question: int, _answer: int) -> int:
        raise Unavailable("PostgreSQL")

    waiting = Waiting(3)

    with pytest.raises(Unavailable, match="PostgreSQL"):
        questions.ask_all(waiting.take, waiting.ask, note, at_once=1, purpose="test", clock=lambda: NOON)


@pytest.mark.parametrize(("in_flight", "at_once"), [(1, 1), (10, 1), (50, 5), (1000, 8)])
def test_questions_leave_the_requests_of_sending_alone(in_flight: int, at_once: int) -> None:
    assert questions.at_once(in_flight) == at_once
