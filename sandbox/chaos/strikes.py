"""How each planned fault is begun and ended."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox.chaos.blows import FAULTS, WORKERS, Blow, Kind
from sandbox.chaos.crew import Crew
from sandbox.chaos.operator import Operator
from sandbox.chaos.town import PROVIDER_IN_FLIGHT, USUAL_LATENCY_MS
from sandbox.twilio.control import Control

CROWDED = 8
QUICK_MS, SLOW_MS = (5, 30), (700, 1500)


Ending = Callable[[], bool]  # whether it is done; else it is tried again


def _nothing() -> bool:
    """Some faults are over when they have begun."""
    return True


@dataclass(slots=True)
class Strikes:
    """Begins a blow and gives back how it ends."""

    crew: Crew
    operator: Operator
    control: Control
    faults: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def begin(self, blow: Blow) -> Ending:
        """Returns what ends it."""
        return _provider(self, blow) if blow.kind in FAULTS else _OURS[blow.kind](self, blow)

    def end_all(self) -> None:
        """Whatever the provider still does wrong, it does no more."""
        self.faults.clear()
        self.tell()
        self.control.settings(max_in_flight=PROVIDER_IN_FLIGHT, latency_ms=QUICK_MS)

    def tell(self) -> None:
        """The stand-in's script is what is in force now."""
        self.control.clear_faults()
        for name, details in self.faults:
            self.control.add_fault(name, **details)

    def set(self, **changes: object) -> bool:
        self.control.settings(**changes)
        return True


def _provider(strikes: Strikes, blow: Blow) -> Ending:
    name, details = FAULTS[blow.kind]
    fault = (name, details | ({"to": blow.phones} if blow.phones else {}))
    strikes.faults.append(fault)
    strikes.tell()

    def lift() -> bool:
        with suppress(ValueError):  # all were lifted at once meanwhile
            strikes.faults.remove(fault)
            strikes.tell()
        return True

    return lift


def _kill(strikes: Strikes, blow: Blow) -> Ending:
    names = WORKERS if blow.kind is Kind.ALL_WORKERS_KILLED else (blow.target,)
    for name in names:
        strikes.crew.kill(name)
    return lambda: strikes.crew.let_go(*names)


def _freeze(strikes: Strikes, blow: Blow) -> Ending:
    strikes.crew.freeze(blow.target)
    return lambda: strikes.crew.thaw(blow.target)


def _flush(strikes: Strikes, _blow: Blow) -> Ending:
    strikes.crew.flush_queue()
    return _nothing


def _stop_queue(strikes: Strikes, _blow: Blow) -> Ending:
    strikes.crew.stop_queue()
    return strikes.crew.start_queue


def _stop_database(strikes: Strikes, blow: Blow) -> Ending:
    strikes.crew.stop_database(crash=blow.kind is Kind.DATABASE_CRASHED)
    return strikes.crew.start_database


def _pause(strikes: Strikes, _blow: Blow) -> Ending:
    newest = strikes.operator.newest()
    strikes.operator.pause(newest)
    return lambda: strikes.operator.resume(newest)


def _cancel(strikes: Strikes, _blow: Blow) -> Ending:
    strikes.operator.cancel(strikes.operator.newest())
    return _nothing


def _crowd(strikes: Strikes, _blow: Blow) -> Ending:
    strikes.set(max_in_flight=CROWDED)
    return lambda: strikes.set(max_in_flight=PROVIDER_IN_FLIGHT)


def _slow(strikes: Strikes, _blow: Blow) -> Ending:
    strikes.set(latency_ms=SLOW_MS)
    return lambda: strikes.set(latency_ms=USUAL_LATENCY_MS)


_OURS: Mapping[Kind, Callable[[Strikes, Blow], Ending]] = {
    Kind.WORKER_KILLED: _kill,
    Kind.ALL_WORKERS_KILLED: _kill,
    Kind.SCHEDULER_KILLED: _kill,
    Kind.WEB_KILLED: _kill,
    Kind.WORKER_FROZEN: _freeze,
    Kind.WEB_FROZEN: _freeze,
    Kind.QUEUE_FLUSHED: _flush,
    Kind.QUEUE_STOPPED: _stop_queue,
    Kind.DATABASE_RESTARTED: _stop_database,
    Kind.DATABASE_CRASHED: _stop_database,
    Kind.EVENT_PAUSED: _pause,
    Kind.EVENT_CANCELLED: _cancel,
    Kind.PROVIDER_CROWDED: _crowd,
    Kind.PROVIDER_SLOW: _slow,
}
