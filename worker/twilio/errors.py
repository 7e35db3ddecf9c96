"""What the provider's error codes mean to us: one table, read for replies and for delivery receipts alike.

Codes and their meaning: https://www.twilio.com/docs/api/errors. The classes are our own judgement. A code that
is not here is permanent for its message and somebody should look at it; the message text is never read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from worker.domain import moves
from worker.domain.messages import NumberFault, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a code. alarm: a person should look, even though the others go on."""

    outcome: Outcome
    fault: NumberFault | None = None
    alarm: bool = False


_ACCEPTED = Verdict(Outcome.ACCEPTED)
_NUMBER = Verdict(Outcome.REFUSED_NUMBER)
_OPTED_OUT = Verdict(Outcome.REFUSED_NUMBER, NumberFault.OPTED_OUT)
_NOT_MOBILE = Verdict(Outcome.REFUSED_NUMBER, NumberFault.NOT_MOBILE)
_DEAD = Verdict(Outcome.REFUSED_NUMBER, NumberFault.DEAD)
_BLOCKED = Verdict(Outcome.REFUSED_NUMBER, NumberFault.BLOCKED)
_NO_ROUTE = Verdict(Outcome.REFUSED_NUMBER, alarm=True)
_CONTENT = Verdict(Outcome.REFUSED_CONTENT, alarm=True)
_CONFIGURATION = Verdict(Outcome.CONFIGURATION, alarm=True)
_TRANSIENT = Verdict(Outcome.TRANSIENT)
_UNKNOWN = Verdict(Outcome.UNKNOWN)

# The status of one request too many at once: certainly not processed, and no fault of the text.
TOO_MANY: Final = 429

CODES: Final[Mapping[int, Verdict]] = {
    # the account and its set-up
    20003: _CONFIGURATION,  # wrong credentials
    20005: _CONFIGURATION,  # account suspended
    20008: _CONFIGURATION,  # test credentials on another resource
    20404: _CONFIGURATION,  # no such account path
    20429: _TRANSIENT,  # too many requests at once: certainly not processed
    20500: _UNKNOWN,  # server error: may have been processed
    20503: _UNKNOWN,
    90010: _CONFIGURATION,  # account inactive
    # calls
    10004: _TRANSIENT,  # too many calls at once
    13225: _BLOCKED,
    13227: _CONFIGURATION,  # voice geographic permission
    21201: _CONFIGURATION,  # no number to call
    21205: _CONFIGURATION,  # our URL is not usable
    21210: _CONFIGURATION,  # the caller's number is not ours
    21213: _CONFIGURATION,  # no number to call from
    21214: _DEAD,
    21215: _CONFIGURATION,  # voice geographic permission
    21216: _BLOCKED,
    21217: _DEAD,
    21218: _CONFIGURATION,  # application not usable
    21219: _CONFIGURATION,  # trial account
    # texts, in the reply to the request
    14107: _CONFIGURATION,  # two machines were answering each other
    21211: _DEAD,
    21212: _CONFIGURATION,  # sender not usable
    21408: _CONFIGURATION,  # geographic permission
    21601: _CONFIGURATION,  # sender cannot send texts
    21602: _CONTENT,  # no body
    21603: _CONFIGURATION,  # no sender
    21604: _CONTENT,  # no number to write to
    21606: _CONFIGURATION,  # sender not ours
    21608: _CONFIGURATION,  # trial account
    21609: _CONFIGURATION,  # our receipt address is not usable
    21610: _OPTED_OUT,  # also in receipts
    21611: _TRANSIENT,  # the sender's queue is full
    21612: _NO_ROUTE,  # this sender cannot reach this number: harmless once, a wrong sender when frequent
    21614: _NOT_MOBILE,
    21617: _CONTENT,  # longer than 1600 characters
    21619: _CONTENT,
    21624: _CONTENT,  # validity period
    21635: _NOT_MOBILE,  # the newer word for a landline
    21659: _CONFIGURATION,  # sender not ours
    21661: _CONFIGURATION,  # sender not allowed here
    21701: _CONFIGURATION,  # messaging service missing
    21703: _CONFIGURATION,  # messaging service without a number
    21704: _CONFIGURATION,
    21705: _CONFIGURATION,
    90007: _CONTENT,  # validity period
    # texts, in a delivery receipt
    30001: _TRANSIENT,  # the service's queue is full
    30002: _CONFIGURATION,  # account suspended before the text left
    30003: _TRANSIENT,  # handset switched off or without signal
    30004: _BLOCKED,
    30005: _DEAD,
    30006: _NOT_MOBILE,
    30007: Verdict(Outcome.REFUSED_CONTENT, alarm=True),  # filtered as unwanted: the wording needs review
    30008: _TRANSIENT,  # the carrier gives no reason
    30017: _TRANSIENT,  # carrier congestion
    30018: _CONFIGURATION,  # sender must be registered in this country
    30022: _TRANSIENT,
    30023: _TRANSIENT,
    30032: _CONFIGURATION,
    30034: _CONFIGURATION,
    30035: _CONFIGURATION,
    moves.VALIDITY_EXPIRED: _TRANSIENT,  # it waited too long in the provider's queue
    30410: _UNKNOWN,  # the carrier's answer came too late; Twilio does not repeat, and neither do we
    30450: _CONFIGURATION,  # stopped by the provider's fraud protection
    63017: _TRANSIENT,  # too fast for the channel
}

_CLIENT_ERRORS: Final[Mapping[int, Verdict]] = {
    401: _CONFIGURATION,
    403: _CONFIGURATION,
    404: _CONFIGURATION,
    405: _CONFIGURATION,
    407: _CONFIGURATION,
    408: _UNKNOWN,  # something between us gave up waiting; who knows what went through
}

_RECEIPT_WITHOUT_CODE: Final[Mapping[str, Verdict]] = {
    "undelivered": _TRANSIENT,  # like 30008
    "failed": _TRANSIENT,
}


def classify(http_status: int, code: int | None) -> Verdict:
    """What the reply to one request means.

    The status is believed first where it says whether anything was processed: 429 never was, a 5xx may have been,
    a redirection was not followed. Only then the code, then the status alone.
    """
    if http_status == TOO_MANY:
        return _TRANSIENT
    if http_status >= 500 or http_status < 200:
        return _UNKNOWN
    if http_status < 400:
        return _ACCEPTED if http_status < 300 else _CONFIGURATION
    return CODES.get(code or 0) or _CLIENT_ERRORS.get(http_status, _CONTENT)


def classify_receipt(status: str, code: int | None) -> Verdict:
    """What a delivery receipt means; status in the provider's words, or in ours, which are the same for failures.

    Without an error the text is on its way or there. A failure with a code we do not know is permanent for its text.
    """
    if code:
        return CODES.get(code, _CONTENT)
    return _RECEIPT_WITHOUT_CODE.get(status, _ACCEPTED)
