"""Plays a document to whoever picked up. Pure: verbs and a person in, what was heard and what follows out.

Times are seconds of the call, from the moment it was answered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sandbox.callees import Callee
from sandbox.twilio.voice.script import Dial, Gather, Hangup, Redirect, Reject, Silence, Verb, Words


@dataclass(frozen=True, slots=True)
class Line:
    """Something heard. whole: to its end."""

    at_s: float
    seconds: float
    text: str
    whole: bool = True

    @property
    def over_s(self) -> float:
        return self.at_s + self.seconds

    def until(self, second: float) -> "Line":
        """What was heard of it by then."""
        if second >= self.over_s or not self.seconds:
            return self
        share = max(0.0, second - self.at_s) / self.seconds
        return replace(self, seconds=second - self.at_s, text=_cut(self.text, share), whole=False)


@dataclass(frozen=True, slots=True)
class Pressed:
    """Keys that went down. listened: whether a Gather took them."""

    at_s: float
    keys: str
    listened: bool


@dataclass(frozen=True, slots=True)
class Go:
    """The application is asked again. url None: the address of the document being played."""

    what: str
    url: str | None
    method: str = "POST"
    fields: dict[str, str] = field(default_factory=dict)
    leaves: bool = False  # the person has hung up meanwhile


@dataclass(frozen=True, slots=True)
class Over:
    """The call is at its end. why: hangup, person (hung up), reject or the document's end."""

    why: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Connect:
    """Somebody else is rung; `rest` follows when there is no action."""

    dial: Dial
    rest: tuple[Verb, ...]


Next = Go | Over | Connect


@dataclass(frozen=True, slots=True)
class Memory:
    """What a person has in mind: questions heard so far, and a key they have yet to press (when, which)."""

    asked: int = 0
    pending: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """What comes of playing a document, if nobody interferes."""

    lines: tuple[Line, ...]
    pressed: tuple[Pressed, ...]
    over_s: float
    then: Next
    memory: Memory

    def heard(self, second: float | None = None) -> tuple[Line, ...]:
        """What was heard by a second of the call; all of it by the end."""
        if second is None:
            return self.lines
        return tuple(line.until(second) for line in self.lines if line.at_s < second)

    def keys(self, second: float | None = None) -> tuple[Pressed, ...]:
        return tuple(p for p in self.pressed if second is None or p.at_s <= second)


def perform(verbs: Sequence[Verb], callee: Callee, *, at_s: float, memory: Memory | None = None) -> Performance:
    """Plays the verbs from a second of the call on."""
    stage = _Stage(callee, at_s, memory or Memory())
    then = _run(stage, verbs)
    return Performance(tuple(stage.recorded()), tuple(stage.pressed), stage.now, then, stage.memory)


class _Left(Exception):
    """The person has hung up."""


@dataclass(slots=True)
class _Stage:
    callee: Callee
    now: float
    memory: Memory
    lines: list[Line] = field(default_factory=list)
    pressed: list[Pressed] = field(default_factory=list)

    def spend(self, what: Words | Silence, until: float = float("inf")) -> None:
        """Time goes by, with words or without, up to a second of the call at most."""
        began, end = self.now, min(self.now + what.seconds, until)
        leaves = self.callee.hangs_up_s
        left = leaves is not None and leaves < end
        self.now = max(began, leaves or 0.0) if left else end
        if isinstance(what, Words) and self.now > began:
            self.lines.append(Line(began, what.seconds, what.text).until(self.now))
        if left:
            raise _Left

    def pass_by(self, what: Words | Silence) -> None:
        """The same while nobody listens for keys: what is pressed meanwhile is lost."""
        try:
            self.spend(what)
        finally:
            pending = self.memory.pending
            if pending is not None and pending[0] <= self.now:
                self.pressed.append(Pressed(*pending, listened=False))
                self.memory = replace(self.memory, pending=None)

    def recorded(self) -> list[Line]:
        """What an answering machine keeps begins after its own greeting; a person hears all."""
        return [line for line in map(self._after_greeting, self.lines) if line is not None]

    def _after_greeting(self, line: Line) -> Line | None:
        greeting = self.callee.greeting_s
        if line.at_s >= greeting or not line.seconds:
            return line
        if line.over_s <= greeting:
            return None
        text = _cut(line.text[::-1], (line.over_s - greeting) / line.seconds)[::-1]
        return Line(greeting, line.over_s - greeting, text, whole=False)


def _run(stage: _Stage, verbs: Sequence[Verb]) -> Next:
    try:
        for n, verb in enumerate(verbs):
            then = _play(stage, verb, tuple(verbs[n + 1 :]))
            if then is not None:
                return then
    except _Left:
        return Over("person")
    return Over("document ended")


def _play(stage: _Stage, verb: Verb, rest: tuple[Verb, ...]) -> Next | None:
    """What the verb leads to; None for the next one."""
    match verb:
        case Words() | Silence():
            stage.pass_by(verb)
            return None
        case Gather():
            return _gather(stage, verb)
        case Dial():
            return Connect(verb, rest)
        case Redirect(url, method):
            return Go("redirect", url, method)
        case Hangup():
            return Over("hangup")
        case Reject(reason):
            return Over("reject", reason)


def _gather(stage: _Stage, gather: Gather) -> Go | None:
    began = stage.now
    length = sum(prompt.seconds for prompt in gather.prompts)
    ends = began + length + gather.timeout_s
    pending = _intended(stage, began, length)
    if pending is None or pending[0] > ends or not gather.takes_keys:
        for prompt in (*gather.prompts, Silence(gather.timeout_s)):
            stage.spend(prompt)
        return _empty(gather)
    return _taken(stage, gather, *pending)


def _intended(stage: _Stage, began: float, length: float) -> tuple[float, str] | None:
    """When which keys will be pressed: those already in mind, else what this question calls for."""
    asked = stage.memory.asked + 1
    pending = stage.memory.pending
    press = stage.callee.press(asked) if pending is None else None
    if press is not None:
        pending = (began + press.words * length + press.after_s, press.keys)
    stage.memory = Memory(asked, pending)
    return pending


def _taken(stage: _Stage, gather: Gather, at_s: float, keys: str) -> Go | None:
    for prompt in (*gather.prompts, Silence(gather.timeout_s)):
        if stage.now < at_s:
            stage.spend(prompt, until=at_s)  # a key interrupts
    stage.pressed.append(Pressed(at_s, keys, listened=True))
    stage.memory = replace(stage.memory, pending=None)
    digits, finished_on = _digits(gather, keys)
    if not finished_on and not (gather.num_digits and len(digits) >= gather.num_digits):
        stage.spend(Silence(gather.timeout_s))  # one more key might come
    if not digits:
        return _empty(gather)
    fields = {"Digits": digits} | ({"FinishedOnKey": finished_on} if finished_on else {})
    return Go("gather", gather.action, gather.method, fields, leaves=stage.callee.leaves_at_key)


def _digits(gather: Gather, keys: str) -> tuple[str, str]:
    """(what is submitted, the key that ended it)."""
    digits = ""
    for key in keys:
        if gather.finish_on_key and key in gather.finish_on_key:
            return digits, key
        digits += key
        if gather.num_digits and len(digits) >= gather.num_digits:
            break
    return digits, ""


def _empty(gather: Gather) -> Go | None:
    return Go("gather", gather.action, gather.method, {"Digits": ""}) if gather.on_empty else None


def _cut(text: str, share: float) -> str:
    """The first part of a text, up to a whole word."""
    if share >= 1:
        return text
    return text[: int(len(text) * share)].rpartition(" ")[0].strip()
