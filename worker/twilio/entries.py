"""The provider's records, as its SDK hands them over, in our words."""

from datetime import datetime, timedelta

from twilio.rest.api.v2010.account.call import CallInstance
from twilio.rest.api.v2010.account.message import MessageInstance

from worker.domain.errors import Unavailable
from worker.domain.line import Listed
from worker.domain.messages import Found, FoundCall, Inbound
from worker.domain.voice import FINAL
from worker.i18n import _
from worker.twilio import calls, webhooks


def found(message: MessageInstance) -> Found:
    """A text."""
    return Found(
        provider_sid=message.sid or "",
        to=message.to or "",
        body=message.body or "",
        status=str(message.status or ""),
        code=message.error_code,
        created_at=at(message.date_created),
    )


def found_call(call: CallInstance) -> FoundCall:
    """A call."""
    return FoundCall(
        provider_sid=call.sid or "",
        to=call.to or "",
        status=str(call.status or ""),
        answered_by=call.answered_by,
        duration_s=int(call.duration) if call.duration and call.duration.isdigit() else None,
        created_at=at(call.date_created),
    )


def listed(call: CallInstance) -> Listed | None:
    """A call that reached us; None when it has no name."""
    caller = call._from or ""  # noqa: SLF001  # what the SDK calls it here
    form = {"CallSid": call.sid or "", "From": caller, "To": call.to or ""}
    ringing = calls.ringing(form, now=at(call.date_created))
    return None if ringing is None else Listed(ringing, _ended_at(call), seconds(call))


def _ended_at(call: CallInstance) -> datetime | None:
    if str(call.status or "") not in FINAL:
        return None
    return call.end_time or at(call.date_created) + timedelta(seconds=seconds(call))


def seconds(call: CallInstance) -> int:
    """For how long it lasted, as far as is told."""
    return int(call.duration) if call.duration and call.duration.isdigit() else 0


def inbound(message: MessageInstance) -> Inbound | None:
    """A text that reached us; None when it has no name."""
    form = {
        "MessageSid": message.sid or "",
        "From": message.from_ or "",
        "To": message.to or "",
        "Body": message.body or "",
        "NumMedia": message.num_media or "0",
    }
    return webhooks.inbound(form, now=at(message.date_created))


def at(moment: datetime | None) -> datetime:
    """A moment that no record lacks. Raises Unavailable."""
    if moment is None:
        raise Unavailable(_("Twilio a rendu un message sans date."))
    return moment
