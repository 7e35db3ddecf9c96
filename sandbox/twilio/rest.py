"""Twilio's REST API for messages, as a client meets it."""

import asyncio
from typing import Any

from aiohttp import web

from sandbox.twilio import answers, creation, pages
from sandbox.twilio.account import Login
from sandbox.twilio.carrier import Carrier
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import AFTER, DURING, FaultKind
from sandbox.twilio.guard import Guard, form_of
from sandbox.twilio.records import API, Message, rfc2822, shown
from sandbox.twilio.state import State


class Rest:
    """The routes under /2010-04-01/Accounts/{AC…}."""

    def __init__(self, state: State, carrier: Carrier) -> None:
        self._state = state
        self._carrier = carrier
        self._guard = Guard(state, "messages")

    def routes(self) -> list[web.RouteDef]:
        account, guarded = f"{API}/{{account}}", self._guard.guarded
        one = f"{account}/Messages/{{sid}}.json"
        return [
            web.post(f"{account}/Messages.json", guarded(self.create)),
            web.get(f"{account}/Messages.json", guarded(self.list), allow_head=False),
            web.get(one, guarded(self.fetch), allow_head=False),
            web.post(one, guarded(self.update)),
            web.delete(one, guarded(self.delete)),
            web.get(f"{account}.json", guarded(self.account), allow_head=False),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Sends a message, unless something objects."""
        asked, form = self._state.clock.now(), await form_of(request)
        to, sender = form.get("To", ""), form.get("From") or form.get("MessagingServiceSid")
        fault = await self._guard.before(to, sender, "create")
        if fault is not None:
            self._guard.refused(form, answers.code_of(fault), answers.status_of(fault), fault.kind)
            return answers.not_done(request, fault)
        late = self._state.faults.first(DURING, to=to, sender=sender)
        if late is not None:
            await asyncio.sleep(late.seconds)
        try:
            message = creation.message_of(self._state, form, self._state.clock.now())
        except Refusal as refusal:
            self._guard.refused(form, refusal.code, refusal.status, "refused")
            raise
        message.asked, message.came_in = asked, request["came_in"]
        message.faults += (late.kind,) if late is not None else ()
        return await self._accept(request, message)

    async def list(self, request: web.Request) -> web.Response:
        """Messages by To, From and DateSent, newest first, page by page."""
        fault = await self._guard.before(request.query.get("To", ""), None, "read")
        if fault is not None:
            return answers.not_done(request, fault)
        return answers.plain(pages.page(self._state.journal, request.query, self._state.account.sid))

    async def fetch(self, request: web.Request) -> web.Response:
        """One message."""
        message = self._find(request)
        fault = await self._guard.before(message.to, message.sender, "read")
        return answers.plain(self._shown(message)) if fault is None else answers.not_done(request, fault)

    async def update(self, request: web.Request) -> web.Response:
        """Redacts the body of a message that ended, or cancels one that is scheduled."""
        message, form = self._find(request), await form_of(request)
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

    def last(self) -> web.RouteDef:
        """The route for whatever no other one takes."""
        return web.route("*", "/2010-04-01/{rest:.*}", self._guard.guarded(self.nothing_here))

    async def nothing_here(self, request: web.Request) -> web.Response:
        """Whatever else a client may ask for."""
        raise Refusal(20404, request.path)

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
