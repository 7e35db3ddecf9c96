"""Pages that keep themselves up to date: pieces drawn here, sent whenever they change, put in place by our script."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from worker.domain.errors import CourtoisieError, NotSignedIn
from worker.domain.roles import Right
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

Pieces = Mapping[str, str]
Draw = Callable[[Visit], Pieces]

EVERY_S = 2.0
AT_ONCE = 50
# A comment now and then keeps proxies from closing a quiet line.
QUIET_MOST = 8
LONGEST = timedelta(hours=1)
SHARED_MOST = 50
FRESH = timedelta(seconds=EVERY_S / 2)


@dataclass(frozen=True, slots=True)
class Lines:
    """Of one application. places: how many may watch at once. shared: pieces just drawn, for all who see the same."""

    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    shared: dict[tuple[str, object], tuple[datetime, Pieces]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Page:
    """What is watched."""

    parts: Parts
    draw: Draw
    right: Right
    lines: Lines

    def pieces(self, request: Request, *, anew: bool = False) -> Pieces:
        """As of a moment ago: many who watch cost as much as one. anew: as of now, for a page just opened.

        Raises NotSignedIn, NotAllowed, NotFound.
        """
        visit = visits.watching(self.parts, request, self.right)
        key, shared = (request.url.path, visit.me.scope), self.lines.shared
        drawn_at, pieces = shared.get(key, (visit.now, {}))
        if anew or not pieces or abs(visit.now - drawn_at) >= FRESH:
            pieces = self.draw(visit)
            shared[key] = (visit.now, pieces)
            while len(shared) > SHARED_MOST:
                shared.pop(next(iter(shared)), None)
        return pieces


class _Stream(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, lines: AsyncIterator[str], house: Lines) -> None:
        super().__init__(lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._house.places.release()


def route(parts: Parts, path: str, draw: Draw, *, right: Right, lines: Lines) -> Route:
    """A stream of the pieces that `draw` makes, by the id of the element they belong into.

    What is drawn is shared by all who may see the same agencies: it must hold nothing of one person, no form either.
    The stream ends with `end` when the session does, and after an hour; whoever watches connects again.
    """
    watched = _Page(parts, draw, right, lines)

    async def endpoint(request: Request) -> Response:
        try:
            first = await run_in_threadpool(partial(watched.pieces, anew=True), request)
        except CourtoisieError as error:
            status = next((code for kind, code in visits.STATUS.items() if isinstance(error, kind)), 403)
            return Response(str(error), status, media_type="text/plain")
        if not lines.places.acquire(blocking=False):
            return Response(status_code=429, headers={"Retry-After": "10"})
        return _Stream(_changes(watched, request, first), lines)

    return Route(path, endpoint, methods=["GET"])


async def _changes(watched: _Page, request: Request, first: Pieces) -> AsyncIterator[str]:
    yield _line("pieces", first)
    shown, quiet, loop = dict(first), 0, asyncio.get_running_loop()
    until = loop.time() + LONGEST.total_seconds()
    while loop.time() < until:
        await asyncio.sleep(EVERY_S)
        try:
            newer = await run_in_threadpool(watched.pieces, request)
        except NotSignedIn:
            yield _line("end", {})
            return
        except CourtoisieError:  # the database is away: whoever watches connects again
            return
        changed = {name: html for name, html in newer.items() if shown.get(name) != html}
        quiet = 0 if changed else quiet + 1
        if changed:
            yield _line("pieces", changed)
        elif quiet % QUIET_MOST == 0:
            yield ": still here\n\n"
        shown.update(newer)


def _line(event: str, data: Pieces) -> str:
    return f"event: {event}\ndata: {json.dumps(dict(data), ensure_ascii=False)}\n\n"
