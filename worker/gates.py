"""How many rounds of each kind one process has under way at a time: the threads of replies are not for them."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import StrEnum


class Round(StrEnum):
    """What goes in rounds: work that finds for itself what is due, so that one more at a time would only share it."""

    TEXTS = "texts"
    ANSWERS = "answers"
    CALLS = "calls"
    SWEEP = "sweep"
    LADDER = "ladder"
    QUESTIONS = "questions"  # to the provider: a slow one must not take the threads of replies
    LISTING = "listing"
    BACKLOG = "backlog"


# A tick that comes while the one before it is still at work has nothing to add; piled up, they hold every thread.
AT_ONCE: Mapping[Round, int] = dict.fromkeys(Round, 1) | {Round.TEXTS: 3}


class Gates:
    """One process's gates. Nobody waits at them: who finds no place leaves the work to those inside."""

    def __init__(self, at_once: Mapping[Round, int] = AT_ONCE) -> None:
        self._places = {kind: threading.BoundedSemaphore(places) for kind, places in at_once.items()}
        self._turned_away: set[int] = set()

    @contextmanager
    def admit(self, kind: Round) -> Iterator[bool]:
        """Whether there is a place for one more round of its kind; it is given back at the end."""
        admitted = self._places[kind].acquire(blocking=False)
        try:
            yield admitted
        finally:
            if admitted:
                self._places[kind].release()

    @contextmanager
    def admit_texts(self, event_id: int) -> Iterator[bool]:
        """The same for an event's texts. An event turned away is woken by whoever leaves next."""
        with self.admit(Round.TEXTS) as admitted:
            if not admitted:
                self._turned_away.add(event_id)
            yield admitted

    def turned_away(self) -> list[int]:
        """The events whose rounds found no place since this was last asked."""
        found: list[int] = []
        with suppress(KeyError):  # another thread may take the last one
            while self._turned_away:
                found.append(self._turned_away.pop())
        return found


class Gathering:
    """One wake-up for many reasons: at once for the first, and one more for all that come within the span after it."""

    def __init__(self, span_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._span_s = span_s
        self._clock = clock
        self._lock = threading.Lock()
        self._wakes_at = float("-inf")

    def delay_s(self) -> float | None:
        """After how long to wake for a reason that is committed now; None: a wake-up to come will find it."""
        with self._lock:
            now = self._clock()
            if now < self._wakes_at:
                return None
            self._wakes_at = max(now, self._wakes_at + self._span_s)
            return self._wakes_at - now
