"""What every request of the REST API goes through: login, path, the number under way, and errors in Twilio's shape."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.chance import between
from sandbox.twilio import answers
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import BEFORE, Fault
from sandbox.twilio.state import State

Handler = Callable[[web.Request], Awaitable[web.Response]]
Form = dict[str, str]


class Guard:
    """Stands before the handlers of one resource: Messages or Calls."""

    def __init__(self, state: State, resource: str) -> None:
        self._state = state
        self._resource = resource

    def guarded(self, handler: Handler) -> Handler:
        """The handler, for those who may ask."""

        async def guarded(request: web.Request) -> web.Response:
            request["came_in"] = began = time.monotonic()
            peer = request.remote or ""
            under_way = self._state.journal.enter(peer)
            try:
                response = await self._checked(handler, request, under_way)
            except Refusal as refusal:
                wait_s = self._state.settings.retry_after_s if refusal.status == 429 else None
                response = answers.error(refusal, retry_after_s=wait_s)
            finally:
                self._state.journal.leave(peer)
            response.headers.update(answers.headers(under_way, time.monotonic() - began, self._state.clock.now()))
            return response

        return guarded

    async def before(self, to: str, sender: str | None, on: str) -> Fault | None:
        """The usual time an answer takes, and what goes wrong before anything is done."""
        bounds = self._state.settings.latency_ms
        if bounds[1] > 0:
            await asyncio.sleep(between(bounds, self._state.seed, to, len(self._state.journal.messages)) / 1000)
        return self._state.faults.first(BEFORE, to=to, sender=sender, on=on, resource=self._resource)

    def refused(self, form: Form, code: int | None, status: int, reason: str) -> None:
        """Enters a create request that was not accepted."""
        at = self._state.clock.now()
        self._state.journal.refuse(at=at, code=code, status=status, form=form, reason=reason, resource=self._resource)

    async def _checked(self, handler: Handler, request: web.Request, under_way: int) -> web.Response:
        request["login"] = self._state.account.login(request.headers.get("Authorization"))
        if request.match_info.get("account", self._state.account.sid) != self._state.account.sid:
            raise Refusal(20404, request.path)
        if under_way > self._state.settings.max_in_flight:
            if request.method == "POST":
                self.refused(await form_of(request), 20429, 429, "too many at once")
            raise Refusal(20429)
        return await handler(request)


async def form_of(request: web.Request) -> Form:
    """The fields of a form post; of one given twice, the last."""
    return dict(await pairs_of(request))


async def pairs_of(request: web.Request) -> list[tuple[str, str]]:
    """The fields of a form post, as often as they were given."""
    return parse_qsl((await request.read()).decode(), keep_blank_values=True)
