"""Live progress of an event as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from worker.domain.campaigns import EventState
from worker.domain.errors import CourtoisieError
from worker.domain.roles import Person, Right
from worker.i18n import _
from worker.web.api import house, problems
from worker.web.api.accounts import Account
from worker.web.api.events import THERE, Id, account_of, look
from worker.web.api.house import AtHand, House, Seen, SeesEvents
from worker.web.api.problems import Trouble

router = APIRouter(tags=["events"])

EVERY_S = 1.0
# A comment now and then keeps proxies from closing a quiet line.
QUIET_MOST = 15
LONGEST = timedelta(hours=1)
OVER = frozenset({EventState.SETTLED, EventState.CANCELLED})
SSE = "text/event-stream"


class Stream(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, lines: AsyncIterator[str], at: House) -> None:
        super().__init__(lines, media_type=SSE, headers={"X-Accel-Buffering": "no"})
        self._at = at

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._at.streams.release()


@router.get(
    "/events/{event}/stream",
    response_class=StreamingResponse,
    responses={
        200: {"content": {SSE: {"schema": {"type": "string"}}}, "description": "`progress` events, then `end`"},
        **problems.responses("too_many"),
        **THERE,
    },
)
async def stream(event: Id, person: SeesEvents, at: AtHand, request: Request) -> StreamingResponse:
    """The event's account, sent whenever it changes, until it is over.

    Each `progress` carries the whole account, so nothing is lost by connecting again. The stream ends with `end` when
    the event is over, when the token is worth nothing any more, and after an hour.
    """
    first = await _latest(at, event)
    if not at.streams.acquire(blocking=False):
        raise Trouble("too_many", _("Trop de suivis ouverts à la fois."), {"Retry-After": "10"})
    return Stream(_lines(at, request, account_of(first, person), person), at)


async def _lines(at: House, request: Request, shown: Account, person: Person) -> AsyncIterator[str]:
    yield _line("progress", shown.model_dump_json())
    quiet, loop = 0, asyncio.get_running_loop()
    until = loop.time() + LONGEST.total_seconds()
    while shown.state not in OVER and loop.time() < until:
        await asyncio.sleep(EVERY_S)
        try:
            if not await run_in_threadpool(_is_still_welcome, at, request):
                break
            newer = account_of(await _latest(at, int(shown.event)), person)
        except CourtoisieError:  # the database is away: whoever watches connects again
            break
        changed = _timeless(newer) != _timeless(shown)
        quiet = 0 if changed else quiet + 1
        if changed:
            yield _line("progress", newer.model_dump_json())
        elif quiet % QUIET_MOST == 0:
            yield ": still here\n\n"
        shown = newer
    yield _line("end", json.dumps({"state": shown.state}))


async def _latest(at: House, event: int) -> Seen:
    """The account as of the last second: many who watch one event cost as much as one."""
    now = asyncio.get_running_loop().time()
    taken_at, seen = at.latest.get(event, (now - EVERY_S, None))
    if seen is None or taken_at + EVERY_S / 2 < now:
        seen = await run_in_threadpool(look, at, event)
        at.latest[event] = (now, seen)
        while len(at.latest) > at.LATEST_MOST:
            del at.latest[next(iter(at.latest))]
    return seen


def _timeless(shown: Account) -> Account:
    """Without the estimate, which moves on with the clock while nothing happens."""
    return shown.model_copy(update={"progress": shown.progress.model_copy(update={"ends_at": None})})


def _is_still_welcome(at: House, request: Request) -> bool:
    """Revoked, disabled, expired or demoted meanwhile: the stream ends."""
    try:
        return house.ask(at, request).may(Right.SEE_EVENTS)
    except CourtoisieError:
        return False


def _line(event: str, data: str) -> str:
    return f"event: {event}\ndata: {data}\n\n"
