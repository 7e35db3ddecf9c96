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
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def put(self, keep: Callable[[], int | None], *, reply_sid: str) -> None:
        """keep: returns the new reply's id, None where there is none. It raises Unavailable until it is done.

        reply_sid: a provider that tells the same again changes nothing.
        """
        if reply_sid not in self._tasks:
            self._tasks[reply_sid] = task = asyncio.create_task(self._until_kept(keep, reply_sid))
            task.add_done_callback(lambda _done: self._tasks.pop(reply_sid, None))

    async def _until_kept(self, keep: Callable[[], int | None], reply_sid: str) -> None:
        clock = asyncio.get_running_loop().time
        give_up_at = clock() + AT_MOST_S
        while clock() < give_up_at:
            await asyncio.sleep(EVERY_S)
            try:
                stored = await asyncio.to_thread(keep)
            except Unavailable:
                continue
            log.warning("key_kept_late", reply_sid=reply_sid)
            if stored is not None:
                await asyncio.to_thread(self._wake, stored)
            return
        log.error("key_lost", reply_sid=reply_sid)
