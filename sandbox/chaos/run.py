"""One run: everything is started, struck as the plan says, left in peace, and judged."""

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from sandbox.chaos import evidence, promises, town
from sandbox.chaos.blows import DISRUPTIVE, HOURS_S, Blow
from sandbox.chaos.crew import Crew
from sandbox.chaos.evidence import Evidence
from sandbox.chaos.operator import Operator
from sandbox.chaos.plan import FINE, Drive, Plan
from sandbox.chaos.strikes import Strikes
from sandbox.chaos.verdicts import Result
from sandbox.chaos.watch import Watch
from sandbox.stack import DATABASE, Stack
from worker import settings as configuration

AGAIN_S, PAUSE_S = 0.3, 0.7
LOOK_FOR_REPLIES_EVERY_S = 5.0
STEP_S = 0.03
# What dies should die with requests under way: it waits so long for so many.
AIM_S, IN_HAND = 1.5, 2
PATIENCE_S = 100.0  # a run that keeps its promises never needs it on a machine of its own
GRACE = timedelta(seconds=2)  # at the end nobody waits at all
AFTERWARDS_S = 20.0 + PATIENCE_S  # for what comes hours late on the stand-in's clock
Say = Callable[[float, str], None]


@dataclass(slots=True)
class Run:
    """One seeded run on a stack whose servers are up. say: told each thing as it happens, with its second."""

    stack: Stack
    plan: Plan
    say: Say
    crew: Crew = field(init=False)
    operator: Operator = field(init=False)
    strikes: Strikes = field(init=False)
    watch: Watch = field(init=False)
    _began: float = 0.0
    _begins: datetime = field(init=False)
    _agenda: list[tuple[float, int, Callable[[], bool]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=itertools.count)
    _terms: dict[str, evidence.Terms] = field(default_factory=dict)

    def play(self) -> Result:
        """From an empty database to the verdict."""
        self._set_up()
        self.watch.start()
        try:
            self._until(self.plan.scale.faults_s)
            self._peace()
            seen = self._settled()
            seen = self._hours_later(seen)
        finally:
            self.watch.stop()
            self.operator.close()
            self.crew.dismiss()
        return self.judge(seen)

    def look(self) -> Evidence:
        """What there is now on both sides. Raises psycopg.Error when the database is away."""
        control = self.stack.control
        gathers = control.webhooks(kind="call gather")
        hooks = control.webhooks(kind="inbound")
        journal = evidence.journal(control.messages(), control.calls(direction="outbound-api"), gathers, hooks)
        with psycopg.connect(self.stack.postgres.url(DATABASE), connect_timeout=2) as connection:
            return replace(self._take(connection), journal=journal)

    def judge(self, seen: Evidence) -> Result:
        """Every promise on the evidence, with what was broken only for a while."""
        verdicts = {name: check(seen) for name, check in promises.EVERY.items()}
        passing = {name: tuple(lines) for name, lines in self.watch.breaches.items()}
        figures = self._figures(seen)
        return Result(self.plan, verdicts, passing, self.watch.looks, self.crew.fallen, figures, self.now())

    def _figures(self, seen: Evidence) -> dict[str, int]:
        stats = self.stack.control.stats()
        outcomes = Counter(request.outcome for request in seen.books.requests)
        return {
            "events": len(seen.books.events),
            "households": len(self.plan.homes),
            "obligations": len(seen.books.recipients),
            "accepted": stats["accepted"],
            "refused": stats["refused"],
            "calls": stats["calls"]["placed"],
            "keys": len(seen.journal.keys),
            "of unknown fate": outcomes["unknown"],
            "tried again": outcomes["transient"],
            "replies": len(seen.journal.heard),
            "webhooks": stats["webhooks"],
            "process starts": self.crew.starts,
        }

    def now(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def _set_up(self) -> None:
        zone = town.noon(datetime.now(UTC))
        source: Path = configuration.load().config_dir.parent
        config, templates = town.write_files(self.plan, source, self.stack.home)
        self.stack.changes = {**self.stack.changes, **town.settings(config, templates, zone)}
        town.set_up_provider(self.plan, self.stack.control, f"{self.stack.public_url}/hooks/twilio/sms/inbound")
        self.stack.migrate()
        listing = self.stack.home / "locataires.csv"
        town.write_listing(self.plan, listing)
        self.stack.run("import", str(listing), "--apply")
        self.crew = Crew(self.stack)
        self.crew.wait_until_up()
        self._begins, self._began = datetime.now(UTC), time.monotonic()
        self.operator = Operator(self.stack, self.plan, self._begins, zone)
        self.strikes = Strikes(self.crew, self.operator, self.stack.control)
        self._terms = {d.key: town.terms(self.plan, d, self._begins) for d in self.plan.drives}
        self.watch = Watch(self.stack.postgres.url(DATABASE), self._take)
        for drive in self.plan.drives:
            self._at(drive.at_s, self._opening(drive))
        for blow in self.plan.blows:
            self._at(blow.at_s, self._beginning(blow))
        self._at(0.0, self._looking_for_replies)

    def _opening(self, drive: Drive) -> Callable[[], bool]:
        return lambda: self.operator.open(drive)

    def _beginning(self, blow: Blow) -> Callable[[], bool]:
        def begin() -> bool:
            if blow.kind in DISRUPTIVE and self.now() < blow.at_s + AIM_S and not self._is_sending():
                self._at(self.now() + STEP_S, begin)
                return True
            self.say(self.now(), str(blow))
            self._at(self.now() + blow.lasts_s, self.strikes.begin(blow))
            return True

        return begin

    def _is_sending(self) -> bool:
        """Whether requests are in the provider's hands: a moment to strike."""
        return int(self.stack.control.stats()["in_flight"]) >= IN_HAND

    def _looking_for_replies(self) -> bool:
        self.operator.look_for_replies()
        self._at(self.now() + LOOK_FOR_REPLIES_EVERY_S, self._looking_for_replies)
        return True

    def _at(self, second: float, action: Callable[[], bool]) -> None:
        heapq.heappush(self._agenda, (second, next(self._order), action))

    def _until(self, second: float) -> None:
        """Does what is due and keeps the crew running, until then."""
        while self.now() < second:
            while self._agenda and self._agenda[0][0] <= self.now():
                _, _, action = heapq.heappop(self._agenda)
                if not action():
                    self._at(self.now() + AGAIN_S, action)
            self.crew.tend()
            time.sleep(STEP_S)  # between two looks at the agenda

    def _peace(self) -> None:
        """Nothing more goes wrong: what lasts is ended now, whatever its time."""
        self.say(self.now(), "peace")
        self.strikes.end_all()
        now = self.now()
        self._agenda = [(min(at, now), order, action) for at, order, action in self._agenda]
        heapq.heapify(self._agenda)

    def _settled(self) -> Evidence:
        """Waits until all has come to an end; a machine with other work to do gets its time."""
        return self._waited(self.plan.scale.seconds + PATIENCE_S)

    def _hours_later(self, seen: Evidence) -> Evidence:
        """The stand-in's clock jumps: receipts that were hours late come in. They may change no verdict."""
        if not _is_over(seen):
            return seen
        self.say(self.now(), "hours later")
        self.stack.control.clock(jump_s=HOURS_S + 60)
        self.stack.control.wait_idle()
        return replace(self._waited(self.now() + AFTERWARDS_S), said_by_report=self.operator.reports())

    def _waited(self, second: float) -> Evidence:
        """What there is once all has come to an end, or then."""
        while True:
            self._until(self.now() + PAUSE_S)
            with suppress(psycopg.Error):  # the database may be on its way back
                seen = self.look()
                if _is_over(seen) or self.now() >= second:
                    return seen

    def _take(self, connection: psycopg.Connection[Any]) -> Evidence:
        """The rows, and the openings that had been confirmed before they were read."""
        opened = frozenset(self.operator.opened)
        return Evidence(self._terms, opened, evidence.books(connection), fine=frozenset(FINE), grace=GRACE)


def _is_over(seen: Evidence) -> bool:
    return not any(check(seen).wrong for check in promises.AT_THE_END.values())
