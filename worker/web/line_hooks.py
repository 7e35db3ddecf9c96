"""What the provider asks when somebody rings our line. Every route needs a signature, and is answered at once."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import structlog
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from worker.domain.errors import Unavailable
from worker.domain.line import Ringing, Transfer
from worker.services import answering, line
from worker.services.answering import Said
from worker.twilio import calls
from worker.twilio.calls import HOOKS
from worker.web.later import Later
from worker.web.parts import Parts
from worker.web.signed import Form
from worker.web.troubles import Trouble, Waking

log = structlog.get_logger()

Keep = Callable[[Ringing], int | None]


class LineHooks:
    """signed: reads a form after making sure that the provider posted it. wake: tells the workers of a stored reply."""

    def __init__(self, parts: Parts, signed: Callable[[Request], Awaitable[Form]], wake: Waking) -> None:
        self._parts = parts
        self._signed = signed
        self._wake = wake
        self._later = Later(wake)
        self._looking_up = Trouble("line_cannot_look_up", "line_looks_up_again")
        program = parts.program
        self._rig = line.Rig(parts.db, program.desk, program.settings, program.speech, parts.public_url)

    def routes(self) -> list[Route]:
        """All of them POST only; the web's guard test asks each for a signature."""
        named = {"inbound": self.ring, "inbound/keys": self.keys, "inbound/transferred": self.transferred}
        return [Route(f"{HOOKS}/{name}", hook, methods=["POST"]) for name, hook in named.items()]

    async def ring(self, request: Request) -> Response:
        """Somebody rings: the call is kept, and what concerns them is said."""
        _form, call = await self._read(request)
        return await self._answer(
            call, lambda at: Said(line.ring(self._rig, at, now=at.began_at)), keep=None, instead=self._unknown
        )

    async def keys(self, request: Request) -> Response:
        """A key, or none: one that answers is a reply, stored before anything is said."""
        form, call = await self._read(request)
        key, round_ = calls.keys(form), calls.round_of(request.query_params)
        return await self._answer(
            call,
            lambda at: line.press(self._rig, at, key, round_=round_, now=at.began_at),
            keep=(lambda at: line.keep_late(self._rig, at, key, round_=round_)) if key else None,
            round_=round_,
            instead=self._not_kept if key else self._unknown,
        )

    async def transferred(self, request: Request) -> Response:
        """The agency hung up, or nobody there picked up."""
        form, call = await self._read(request)
        transfer, talked_s = calls.transfer(form)
        return await self._answer(
            call,
            lambda at: line.transferred(self._rig, at, transfer, talked_s=talked_s, now=at.began_at),
            keep=lambda at: line.keep_transfer_late(self._rig, at, transfer, talked_s=talked_s),
            round_=line.AFTER_TRANSFER,
            instead=self._nothing if transfer is Transfer.TALKED else self._not_kept,
        )

    async def _read(self, request: Request) -> tuple[Form, Ringing | None]:
        form = await self._signed(request)
        call = calls.ringing(form, now=self._parts.clock())
        if call is None:
            log.warning("call_unreadable", fields=sorted(form))
        return form, call

    async def _answer(
        self,
        call: Ringing | None,
        make: Callable[[Ringing], Said],
        *,
        keep: Keep | None,
        round_: int | str = 0,
        instead: Callable[[], str],
    ) -> Response:
        """When we cannot look anything up they still hear where the landlord is reached, and whom in an emergency.

        keep: what cannot be kept now, to be done once it can be. instead: what is said meanwhile.
        """
        if call is None:
            return _document(answering.NOTHING)
        try:
            said = await asyncio.to_thread(make, call)
        except Unavailable:
            self._looking_up.met(provider_sid=call.provider_sid)
            if keep is not None:
                self._later.put(partial(keep, call), reply_sid=line.reply_sid(call, round_))
            return _document(instead())
        self._looking_up.passed()
        return _document(said.document, None if said.stored is None else BackgroundTask(self._wake, said.stored))

    def _unknown(self) -> str:
        return line.unknown(self._rig)

    def _not_kept(self) -> str:
        return answering.not_kept(self._rig.speech, self._rig.desk, language=self._rig.settings.language)

    @staticmethod
    def _nothing() -> str:
        return answering.NOTHING


def _document(document: str, afterwards: BackgroundTask | None = None) -> Response:
    return Response(document.encode(), media_type="text/xml", background=afterwards)
