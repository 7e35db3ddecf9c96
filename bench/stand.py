"""The light stand-in as a process, and its control."""

import json
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import processes
from sandbox.processes import Child


@dataclass(frozen=True, slots=True)
class Light:
    """A running light stand-in."""

    url: str
    child: Child
    token: str

    def reset(self, **wanted: float) -> None:
        """Counts from zero. latency_s and most may be changed."""
        self._ask("reset", json.dumps(wanted).encode())

    def stats(self) -> dict[str, Any]:
        return dict(json.loads(self._ask("stats", b"{}")))

    def _ask(self, what: str, body: bytes) -> bytes:
        request = urllib.request.Request(f"{self.url}/bench/{what}", data=body, method="POST")  # noqa: S310  # loopback
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return bytes(answer.read())


@contextmanager
def running(home: Path, *, token: str) -> Iterator[Light]:
    """A light stand-in for as long as the block lasts."""
    told = home / "light.port"
    child = processes.start(
        "light", [sys.executable, "-m", "bench.light", "--token", token, "--told", str(told)], log=home / "light.log"
    )
    try:
        processes.wait_for(lambda: told.exists() and bool(told.read_text()), child)
        yield Light(f"http://127.0.0.1:{told.read_text()}", child, token)
    finally:
        child.stop()
