"""A message we owe one household, and the moves it may make."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"


class Lane(StrEnum):
    """Queues side by side: an answer to a person never waits behind the bulk, nor a text behind slow calls."""

    ANSWERS = "answers"
    BULK = "bulk"
    CALLS = "calls"


class Step(StrEnum):
    """The rung of the ladder a message belongs to; one text per recipient and step, and one call with all its tries."""

    FIRST = "first"
    REMINDER = "reminder"
    SECOND_NUMBER = "second_number"
    VOICE = "voice"
    ACK = "ack"


class Outcome(StrEnum):
    """What one request to the provider came to (twilio.md section 5).

    ACCEPTED: the provider has it. REFUSED_NUMBER: permanent for this number. REFUSED_CONTENT: permanent
    for this message, our mistake. CONFIGURATION: nothing will pass until somebody mends the set-up.
    TRANSIENT: certainly not sent, worth another request. UNKNOWN: it may have been sent; never resend
    blindly.
    """

    ACCEPTED = "accepted"
    REFUSED_NUMBER = "refused_number"
    REFUSED_CONTENT = "refused_content"
    CONFIGURATION = "configuration"
    TRANSIENT = "transient"
    UNKNOWN = "unknown"


class NumberFault(StrEnum):
    """What a refusal teaches about the number."""

    OPTED_OUT = "opted_out"
    NOT_MOBILE = "not_mobile"
    DEAD = "dead"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One claimed message, rendered, ready for one request."""

    message_id: int
    attempt_id: int
    to: str
    sender_key: str
    body: str
    segments: int
    void_at: datetime
    leave_at: datetime | None = None  # reserved by the sender's pace; None: at once
    lease_until: datetime | None = None  # ours until then: whatever has not left by then is somebody else's
    answer: bool = False  # somebody wrote to us and waits for it: it goes before what goes to many


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """One claimed call, ready for one request. ring_s: how long it rings; longest_s: how long it may last."""

    message_id: int
    attempt_id: int
    to: str
    sender_key: str
    void_at: datetime
    ring_s: int
    longest_s: int
    leave_at: datetime | None = None
    lease_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendResult:
    """What one request came to. provider_sid only when accepted; code is the provider's error code.

    asked: False when no request was made at all, so nothing was counted against the text.
    """

    message_id: int
    attempt_id: int
    outcome: Outcome
    provider_sid: str | None = None
    code: int | None = None
    http_status: int | None = None
    fault: NumberFault | None = None
    retry_after_s: float | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's later word on a message. message_id is ours, from the callback URL."""

    message_id: int | None
    provider_sid: str
    status: str
    code: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Inbound:
    """What came from a phone, as the provider told it: a text, or a key pressed in a call, which is its body.

    e164: the telephone number, or what stands in its place when it came from none (is_telephone_number). to_address:
    the number or short code of ours that was written to, or that rang. channel: sms or voice.
    """

    provider_sid: str
    e164: str
    to_address: str
    body: str
    received_at: datetime
    opt_out_type: str | None = None
    media_count: int = 0
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class FoundCall:
    """A call as the provider's own record has it."""

    provider_sid: str
    to: str
    status: str
    answered_by: str | None
    duration_s: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """A message as the provider's own record has it: for settling what we do not know."""

    provider_sid: str
    to: str
    body: str
    status: str
    code: int | None
    created_at: datetime
