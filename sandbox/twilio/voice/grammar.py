"""Which attributes and marks TwiML for calls knows: Twilio warns of any other (12200) and ignores it.

Source: the pages of https://www.twilio.com/docs/voice/twiml, verb by verb; SSML's marks from the page of <Say>.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

WARNING = 12200
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

ANY = re.compile(r".*", re.DOTALL)
COUNT = re.compile(r"\d{1,5}")
FLAG = re.compile(r"true|false")
METHOD = re.compile(r"GET|POST")
URL = re.compile(r"\S+")
CALL_EVENTS = re.compile(r"(initiated|ringing|answered|completed)( (initiated|ringing|answered|completed))*")


@dataclass(frozen=True, slots=True)
class Element:
    """attributes: of each the values it may have. marks: what may stand inside, where the player does not look."""

    attributes: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    marks: frozenset[str] | None = None


_NOTHING: frozenset[str] = frozenset()
_SSML: Mapping[str, Element] = {
    "break": Element({"strength": ANY, "time": ANY}, _NOTHING),
    "emphasis": Element({"level": ANY}),
    "lang": Element({XML_LANG: ANY}),
    "p": Element(),
    "phoneme": Element({"alphabet": ANY, "ph": ANY}),
    "prosody": Element({"rate": ANY, "pitch": ANY, "volume": ANY}),
    "s": Element(),
    "say-as": Element({"interpret-as": ANY, "format": ANY}),
    "sub": Element({"alias": ANY}),
    "w": Element({"role": ANY}),
}
_RECORDING = ("record", "trim", "recordingTrack", "recordingStatusCallbackEvent")
_DETECTION = (
    *("machineDetection", "machineDetectionTimeout", "machineDetectionSilenceTimeout"),
    *("machineDetectionSpeechThreshold", "machineDetectionSpeechEndThreshold"),
)
_SPOKEN = ("hints", "language", "profanityFilter", "speechTimeout", "speechModel", "enhanced")
KNOWN: Mapping[str, Element] = {
    **{tag: Element(mark.attributes, mark.marks or frozenset(_SSML)) for tag, mark in _SSML.items()},
    "Response": Element(),
    "Say": Element({"voice": ANY, "language": re.compile(r"[a-z]{2,3}-\w{2,5}"), "loop": COUNT}, frozenset(_SSML)),
    "Play": Element({"loop": COUNT, "digits": re.compile(r"[0-9A-DwW*#]+")}, _NOTHING),
    "Pause": Element({"length": COUNT}, _NOTHING),
    "Gather": Element(
        {
            "input": re.compile(r"dtmf|speech|dtmf speech|speech dtmf"),
            "action": URL,
            "method": METHOD,
            "timeout": re.compile(r"\d{1,5}|auto"),
            "finishOnKey": re.compile(r"[0-9*#]{0,12}"),
            "numDigits": COUNT,
            "actionOnEmptyResult": FLAG,
            "bargeIn": FLAG,
            "partialResultCallback": URL,
            "partialResultCallbackMethod": METHOD,
        }
        | dict.fromkeys(_SPOKEN, ANY),
    ),
    "Dial": Element(
        {
            "action": URL,
            "method": METHOD,
            "timeout": COUNT,
            "timeLimit": COUNT,
            "callerId": ANY,
            "answerOnBridge": FLAG,
            "hangupOnStar": FLAG,
            "ringTone": ANY,
            "sequential": FLAG,
            "referUrl": URL,
            "referMethod": METHOD,
            "recordingStatusCallback": URL,
            "recordingStatusCallbackMethod": METHOD,
        }
        | dict.fromkeys(_RECORDING, ANY),
    ),
    "Number": Element(
        {
            "url": URL,
            "method": METHOD,
            "sendDigits": ANY,
            "byoc": ANY,
            "statusCallback": URL,
            "statusCallbackMethod": METHOD,
            "statusCallbackEvent": CALL_EVENTS,
            "amdStatusCallback": URL,
            "amdStatusCallbackMethod": METHOD,
        }
        | dict.fromkeys(_DETECTION, ANY),
        _NOTHING,
    ),
    "Redirect": Element({"method": METHOD}, _NOTHING),
    "Hangup": Element({}, _NOTHING),
    "Reject": Element({"reason": re.compile(r"rejected|busy")}, _NOTHING),
}


def remarks(element: ET.Element) -> Iterator[tuple[int, str]]:
    """What the debugger would say of a document's attributes and marks (code, text). What is no verb at all is passed
    over: the player says so."""
    known = KNOWN.get(element.tag)
    if known is None:
        return
    for name, value in element.attrib.items():
        values = known.attributes.get(name)
        if values is None:
            yield WARNING, f"<{element.tag}> has no attribute {name}"
        elif not values.fullmatch(value):
            yield WARNING, f"<{element.tag}> {name}: {value!r} is no value of it"
    for child in element:
        if known.marks is not None and child.tag not in known.marks:
            yield WARNING, f"<{child.tag}> may not stand in <{element.tag}>"
        else:
            yield from remarks(child)
