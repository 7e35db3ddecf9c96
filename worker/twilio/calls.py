"""One call as the provider's form, and what it posts about a call. Pure: no network, no clock.

POST /2010-04-01/Accounts/{sid}/Calls.json, success is 201: https://www.twilio.com/docs/voice/api/call-resource
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from worker.domain import line
from worker.domain.channels import Sender, is_telephone_number
from worker.domain.line import Ringing, Transfer
from worker.domain.messages import Inbound, OutgoingCall
from worker.domain.voice import STATUSES, Word
from worker.twilio.outgoing import CALLS, RETRIES, Draft

HOOKS: Final = "/hooks/twilio/voice"
SID: Final = re.compile(r"CA[0-9a-f]{32}", re.IGNORECASE)
# The line is only known to be free again from the last of these; the others tell how far it came.
_EVENTS: Final = ("initiated", "ringing", "answered", "completed")
_ANSWERED_BY: Final = re.compile(r"human|fax|unknown|machine_[a-z_]{1,24}")
# Somebody waits beside the telephone: three more tries, of four seconds each at most.
SOON_AGAIN: Final = "#rc=3&rp=all&rt=4000"
_KEYS: Final = re.compile(r"[0-9*#]{1,8}")
_MOST_ID: Final = 2**63 - 1
# What stands in From when somebody hides their number: https://www.twilio.com/docs/voice/twiml#request-parameters
_WITHHELD: Final = frozenset({"+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253"})


@dataclass(frozen=True, slots=True)
class Place:
    """Which of our calls a word is about: our message and attempt from the address, the provider's own name for it.

    round: the how-manieth time the question is put in this call.
    """

    message_id: int
    attempt_id: int
    provider_sid: str
    round: int = 0


def draft(call: OutgoingCall, sender: Sender, *, public_url: str) -> Draft:
    """The form for a call. All that is told of it comes back with our own ids in the address.

    The detection of machines is asynchronous, so that nobody who picks up hears silence; it tells of a machine when its
    greeting is over, or what is left there would not be recorded.
    """
    return Draft(
        call,
        {
            "To": call.to,
            "From": sender.address,
            "Url": address("answer", call.message_id, call.attempt_id, public_url=public_url) + SOON_AGAIN,
            "FallbackUrl": f"{public_url}{HOOKS}/fallback",
            "StatusCallback": address("status", call.message_id, call.attempt_id, public_url=public_url) + RETRIES,
            "StatusCallbackEvent": _EVENTS,
            "Timeout": call.ring_s,
            "TimeLimit": call.longest_s,
            "MachineDetection": "DetectMessageEnd",
            "AsyncAmd": "true",
            "AsyncAmdStatusCallback": address("amd", call.message_id, call.attempt_id, public_url=public_url) + RETRIES,
        },
        first=True,  # they are few and keep a pace of their own; behind a blast of texts they would miss their moment
        resource=CALLS,
        sid=SID,
        expires=False,
    )


def address(hook: str, message_id: int, attempt_id: int, *, public_url: str, round_: int = 0) -> str:
    """Where the provider tells of a call, or asks what to say."""
    again = f"&n={round_}" if round_ else ""
    return f"{public_url}{HOOKS}/{hook}?m={message_id}&a={attempt_id}{again}"


@dataclass(frozen=True, slots=True)
class BridgePlace:
    """Which bridged call a word is about: our own id from the address, the provider's name for the caller's side."""

    bridge_id: int
    provider_sid: str


def bridge_draft(call: OutgoingCall, sender: Sender, *, public_url: str) -> Draft:
    """The form for a call to a caller's own phone. No detection of machines: only a key goes further."""
    return Draft(
        call,
        {
            "To": call.to,
            "From": sender.address,
            "Url": bridge_address("answer", call.message_id, public_url=public_url) + SOON_AGAIN,
            "FallbackUrl": f"{public_url}{HOOKS}/bridge/fallback",
            "StatusCallback": bridge_address("status", call.message_id, public_url=public_url) + RETRIES,
            "StatusCallbackEvent": _EVENTS,
            "Timeout": call.ring_s,
            "TimeLimit": call.longest_s,
        },
        first=True,  # a person waits beside the telephone
        resource=CALLS,
        sid=SID,
        expires=False,
    )


