"""What the provider calls: delivery receipts and texts from phones. Every route needs a signature."""

import asyncio
from datetime import datetime, timedelta

import structlog
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.errors import Unavailable
from worker.services import inbound
from worker.twilio import webhooks
from worker.web import signed
from worker.web.bridge_hooks import BridgeHooks
from worker.web.line_hooks import LineHooks
from worker.web.parts import Parts
from worker.web.receipts import GroupCommit
from worker.web.troubles import Trouble, Waking
from worker.web.voice_hooks import VoiceHooks

log = structlog.get_logger()

# An empty answer without a type shows as an error in the provider's console; an empty TwiML document does not.
SILENCE = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
SAY_REFUSED_EVERY = timedelta(minutes=1)


class Hooks:
    """The provider waits 15 seconds at most, so each handler stores and answers; the work is done by the workers."""

    def __init__(self, parts: Parts, commit: GroupCommit) -> None:
        self._parts = parts
        self._commit = commit
        self._refusal_said_at: datetime | None = None
        self._storing = Trouble("inbound_not_stored", "inbound_stored_again")
        self._wake = Waking(parts.wake)

    def routes(self) -> list[Route]:
        """All of them POST only; the web's guard test asks each for a signature."""
        return [
            Route("/hooks/twilio/sms/status", self.status, methods=["POST"]),
            Route("/hooks/twilio/sms/inbound", self.inbound, methods=["POST"]),
            *VoiceHooks(self._parts, self._signed, self._wake).routes(),
            *LineHooks(self._parts, self._signed, self._wake).routes(),
            *BridgeHooks(self._parts, self._signed).routes(),
        ]

    async def status(self, request: Request) -> Response:
        """A delivery receipt: 204 once it is committed, 503 when it could not be (the provider comes back)."""
        form = await self._signed(request)
        receipt = webhooks.receipt(form, message_id=request.query_params.get("m"), now=self._parts.clock())
        if receipt is None:
            log.warning("receipt_unreadable", fields=sorted(form))
            return Response(status_code=204)
        try:
            await self._commit.put(receipt)
        except Unavailable:
            return Response(status_code=503)
        return Response(status_code=204)

    async def inbound(self, request: Request) -> Response:
        """A text from a phone: 200 once it is stored. The wake-up may fail; the sweep finds unread rows."""
        form = await self._signed(request)
        now = self._parts.clock()
        message = webhooks.inbound(form, now=now)
        if message is None:
            log.warning("inbound_unreadable", provider_sid=form.get("MessageSid", "")[:34])
            return _silence()
        try:
            stored = await asyncio.to_thread(inbound.store, self._parts.db, message, now=now)
        except Unavailable:
            self._storing.met(provider_sid=message.provider_sid)
            return Response(status_code=503)
        self._storing.passed()
        return _silence(None if stored is None else BackgroundTask(self._wake, stored))

    async def _signed(self, request: Request) -> signed.Form:
        try:
            return await signed.read(request, public_url=self._parts.public_url, tokens=self._parts.tokens)
        except HTTPException as refusal:
            self._say_refused(request, refusal.status_code)
            raise

    def _say_refused(self, request: Request, status: int) -> None:
        """Once a minute at most: a wrong public URL or token refuses everything, and anybody may knock."""
        now = self._parts.clock()
        if self._refusal_said_at is None or now - self._refusal_said_at >= SAY_REFUSED_EVERY:
            self._refusal_said_at = now
            log.warning(
                "hook_refused",
                status=status,
                signed=bool(request.headers.get("x-twilio-signature")),
                expected_url=self._parts.public_url + request.url.path,
            )


def _silence(afterwards: BackgroundTask | None = None) -> Response:
    return Response(SILENCE, media_type="text/xml", background=afterwards)
