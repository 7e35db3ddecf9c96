"""Logs are events with ids: never a phone number, a name, a message body or a secret."""

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

# The libraries that write request lines with tenants' numbers, or a line per queue item.
QUIET = ("twilio", "dramatiq", "apscheduler", "uvicorn.access", "aiohttp", "urllib3", "alembic")


def configure(level: str = "info") -> None:
    """Sends structured events to stderr, one line each, and silences chatty libraries."""
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True
    )
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A tick that is left out because the last one still runs is what a tick is for; on a busy machine it is no news.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


class Once:
    """Whether something is so, set by many threads: of those that turn it, only one is told that it did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_so = False

    def turns(self, *, to: bool) -> bool:
        """Sets it, and tells whether it was otherwise until now."""
        with self._lock:
            turned, self._is_so = self._is_so != to, to
        return turned


class Told:
    """Of a trouble that is met over and over only the first time is news, until it has not been met for a while."""

    def __init__(self, *, over_after_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._over_after_s = over_after_s
        self._clock = clock
        self._met: dict[str, float] = {}

    def is_news(self, trouble: str) -> bool:
        """Whether this was not met lately. Notes that it was met now."""
        with self._lock:
            before, self._met[trouble] = self._met.get(trouble), self._clock()
            return before is None or self._is_past(before)

    def is_over(self) -> bool:
        """Whether the last of all troubles is past; said once."""
        if not self._met:
            return False
        with self._lock:
            over = bool(self._met) and all(map(self._is_past, self._met.values()))
            if over:
                self._met.clear()
            return over

    def _is_past(self, at: float) -> bool:
        return self._clock() - at > self._over_after_s


def where(error: BaseException) -> str:
    """File and line of an error's innermost frame: enough to find it, nothing of what it handled.

    The error's own words are not logged: a database or an encoder may quote a tenant's number in them.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
