"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import Any


def until(what: Callable[[], Any], *, timeout_s: float = 90.0, why: str = "") -> Any:
    """Waits for a condition and returns what it gave; fails with `why` when it does not come."""
    deadline = time.monotonic() + timeout_s
    while not (found := what()):
        assert time.monotonic() < deadline, f"waited {timeout_s} s in vain: {why}"
        time.sleep(0.05)  # between two looks at the condition
    return found
