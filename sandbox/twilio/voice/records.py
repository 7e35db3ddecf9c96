"""One call as Twilio keeps it, and as its API shows it."""

import math
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sandbox.callees import Callee
from sandbox.twilio.faults import Fault, FaultKind
from sandbox.twilio.records import API, iso, rfc2822
from sandbox.twilio.voice.player import Line, Memory, Performance, Pressed

FINAL = frozenset({"completed", "busy", "no-answer", "failed", "canceled"})
IN_THE_AIR = frozenset({"initiated", "ringing", "in-progress"})
PRICE_PER_MINUTE = 0.0180
SUBRESOURCES = (
    *("events", "notifications", "payments", "recordings", "siprec", "streams", "transcriptions"),
    *("user_defined_message_subscriptions", "user_defined_messages"),
)


@dataclass(frozen=True, slots=True)
class Orders:
    """What the application asked for. detection: "", Enable or DetectMessageEnd."""

    url: str | None = None
    method: str = "POST"
    twiml: str | None = None
    fallback: str | None = None
    fallback_method: str = "POST"
    callback: str | None = None
    callback_method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})
    ring_s: float = 60.0
    time_limit_s: float = 14400.0
    detection: str = ""
    detection_s: float = 30.0
    asynchronous: bool = False
    detection_callback: str | None = None
    detection_method: str = "POST"


@dataclass(slots=True, eq=False)
class Call:
    """Times are seconds since 1970 on the stand-in's clock; seconds: how long people talked, in the call's own time."""

    to: str
    sender: str
    direction: str
    created: float
    orders: Orders
    status: str = "queued"
    asked: float = 0.0
    sid: str = field(default_factory=lambda: f"CA{uuid4().hex}")
    parent: str | None = None
    seq: int = 0
    updated: float = 0.0
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    seconds: float = 0.0
    sip: int | None = None
    answered_by: str | None = None
    callee: Callee = field(default_factory=Callee)
    # The conversation. turn: grows whenever something else is played; what was planned before is void then.
    turn: int = 0
    began: float = 0.0  # the second of the call at which the present document began
    playing: Performance | None = None
    memory: Memory = field(default_factory=Memory)
    url: str | None = None
    lines: list[Line] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)
    documents: int = 0
    why: str = ""
    # What is told of it.
    told: int = 0
    faults: tuple[str, ...] = ()
    script: dict[FaultKind, Fault] = field(default_factory=dict)
    held: list[Any] = field(default_factory=list)
    trail: list[tuple[float, str]] = field(default_factory=list)
    deleted: bool = False

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def move(self, status: str, at: float) -> None:
        """Takes the next status."""
        self.status, self.updated = status, at
        self.trail.append((at, status))


def minutes(call: Call) -> int:
    """What is billed."""
    return math.ceil(call.seconds / 60)


def shown(call: Call, account_sid: str) -> dict[str, Any]:
    """The call resource, field by field: strings where Twilio has strings, relative URIs."""
    uri = f"{API}/{account_sid}/Calls/{call.sid}"
    billed = call.status == "completed"
    return {
        "account_sid": account_sid,
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "caller_name": None,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated or call.created),
        "direction": call.direction,
        "duration": str(round(call.seconds)) if call.is_final else None,
        "end_time": rfc2822(call.ended) if call.ended is not None else None,
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": call.sender,
        "group_sid": None,
        "parent_call_sid": call.parent,
        "phone_number_sid": None,
        "price": f"{-PRICE_PER_MINUTE * minutes(call):.5f}" if billed else None,
        "price_unit": "USD",
        "queue_time": str(round(((call.started or call.created) - call.created) * 1000)),
        "sid": call.sid,
        "start_time": rfc2822(call.started) if call.started is not None else None,
        "status": "queued" if call.status == "initiated" else call.status,
        "subresource_uris": {name: f"{uri}/{name.title().replace('_', '')}.json" for name in SUBRESOURCES},
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def line(call: Call) -> dict[str, Any]:
    """One call as the control API tells it: what was heard, which keys were pressed, what became of it."""
    return {
        "seq": call.seq,
        "sid": call.sid,
        "parent": call.parent,
        "direction": call.direction,
        "to": call.to,
        "from": call.sender,
        "status": call.status,
        "answered_by": call.answered_by,
        "sip": call.sip,
        "seconds": round(call.seconds, 1),
        "heard": [{"at_s": round(h.at_s, 1), "text": h.text, "whole": h.whole} for h in call.lines],
        "pressed": [{"at_s": round(p.at_s, 1), "keys": p.keys, "listened": p.listened} for p in call.pressed],
        "why": call.why,
        "url": call.orders.url,
        "status_callback": call.orders.callback,
        "ring_s": call.orders.ring_s,
        "at": iso(call.created),
        "asked": iso(call.asked or call.created),
        "trail": [[iso(at), status] for at, status in call.trail],
        "faults": list(call.faults),
    }
