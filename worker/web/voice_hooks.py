"""What the provider asks and tells while a call goes on. Every route needs a signature, and is answered at once."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain import voice
from worker.domain.errors import Unavailable
from worker.services import answering, following
from worker.services.answering import Said
from worker.twilio import calls
from worker.twilio.calls import HOOKS, Place
from worker.web.later import Later
from worker.web.parts import Parts
from worker.web.signed import Form
from worker.web.troubles import Trouble, Waking

log = structlog.get_logger()


class VoiceHooks:
    """signed: reads a form after making sure that the provider posted it. wake: tells the workers of a stored reply."""

    def __init__(self, parts: Parts, signed: Callable[[Request], Awaitable[Form]], wake: Waking) -> None:
        self._parts = parts
        self._signed = signed
        self._wake = wake
        self._later = Later(wake)
        self._leaving_words = Trouble("voicemail_not_woken", "voicemail_woken_again")
        self._rig = answering.Rig(parts.db, parts.program.desk, parts.program.speech, parts.public_url)

    def routes(self) -> list[Route]:
        """All of them POST only; the web's guard test asks each for a signature."""
        named = {"answer": self.answer, "gather": self.gather, "status": self.status, "amd": self.amd}
        named["fallback"] = self.fallback
        return [Route(f"{HOOKS}/{name}", hook, methods=["POST"]) for name, hook in named.items()]

    async def answer(self, request: Request) -> Response:
        """Somebody picked up: what is said to them."""
        form, at, now = await self._read(request)
        if at is None:
            return _document(answering.NOTHING)
        return await self._say(lambda: answering.pick_up(self._rig, at, calls.word(form), now=now))

    async def gather(self, request: Request) -> Response:
        """Keys were pressed, or the question was heard out without any. The reply is stored before anything is said.

        One that cannot be stored is kept later; meanwhile the provider asks again, and then its fallback.
        """
        form, at, now = await self._read(request)
        if at is None:
            return _document(answering.NOTHING)
        key, answered_by = calls.keys(form), calls.word(form).answered_by
        answer = calls.pressed(form, at, key, now=now)
        press = partial(answering.press, self._rig, at, key, answer, answered_by=answered_by, now=now)
        said = await self._say(press)
        if said.status_code == 503 and key in voice.INTENT_OF_KEY and answer is not None:
            late = partial(answering.keep_late, self._rig, at, key, answer, answered_by=answered_by, now=now)
            self._later.put(late, reply_sid=answer.provider_sid)
        return said

    async def fallback(self, request: Request) -> Response:
        """No other hook could say anything: needs neither the database nor the queue."""
        await self._signed(request)
        program = self._parts.program
        log.warning("call_without_words")
        return _document(answering.not_kept(program.speech, program.desk, language=program.settings.language))

    async def status(self, request: Request) -> Response:
        """How far a call has come: 204 once it is kept, 503 when it could not be (the provider comes back)."""
        return await self._keep(request)

    async def amd(self, request: Request) -> Response:
        """Who picked up, as the provider's detection has it. A machine gets words of its own, from a worker."""
        return await self._keep(request)

    async def _keep(self, request: Request) -> Response:
        form, at, now = await self._read(request)
        if at is None:
            return Response(status_code=204)
        word, desk = calls.word(form), self._parts.program.desk
        try:
            await asyncio.to_thread(following.hear, self._parts.db, at, word, desk=desk, now=now)
        except Unavailable:
            return Response(status_code=503)
        by_machine = word.answered_by is not None and word.answered_by.startswith("machine")
        return Response(status_code=204, background=BackgroundTask(self._wake_for_machine, at) if by_machine else None)

    async def _read(self, request: Request) -> tuple[Form, Place | None, datetime]:
        form = await self._signed(request)
        at = calls.place(form, request.query_params)
        if at is None:
            log.warning("call_unreadable", fields=sorted(form))
        return form, at, self._parts.clock()

    async def _say(self, make: Callable[[], Said]) -> Response:
        try:
            said = await asyncio.to_thread(make)
        except Unavailable:
            return Response(status_code=503)
        return _document(said.document, None if said.stored is None else BackgroundTask(self._wake, said.stored))

    def _wake_for_machine(self, at: Place) -> None:
        try:
            self._parts.program.leave_voicemail(at.message_id, at.attempt_id)
        except Unavailable:
            self._leaving_words.met(message_id=at.message_id)
        else:
            self._leaving_words.passed()


def _document(document: str, afterwards: BackgroundTask | None = None) -> Response:
    return Response(document.encode(), media_type="text/xml", background=afterwards)
