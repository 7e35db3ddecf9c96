"""A TwiML document as the verbs to be played, after Twilio's documentation: https://www.twilio.com/docs/voice/twiml."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from sandbox.twilio import twiml
from sandbox.twilio.twiml import Unreadable
from sandbox.twilio.voice import grammar

LETTERS_MOST = 4096
LETTERS_PER_S = 14.0  # a French voice at its usual pace
PLAY_S = 10.0  # a recording, whose length nobody here knows
MOST_LOOPS = 50  # loop="0" is for ever


@dataclass(frozen=True, slots=True)
class Words:
    """Something heard for so many seconds."""

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Silence:
    seconds: float


@dataclass(frozen=True, slots=True)
class Gather:
    """action None: the document's own address. num_digits 0: as many as are pressed."""

    prompts: tuple[Words | Silence, ...] = ()
    action: str | None = None
    method: str = "POST"
    timeout_s: float = 5.0
    finish_on_key: str = "#"
    num_digits: int = 0
    on_empty: bool = False
    takes_keys: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """One number of a Dial. url: words for whoever picks up, before they are connected."""

    number: str
    url: str | None = None
    method: str = "POST"
    callback: str | None = None
    events: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Dial:
    """Rings somebody else. action None: the next verb follows."""

    targets: tuple[Target, ...]
    action: str | None = None
    method: str = "POST"
    timeout_s: float = 30.0
    time_limit_s: float = 14400.0
    caller_id: str | None = None
    answer_on_bridge: bool = False


@dataclass(frozen=True, slots=True)
class Redirect:
    url: str | None
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Hangup:
    pass


@dataclass(frozen=True, slots=True)
class Reject:
    reason: str = "rejected"


Verb = Words | Silence | Gather | Dial | Redirect | Hangup | Reject


@dataclass(frozen=True, slots=True)
class Document:
    """remarks: what Twilio's debugger would say of it (code, text)."""

    verbs: tuple[Verb, ...] = ()
    remarks: list[tuple[int, str]] = field(default_factory=list)


def read(content_type: str, body: bytes, *, status: int = 200) -> Document:
    """The document of an answer. Raises Unreadable with 11750, 12100 or 12300."""
    if status == 204:
        return Document()
    if len(body) > twiml.LONGEST:
        raise Unreadable(11750, f"the answer has {len(body)} bytes, Twilio reads 64 kB")
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    if kind == "text/plain":  # read aloud
        text = body.decode(errors="replace").strip()
        return Document((_spoken(text),) if text else ())
    if kind not in twiml.XML:
        raise Unreadable(12300, f"Content-Type {kind or '(none)'} is not XML")
    return parse(body)


def parse(body: bytes) -> Document:
    """A document given as XML. Raises Unreadable with 12100."""
    root = twiml.root(body)
    remarks = list(grammar.remarks(root))
    return Document(tuple(_verbs(root, _VERBS, remarks)), remarks)


Remarks = list[tuple[int, str]]
Reader = Callable[[ET.Element, Remarks], Iterator[Verb]]


def _verbs(parent: ET.Element, known: Mapping[str, Reader], remarks: Remarks) -> Iterator[Verb]:
    for element in parent:
        reader = known.get(element.tag)
        if reader is None:
            remarks.append((12200, f"<{element.tag}> in <{parent.tag}> is no verb of the stand-in's: skipped"))
        else:
            yield from reader(element, remarks)


def _say(element: ET.Element, remarks: Remarks) -> Iterator[Verb]:
    text = " ".join("".join(element.itertext()).split())
    if not text or len(text) > LETTERS_MOST:
        remarks.append((13520, f"<Say> has {len(text)} characters: from 1 to {LETTERS_MOST} are spoken"))
        return
    yield from [_spoken(text, rate=_rate(element))] * _loops(element)


def _spoken(text: str, *, rate: float = 1.0) -> Words:
    return Words(text, len(text) / LETTERS_PER_S / rate)


def _rate(element: ET.Element) -> float:
    """Of the usual pace: SSML's <prosody rate="85%">."""
    prosody = element.find(".//prosody")
    text = "" if prosody is None else prosody.get("rate", "")
    return max(0.2, _number(text.rstrip("%"), 100.0) / 100) if text.endswith("%") else 1.0


def _play(element: ET.Element, _remarks: Remarks) -> Iterator[Verb]:
    digits = element.get("digits")
    heard = Words(f"[{digits}]", len(digits) * 0.5) if digits else Words(f"[{(element.text or '').strip()}]", PLAY_S)
    yield from [heard] * _loops(element)


def _pause(element: ET.Element, _remarks: Remarks) -> Iterator[Verb]:
    yield Silence(_number(element.get("length"), 1.0))


def _gather(element: ET.Element, remarks: Remarks) -> Iterator[Verb]:
    prompts = _verbs(element, {"Say": _say, "Play": _play, "Pause": _pause}, remarks)
    takes_keys = "dtmf" in element.get("input", "dtmf").split()
    if not takes_keys:
        remarks.append((12200, "<Gather> for speech only: nobody here speaks"))
    yield Gather(
        prompts=tuple(p for p in prompts if isinstance(p, Words | Silence)),
        action=element.get("action") or None,
        method=element.get("method", "POST").upper(),
        timeout_s=_number(element.get("timeout"), 5.0),
        finish_on_key=element.get("finishOnKey", "#"),
        num_digits=int(_number(element.get("numDigits"), 0)),
        on_empty=element.get("actionOnEmptyResult", "false").lower() == "true",
        takes_keys=takes_keys,
    )


def _dial(element: ET.Element, remarks: Remarks) -> Iterator[Verb]:
    plain = (element.text or "").strip()
    targets = [Target(plain)] if plain else []
    for child in element:
        if child.tag == "Number":
            targets.append(_target(child))
        else:
            remarks.append((12200, f"<{child.tag}> in <Dial> is not known to the stand-in: skipped"))
    yield Dial(
        targets=tuple(targets),
        action=element.get("action") or None,
        method=element.get("method", "POST").upper(),
        timeout_s=_number(element.get("timeout"), 30.0),
        time_limit_s=_number(element.get("timeLimit"), 14400.0),
        caller_id=element.get("callerId") or None,
        answer_on_bridge=element.get("answerOnBridge", "false").lower() == "true",
    )


def _target(element: ET.Element) -> Target:
    callback = element.get("statusCallback") or None
    return Target(
        number=(element.text or "").strip(),
        url=element.get("url") or None,
        method=element.get("method", "POST").upper(),
        callback=callback,
        events=frozenset(element.get("statusCallbackEvent", "completed").split()) if callback else frozenset(),
    )


def _redirect(element: ET.Element, _remarks: Remarks) -> Iterator[Verb]:
    yield Redirect((element.text or "").strip() or None, element.get("method", "POST").upper())


def _hangup(_element: ET.Element, _remarks: Remarks) -> Iterator[Verb]:
    yield Hangup()


def _reject(element: ET.Element, _remarks: Remarks) -> Iterator[Verb]:
    yield Reject(element.get("reason", "rejected"))


def _loops(element: ET.Element) -> int:
    return int(_number(element.get("loop"), 1)) or MOST_LOOPS


def _number(text: str | None, usual: float) -> float:
    return float(text) if text is not None and text.strip().isdigit() else usual


_VERBS: Mapping[str, Reader] = {
    "Say": _say,
    "Play": _play,
    "Pause": _pause,
    "Gather": _gather,
    "Dial": _dial,
    "Redirect": _redirect,
    "Hangup": _hangup,
    "Reject": _reject,
}
