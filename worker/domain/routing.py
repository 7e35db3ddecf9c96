"""Who rings whom: a task goes to its own agency, and overflows to the others when it must not wait for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType


class Move(StrEnum):
    """What a caller did with a task besides ringing."""

    CLAIMED = "claimed"
    RELEASED = "released"
    SKIPPED = "skipped"
    RESCHEDULED = "rescheduled"
    EXPIRED = "expired"


# The least priority of each band, most urgent first; worker.domain.callbacks.band draws the same lines.
BANDS = MappingProxyType({"P0": 100, "P1": 60, "P2": 35, "P3": -1000})


@dataclass(frozen=True, slots=True)
class Rules:
    """How tasks find their callers.

    lease: how long a claim holds without a heartbeat. skipped_for: how long a caller is not offered again what they
    skipped. at_once: how many calls one caller may hold. Overflow, any of these opening a task to other agencies'
    callers: it waited this long since it could first be rung (by band), it is this late, its agency has nobody
    present, or more than so much work for each who is.
    """

    lease: timedelta = timedelta(minutes=15)
    skipped_for: timedelta = timedelta(hours=1)
    at_once: int = 3
    waited: Mapping[str, timedelta] = field(
        default_factory=lambda: MappingProxyType({"P0": timedelta(minutes=5), "P1": timedelta(hours=1)})
    )
    late: timedelta = timedelta(minutes=30)
    work_each: timedelta = timedelta(hours=2)
    per_call: timedelta = timedelta(minutes=11.4)

    @property
    def calls_each(self) -> int:
        """How many calls one caller has before their agency is overloaded."""
        return max(int(self.work_each / self.per_call), 1)


def holder(claimed_by: str | None, claimed_until: datetime | None, *, now: datetime) -> str | None:
    """Who holds a task at this moment: a lease that has run out holds nothing."""
    return claimed_by if claimed_until is not None and claimed_until > now else None
