"""Reading a create request as Twilio does: check after check, the first objection wins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.twilio import segments, urls
from sandbox.twilio.errors import Refusal
from sandbox.twilio.records import Message
from sandbox.twilio.senders import NUMBER, Sender
from sandbox.twilio.state import State

Form = dict[str, str]
LONGEST_BODY = 1600
VALIDITY_S = 36000
SCHEDULE_S = (900.0, 35 * 86400.0)
PUNCTUATION = str.maketrans("", "", " ().-")

# Twilio's test numbers.
MAGIC_FROM = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
MAGIC_FROM_FINE = "+15005550006"
MAGIC_TO = {"+15005550001": 21211, "+15005550002": 21612, "+15005550003": 21408}
MAGIC_TO |= {"+15005550004": 21610, "+15005550009": 21614}
MAGIC_PREFIX = "+1500555"

# With a service these come later, as the message's own failure (Twilio help: "errors with Messaging Services").
LATER_WITH_SERVICE = frozenset({21610, 21612, 21614, 21635})

KNOWN = frozenset(
    {
        "To",
        "From",
        "MessagingServiceSid",
        "Body",
        "MediaUrl",
        "ContentSid",
        "ContentVariables",
        "StatusCallback",
        "ApplicationSid",
        "MaxPrice",
        "ProvideFeedback",
        "Attempt",
        "ValidityPeriod",
        "ForceDelivery",
        "ContentRetention",
        "AddressRetention",
        "SmartEncoded",
        "PersistentAction",
        "TrafficType",
        "ShortenUrls",
        "ScheduleType",
        "SendAt",
        "SendAsMms",
        "RiskCheck",
        "FallbackFrom",
    }
)


@dataclass(frozen=True, slots=True)
class Request:
    """A create request, and what its checks learnt. source: the sender's address or the service's sid."""

    form: Form
    to: str
    source: str
    now: float


def message_of(state: State, form: Form, now: float) -> Message:
    """The message a form asks for; raises Refusal. Parameters Twilio does not know are ignored, with an alert."""
    _report_unknown(state, form, now)
    request = Request(form, form.get("To", "").translate(PUNCTUATION), _source(form), now)
    doom = None
    for check in CHECKS:
        try:
            check(state, request)
        except Refusal as refusal:
            if refusal.code not in LATER_WITH_SERVICE or "MessagingServiceSid" not in form:
                raise
            doom = refusal.code
    return _made(request, state, doom)


def _made(request: Request, state: State, doom: int | None) -> Message:
    form, service = request.form, request.form.get("MessagingServiceSid")
    body = form.get("Body", "")
    body = body.translate(segments.SMART) if form.get("SmartEncoded", "").lower() == "true" else body
    send_at = _send_at(form) if form.get("ScheduleType") == "fixed" else None
    return Message(
        to=request.to,
        sender=form.get("From") or None,
        body=body,
        direction="outbound-api",
        status="scheduled" if send_at else "accepted" if service else "queued",
        segments=segments.count(body),
        created=request.now,
        service=service,
        callback=form.get("StatusCallback") or _service_callback(state, service),
        validity_s=float(form.get("ValidityPeriod") or VALIDITY_S),
        send_at=send_at,
        doom=doom,
    )


def _source(form: Form) -> str:
    return form.get("From") or form.get("MessagingServiceSid") or ""


def _report_unknown(state: State, form: Form, now: float) -> None:
    unknown = form.keys() - KNOWN
    if unknown:
        state.journal.alert(20001, f"Unknown parameters: {', '.join(sorted(unknown))}", at=now, to=form.get("To"))


def _needs(field: str, code: int) -> Callable[[State, Request], None]:
    def check(state: State, request: Request) -> None:
        del state
        if not request.form.get(field, "").strip():
            raise Refusal(code)

    return check


def _sender_given(state: State, request: Request) -> None:
    del state
    if not request.source:
        raise Refusal(21603)


def _content_given(state: State, request: Request) -> None:
    del state
    if not any(request.form.get(field) for field in ("Body", "MediaUrl", "ContentSid")):
        raise Refusal(21602)


def _body_fits(state: State, request: Request) -> None:
    del state
    if len(request.form.get("Body", "")) > LONGEST_BODY:
        raise Refusal(21617)


def _to_is_a_number(state: State, request: Request) -> None:
    del state
    if request.to in MAGIC_TO:
        raise Refusal(MAGIC_TO[request.to], request.to)
    if not NUMBER.fullmatch(request.to):
        raise Refusal(21211, request.form["To"])


def _from_can_send(state: State, request: Request) -> None:
    sender, service = request.form.get("From"), request.form.get("MessagingServiceSid")
    if sender in MAGIC_FROM:
        raise Refusal(MAGIC_FROM[sender], sender)
    if service:
        state.senders.service(service)
    if sender and sender != MAGIC_FROM_FINE:
        state.senders.find(sender)


def _region_is_allowed(state: State, request: Request) -> None:
    if not request.to.startswith((*state.settings.allowed_prefixes, MAGIC_PREFIX)):
        raise Refusal(21408, request.to)


def _callback_is_valid(state: State, request: Request) -> None:
    url = request.form.get("StatusCallback")
    if url and not urls.is_valid(url, strict=state.settings.strict_urls):
        raise Refusal(21609, url)


def _validity_is_valid(state: State, request: Request) -> None:
    del state
    text = request.form.get("ValidityPeriod")
    if text and not (text.isdigit() and 1 <= int(text) <= VALIDITY_S):
        raise Refusal(21624)


def _schedule_is_valid(state: State, request: Request) -> None:
    del state
    if request.form.get("ScheduleType") != "fixed":
        return
    if "MessagingServiceSid" not in request.form:
        raise Refusal(35118)
    if not request.form.get("SendAt"):
        raise Refusal(35111)
    send_at = _send_at(request.form)
    if send_at is None or not SCHEDULE_S[0] <= send_at - request.now <= SCHEDULE_S[1]:
        raise Refusal(35114)


def _not_opted_out(state: State, request: Request) -> None:
    source = request.form.get("MessagingServiceSid") or state.source(request.source)
    if state.optouts.is_blocked(source, request.to):
        raise Refusal(21610)


def _line_takes_texts(state: State, request: Request) -> None:
    refusal = state.phones.line(request.to).refusal
    if refusal is not None:
        raise Refusal(refusal, request.to)


def _queue_has_room(state: State, request: Request) -> None:
    sender = request.form.get("From")
    if sender and "MessagingServiceSid" not in request.form and state.senders.queue(sender).is_full(request.now):
        raise Refusal(21611)


CHECKS: tuple[Callable[[State, Request], None], ...] = (
    _needs("To", 21604),
    _sender_given,
    _content_given,
    _body_fits,
    _to_is_a_number,
    _from_can_send,
    _region_is_allowed,
    _callback_is_valid,
    _validity_is_valid,
    _schedule_is_valid,
    _not_opted_out,
    _line_takes_texts,
    _queue_has_room,
)


def _send_at(form: Form) -> float | None:
    try:
        at = datetime.fromisoformat(form["SendAt"])
    except ValueError:
        return None
    return at.timestamp() if at.tzinfo else None


def _service_callback(state: State, service: str | None) -> str | None:
    found: Sender | None = state.senders.known(service) if service else None
    return (found.status_callback or None) if found else None
