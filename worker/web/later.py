"""A key pressed while the database is away is kept once it is back, as long as this process lives."""

import asyncio
from collections.abc import Callable

import structlog

from worker.domain.errors import Unavailable
from worker.web.troubles import Waking

log = structlog.get_logger()

# What could not be kept is tried again so often, for so long.
EVERY_S = 1.0
AT_MOST_S = 2 * 3600.0


class Later:
    """Keeps what a call left, as soon as it can be. wake: tells the workers of a stored reply.

    A process that ends before loses it, which is why nobody is told that it was noted.
    """

    def __init__(self, wake: Waking) -> None:
        self._wake = wake
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, keep: Callable[[], int | None], *, provider_sid: str) -> None:
        """keep: returns the new reply's id, None where there is none. It raises Unavailable until it is done."""
        task = asyncio.create_task(self._until_kept(keep, provider_sid))
        self._tasks.add(task)  # the loop itself holds it weakly
        task.add_done_callback(self._tasks.discard)

    async def _until_kept(self, keep: Callable[[], int | None], provider_sid: str) -> None:
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + AT_MOST_S
        while clock() < give_up_at:
            await asyncio.sleep(EVERY_S)
            try:
                stored = await asyncio.to_thread(keep)
            except Unavailable:
                continue
            log.warning("key_kept_late", provider_sid=provider_sid)
            if stored is not None:
                await asyncio.to_thread(self._wake, stored)
            return
        log.error("key_lost", provider_sid=provider_sid)
