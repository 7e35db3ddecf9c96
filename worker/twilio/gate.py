"""How many requests may be under way at once in this process."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from types import TracebackType


class Turn(IntEnum):
    """Who has the next place that is free. FIRST: a person waits. TIMED: its moment is now. BULK: it goes to many."""

    FIRST = 0
    TIMED = 1
    BULK = 2


class Gate:
    """A semaphore whose width may change while it is in use: a worker's share of the provider's limit comes and goes.

    First come, first served among those of one turn. For one event loop; its width may be narrowed from any thread.
    Narrowing lets those inside finish.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._width = 0
        self._inside = 0
        self._waiting: dict[Turn, deque[asyncio.Future[None]]] = {turn: deque() for turn in Turn}

    @property
    def width(self) -> int:
        """How many may be inside."""
        return self._width

    def narrow_to(self, width: int) -> int:
        """From now on at most this many inside, if it is fewer than before; how many are inside. From any thread."""
        with self._lock:
            self._width = min(self._width, max(1, width))
            return self._inside

    def widen_to(self, width: Callable[[], int]) -> None:
        """From now on at most so many inside; at least one, or nobody would ever come out.

        The width is asked for while nobody can narrow: whoever narrows later has the last word.
        """
        with self._lock:
            self._width = max(1, width())
        self._admit()

    def at(self, turn: Turn) -> "Door":
        """The way in, and out again, for `async with`."""
        return Door(self, turn)

    async def enter(self, turn: Turn) -> None:
        """Waits for a place."""
        waiting = self._waiting[turn]
        if not waiting and self._goes_in():
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave()  # admitted and cancelled in the same moment
            raise

    def leave(self) -> None:
        """Gives the place to whoever is next."""
        with self._lock:
            self._inside -= 1
        self._admit()

    def _goes_in(self) -> bool:
        with self._lock:
            free = self._inside < self._width
            self._inside += free
            return free

    def _admit(self) -> None:
        while (queue := self._next()) and (queue[0].done() or self._goes_in()):
            place = queue.popleft()
            if not place.done():
                place.set_result(None)

    def _next(self) -> deque[asyncio.Future[None]] | None:
        return next((queue for queue in self._waiting.values() if queue), None)


class Door:
    """One visit to the gate."""

    __slots__ = ("_gate", "_turn")

    def __init__(self, gate: Gate, turn: Turn) -> None:
        self._gate = gate
        self._turn = turn

    async def __aenter__(self) -> None:
        await self._gate.enter(self._turn)

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._gate.leave()
