"""What the provider asks and tells while a bridged call goes on. Every route needs a signature."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.errors import Unavailable
from worker.services import answering, bridge_talk
from worker.services.bridge_talk import Dialled
from worker.twilio import calls
from worker.twilio.calls import HOOKS, BridgePlace
from worker.web.parts import Parts
from worker.web.signed import Form

log = structlog.get_logger()


class BridgeHooks:
    """signed: reads a form after making sure that the provider posted it."""

    def __init__(self, parts: Parts, signed: Callable[[Request], Awaitable[Form]]) -> None:
        self._parts = parts
        self._signed = signed
        program = parts.program
        self._rig = bridge_talk.Rig(parts.db, program.desk, program.settings, program.speech, parts.public_url)

    def routes(self) -> list[Route]:
        """All of them POST only; the web's guard test asks each for a signature."""
        named = {"answer": self.answer, "connect": self.connect, "ended": self.ended, "status": self.status}
        named["fallback"] = self.fallback
        return [Route(f"{HOOKS}/bridge/{name}", hook, methods=["POST"]) for name, hook in named.items()]

    async def answer(self, request: Request) -> Response:
        """The caller's own phone was picked up."""
        _form, at, now = await self._read(request)
        return await self._say(at, lambda at: bridge_talk.pick_up(self._rig, at, now=now))

    async def connect(self, request: Request) -> Response:
        """A key connects; silence hangs up."""
        form, at, now = await self._read(request)
        return await self._say(at, lambda at: bridge_talk.connect(self._rig, at, calls.keys(form), now=now))

    async def ended(self, request: Request) -> Response:
        """The household hung up, or could not be reached."""
        form, at, now = await self._read(request)
        dialled = Dialled(form.get("DialCallStatus", ""), form.get("CallStatus", ""), calls.talked_s(form))
        return await self._say(at, lambda at: bridge_talk.hang_up(self._rig, at, dialled, now=now))

    async def fallback(self, request: Request) -> Response:
        """No other hook could say anything: needs neither the database nor the queue."""
        await self._signed(request)
        log.warning("bridge_without_words")
        return Response(bridge_talk.away(self._rig), media_type="text/xml")

    async def status(self, request: Request) -> Response:
        """How far the caller's own side has come."""
        form, at, now = await self._read(request)
        if at is None:
            return Response(status_code=204)
        try:
            await asyncio.to_thread(bridge_talk.follow, self._rig, at, form.get("CallStatus", ""), now=now)
        except Unavailable:
            return Response(status_code=503)
        return Response(status_code=204)

    async def _read(self, request: Request) -> tuple[Form, BridgePlace | None, datetime]:
        form = await self._signed(request)
        at = calls.bridge_place(form, request.query_params)
        if at is None:
            log.warning("call_unreadable", fields=sorted(form))
        return form, at, self._parts.clock()

    async def _say(self, at: BridgePlace | None, make: Callable[[BridgePlace], str]) -> Response:
        if at is None:
            return Response(answering.NOTHING, media_type="text/xml")
        try:
            return Response(await asyncio.to_thread(make, at), media_type="text/xml")
        except Unavailable:
            return Response(status_code=503)
