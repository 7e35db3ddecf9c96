"""One message as Twilio keeps it, and as its API shows it."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sandbox.twilio.errors import delivery_error
from sandbox.twilio.faults import Fault, FaultKind

FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "received"})
PRICE_PER_SEGMENT = 0.0798
API = "/2010-04-01/Accounts"


@dataclass(slots=True, eq=False)
class Message:
    """Times are seconds since 1970 on the stand-in's clock. sender is None until a service has chosen one."""

    to: str
    sender: str | None
    body: str
    direction: str
    status: str
    segments: int
    created: float
    asked: float = 0.0  # when the request came in; it may lie for a while
    came_in: float = field(default_factory=time.monotonic)  # the same in real time, before the answer's latency
    service: str | None = None
    callback: str | None = None
    validity_s: float = 36000.0
    send_at: float | None = None
    sid: str = field(default_factory=lambda: f"SM{uuid4().hex}")
    seq: int = 0
    updated: float = 0.0
    sent: float | None = None
    error: int | None = None
    deleted: bool = False
    doom: int | None = None  # accepted, but bound to fail with this code
    faults: tuple[str, ...] = ()  # what went wrong on purpose
    script: dict[FaultKind, Fault] = field(default_factory=dict)  # what will happen to its receipts
    held: list[tuple[str, int | None]] = field(default_factory=list)  # receipts to come after the final one
    trail: list[tuple[float, str]] = field(default_factory=list)

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def move(self, status: str, at: float, error: int | None = None) -> None:
        """Takes the next status."""
        self.status, self.updated, self.error = status, at, error
        self.trail.append((at, status))
        if status in {"sent", "received"}:
            self.sent = at


def shown(message: Message, account_sid: str) -> dict[str, Any]:
    """The message resource, field by field: strings where Twilio has strings, relative URIs."""
    uri = f"{API}/{account_sid}/Messages/{message.sid}"
    billed = message.sent is not None
    return {
        "account_sid": account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.sent) if message.sent is not None else None,
        "date_updated": rfc2822(message.updated or message.created),
        "direction": message.direction,
        "error_code": message.error,
        "error_message": delivery_error(message.error),
        "from": message.sender,
        "messaging_service_sid": message.service,
        "num_media": "0",
        "num_segments": str(message.segments if message.sender else 0),
        "price": f"{-PRICE_PER_SEGMENT * message.segments:.5f}" if billed else None,
        "price_unit": "USD" if billed else None,
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def rfc2822(at: float) -> str:
    """A time as Twilio's 2010 API writes it, in GMT and whole seconds."""
    return _rfc2822(int(at))


def iso(at: float | None) -> str | None:
    """A time as the control API writes it."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@lru_cache(maxsize=4096)
def _rfc2822(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))
