"""Twilio's REST API for messages, as a client meets it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.chance import between
from sandbox.twilio import answers, creation, pages
from sandbox.twilio.account import Login
from sandbox.twilio.carrier import Carrier
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import AFTER, BEFORE, DURING, Fault, FaultKind
from sandbox.twilio.records import API, Message, rfc2822, shown
from sandbox.twilio.state import State

Handler = Callable[[web.Request], Awaitable[web.Response]]
Form = dict[str, str]


class Rest:
    """The routes under /2010-04-01/Accounts/{AC…}."""

    def __init__(self, state: State, carrier: Carrier) -> None:
        self._state = state
        self._carrier = carrier

    def routes(self) -> list[web.RouteDef]:
        account = f"{API}/{{account}}"
        one = f"{account}/Messages/{{sid}}.json"
        return [
            web.post(f"{account}/Messages.json", self._guarded(self.create)),
            web.get(f"{account}/Messages.json", self._guarded(self.list), allow_head=False),
            web.get(one, self._guarded(self.fetch), allow_head=False),
            web.post(one, self._guarded(self.update)),
            web.delete(one, self._guarded(self.delete)),
            web.get(f"{account}.json", self._guarded(self.account), allow_head=False),
            web.route("*", "/2010-04-01/{rest:.*}", self._guarded(self.nothing_here)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Sends a message, unless something objects."""
        asked, form = self._state.clock.now(), await _form(request)
        to, sender = form.get("To", ""), form.get("From") or form.get("MessagingServiceSid")
        fault = await self._before(to, sender, "create")
        if fault is not None:
            self._refused(form, answers.code_of(fault), answers.status_of(fault), fault.kind)
            return answers.not_done(request, fault)
        late = self._state.faults.first(DURING, to=to, sender=sender)
        if late is not None:
            await asyncio.sleep(late.seconds)
        try:
            message = creation.message_of(self._state, form, self._state.clock.now())
        except Refusal as refusal:
            self._refused(form, refusal.code, refusal.status, "refused")
            raise
        message.asked = asked
        message.faults += (late.kind,) if late is not None else ()
        return await self._accept(request, message)

    async def list(self, request: web.Request) -> web.Response:
        """Messages by To, From and DateSent, newest first, page by page."""
        fault = await self._before(request.query.get("To", ""), None, "read")
        if fault is not None:
            return answers.not_done(request, fault)
        return answers.plain(pages.page(self._state.journal, request.query, self._state.account.sid))

    async def fetch(self, request: web.Request) -> web.Response:
        """One message."""
        message = self._find(request)
        fault = await self._before(message.to, message.sender, "read")
        return answers.plain(self._shown(message)) if fault is None else answers.not_done(request, fault)

    async def update(self, request: web.Request) -> web.Response:
        """Redacts the body of a message that ended, or cancels one that is scheduled."""
        message, form = self._find(request), await _form(request)
        if form.get("Status") == "canceled":
            _cancel(message, self._state.clock.now())
        if "Body" in form:
            _redact(message, form["Body"], self._state.clock.now())
        return answers.plain(self._shown(message))

    async def delete(self, request: web.Request) -> web.Response:
        """Removes a message that ended; the journal keeps it."""
        message = self._find(request)
        _must_have_ended(message)
        message.deleted = True
        return web.Response(status=204)

    async def account(self, request: web.Request) -> web.Response:
        """The account itself. A standard API key may not see it."""
        if request["login"] is Login.API_KEY:
            raise Refusal(20003)
        sid, day = self._state.account.sid, rfc2822(0)
        body = {"sid": sid, "friendly_name": "Stand-in", "status": "active", "type": "Full", "owner_account_sid": sid}
        body |= {"date_created": day, "date_updated": day, "uri": f"{API}/{sid}.json", "auth_token": "redacted"}
        return answers.plain({**body, "subresource_uris": {"messages": f"{API}/{sid}/Messages.json"}})

    async def nothing_here(self, request: web.Request) -> web.Response:
        """Whatever else a client may ask for."""
        raise Refusal(20404, request.path)

    def _guarded(self, handler: Handler) -> Handler:
        """Login, path, number of requests under way, and errors in Twilio's shape."""

        async def guarded(request: web.Request) -> web.Response:
            began = time.monotonic()
            under_way = self._state.journal.enter()
            try:
                response = await self._checked(handler, request, under_way)
            except Refusal as refusal:
                wait_s = self._state.settings.retry_after_s if refusal.status == 429 else None
                response = answers.error(refusal, retry_after_s=wait_s)
            finally:
                self._state.journal.leave()
            response.headers.update(answers.headers(under_way, time.monotonic() - began))
            return response

        return guarded

    async def _checked(self, handler: Handler, request: web.Request, under_way: int) -> web.Response:
        request["login"] = self._state.account.login(request.headers.get("Authorization"))
        if request.match_info.get("account", self._state.account.sid) != self._state.account.sid:
            raise Refusal(20404, request.path)
        if under_way > self._state.settings.max_in_flight:
            if request.method == "POST":
                self._refused(await _form(request), 20429, 429, "too many at once")
            raise Refusal(20429)
        return await handler(request)

    async def _before(self, to: str, sender: str | None, on: str) -> Fault | None:
        """The usual time an answer takes, and what goes wrong before anything is done."""
        bounds = self._state.settings.latency_ms
        if bounds[1] > 0:
            await asyncio.sleep(between(bounds, self._state.seed, to, len(self._state.journal.messages)) / 1000)
        return self._state.faults.first(BEFORE, to=to, sender=sender, on=on)

    async def _accept(self, request: web.Request, message: Message) -> web.Response:
        fault = self._state.faults.first(AFTER, to=message.to, sender=message.sender or message.service)
        self._state.journal.keep(message)
        body = self._shown(message)
        self._carrier.accept(message, message.created)
        if FaultKind.RECEIPTS_EARLY in message.script and message.callback:
            await self._carrier.report_early(message, message.created)
        if fault is None:
            return answers.plain(body, status=201)
        message.faults += (fault.kind,)
        return await answers.done_but(request, fault, body)

    def _refused(self, form: Form, code: int | None, status: int, reason: str) -> None:
        at = self._state.clock.now()
        self._state.journal.refuse(at=at, code=code, status=status, form=form, reason=reason)

    def _find(self, request: web.Request) -> Message:
        message = self._state.journal.by_sid.get(request.match_info["sid"])
        if message is None or message.deleted:
            raise Refusal(20404, request.path)
        return message

    def _shown(self, message: Message) -> dict[str, Any]:
        return shown(message, self._state.account.sid)


def _cancel(message: Message, now: float) -> None:
    if message.status != "scheduled":
        raise Refusal(30409)
    message.move("canceled", now)


def _redact(message: Message, body: str, now: float) -> None:
    if body:
        raise Refusal(20001, "Body can only be made empty.")
    _must_have_ended(message)
    message.body, message.updated = "", now


def _must_have_ended(message: Message) -> None:
    if not message.is_final and message.status != "sent":
        raise Refusal(20009)


async def _form(request: web.Request) -> Form:
    return dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
