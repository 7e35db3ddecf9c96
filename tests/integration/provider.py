"""A provider that does as it is told, in the place of the gateway: takes texts or not, says so or not, or too late."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol

from worker.domain.channels import Sender
from worker.domain.messages import Found, Inbound, NumberFault, Outcome, OutgoingText, SendResult


class Died(Exception):
    """The process that was sending is no more."""


@dataclass(slots=True)
class Taken:
    """A text the provider has. fate: what becomes of it, and the words it has said so far."""

    text: OutgoingText
    sid: str
    at: datetime
    fate: str
    code: int | None = None
    said: str = "queued"


# A provider may take a text after we gave up waiting, within the time in which its absence is proved.
LATER = timedelta(seconds=90)
# How one request goes: what the provider does with it, and what we are told.
FATES: Mapping[str, tuple[bool, Outcome, NumberFault | None]] = {
    "accepted": (True, Outcome.ACCEPTED, None),
    "taken without a word": (True, Outcome.UNKNOWN, None),
    "taken later": (True, Outcome.UNKNOWN, None),
    "lost without a word": (False, Outcome.UNKNOWN, None),
    "busy": (False, Outcome.TRANSIENT, None),
    "no mobile": (False, Outcome.REFUSED_NUMBER, NumberFault.NOT_MOBILE),
    "dead number": (False, Outcome.REFUSED_NUMBER, NumberFault.DEAD),
    "opted out": (False, Outcome.REFUSED_NUMBER, NumberFault.OPTED_OUT),
    "bad words": (False, Outcome.REFUSED_CONTENT, None),
    "wrong set-up": (False, Outcome.CONFIGURATION, None),
}


class Clock(Protocol):
    """The time, and who hears of a text that is already on its way when the request is answered."""

    now: datetime

    def word(self, taken: Taken, status: str) -> None: ...


@dataclass(slots=True)
class Provider:
    """In the gateway's place. fates: how the next requests go, `accepted` when there are no more; dies_after: so many
    texts of the next batch are dealt with, then the process dies before it can record anything."""

    clock: Clock
    taken: list[Taken] = field(default_factory=list)
    heard: list[Inbound] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)
    dies_after: int | None = None
    quick: bool = False  # receipts come before the request is answered
    _sids: Iterator[int] = field(default_factory=lambda: count(1))

    def send(
        self, texts: Sequence[OutgoingText], *, senders: Mapping[str, Sender], in_flight: Callable[[], int]
    ) -> list[SendResult]:
        del senders, in_flight
        results = []
        for number, outgoing in enumerate(texts):
            if number == self.dies_after:
                break
            results.append(self._asked(outgoing))
        if self.dies_after is not None:
            self.dies_after = None
            raise Died
        return results

    def in_hand(self, *, timed: bool) -> int:
        del timed
        return 0

    def takes_s(self) -> float | None:
        return None

    def clock_ahead(self) -> timedelta:
        return timedelta()

    def keep_to(self, _in_flight: Callable[[], int]) -> int:
        return 0

    def find(self, to: str, sender_address: str, since: datetime) -> list[Found]:
        del sender_address
        return [_found(t) for t in self.taken if t.text.to == to and since <= t.at <= self.clock.now]

    def fetch(self, sid: str) -> Found | None:
        return next((_found(t) for t in self.taken if t.sid == sid), None)

    def inbound(self, to: str, since: datetime) -> list[Inbound]:
        del to  # there is one
        return [message for message in self.heard if message.received_at >= since]

    def _asked(self, outgoing: OutgoingText) -> SendResult:
        fate = self.fates.pop(0) if self.fates else "accepted"
        takes, outcome, fault = FATES[fate]
        at = self.clock.now + (LATER if fate == "taken later" else timedelta())
        sid = f"SM{next(self._sids):032d}"
        if takes:
            self.taken.append(Taken(outgoing, sid, at, "delivered"))
            if self.quick and at <= self.clock.now:
                self.clock.word(self.taken[-1], "sent")
        told = sid if outcome is Outcome.ACCEPTED else None
        return SendResult(
            outgoing.message_id, outgoing.attempt_id, outcome, told, http_status=_STATUS[outcome], fault=fault
        )


_STATUS = {
    Outcome.ACCEPTED: 201,
    Outcome.UNKNOWN: 500,
    Outcome.TRANSIENT: 429,
    Outcome.REFUSED_NUMBER: 400,
    Outcome.REFUSED_CONTENT: 400,
    Outcome.CONFIGURATION: 401,
}


def _found(taken: Taken) -> Found:
    return Found(taken.sid, taken.text.to, taken.text.body, taken.said, taken.code, taken.at)
