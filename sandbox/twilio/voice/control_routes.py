"""The control API for calls: who picks up and how, phones that ring us, and what was heard."""

from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from sandbox.callees import CALLEES, Callee, Manner, Press
from sandbox.twilio.control_answers import Strict, as_json, body_of
from sandbox.twilio.errors import Refusal
from sandbox.twilio.state import State
from sandbox.twilio.voice import hearing
from sandbox.twilio.voice.exchange import Exchange
from sandbox.twilio.voice.records import line


class Doings(BaseModel):
    """Exact doings, where a manner's own will not do. presses: at each question [keys, share of the words, seconds]."""

    model_config = ConfigDict(extra="forbid")

    ring_s: float | None = None
    answered_by: str | None = Field(default=None, pattern="^(human|machine|fax|unknown)$")
    detection_s: float | None = None
    greeting_s: float | None = None
    presses: tuple[tuple[str, float, float] | None, ...] | None = None
    hangs_up_s: float | None = None
    leaves_at_key: bool | None = None
    talk_s: float | None = None

    def on(self, callee: Callee) -> Callee:
        """The callee with these doings in place of its own."""
        changes = self.model_dump(exclude_none=True)
        if self.presses is not None:
            changes["presses"] = tuple(None if p is None else Press(*p) for p in self.presses)
        return replace(callee, **changes)


class CalleeChange(Strict):
    number: str
    manner: Manner = Manner.FINE
    doings: Doings | None = None


class CalleeChanges(Strict):
    callees: tuple[CalleeChange, ...] = ()
    mix: dict[Manner, float] | None = None


class Ring(Strict):
    """A phone rings one of our numbers; what its owner does then is as if they had picked up."""

    caller: str = Field(alias="from")
    to: str
    manner: Manner = Manner.SILENT
    doings: Doings = Doings()


class Status(Strict):
    sid: str
    status: str


class CallControl:
    """What a test may ask and change about calls."""

    def __init__(self, state: State, exchange: Exchange) -> None:
        self._state = state
        self._exchange = exchange

    def routes(self) -> list[web.RouteDef]:
        handlers = (
            ("GET", "calls", self.calls),
            ("GET", "callees", self.callees),
            ("POST", "callees", self.put_callees),
            ("POST", "ring", self.ring),
            ("POST", "call_status", self.status),
        )
        page = web.get("/_control/heard", self.heard, allow_head=False)
        return [page, *(web.route(method, f"/_control/{path}", as_json(handler)) for method, path, handler in handlers)]

    async def calls(self, request: web.Request) -> Any:
        """?to= &from= &direction= &status= &sid= &since= (a seq); oldest first, with what was heard and pressed."""
        since, names = int(request.query.get("since", 0)), ("to", "from", "direction", "status", "sid")
        wanted = {name: request.query[name] for name in names if name in request.query}
        lines = (line(call) for call in self._state.calls.all[since:])
        return [told for told in lines if all(str(told[name]) == value for name, value in wanted.items())]

    async def callees(self, request: web.Request) -> Any:
        """How each number behaves when it is rung: ?number=…, as often as wanted."""
        return {number: self._state.callees.manner(number) for number in request.query.getall("number", [])}

    async def put_callees(self, request: web.Request) -> Any:
        change = CalleeChanges.model_validate(await body_of(request))
        if change.mix is not None:
            self._state.callees.mix = change.mix
        for callee in change.callees:
            own = CALLEES.get(callee.manner, Callee())
            script = None if callee.doings is None else callee.doings.on(own)
            self._state.callees.put(callee.number, callee.manner, script)
        return {"set": len(change.callees)}

    async def ring(self, request: web.Request) -> Any:
        """A phone rings us, now."""
        ring = Ring.model_validate(await body_of(request))
        callee = ring.doings.on(CALLEES.get(ring.manner, Callee()))
        call = self._exchange.ring_us(ring.caller, ring.to, callee, self._state.clock.now())
        return {"sid": call.sid}

    async def status(self, request: web.Request) -> Any:
        """Posts a status that the call's life does not ask for, with the next number."""
        wish = Status.model_validate(await body_of(request))
        call = self._state.calls.by_sid.get(wish.sid)
        if call is None:
            raise Refusal(20404, wish.sid)
        self._exchange.teller.again(call, wish.status)
        return {"posted": True}

    async def heard(self, _: web.Request) -> web.Response:
        """A page for a person: what was heard on each call."""
        return web.Response(text=hearing.page(self._state.calls.all), content_type="text/html", charset="utf-8")
