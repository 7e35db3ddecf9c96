"""The conversation of a call: the application's documents are fetched, checked and played, one after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin

from sandbox.twilio.state import State
from sandbox.twilio.twiml import Unreadable
from sandbox.twilio.voice import script
from sandbox.twilio.voice.player import Connect, Go, Line, Over, perform
from sandbox.twilio.voice.records import Call
from sandbox.twilio.voice.script import Dial, Document, Reject, Target, Verb
from sandbox.twilio.voice.telling import Teller
from sandbox.twilio.webhooks import Event, Webhooks

MOST_DOCUMENTS = 40  # more in one call is a loop
SORRY = Line(0.0, 5.0, "We are sorry, an application error has occurred. Goodbye.")


class Switch(Protocol):
    """What happens to the line, as the exchange does it."""

    def answer(self, call: Call, at: float) -> None: ...
    def end(self, call: Call, status: str, at: float, *, sip: int | None = None, why: str = "") -> None: ...
    def bridge(self, child: Call, at: float) -> None: ...
    def dial(self, parent: Call, dial: Dial, at: float, over: Callable[[dict[str, str], float], None]) -> None: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """One request to the application for a document."""

    what: str
    url: str
    method: str
    fields: dict[str, str]


class Talk:
    """Plays documents to whoever picked up. Something newer always wins: a call's turn tells what is still meant."""

    def __init__(self, state: State, webhooks: Webhooks, teller: Teller, switch: Switch) -> None:
        self._state = state
        self._webhooks = webhooks
        self._teller = teller
        self._switch = switch

    def begin(self, call: Call, at: float) -> None:
        """The first document: what was given, or what the address says."""
        what = "inbound" if call.direction == "inbound" else "answer"
        if call.orders.url:
            self._ask(call, Asking(what, call.orders.url, call.orders.method, {}), at)
        else:
            self._read(call, call.orders.twiml or "", at)

    def instead(self, call: Call, *, url: str | None, method: str, twiml: str | None, at: float) -> None:
        """The application gives a call in the air something else."""
        self.cut(call, self._second(call, at))
        if url:
            self._ask(call, Asking("redirect", url, method, {}), at)
        else:
            self._read(call, twiml or "", at)

    def whisper(self, child: Call, target: Target, base: str | None, at: float) -> None:
        """Words for whoever is rung by a Dial, before they are connected."""
        self._ask(child, Asking("whisper", urljoin(base or "", target.url or ""), target.method, {}), at)

    def cut(self, call: Call, second: float | None = None) -> None:
        """What is being played ends here: what was heard of it is kept."""
        if call.playing is not None:
            call.lines.extend(call.playing.heard(second))
            call.pressed.extend(call.playing.keys(second))
            call.playing = None
        call.turn += 1

    def _ask(self, call: Call, asking: Asking, at: float) -> None:
        call.documents += 1
        if call.documents > MOST_DOCUMENTS:
            text = f"{MOST_DOCUMENTS} documents in one call: they lead to each other for ever"
            self._state.journal.alert(0, text, at=at, sid=call.sid, url=asking.url)
            self._switch.end(call, "completed", at, why="loop")
            return
        self._webhooks.talk(self._fetch(call, asking, call.turn))

    async def _fetch(self, call: Call, asking: Asking, turn: int) -> None:
        document = await self._document(call, asking)
        at = self._state.clock.now()
        if call.is_final or call.turn != turn:
            return
        call.url = asking.url
        if document is not None:
            self._play(call, document, at)
            return
        self._answered(call, at)
        call.lines.append(SORRY)
        self._switch.end(call, "completed", at, why="application error")

    async def _document(self, call: Call, asking: Asking) -> Document | None:
        """The document, from the fallback where the address has none that can be read."""
        fields = self._teller.fields(call) | asking.fields
        try:
            return await self._fetched(call, asking, fields)
        except Unreadable as error:
            fallback = call.orders.fallback
            if fallback is None:
                return None
            wrong = {"ErrorCode": str(error.code), "ErrorUrl": asking.url}
        try:
            return await self._fetched(
                call, Asking("fallback", fallback, call.orders.fallback_method, {}), fields | wrong
            )
        except Unreadable:
            return None

    async def _fetched(self, call: Call, asking: Asking, fields: dict[str, str]) -> Document:
        """Raises Unreadable, with 11200 for no good answer at all."""
        event = Event(f"call {asking.what}", call.sid, call.to, asking.what, asking.url, fields, method=asking.method)
        answer = await self._webhooks.deliver(event)
        if answer is None:
            raise Unreadable(11200, "no good answer")  # the alert is already shown
        try:
            return script.read(answer.content_type, answer.body, status=answer.status)
        except Unreadable as error:
            self._state.journal.alert(error.code, str(error), at=self._state.clock.now(), sid=call.sid, url=asking.url)
            raise

    def _read(self, call: Call, twiml: str, at: float) -> None:
        """Plays a document that was given as text."""
        try:
            self._play(call, script.parse(twiml.encode()), at)
        except Unreadable as error:
            self._state.journal.alert(error.code, str(error), at=at, sid=call.sid)
            call.lines.append(SORRY)
            self._switch.end(call, "completed", at, why="application error")

    def _play(self, call: Call, document: Document, at: float) -> None:
        for code, text in document.remarks:
            self._state.journal.alert(code, text, at=at, sid=call.sid, url=call.url or "")
        if call.answered is None and isinstance(next(iter(document.verbs), None), Reject):
            self._over(call, Over("reject", document.verbs[0].reason), at)  # type: ignore[union-attr]  # just looked
            return
        self._answered(call, at)
        self._perform(call, document.verbs, at)

    def _perform(self, call: Call, verbs: tuple[Verb, ...], at: float) -> None:
        call.turn += 1
        turn, began = call.turn, self._second(call, at)
        call.playing = perform(verbs, call.callee, at_s=began, memory=call.memory)
        lasts_s = (call.playing.over_s - began) / self._state.settings.call_speed
        self._state.clock.at(at + lasts_s, lambda due: self._played(call, turn, due))

    def _played(self, call: Call, turn: int, at: float) -> None:
        played = call.playing
        if call.is_final or call.turn != turn or played is None:
            return
        call.memory = played.memory
        self.cut(call)
        match played.then:
            case Go():
                self._go(call, played.then, at)
            case Connect(dial, rest):
                self._switch.dial(call, dial, at, lambda fields, due: self._dialled(call, dial, rest, fields, due))
            case Over():
                self._over(call, played.then, at)

    def _go(self, call: Call, go: Go, at: float) -> None:
        url = urljoin(call.url or "", go.url) if go.url else call.url
        if not url:
            self._switch.end(call, "completed", at, why="nowhere to go")
            return
        if go.leaves:  # the keys are still posted; they may come after the end
            self._switch.end(call, "completed", at, why="person")
        self._ask(call, Asking(go.what, url, go.method, go.fields), at)

    def _dialled(self, call: Call, dial: Dial, rest: tuple[Verb, ...], fields: dict[str, str], at: float) -> None:
        if call.is_final:
            return
        if dial.action:
            self._ask(call, Asking("dial", urljoin(call.url or "", dial.action), dial.method, fields), at)
        else:
            self._perform(call, rest, at)

    def _over(self, call: Call, over: Over, at: float) -> None:
        if over.why == "document ended" and call.direction == "outbound-dial":
            self._switch.bridge(call, at)
        elif over.why == "reject" and call.answered is None:
            self._switch.end(call, "busy" if over.reason == "busy" else "no-answer", at, why="rejected")
        else:
            self._switch.end(call, "completed", at, why=over.why)

    def _answered(self, call: Call, at: float) -> None:
        """An incoming call is answered by the first words it gets."""
        if call.answered is None:
            self._switch.answer(call, at)

    def _second(self, call: Call, at: float) -> float:
        return (at - (call.answered or at)) * self._state.settings.call_speed
