"""The closed list of what is done to the program, and a seeded choice from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from typing import Any

WORKERS = ("worker-1", "worker-2")
CALL_ENDS = ("completed", "busy", "no-answer", "failed", "canceled")
HOURS_S = 3 * 3600.0  # as long as the latest receipts are late, on the stand-in's clock


class Kind(StrEnum):
    """What happens. The first part is done to our own processes and servers, the second by the provider."""

    WORKER_KILLED = "worker_killed"
    ALL_WORKERS_KILLED = "all_workers_killed"
    SCHEDULER_KILLED = "scheduler_killed"
    WEB_KILLED = "web_killed"
    WORKER_FROZEN = "worker_frozen"  # longer than its lease, then it goes on as if nothing had been
    WEB_FROZEN = "web_frozen"  # hooks are answered slowly
    QUEUE_FLUSHED = "queue_flushed"
    QUEUE_STOPPED = "queue_stopped"
    DATABASE_RESTARTED = "database_restarted"
    DATABASE_CRASHED = "database_crashed"
    EVENT_PAUSED = "event_paused"
    EVENT_CANCELLED = "event_cancelled"

    PROVIDER_CROWDED = "provider_crowded"  # 429 above a few requests in flight
    PROVIDER_SLOW = "provider_slow"
    RATE_LIMIT = "rate_limit"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    NOT_JSON = "not_json"
    SLOW = "slow"  # accepted at once, answered after our timeout
    ACCEPTED_LATE = "accepted_late"  # accepted only after our timeout
    LISTS_FAIL = "lists_fail"  # looking up and fetching is refused
    CALLS_FULL = "calls_full"  # 10004: too many calls at once
    CALL_ENDS_LOST = "call_ends_lost"  # nobody tells how a call ended
    RECEIPTS_LOST = "receipts_lost"
    RECEIPTS_LATE = "receipts_late"
    RECEIPTS_HOURS_LATE = "receipts_hours_late"
    RECEIPTS_SHUFFLED = "receipts_shuffled"
    RECEIPTS_DUPLICATED = "receipts_duplicated"
    RECEIPTS_EARLY = "receipts_early"
    RECEIPTS_FORGED = "receipts_forged"
    INBOUND_LOST = "inbound_lost"
    INBOUND_DUPLICATED = "inbound_duplicated"
    INBOUND_FORGED = "inbound_forged"


# What takes texts away with it that are in hand.
DISRUPTIVE = frozenset(
    {
        Kind.WORKER_KILLED,
        Kind.ALL_WORKERS_KILLED,
        Kind.WORKER_FROZEN,
        Kind.QUEUE_FLUSHED,
        Kind.QUEUE_STOPPED,
        Kind.DATABASE_RESTARTED,
        Kind.DATABASE_CRASHED,
        Kind.EVENT_PAUSED,
        Kind.EVENT_CANCELLED,
    }
)
# kind -> the processes it may be done to; one of them is drawn
VICTIMS = {
    Kind.WORKER_KILLED: WORKERS,
    Kind.WORKER_FROZEN: WORKERS,
    Kind.SCHEDULER_KILLED: ("scheduler",),
    Kind.WEB_KILLED: ("web",),
    Kind.WEB_FROZEN: ("web",),
}
# kind -> the stand-in's fault and what is fixed about it; the phones are drawn
FAULTS: dict[Kind, tuple[str, dict[str, Any]]] = {
    Kind.RATE_LIMIT: ("rate_limit", {}),
    Kind.ERROR_BEFORE: ("error_before", {}),
    Kind.ERROR_AFTER: ("error_after", {}),
    Kind.DROP_BEFORE: ("drop_before", {}),
    Kind.DROP_AFTER: ("drop_after", {}),
    Kind.NOT_JSON: ("not_json", {}),
    Kind.SLOW: ("slow", {"seconds": 3.0}),
    Kind.ACCEPTED_LATE: ("accepted_late", {"seconds": 3.0}),
    Kind.LISTS_FAIL: ("error_before", {"on": "read"}),
    Kind.CALLS_FULL: ("refuse", {"code": 10004, "resource": "calls"}),
    Kind.CALL_ENDS_LOST: ("receipts_lost", {"resource": "calls", "statuses": CALL_ENDS}),
    Kind.RECEIPTS_LOST: ("receipts_lost", {}),
    Kind.RECEIPTS_LATE: ("receipts_late", {"seconds": 9.0}),
    Kind.RECEIPTS_HOURS_LATE: ("receipts_late", {"seconds": HOURS_S}),
    Kind.RECEIPTS_SHUFFLED: ("receipts_shuffled", {}),
    Kind.RECEIPTS_DUPLICATED: ("receipts_duplicated", {}),
    Kind.RECEIPTS_EARLY: ("receipts_early", {}),
    Kind.RECEIPTS_FORGED: ("receipts_forged", {}),
    Kind.INBOUND_LOST: ("inbound_lost", {}),
    Kind.INBOUND_DUPLICATED: ("inbound_duplicated", {}),
    Kind.INBOUND_FORGED: ("inbound_forged", {}),
}
# How long each lasts, in seconds; what is not here lasts LASTS.
LASTS = (1.0, 6.0)
LASTING = {
    Kind.WORKER_KILLED: (0.2, 3.0),
    Kind.ALL_WORKERS_KILLED: (0.2, 3.0),
    Kind.SCHEDULER_KILLED: (0.2, 5.0),
    Kind.WEB_KILLED: (0.2, 3.0),
    Kind.WORKER_FROZEN: (5.5, 7.0),  # over the lease, under the time in which absence is proved
    Kind.WEB_FROZEN: (1.0, 4.0),
    Kind.QUEUE_FLUSHED: (0.0, 0.0),
    Kind.QUEUE_STOPPED: (0.2, 3.0),
    Kind.DATABASE_RESTARTED: (0.0, 1.0),
    Kind.DATABASE_CRASHED: (0.0, 1.0),
    Kind.EVENT_PAUSED: (1.0, 4.0),
    Kind.EVENT_CANCELLED: (0.0, 0.0),
}


@dataclass(frozen=True, slots=True)
class Blow:
    """One fault. target: the process. phones: whose texts it befalls; empty is everybody's."""

    at_s: float
    kind: Kind
    lasts_s: float
    target: str = ""
    phones: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        whom = self.target or (f"{len(self.phones)} phones" if self.phones else "")
        return " ".join(
            part for part in (str(self.kind), whom, f"for {self.lasts_s:.1f} s" if self.lasts_s else "") if part
        )


def draw(chance: Random, numbers: Sequence[str], *, within_s: float, every_s: float) -> tuple[Blow, ...]:
    """Faults at random moments: every kind once before any comes twice, as far as they fit."""
    count = max(1, int(within_s / every_s))
    moments = sorted(chance.uniform(0, within_s) for _ in range(count))
    kinds = _shuffled(chance)
    return tuple(_blow(chance, at_s, next(kinds), numbers) for at_s in moments)


def _shuffled(chance: Random) -> Iterator[Kind]:
    while True:
        yield from chance.sample(list(Kind), len(Kind))


def _blow(chance: Random, at_s: float, kind: Kind, numbers: Sequence[str]) -> Blow:
    lasts_s = chance.uniform(*LASTING.get(kind, LASTS))
    target = chance.choice(VICTIMS[kind]) if kind in VICTIMS else ""
    phones = tuple(chance.sample(numbers, len(numbers) // 3)) if kind in FAULTS and kind is not Kind.LISTS_FAIL else ()
    return Blow(round(at_s, 2), kind, round(lasts_s, 2), target, phones)
