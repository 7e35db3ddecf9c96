"""One text as the provider's form, and its answer as our result. Pure: no network, no clock.

POST /2010-04-01/Accounts/{sid}/Messages.json, success is 201:
https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from worker.domain import moves
from worker.domain.channels import Sender
from worker.domain.messages import Outcome, OutgoingCall, OutgoingText, SendResult
from worker.twilio import errors

STATUS_PATH: Final = "/hooks/twilio/sms/status"
# Webhook overrides: 5 more tries, whatever went wrong. The fragment is neither sent nor signed.
# https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
RETRIES: Final = "#rc=5&rp=all"
VALIDITY_MOST_S: Final = 36_000
RETRY_AFTER_MOST_S: Final = 3_600.0
SID: Final = re.compile(r"(SM|MM)[0-9a-f]{32}", re.IGNORECASE)

TEXTS, CALLS = "Messages.json", "Calls.json"

Outgoing = OutgoingText | OutgoingCall


@dataclass(frozen=True, slots=True)
class Draft:
    """A text or a call and the form that will carry it. resource: what is asked for; sid: how the provider names it.

    first: it takes the next place that is free, before all that wait. expires: ValidityPeriod is added when it leaves.
    """

    text: Outgoing
    form: Mapping[str, object]
    first: bool = False
    resource: str = TEXTS
    sid: re.Pattern[str] = SID
    expires: bool = True


def draft(text: OutgoingText, sender: Sender, *, public_url: str) -> Draft:
    """The form for a text. Its receipts come back with our own id in their address, which the signature covers."""
    source = "MessagingServiceSid" if sender.messaging_service else "From"
    return Draft(
        text,
        {
            "To": text.to,
            source: sender.address,
            "Body": text.body,
            "StatusCallback": f"{public_url}{STATUS_PATH}?m={text.message_id}{RETRIES}",
        },
        first=text.answer,
    )


def validity_s(void_at: datetime, now: datetime) -> int:
    """How long the provider may keep the text, in seconds; 0 or less: it must not leave any more."""
    return min(VALIDITY_MOST_S, int((void_at - now).total_seconds()))


def void(text: Outgoing) -> SendResult:
    """The result of a text that expired before it left.

    Nothing was asked of the provider, so there is no HTTP status; the code is the provider's own for the same thing.
    No other result has this code without a status.
    """
    return SendResult(
        text.message_id, text.attempt_id, Outcome.REFUSED_CONTENT, code=moves.VALIDITY_EXPIRED, asked=False
    )


def lapsed(text: Outgoing) -> SendResult:
    """The result of a text whose turn came too late, by its lease or by its sender's pace: another batch takes it."""
    return SendResult(text.message_id, text.attempt_id, Outcome.TRANSIENT, asked=False)


def without_answer(text: Outgoing, outcome: Outcome) -> SendResult:
    """The result of a request that nobody answered: TRANSIENT when it certainly did not leave, else UNKNOWN."""
    return SendResult(text.message_id, text.attempt_id, outcome)


def result(
    text: Outgoing,
    *,
    status: int,
    body: str,
    headers: Mapping[str, str],
    now: datetime,
    named: re.Pattern[str] = SID,
) -> SendResult:
    """What the provider's answer came to. An acceptance that names nothing is an unknown fate, not a failure."""
    answer = _json_object(body)
    verdict = errors.classify(status, _integer(answer.get("code")))
    accepted = verdict.outcome is Outcome.ACCEPTED
    sid = _sid(answer.get("sid"), named) if accepted else None
    return SendResult(
        text.message_id,
        text.attempt_id,
        Outcome.UNKNOWN if accepted and sid is None else verdict.outcome,
        provider_sid=sid,
        code=None if accepted else _integer(answer.get("code")),
        http_status=status,
        fault=verdict.fault,
        retry_after_s=retry_after_s(headers.get("Retry-After"), now),
    )


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Seconds or an HTTP date, at most an hour; None when absent or unreadable."""
    if not header:
        return None
    try:
        seconds = float(header) if header.strip().isdigit() else (parsedate_to_datetime(header) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_MOST_S)


def _json_object(body: str) -> Mapping[str, object]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _sid(value: object, named: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and named.fullmatch(value) else None
