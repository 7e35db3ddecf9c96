"""The control API, /_control/…: for tests and demos, JSON in and out. `control.py` is its client."""

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web
from pydantic import Field, TypeAdapter

from sandbox.habits import Behaviour
from sandbox.phones import Answer, Phone
from sandbox.twilio import journal
from sandbox.twilio.carrier import Carrier
from sandbox.twilio.control_answers import Handler, Strict, as_json, body_of
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import Fault
from sandbox.twilio.handsets import Handsets
from sandbox.twilio.records import iso
from sandbox.twilio.senders import Sender
from sandbox.twilio.settings import Settings
from sandbox.twilio.state import State
from sandbox.twilio.webhooks import Webhooks, settle


class Reset(Strict):
    """everything: account, senders and settings too."""

    seed: str | None = None
    everything: bool = False


class ClockChange(Strict):
    speed: float | None = Field(default=None, ge=0)
    jump_s: float = Field(default=0.0, ge=0)


class PhoneChange(Strict):
    """answers: [seconds after the text, text] pairs, in place of the behaviour's own words."""

    number: str
    behaviour: Behaviour
    code: int | None = None
    answers: tuple[tuple[float, str], ...] | None = None

    @property
    def phone(self) -> Phone:
        script = None if self.answers is None else tuple(Answer(after_s, body) for after_s, body in self.answers)
        return Phone(self.number, self.behaviour, self.code, script)


class Phones(Strict):
    phones: tuple[PhoneChange, ...] = ()
    mix: dict[Behaviour, float] | None = None


class InboundText(Strict):
    sender: str = Field(alias="from")
    to: str
    body: str


class Receipt(Strict):
    sid: str
    status: str
    code: int | None = None


