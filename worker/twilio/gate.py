"""How many requests may be under way at once in this process."""

import asyncio
from collections import deque
from types import TracebackType


class Gate:
    """A semaphore whose width may change while it is in use: a worker's share of the provider's limit comes and goes.

    First come, first served, except that whoever comes in by `first` has the next place that is free. For one event
    loop. Narrowing lets those inside finish.
    """

    def __init__(self) -> None:
        self._width = 0
        self._inside = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_first: deque[asyncio.Future[None]] = deque()
        self.first = First(self)

    @property
    def inside(self) -> int:
        """How many are inside now; may be asked from any thread."""
        return self._inside

    def narrow_to(self, width: int) -> None:
        """From now on at most this many inside, if it is fewer than before; may be called from any thread."""
        self._width = min(self._width, max(1, width))

    def widen_to(self, width: int) -> None:
        """From now on at most this many inside; at least one, or nobody would ever come out."""
        self._width = max(1, width)
        self._admit()

    async def __aenter__(self) -> None:
        await self._enter(self._waiting)

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._leave()

    async def enter_first(self) -> None:
        """A place before all who wait."""
        await self._enter(self._waiting_first)

    async def _enter(self, waiting: deque[asyncio.Future[None]]) -> None:
        if self._inside < self._width and not waiting:
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # admitted and cancelled in the same moment
            raise

    def _leave(self) -> None:
        self._inside -= 1
        self._admit()

    def _admit(self) -> None:
        while (queue := self._waiting_first or self._waiting) and self._inside < self._width:
            turn = queue.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)


class First:
    """The same gate, for those whom a person waits for: they do not queue behind what goes to many."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def __aenter__(self) -> None:
        await self._gate.enter_first()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gate.__aexit__(kind, error, trace)
