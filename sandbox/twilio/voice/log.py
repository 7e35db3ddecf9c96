"""All calls of the run, by every key they are asked for."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.twilio.voice.records import IN_THE_AIR, Call


@dataclass(slots=True)
class Calls:
    """In the order in which they were accepted."""

    all: list[Call] = field(default_factory=list)
    by_sid: dict[str, Call] = field(default_factory=dict)
    by_to: defaultdict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))
    most_at_once: int = 0

    def keep(self, call: Call) -> None:
        """Enters a call; its number in the order of the day becomes its seq."""
        call.seq = len(self.all) + 1
        self.all.append(call)
        self.by_sid[call.sid] = call
        self.by_to[call.to].append(call)

    def in_the_air(self) -> int:
        """How many of the account's own calls are under way."""
        now = sum(1 for call in self.all if call.status in IN_THE_AIR and call.direction == "outbound-api")
        self.most_at_once = max(self.most_at_once, now)
        return now

    def newest_first(self, to: str | None = None, before_seq: int | None = None) -> Iterator[Call]:
        """Walks back through the day, from a place in it if given."""
        calls: Iterable[Call] = self.all if to is None else self.by_to.get(to, [])
        for call in reversed(list(calls)):
            if not call.deleted and (before_seq is None or call.seq < before_seq):
                yield call

    def stats(self) -> dict[str, Any]:
        """The figures of the run so far."""
        placed = [call for call in self.all if call.direction == "outbound-api"]
        return {
            "placed": len(placed),
            "inbound": sum(1 for call in self.all if call.direction == "inbound"),
            "by_status": dict(Counter(call.status for call in placed)),
            "under_way": sum(1 for call in self.all if not call.is_final),
            "most_at_once": self.most_at_once,
            "most_to_one_number": max(Counter(call.to for call in placed).values(), default=0),
        }
