"""Many questions to the provider: page after page for a while, a few side by side."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from worker.domain.errors import BadDefinition, Unavailable

log = structlog.get_logger()
Q = TypeVar("Q")
A = TypeVar("A")

PAGE = 50
# A round goes on for so long before others have their turn; what is left is for the next one.
ROUND = timedelta(seconds=10)
# Questions count among the requests that the provider takes at once. Each process asks a tenth of what all of them may
# have under way, and never more than this, so that texts find their places.
SHARE = 10
MOST_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """How a round went. done: what it settled, or was told; more: the time was up before the questions were."""

    done: int = 0
    more: bool = False


class _NoAnswer(Exception):
    """The provider did not answer: there is no use in asking it more."""


def at_once(in_flight: int) -> int:
    """How many questions one process asks side by side. in_flight: the requests that all of them may have under way."""
    return max(1, min(MOST_AT_ONCE, in_flight // SHARE))


def ask_all(
    take: Callable[[int], Sequence[Q]],
    ask: Callable[[Q], A],
    note: Callable[[Q, A], int],
    *,
    at_once: int,
    purpose: str,
    clock: Callable[[], datetime],
) -> Asked:
    """Takes questions a page at a time, asks them, and notes each answer.

    take: up to so many, marked in the database, so that no other process asks the same. ask: the provider's answer; no
    transaction is open. note: what follows from it, in a transaction of its own; how much it settled. A provider that
    does not answer ends the round; what was taken has its turn again in time.
    """

    def settle(question: Q) -> int:
        try:
            answer = ask(question)
        except (BadDefinition, Unavailable) as error:
            raise _NoAnswer from error
        return note(question, answer)

    done, end = 0, clock() + ROUND
    with ThreadPoolExecutor(at_once, thread_name_prefix="questions") as threads:
        try:
            while True:
                page = take(PAGE)
                for settled in _each(page, settle, threads):
                    done += settled
                if len(page) < PAGE or clock() >= end:
                    return Asked(done, more=len(page) == PAGE)
        except _NoAnswer:
            log.warning("provider_unavailable", purpose=purpose)
            return Asked(done)


def _each(page: Sequence[Q], settle: Callable[[Q], int], threads: ThreadPoolExecutor) -> Iterator[int]:
    """The first alone: a provider that does not answer is asked once. When one fails, those not begun are left."""
    yield from map(settle, page[:1])
    yield from threads.map(settle, page[1:])
