"""Twilio's REST API for calls, as a client meets it."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from aiohttp import web

from sandbox.twilio import answers, pages, urls
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import AFTER, DURING, FaultKind
from sandbox.twilio.guard import Form, Guard, form_of, pairs_of
from sandbox.twilio.pages import Shelf
from sandbox.twilio.records import API
from sandbox.twilio.state import State
from sandbox.twilio.voice import creation
from sandbox.twilio.voice.exchange import Exchange
from sandbox.twilio.voice.records import Call, shown

FILTERS = (
    *("To", "From", "Status", "ParentCallSid"),
    *("StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"),
)
EXACT = {"From": "sender", "ParentCallSid": "parent"}
MOMENTS = {"StartTime": "started", "EndTime": "ended"}


class CallsRest:
    """The routes under /2010-04-01/Accounts/{AC…}/Calls."""

    def __init__(self, state: State, exchange: Exchange) -> None:
        self._state = state
        self._exchange = exchange
        self._guard = Guard(state, "calls")

    def routes(self) -> list[web.RouteDef]:
        every, guarded = f"{API}/{{account}}/Calls.json", self._guard.guarded
        one = f"{API}/{{account}}/Calls/{{sid}}.json"
        return [
            web.post(every, guarded(self.create)),
            web.get(every, guarded(self.list), allow_head=False),
            web.get(one, guarded(self.fetch), allow_head=False),
            web.post(one, guarded(self.update)),
            web.delete(one, guarded(self.delete)),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """Places a call, unless something objects."""
        asked, pairs = self._state.clock.now(), await pairs_of(request)
        form = dict(pairs)
        to, sender = form.get("To", ""), form.get("From")
        fault = await self._guard.before(to, sender, "create")
        if fault is not None:
            self._guard.refused(form, answers.code_of(fault), answers.status_of(fault), fault.kind)
            return answers.not_done(request, fault)
        late = self._state.faults.first(DURING, to=to, sender=sender, resource="calls")
        if late is not None:
            await asyncio.sleep(late.seconds)
        try:
            call = creation.call_of(self._state, pairs, self._state.clock.now())
        except Refusal as refusal:
            self._guard.refused(form, refusal.code, refusal.status, "refused")
            raise
        call.asked = asked
        call.faults += (late.kind,) if late is not None else ()
        return await self._accept(request, call)

    async def list(self, request: web.Request) -> web.Response:
        """Calls by numbers, status and times, newest first, page by page."""
        fault = await self._guard.before(request.query.get("To", ""), None, "read")
        if fault is not None:
            return answers.not_done(request, fault)
        shelf = Shelf("Calls", FILTERS, self._state.calls.by_sid, self._matching, shown)
        return answers.plain(pages.page_of(shelf, request.query, self._state.account.sid))

    async def fetch(self, request: web.Request) -> web.Response:
        """One call."""
        call = self._find(request)
        fault = await self._guard.before(call.to, call.sender, "read")
        return answers.plain(self._shown(call)) if fault is None else answers.not_done(request, fault)

    async def update(self, request: web.Request) -> web.Response:
        """Ends a call, or gives one in the air something else to say."""
        call, form = self._find(request), await form_of(request)
        now = self._state.clock.now()
        if form.get("Status"):
            self._end(call, form["Status"], now)
        elif form.get("Url") or form.get("Twiml"):
            self._instead(call, form, now)
        return answers.plain(self._shown(call))

    async def delete(self, request: web.Request) -> web.Response:
        """Removes the record of a call that ended; the journal keeps it."""
        call = self._find(request)
        if not call.is_final:
            raise Refusal(20009)
        call.deleted = True
        return web.Response(status=204)

    async def _accept(self, request: web.Request, call: Call) -> web.Response:
        fault = self._state.faults.first(AFTER, to=call.to, sender=call.sender, resource="calls")
        self._state.calls.keep(call)
        body = self._shown(call)
        self._exchange.accept(call, call.created)
        if FaultKind.RECEIPTS_EARLY in call.script and call.orders.callback:
            await self._exchange.teller.early(call, call.created)
        if fault is None:
            return answers.plain(body, status=201)
        call.faults += (fault.kind,)
        return await answers.done_but(request, fault, body)

    def _end(self, call: Call, status: str, now: float) -> None:
        if status not in {"completed", "canceled"}:
            raise Refusal(20001, f"Status is neither completed nor canceled: {status}")
        if call.is_final or (status == "canceled" and call.answered is not None):
            raise Refusal(21220)
        self._exchange.hang_up(call, now)

    def _instead(self, call: Call, form: Form, now: float) -> None:
        if call.status != "in-progress":
            raise Refusal(21220)
        url = form.get("Url") or None
        if url and not urls.is_valid(url, strict=self._state.settings.strict_urls):
            raise Refusal(21205, url)
        method = form.get("Method", "POST").upper()
        self._exchange.talk.instead(call, url=url, method=method, twiml=form.get("Twiml"), at=now)

    def _matching(self, query: Mapping[str, str], before_seq: int | None) -> Iterator[Call]:
        calls = self._state.calls.newest_first(query.get("To") or None, before_seq)
        spans = [(MOMENTS[f.rstrip("<>")], pages.span(f, query[f])) for f in FILTERS[4:] if query.get(f)]
        return (call for call in calls if _fits(call, query) and _within(call, spans))

    def _find(self, request: web.Request) -> Call:
        call = self._state.calls.by_sid.get(request.match_info["sid"])
        if call is None or call.deleted:
            raise Refusal(20404, request.path)
        return call

    def _shown(self, call: Call) -> dict[str, Any]:
        return shown(call, self._state.account.sid)


def _fits(call: Call, query: Mapping[str, str]) -> bool:
    status = "queued" if call.status == "initiated" else call.status
    return query.get("Status") in {None, "", status} and all(
        getattr(call, field) == query[name] for name, field in EXACT.items() if query.get(name)
    )


def _within(call: Call, spans: list[tuple[str, tuple[float, float]]]) -> bool:
    moments = [(getattr(call, field), span) for field, span in spans]
    return all(at is not None and low <= at < high for at, (low, high) in moments)
