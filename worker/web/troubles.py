"""What fails for every request while a server is away is said when it begins and when it is past, not by each one."""

import time
from collections.abc import Callable

import structlog

from worker import logs
from worker.domain.errors import Unavailable

log = structlog.get_logger()

# On a disk that is nearly full some rows find room and others do not: it is past when all have, for so long.
QUIET_S = 10.0


class Trouble:
    """One such failure. begins, ends: the events that are logged."""

    def __init__(self, begins: str, ends: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._begins, self._ends = begins, ends
        self._told = logs.Told(over_after_s=QUIET_S, clock=clock)

    def met(self, **ids: object) -> None:
        """It failed again. ids: of the first that it befell."""
        if self._told.is_news(self._begins):
            log.warning(self._begins, **ids)

    def passed(self) -> None:
        """It worked."""
        if self._told.is_over():
            log.warning(self._ends)


class Waking:
    """Tells the workers of a stored reply. Where the queue is away the reply waits: the sweep finds it."""

    def __init__(self, wake: Callable[[int], None]) -> None:
        self._wake = wake
        self._trouble = Trouble("inbound_not_woken", "inbound_woken_again")

    def __call__(self, inbound_id: int) -> None:
        try:
            self._wake(inbound_id)
        except Unavailable:
            self._trouble.met(inbound_id=inbound_id)
        else:
            self._trouble.passed()
