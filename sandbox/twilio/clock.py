"""The stand-in's own time: it may run faster than ours, stand still, or jump, so that ten hours fit in a test."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable
from itertools import count

Action = Callable[[float], None]  # told the time at which it was due
BATCH = 500  # actions in a row before other work gets its turn
LONGEST_SLEEP_S = 3600.0
PAUSE_S = 0.25  # a jump pauses between things further apart than this


class Clock:
    """A virtual clock and the actions due on it. Times are seconds since 1970, UTC."""

    def __init__(self, now: float | None = None, *, speed: float = 1.0) -> None:
        self._base = time.time() if now is None else now
        self._since = time.monotonic()
        self.speed = speed
        self._due: list[tuple[float, int, Action, bool]] = []
        self._limits = 0
        self._order = count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = float("inf")

    def now(self) -> float:
        return self._base + (time.monotonic() - self._since) * self.speed

    def at(self, due: float, action: Action, *, limit: bool = False) -> None:
        """Has something done at a time; things due at the same time are done in the order they were asked.

        limit: it only ends what has not ended by itself; nobody waits for it.
        """
        heapq.heappush(self._due, (due, next(self._order), action, limit))
        self._limits += limit
        if due < self._timer_due:
            self._set_timer()

    def set_speed(self, speed: float) -> None:
        """Seconds of this clock per second of ours; 0 stops it."""
        self._base, self._since, self.speed = self.now(), time.monotonic(), speed
        self._set_timer()

    async def jump(self, seconds: float, *, pause: Callable[[], Awaitable[None]]) -> None:
        """Moves the clock forward, from one thing due to the next, so that each happens at its time. `pause` is awaited
        wherever time passes between them: what the first set going should be over before the next."""
        goal, last = self.now() + seconds, float("-inf")
        try:
            while True:
                if not self._is_due_by(goal):
                    await pause()  # what was set going may have more to do before the goal
                    if not self._is_due_by(goal):
                        break
                if self._due[0][0] > last + PAUSE_S:
                    await pause()
                    last = self._due[0][0]  # what was set going may have something to do before all else
                self._base += max(0.0, self._due[0][0] - self.now())
                self._do_next()
        finally:
            self._base += max(0.0, goal - self.now())
            self._set_timer()
        await pause()

    def _is_due_by(self, goal: float) -> bool:
        return bool(self._due) and self._due[0][0] <= goal

    def reset(self, now: float | None = None) -> None:
        """Forgets all that was due and starts again from a time (ours, unless told)."""
        self._due.clear()
        self._limits = 0
        self._base, self._since = (time.time() if now is None else now), time.monotonic()
        self._set_timer()

    @property
    def pending(self) -> int:
        """What is still to be done, but for limits."""
        return len(self._due) - self._limits

    @property
    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None

    def _do_next(self) -> None:
        due, _, action, limit = heapq.heappop(self._due)
        self._limits -= limit
        action(due)

    def _fire(self) -> None:
        self._timer, self._timer_due = None, float("inf")
        now = self.now()
        try:
            for _ in range(BATCH):
                if not self._due or self._due[0][0] > now:
                    break
                self._do_next()
        finally:
            self._set_timer()  # one action that fails must not stop the clock

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._timer_due = None, float("inf")
        if self._due and self.speed > 0:
            wait = max(0.0, (self._due[0][0] - self.now()) / self.speed)
            self._timer_due = self._due[0][0]
            self._timer = asyncio.get_running_loop().call_later(min(wait, LONGEST_SLEEP_S), self._fire)
