"""All that happened, kept so that a test can ask: every message, every refusal, every webhook, every alert."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.twilio.records import Message, iso


@dataclass(slots=True)
class Meter:
    """The most segments that came in within any one second of real time: what a sender's pace is checked against."""

    _came: list[tuple[float, int]] = field(default_factory=list)
    _peak: tuple[int, int] = (0, 0)  # of so many

    def add(self, at: float, segments: int) -> None:
        self._came.append((at, segments))

    @property
    def peak(self) -> int:
        if self._peak[0] < len(self._came):
            self._peak = len(self._came), most_within(1.0, sorted(self._came))
        return self._peak[1]


def most_within(seconds: float, came: Sequence[tuple[float, int]]) -> int:
    """The most segments that came in within any so many seconds. came: when, and how many, in order."""
    most = within = first = 0
    for at, segments in came:
        within += segments
        while came[first][0] <= at - seconds:
            within -= came[first][1]
            first += 1
        most = max(most, within)
    return most


@dataclass(slots=True)
class Journal:
    """Messages by every key they are asked for, so that no question walks them all."""

    messages: list[Message] = field(default_factory=list)
    by_sid: dict[str, Message] = field(default_factory=dict)
    by_to: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    by_from: defaultdict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))
    refused: list[dict[str, Any]] = field(default_factory=list)
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)  # accepted texts per recipient
    totals: Counter[str] = field(default_factory=Counter)
    meters: defaultdict[str, Meter] = field(default_factory=lambda: defaultdict(Meter))
    in_flight: int = 0
    max_in_flight: int = 0
    in_flight_from: Counter[str] = field(default_factory=Counter)  # per address of who asks

    def keep(self, message: Message) -> None:
        """Enters a message; its number in the order of the day becomes its seq."""
        message.seq = len(self.messages) + 1
        self.messages.append(message)
        self.by_sid[message.sid] = message
        self.by_to[message.to].append(message)
        if message.sender:
            self.by_from[message.sender].append(message)
        self.totals[message.direction] += 1
        if message.direction == "outbound-api":
            self.counts[message.to] += 1
            self.meters[message.sender or message.service or ""].add(message.came_in, message.segments)

    def sender_chosen(self, message: Message, sender: str) -> None:
        """A service chose a sender for a message already entered."""
        message.sender = sender
        self.by_from[sender].append(message)
        self.meters[sender].add(message.came_in, message.segments)

    def refuse(
        self, *, at: float, code: int | None, status: int, form: dict[str, str], reason: str, resource: str = "messages"
    ) -> None:
        """A create request that was not accepted. status 0: it got no answer at all."""
        self.totals["refused"] += 1
        self.totals[f"refused {code or reason}"] += 1
        self.refused.append(
            {
                "at": iso(at),
                "to": form.get("To", ""),
                "from": form.get("From") or form.get("MessagingServiceSid", ""),
                "body": form.get("Body", ""),
                "code": code,
                "status": status,
                "reason": reason,
                "resource": resource,
            }
        )

    def alert(self, code: int, text: str, *, at: float, **details: Any) -> None:
        """What Twilio would show in its debugger."""
        self.totals[f"alert {code}"] += 1
        self.alerts.append({"at": iso(at), "code": code, "text": text, **details})

    def enter(self, peer: str) -> int:
        """A request begins; returns how many are under way with it. peer: the address it came from."""
        self.in_flight += 1
        self.in_flight_from[peer] += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return self.in_flight

    def leave(self, peer: str) -> None:
        self.in_flight -= 1
        self.in_flight_from[peer] -= 1

    def matching(self, to: str | None, sender: str | None) -> list[Message]:
        """The shortest list that holds all messages of this recipient and sender, oldest first."""
        if to is not None:
            return self.by_to.get(to, [])
        return self.messages if sender is None else self.by_from.get(sender, [])

    def stats(self) -> dict[str, Any]:
        """The figures of the run so far."""
        statuses = Counter(m.status for m in self.messages if m.direction == "outbound-api")
        return {
            "accepted": self.totals["outbound-api"],
            "refused": self.totals["refused"],
            "inbound": self.totals["inbound"],
            "webhooks": len(self.webhooks),
            "by_status": dict(statuses),
            "totals": dict(self.totals),
            "recipients": len(self.counts),
            "most_to_one_recipient": max(self.counts.values(), default=0),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "in_flight_from": dict(+self.in_flight_from),
            "peak_segments_per_s": {sender: meter.peak for sender, meter in self.meters.items()},
        }


def line(message: Message) -> dict[str, Any]:
    """One message as the control API tells it: what was asked, what became of it, what went wrong on purpose."""
    return {
        "seq": message.seq,
        "sid": message.sid,
        "direction": message.direction,
        "to": message.to,
        "from": message.sender,
        "service": message.service,
        "body": message.body,
        "segments": message.segments,
        "status": message.status,
        "code": message.error,
        "status_callback": message.callback,
        "validity_s": message.validity_s,
        "at": iso(message.created),
        "asked": iso(message.asked or message.created),
        "came_in": message.came_in,
        "trail": [[iso(at), status] for at, status in message.trail],
        "faults": list(message.faults),
        "deleted": message.deleted,
    }


def newest_first(messages: list[Message], before_seq: int | None = None) -> Iterator[Message]:
    """Walks back through the day, from a place in it if given."""
    for message in reversed(messages):
        if not message.deleted and (before_seq is None or message.seq < before_seq):
            yield message
