"""What a call says, as the provider's documents: https://www.twilio.com/docs/voice/twiml. Pure: words in, XML out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from twilio.twiml.voice_response import Dial, Gather, Say, VoiceResponse

# https://www.twilio.com/docs/voice/twiml/say: longer words are refused; and a whole document over 64 kB (error 11750).
LETTERS_MOST: Final = 4096
BYTES_MOST: Final = 64 * 1024

# The verbs we say, each with the attributes it may have and the verbs or marks that may stand inside it.
# https://www.twilio.com/docs/voice/twiml
_KNOWN: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "Response": (frozenset(), frozenset({"Say", "Play", "Pause", "Gather", "Dial", "Hangup", "Reject", "Redirect"})),
    "Say": (frozenset({"voice", "language", "loop"}), frozenset({"prosody"})),
    "prosody": (frozenset({"rate", "pitch", "volume"}), frozenset()),
    "Play": (frozenset({"loop", "digits"}), frozenset()),
    "Pause": (frozenset({"length"}), frozenset()),
    "Gather": (
        frozenset({"input", "action", "method", "timeout", "finishOnKey", "numDigits", "actionOnEmptyResult"}),
        frozenset({"Say", "Play", "Pause"}),
    ),
    "Dial": (
        frozenset({"action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "hangupOnStar"}),
        frozenset({"Number"}),
    ),
    "Number": (
        frozenset({"url", "method", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"}),
        frozenset(),
    ),
    "Hangup": (frozenset(), frozenset()),
    "Reject": (frozenset({"reason"}), frozenset()),
    "Redirect": (frozenset({"method"}), frozenset()),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """How words sound. name: one of the provider's voices; locale: fr-FR; rate_percent: of its usual pace."""

    name: str
    locale: str
    rate_percent: int = 100
    pause_s: int = 0


@dataclass(frozen=True, slots=True)
class Speech:
    """Something to be said: lines in a voice, or a recording in their place."""

    lines: tuple[str, ...]
    voice: Voice
    audio_url: str | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """How a key is waited for. action: where it is posted, our full address; repeats: so often the question is put once
    more, after the first time.
    """

    action: str
    wait_s: int
    repeats: int = 0


def question(speech: Speech, keys: Keys, *further: Speech) -> str:
    """Puts a question that one key answers; a key interrupts the words. Who presses none hears it again, and the last
    silence is posted too, with no digits: without that, the provider would go on without telling. further: said after.
    """
    document = VoiceResponse()
    for again in range(keys.repeats + 1):
        document.append(_gather(keys, speech, *further, posts_silence=again == keys.repeats))
    return str(document)


def words(*speeches: Speech) -> str:
    """Says it, and hangs up."""
    document = VoiceResponse()
    for speech in speeches:
        _say(document, speech)
    document.hangup()
    return str(document)


def words_but_listen(speech: Speech, keys: Keys) -> str:
    """Says it once, and hangs up; a key counts all the same, though none is asked for."""
    document = VoiceResponse()
    document.append(_gather(keys, speech, posts_silence=False))
    document.hangup()
    return str(document)


def transfer(before: Speech, *, number: str, caller_id: str, ring_s: int, action: str) -> str:
    """Says that somebody is being connected, and rings them; what came of it is posted to `action`, which says what to
    do when nobody picked up.
    """
    document = VoiceResponse()
    _say(document, before)
    dial = Dial(action=action, method="POST", timeout=ring_s, caller_id=caller_id, answer_on_bridge=True)
    dial.number(number)
    document.append(dial)
    return str(document)


def connect(*, number: str, caller_id: str, ring_s: int, longest_s: int, action: str) -> str:
    """Rings somebody and connects them, without a word; what came of it is posted to `action`. Nothing is recorded."""
    document = VoiceResponse()
    dial = Dial(
        action=action,
        method="POST",
        timeout=ring_s,
        time_limit=longest_s,
        caller_id=caller_id,
        answer_on_bridge=True,
    )
    dial.number(number)
    document.append(dial)
    return str(document)


def nothing() -> str:
    """Hangs up a call, says nothing to anything else."""
    return str(VoiceResponse())


def faults(document: str) -> list[str]:
    """What the provider would refuse or ignore in a document: (in English, for a developer). Empty when sound."""
    if len(document.encode()) > BYTES_MOST:
        return [f"longer than {BYTES_MOST} bytes"]
    try:
        root = ET.fromstring(document)  # noqa: S314  # our own document
    except ET.ParseError as error:
        return [f"not well-formed: {error}"]
    return list(_faults(root)) if root.tag == "Response" else [f"<{root.tag}> is no response"]


def _faults(element: ET.Element) -> Iterable[str]:
    attributes, inside = _KNOWN[element.tag]
    yield from (f"<{element.tag} {name}>" for name in element.attrib if name not in attributes)
    if element.tag == "Say" and len("".join(element.itertext())) > LETTERS_MOST:
        yield f"<Say> of more than {LETTERS_MOST} characters"
    for child in element:
        if child.tag in inside:
            yield from _faults(child)
        else:
            yield f"<{child.tag}> in <{element.tag}>"


def _gather(keys: Keys, *speeches: Speech, posts_silence: bool) -> Gather:
    gather = Gather(
        input="dtmf",
        num_digits=1,
        finish_on_key="",  # else # alone would count as no key at all
        timeout=keys.wait_s,
        action=keys.action,
        method="POST",
        action_on_empty_result=posts_silence,
    )
    for speech in speeches:
        _say(gather, speech)
    return gather


def _say(into: VoiceResponse | Gather, speech: Speech) -> None:
    if speech.audio_url:
        into.play(speech.audio_url)  # type: ignore[no-untyped-call]
        return
    for n, line in enumerate(speech.lines):
        if n and speech.voice.pause_s:
            into.pause(length=speech.voice.pause_s)  # type: ignore[no-untyped-call]
        say = Say(voice=speech.voice.name, language=speech.voice.locale)
        say.prosody(line, rate=f"{speech.voice.rate_percent}%")
        into.append(say)  # type: ignore[no-untyped-call]
