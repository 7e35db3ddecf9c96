"""Who may send: short codes, numbers, alphanumeric names and messaging services, each with its queue."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.twilio.errors import Refusal
from sandbox.twilio.queues import Queue

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,8}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")

Kind = Literal["alphanumeric", "short_code", "number", "service"]
OptOut = Literal["none", "default", "advanced"]

# kind -> segments per second unless told otherwise
USUAL_RATE: dict[Kind, float] = {"alphanumeric": 10.0, "short_code": 100.0, "number": 1.0, "service": 100.0}


class Sender(BaseModel):
    """One sender as configured in the account.

    opt_out: who handles STOP. A bare French short code leaves it to the application ("none"); numbers have Twilio's
    default words; services may have advanced opt-out, which adds OptOutType to the webhook.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str
    kind: Kind = "number"
    segments_per_s: float = Field(default=0.0, ge=0, description="0: the usual rate of its kind")
    queue_hours: float = Field(default=10.0, gt=0)
    opt_out: OptOut = "none"
    stop_words: tuple[str, ...] = Field(default=(), description="words beside Twilio's own, with advanced opt-out")
    inbound_url: str = ""
    fallback_url: str = ""
    status_callback: str = ""
    sms: bool = True
    voice: bool = Field(default=True, description="may be shown on calls; a number, or its owner's verified one")
    voice_url: str = ""
    voice_method: Literal["GET", "POST"] = "POST"
    voice_fallback_url: str = ""
    voice_status_callback: str = ""
    pool: tuple[str, ...] = Field(default=(), description="a service's senders, best first")

    @model_validator(mode="before")
    @classmethod
    def _by_its_look(cls, values: dict[str, object]) -> dict[str, object]:
        kind = values.get("kind") or kind_of(str(values.get("address", "")))
        if kind is None:
            raise ValueError(f"{values.get('address')!r} is no number, short code, name or service")
        return {"opt_out": "default" if kind in {"number", "service"} else "none"} | values | {"kind": kind}

    @property
    def rate(self) -> float:
        return self.segments_per_s or USUAL_RATE[self.kind]

    @property
    def takes_calls(self) -> bool:
        return self.kind == "number" and self.voice

    @property
    def takes_replies(self) -> bool:
        return self.kind in {"short_code", "number"}


def kind_of(address: str) -> Kind | None:
    """What a sender is by its look; None for nothing Twilio knows."""
    looks: tuple[tuple[re.Pattern[str], Kind], ...] = (
        (SERVICE, "service"),
        (NUMBER, "number"),
        (SHORT_CODE, "short_code"),
        (ALPHANUMERIC, "alphanumeric"),
    )
    return next((kind for look, kind in looks if look.fullmatch(address)), None)


@dataclass(slots=True)
class Senders:
    """The account's senders. Alphanumeric names need no registration in France; everything else is looked up."""

    _known: dict[str, Sender] = field(default_factory=dict)
    _queues: dict[str, Queue] = field(default_factory=dict)
    _service_of: dict[str, Sender] = field(default_factory=dict)

    def put(self, senders: Iterable[Sender]) -> None:
        """Adds senders, or changes them."""
        for sender in senders:
            self._known[sender.address] = sender
            self._service_of |= dict.fromkeys(sender.pool, sender)
            if sender.address in self._queues:
                self._queues[sender.address].rate = sender.rate

    def find(self, address: str) -> Sender:
        """The sender of a request's From; raises 21212 or 21606."""
        found = self._known.get(address) or self._dynamic(address)
        if not found.sms:
            raise Refusal(21606, address)
        return found

    def service(self, sid: str) -> Sender:
        """The service of a request's MessagingServiceSid; raises 21701 or 21704."""
        found = self._known.get(sid)
        if found is None or found.kind != "service":
            raise Refusal(21701, sid)
        if not found.pool:
            raise Refusal(21704)
        return found

    def service_of(self, address: str) -> Sender | None:
        """The service whose pool a sender is in."""
        return self._service_of.get(address)

    def known(self, address: str) -> Sender | None:
        return self._known.get(address)

    def queue(self, address: str) -> Queue:
        """The queue in front of a sender."""
        if address not in self._queues:
            sender = self._known.get(address) or Sender(address=address)
            self._queues[address] = Queue(rate=sender.rate, longest_s=sender.queue_hours * 3600)
        return self._queues[address]

    def forget_queues(self) -> None:
        """Empties every queue, as after a reset."""
        self._queues.clear()

    def all(self) -> tuple[Sender, ...]:
        return tuple(self._known.values())

    def _dynamic(self, address: str) -> Sender:
        kind = kind_of(address)
        if kind is None:
            raise Refusal(21212, address)
        if kind != "alphanumeric":
            raise Refusal(21606, address)
        return Sender(address=address, kind="alphanumeric")
