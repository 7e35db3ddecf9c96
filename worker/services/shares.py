"""This process's part of the requests that may be under way at once, and how many more texts find a place in it."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from worker import logs
from worker.store import limits
from worker.store.database import Database
from worker.twilio.client import Gateway

log = structlog.get_logger()

HELD_FOR = timedelta(seconds=15)
# A part is dealt anew only after so long: the others wait no longer for their own.
DEALT_FOR = timedelta(seconds=0.5)
# A text is claimed behind others only if its turn comes within this, or it would go back and be claimed again (see
# TURN_WITHIN in worker/twilio/sending.py); and behind two that are under way at most.
TURN_IN_S = 0.75
MOST_BEFORE = 2
# Tiny batches cost more than their requests: so many are taken together, if their turn comes soon enough.
FEWEST = 10


@dataclass(slots=True)
class Share:
    """What this process may have under way. Its threads ask for it one by one and use the newest answer.

    holder names the process among the workers; most: what all of them may have under way together. held_for: longer
    than any request may take, or the others would be dealt what is still in the air.
    """

    db: Database
    gateway: Gateway
    holder: str
    most: int
    clock: Callable[[], datetime]
    slots: int = 0
    held_for: timedelta = HELD_FOR
    _dealt_at: datetime | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _promising: threading.Lock = field(default_factory=threading.Lock)
    _promised: Counter[bool] = field(default_factory=Counter)
    _told: logs.Told = field(default_factory=logs.Told)

    def part(self) -> int:
        """This process's part as it was dealt last, or anew when that is a while ago or it had none."""
        age = self.clock() - self._dealt_at if self._dealt_at and self.slots else DEALT_FOR
        return self.slots if timedelta() <= age < DEALT_FOR else self.deal()

    def deal(self) -> int:
        """This process's part, anew: 0 when the others hold all of it. It may grow only once the database knows."""
        with self._lock:
            self._dealt_at = self.clock()
            with self.db.begin() as connection:
                part = limits.share_in_flight(
                    connection,
                    self.holder,
                    budget=self.most,
                    keep_to=self._keep_to,
                    held_for=self.held_for,
                    now=self.clock(),
                )
            self.slots = part
        return part

    def _keep_to(self, part: int) -> int:
        self.slots = min(self.slots, part)
        return self.gateway.keep_to(part)

    def in_flight(self) -> int:
        """The part that was dealt last, for a batch that begins now."""
        return self.slots or 1

    def batch(self, free: int) -> int:
        """How many texts one batch takes at most."""
        return max(free, min(FEWEST, 2 * free))

    @contextmanager
    def places(self) -> Iterator["Places"]:
        """Places for one batch, from before it is claimed until it begins."""
        kept = Places(self)
        try:
            yield kept
        finally:
            kept.give_back()

    def keep(self, most: int, *, paced: bool) -> int:
        """How many more texts, up to `most`, find a place in time beside those in hand; nobody else is promised it."""
        with self._promising:
            kept = max(0, min(most, self._room(paced=paced) - self._promised[paced]))
            self._promised[paced] += kept
        return kept

    def give_back(self, kept: int, *, paced: bool) -> None:
        """Promised places are not needed, or in use now."""
        with self._promising:
            self._promised[paced] -= kept

    def _room(self, *, paced: bool) -> int:
        """A text with a moment of its own goes before those without, and only others like it are in its way. The others
        queue for places, fewer of them the longer an answer takes."""
        free = self.slots - self.gateway.in_hand(timed=paced)
        takes_s = self.gateway.takes_s()
        if paced or takes_s is None:
            return free
        return free + self.slots * min(MOST_BEFORE, int(TURN_IN_S / max(takes_s, 0.001)))

    def narrow(self) -> None:
        """The provider refused a request for being one too many. Told when it begins, however often it happens."""
        with self.db.begin() as connection:
            budget = limits.narrow(connection, most=self.most, now=self.clock())
        self._dealt_at = None
        if self._told.is_news("narrow") and budget is not None:
            log.warning("provider_refuses_so_many", in_flight_from_now=budget)


@dataclass(slots=True)
class Places:
    """Places that one batch was promised and does not use yet, so that two claimed at once do not count on the same."""

    share: Share
    kept: int = 0
    paced: bool = False

    def ask(self, most: int, *, paced: bool) -> int:
        """How many texts the batch may have, up to `most`. Once for each batch."""
        self.paced, self.kept = paced, self.share.keep(most, paced=paced)
        return self.kept

    def begin(self) -> int:
        """The batch is in the gateway's hands; what the process may have under way by now."""
        self.give_back()
        return self.share.in_flight()

    def give_back(self) -> None:
        """Whatever is promised is free again."""
        self.share.give_back(self.kept, paced=self.paced)
        self.kept = 0
