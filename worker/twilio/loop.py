"""One event loop in a thread of its own, for callers that live in ordinary threads."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class LoopThread:
    """Runs coroutines for other threads. Start it after the fork: threads do not survive one."""

    def __init__(self, name: str) -> None:
        self._loop = _new_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result; blocks the calling thread, and only it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def call(self, make: Callable[[], T]) -> T:
        """The result of a function that must run inside the loop, such as making a session."""

        async def inside() -> T:
            return make()

        return self.run(inside())

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Cancels what still runs (its callers get CancelledError), runs one last thing and ends the thread."""
        self.run(_cancel_others())
        self.run(last)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it exists (not on Windows): half the CPU per request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
