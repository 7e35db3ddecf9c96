"""Looks at the rows all the while, from outside: a promise that is broken for a second is broken."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg

from sandbox.chaos import promises
from sandbox.chaos.evidence import Evidence

EVERY_S = 0.7


@dataclass(slots=True)
class Watch:
    """url: the database. take: reads the evidence. Breaches are kept by promise, each line once."""

    url: str
    take: Callable[[psycopg.Connection[Any]], Evidence]
    looks: int = 0
    breaches: dict[str, dict[str, None]] = field(default_factory=dict)
    _before: Evidence | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="watch")
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """One look; raises psycopg.Error when the database is away."""
        with psycopg.connect(self.url, connect_timeout=2) as connection:
            seen = self.take(connection)
        for name, check in promises.ALWAYS.items():
            self._note(name, check(seen).wrong)
        if self._before is not None:
            self._note(promises.nothing_goes_back.__name__, promises.nothing_goes_back(self._before, seen).wrong)
        self._before = seen
        self.looks += 1

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            try:
                self.look()
            except psycopg.Error:
                continue  # it is being restarted

    def _note(self, name: str, wrong: tuple[str, ...]) -> None:
        if wrong:
            self.breaches.setdefault(name, {}).update(dict.fromkeys(wrong))
