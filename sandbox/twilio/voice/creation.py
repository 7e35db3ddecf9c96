"""Reading a request for a call as Twilio does: check after check, the first objection wins."""

from collections.abc import Callable, Sequence

from sandbox.twilio import urls
from sandbox.twilio.creation import MAGIC_FROM_FINE, MAGIC_PREFIX, PUNCTUATION
from sandbox.twilio.errors import Refusal
from sandbox.twilio.senders import NUMBER
from sandbox.twilio.state import State
from sandbox.twilio.voice.records import Call, Orders

Form = dict[str, str]
LONGEST_TWIML = 4000
LONGEST_RING_S, LONGEST_CALL_S = 600, 14400
EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})
DETECTIONS = frozenset({"Enable", "DetectMessageEnd"})

# Twilio's test numbers.
MAGIC_FROM = {"+15005550001": 21212}
MAGIC_TO = {"+15005550001": 21217, "+15005550002": 21214, "+15005550003": 21215, "+15005550004": 21216}

KNOWN = frozenset(
    {
        *("To", "From", "Url", "Twiml", "ApplicationSid", "Method", "FallbackUrl", "FallbackMethod", "StatusCallback"),
        *("StatusCallbackEvent", "StatusCallbackMethod", "SendDigits", "Timeout", "TimeLimit", "Record"),
        *("RecordingChannels", "RecordingStatusCallback", "RecordingStatusCallbackMethod"),
        *("RecordingStatusCallbackEvent", "RecordingTrack", "Trim", "SipAuthUsername", "SipAuthPassword"),
        *("MachineDetection", "MachineDetectionTimeout", "MachineDetectionSpeechThreshold"),
        *("MachineDetectionSpeechEndThreshold", "MachineDetectionSilenceTimeout", "AsyncAmd"),
        *("AsyncAmdStatusCallback", "AsyncAmdStatusCallbackMethod", "CallerId", "Byoc", "CallReason", "CallToken"),
        "ClientNotificationUrl",
    }
)


def call_of(state: State, pairs: Sequence[tuple[str, str]], now: float) -> Call:
    """The call a form asks for; raises Refusal. Parameters Twilio does not know are ignored, with an alert."""
    form = dict(pairs)
    unknown = form.keys() - KNOWN
    if unknown:
        state.journal.alert(20001, f"Unknown parameters: {', '.join(sorted(unknown))}", at=now, to=form.get("To"))
    form["To"] = form.get("To", "").translate(PUNCTUATION)
    events = {value for name, value in pairs if name == "StatusCallbackEvent"}
    for check in CHECKS:
        check(state, form)
    _check_events(state, events, now)
    return Call(
        to=form["To"],
        sender=form["From"],
        direction="outbound-api",
        created=now,
        orders=_orders(form, frozenset(events & EVENTS)),
    )


def _orders(form: Form, events: frozenset[str]) -> Orders:
    return Orders(
        url=form.get("Url") or None,
        method=form.get("Method", "POST").upper(),
        twiml=form.get("Twiml") or None,
        fallback=form.get("FallbackUrl") or None,
        fallback_method=form.get("FallbackMethod", "POST").upper(),
        callback=form.get("StatusCallback") or None,
        callback_method=form.get("StatusCallbackMethod", "POST").upper(),
        events=events or frozenset({"completed"}),
        ring_s=float(form.get("Timeout") or 60) + 5.0,  # Twilio adds up to five
        time_limit_s=float(form.get("TimeLimit") or LONGEST_CALL_S),
        detection="" if form.get("SendDigits") else form.get("MachineDetection", ""),
        detection_s=float(form.get("MachineDetectionTimeout") or 30),
        asynchronous=form.get("AsyncAmd", "").lower() == "true",
        detection_callback=form.get("AsyncAmdStatusCallback") or None,
        detection_method=form.get("AsyncAmdStatusCallbackMethod", "POST").upper(),
    )


def _to_is_a_number(state: State, form: Form) -> None:
    to = form["To"]
    if not to:
        raise Refusal(21201)
    if to in MAGIC_TO:
        raise Refusal(MAGIC_TO[to], to)
    if not NUMBER.fullmatch(to):
        raise Refusal(21211, to)
    if state.settings.trial and state.senders.known(to) is None:
        raise Refusal(21219, to)


def _from_is_ours(state: State, form: Form) -> None:
    sender = form.get("From", "")
    if not sender:
        raise Refusal(21213)
    if sender in MAGIC_FROM or not NUMBER.fullmatch(sender):
        raise Refusal(MAGIC_FROM.get(sender, 21212), sender)
    known = state.senders.known(sender)
    if sender != MAGIC_FROM_FINE and (known is None or not known.takes_calls):
        raise Refusal(21210, sender)


def _has_something_to_say(state: State, form: Form) -> None:
    if form.get("ApplicationSid"):
        raise Refusal(21218, form["ApplicationSid"])  # this account has no applications
    if form.get("Url"):
        _address(state, form["Url"], 21205)
    elif not form.get("Twiml"):
        raise Refusal(21205, "neither Url nor Twiml is given")
    elif len(form["Twiml"]) > LONGEST_TWIML:
        raise Refusal(20001, f"Twiml is longer than {LONGEST_TWIML} characters")


def _region_is_allowed(state: State, form: Form) -> None:
    if not form["To"].startswith((*state.settings.allowed_prefixes, MAGIC_PREFIX)):
        raise Refusal(21215, form["To"])


def _callbacks_are_valid(state: State, form: Form) -> None:
    for name, code in (("FallbackUrl", 21205), ("StatusCallback", 21609), ("AsyncAmdStatusCallback", 21609)):
        if form.get(name):
            _address(state, form[name], code)


def _numbers_are_in_range(state: State, form: Form) -> None:
    del state
    for name, most in (("Timeout", LONGEST_RING_S), ("TimeLimit", LONGEST_CALL_S), ("MachineDetectionTimeout", 120)):
        text = form.get(name)
        if text and not (text.isdigit() and 1 <= int(text) <= most):
            raise Refusal(20001, f"{name} is not from 1 to {most}: {text}")


def _detection_is_known(state: State, form: Form) -> None:
    del state
    if form.get("MachineDetection") and form["MachineDetection"] not in DETECTIONS:
        raise Refusal(20001, f"MachineDetection is neither Enable nor DetectMessageEnd: {form['MachineDetection']}")


def _line_is_free(state: State, form: Form) -> None:
    del form
    if state.calls.in_the_air() >= state.settings.max_calls:
        raise Refusal(10004)


CHECKS: tuple[Callable[[State, Form], None], ...] = (
    _to_is_a_number,
    _from_is_ours,
    _has_something_to_say,
    _region_is_allowed,
    _callbacks_are_valid,
    _numbers_are_in_range,
    _detection_is_known,
    _line_is_free,
)


def _address(state: State, url: str, code: int) -> None:
    if not urls.is_valid(url, strict=state.settings.strict_urls):
        raise Refusal(code, url)


def _check_events(state: State, events: set[str], now: float) -> None:
    """Names Twilio does not know are ignored, and shown in its debugger."""
    if events - EVENTS:
        state.journal.alert(21626, f"Invalid statusCallbackEvents: {', '.join(sorted(events - EVENTS))}", at=now)