class Control:
    """What a test may ask and change."""

    def __init__(self, state: State, webhooks: Webhooks, carrier: Carrier, handsets: Handsets) -> None:
        self._state = state
        self._webhooks = webhooks
        self._carrier = carrier
        self._handsets = handsets

    def routes(self) -> list[web.RouteDef]:
        told: tuple[tuple[str, str, Callable[[], Any]], ...] = (
            ("GET", "account", self.account),
            ("POST", "account/rotate", self.rotate),
            ("GET", "settings", self.settings),
            ("GET", "clock", self.clock),
            ("GET", "faults", self.faults),
            ("DELETE", "faults", self.clear_faults),
            ("GET", "senders", self.senders),
            ("GET", "optouts", self.optouts),
            ("GET", "stats", self.stats),
        )
        asked: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "reset", self.reset),
            ("POST", "settings", self.change_settings),
            ("POST", "clock", self.change_clock),
            ("POST", "faults", self.add_faults),
            ("POST", "senders", self.put_senders),
            ("GET", "phones", self.phone),
            ("POST", "phones", self.put_phones),
            ("POST", "inbound", self.inbound),
            ("POST", "receipt", self.receipt),
            ("GET", "messages", self.messages),
            ("GET", "refused", self.refused),
            ("GET", "webhooks", self.webhooks),
            ("GET", "alerts", self.alerts),
            ("GET", "counts", self.counts),
        )
        handlers = (*((method, path, _without_request(tell)) for method, path, tell in told), *asked)
        return [web.route(method, f"/_control/{path}", as_json(handler)) for method, path, handler in handlers]

    def account(self) -> Any:
        account = self._state.account
        names = ("sid", "token", "secondary_token", "api_key_sid", "api_key_secret", "signing_token")
        return {name: getattr(account, name) for name in names}

    def rotate(self) -> Any:
        """Promotes the secondary token: the first no longer opens anything, hooks are signed with the new one."""
        self._state.account = self._state.account.promote_secondary()
        return self.account()

    async def reset(self, request: web.Request) -> Any:
        wish = Reset.model_validate(await body_of(request))
        self._webhooks.forget()
        (self._state.begin_again if wish.everything else self._state.reset)(wish.seed)
        return {"seed": self._state.seed}

    def settings(self) -> Any:
        return self._state.settings.model_dump(mode="json")

    async def change_settings(self, request: web.Request) -> Any:
        changed = self._state.settings.model_dump() | await body_of(request)
        self._state.settings = Settings.model_validate(changed)
        return self.settings()

    def clock(self) -> Any:
        clock = self._state.clock
        return {"now": iso(clock.now()), "speed": clock.speed, "pending": clock.pending, "next": iso(clock.next_due)}

    async def change_clock(self, request: web.Request) -> Any:
        """Speed, then jump; answers when the webhooks that became due were posted and answered."""
        change = ClockChange.model_validate(await body_of(request))
        if change.speed is not None:
            self._state.clock.set_speed(change.speed)
        await self._state.clock.jump(change.jump_s, pause=lambda: settle(self._webhooks))
        return self.clock()

    def faults(self) -> Any:
        return [fault.model_dump(mode="json") for fault in self._state.faults.all()]

    async def add_faults(self, request: web.Request) -> Any:
        self._state.faults.add(TypeAdapter(list[Fault]).validate_python(await body_of(request)))
        return self.faults()

    def clear_faults(self) -> Any:
        self._state.faults.clear()
        return []

    def senders(self) -> Any:
        return [sender.model_dump(mode="json") for sender in self._state.senders.all()]

    async def put_senders(self, request: web.Request) -> Any:
        self._state.senders.put(TypeAdapter(list[Sender]).validate_python(await body_of(request)))
        return self.senders()

    async def phone(self, request: web.Request) -> Any:
        """Who is behind each number: ?number=…, as often as wanted."""
        numbers = request.query.getall("number", [])
        return {number: self._state.phones.get(number).behaviour for number in numbers}

    async def put_phones(self, request: web.Request) -> Any:
        change = Phones.model_validate(await body_of(request))
        if change.mix is not None:
            self._state.phones.mix = change.mix
        for phone in change.phones:
            self._state.phones.put(phone.phone)
        return {"set": len(change.phones)}

    async def inbound(self, request: web.Request) -> Any:
        """A phone writes, now."""
        text = InboundText.model_validate(await body_of(request))
        message = self._handsets.receive(text.sender, text.to, text.body, self._state.clock.now())
        return {"sid": message.sid}

    async def receipt(self, request: web.Request) -> Any:
        """Posts a receipt that the message's life does not ask for."""
        receipt = Receipt.model_validate(await body_of(request))
        message = self._state.journal.by_sid.get(receipt.sid)
        if message is None:
            raise Refusal(20404, receipt.sid)
        self._carrier.report(message, receipt.status, receipt.code)
        return {"posted": True}

    async def messages(self, request: web.Request) -> Any:
        """?to= &from= &direction= &contains= &since= (a seq) &limit=; oldest first."""
        query, since = request.query, int(request.query.get("since", 0))
        found = self._state.journal.matching(query.get("to"), query.get("from"))
        if since and found is self._state.journal.messages:
            found = found[since:]
        lines = [journal.line(m) for m in found if m.seq > since and query.get("contains", "") in m.body]
        lines = [line for line in lines if _fits(line, query, ("from", "direction"))]
        return lines[: int(query["limit"])] if "limit" in query else lines

    async def refused(self, request: web.Request) -> Any:
        return _filtered(self._state.journal.refused, request, ("to", "from", "code", "reason"))

    async def webhooks(self, request: web.Request) -> Any:
        return _filtered(self._state.journal.webhooks, request, ("sid", "to", "kind", "label", "answer"))

    async def alerts(self, request: web.Request) -> Any:
        return _filtered(self._state.journal.alerts, request, ("code", "sid"))

    async def counts(self, request: web.Request) -> Any:
        """Accepted texts per recipient; ?above=1 only those with more."""
        above = int(request.query.get("above", 0))
        return {to: number for to, number in self._state.journal.counts.items() if number > above}

    def optouts(self) -> Any:
        return self._state.optouts.pairs()

    def stats(self) -> Any:
        stats = self._state.journal.stats()
        calls = self._state.calls.stats()
        return stats | {"calls": calls, "webhooks_under_way": self._webhooks.under_way} | self.clock()


def _without_request(tell: Callable[[], Any]) -> Handler:
    async def handler(_: web.Request) -> Any:
        return tell()

    return handler


def _filtered(entries: Iterable[dict[str, Any]], request: web.Request, names: tuple[str, ...]) -> list[dict[str, Any]]:
    return [entry for entry in entries if _fits(entry, request.query, names)]


def _fits(entry: dict[str, Any], query: Any, names: tuple[str, ...]) -> bool:
    return all(str(entry.get(name)) == query[name] for name in names if name in query)