def bridge_address(hook: str, bridge_id: int, *, public_url: str) -> str:
    """Where the provider tells of a bridged call, or asks what to say."""
    return f"{public_url}{HOOKS}/bridge/{hook}?b={bridge_id}"


def bridge_place(form: Mapping[str, str], query: Mapping[str, str]) -> BridgePlace | None:
    """Which bridged call is meant; None when the address or the form names none."""
    sid, bridge = form.get("CallSid", ""), _number(query.get("b"))
    return BridgePlace(bridge, sid) if bridge is not None and SID.fullmatch(sid) else None


def line_address(hook: str, *, public_url: str, round_: int = 0) -> str:
    """Where the provider tells what follows in a call that reached our line."""
    return f"{public_url}{HOOKS}/inbound/{hook}" + (f"?n={round_}" if round_ else "")


def ringing(form: Mapping[str, str], *, now: datetime) -> Ringing | None:
    """A call to our line; None when the form names none."""
    sid, number = form.get("CallSid", ""), form.get("From", "")
    if not SID.fullmatch(sid):
        return None
    known = is_telephone_number(number) and number not in _WITHHELD
    return Ringing(sid, number if known else None, form.get("To", "").replace("\x00", ""), now)


def round_of(query: Mapping[str, str]) -> int:
    """How often the words were said before, as our own address has it."""
    return min(_number(query.get("n")) or 0, 99)


def transfer(form: Mapping[str, str]) -> tuple[Transfer, int | None]:
    """What became of handing a call over, and for how many seconds they talked."""
    talked = talked_s(form)
    return line.transfer_of(form.get("DialCallStatus", ""), talked), talked


def talked_s(form: Mapping[str, str]) -> int | None:
    """For how many seconds the one who was dialled talked."""
    return _small(form.get("DialCallDuration"))


def place(form: Mapping[str, str], query: Mapping[str, str]) -> Place | None:
    """Which call is meant; None when the address or the form names none."""
    sid = form.get("CallSid", "")
    message, attempt = _number(query.get("m")), _number(query.get("a"))
    if message is None or attempt is None or not SID.fullmatch(sid):
        return None
    return Place(message, attempt, sid, round_of(query))


def word(form: Mapping[str, str]) -> Word:
    """What a form tells of a call; what cannot be read tells nothing."""
    status = form.get("CallStatus", "")
    answered_by = form.get("AnsweredBy", "")
    return Word(
        status=status if status in STATUSES else None,
        sequence=_small(form.get("SequenceNumber")),
        answered_by=answered_by if _ANSWERED_BY.fullmatch(answered_by) else None,
        sip_code=_small(form.get("SipResponseCode")),
        duration_s=_small(form.get("CallDuration")),
    )


def keys(form: Mapping[str, str]) -> str:
    """The keys that were pressed; nothing when none was, or when they cannot be read."""
    pressed = form.get("Digits", "")
    return pressed if _KEYS.fullmatch(pressed) else ""


def pressed(form: Mapping[str, str], at: Place, key: str, *, now: datetime) -> Inbound | None:
    """A key as what came from a phone. The same key in the same round of a call is the same word, however often it is
    posted. None without a telephone number behind it.
    """
    to = form.get("To", "")
    if not is_telephone_number(to):
        return None
    return Inbound(
        provider_sid=f"{at.provider_sid}.{at.round}",
        e164=to,
        to_address=form.get("From", "").replace("\x00", ""),
        body=key,
        received_at=now,
        channel="voice",
    )


def _number(digits: str | None) -> int | None:
    if not digits or len(digits) > 19 or not (digits.isascii() and digits.isdigit()):
        return None
    value = int(digits)
    return value if 0 < value <= _MOST_ID else None


def _small(digits: str | None) -> int | None:
    """A count from 0 on that fits a small column; None for anything else."""
    if not digits or len(digits) > 5 or not (digits.isascii() and digits.isdigit()):
        return None
    return min(int(digits), 32_000)
