"""Requests that may be sent again: with an Idempotency-Key, the second gets the answer of the first.

The first request reserves its key, works, and keeps its answer for a day. What a dead process left reserved is free
again after a minute; the use cases are themselves safe to run twice.
"""

import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from worker.domain.errors import CourtoisieError
from worker.i18n import _
from worker.store import idempotency
from worker.store.idempotency import Kept, Key
from worker.web.api import house, problems
from worker.web.api.house import House
from worker.web.api.problems import Trouble

HEADER = "Idempotency-Key"
REPEATED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
LEASE = timedelta(minutes=1)
KEY_MOST = 200
# These say nothing about the work itself, so they are not kept: the same request may well pass in a moment.
NOT_KEPT = frozenset({401, 403, 413, 429, 500, 503})

Answering = Callable[[Request], Awaitable[Response]]


PARAMETER: dict[str, Any] = {
    "parameters": [
        {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "any text of your own, new for each new intent: the same request sent again within 24 h "
            "gets the same answer, and nothing is done twice",
            "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MOST, "pattern": "^[!-~]+$"},
            "example": "6a1f0a52-lancement-du-8-juillet",
        }
    ]
}


class Repeatable(APIRoute):
    """A route that heeds the header Idempotency-Key if it announces it with PARAMETER."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answering = super().get_route_handler()
        if self.openapi_extra is not PARAMETER:
            return answering

        async def once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if key is None:
                return await answering(request)
            return await _once(request, key, answering)

        return once


async def _once(request: Request, key: str, answering: Answering) -> Response:
    at = house.house(request)
    reserved = await _key(request, key)
    kept = await run_in_threadpool(_reserve, at, reserved)
    if kept is not None:
        return _again(kept, reserved)
    try:
        response = await _answer(request, answering)
    except BaseException:
        await run_in_threadpool(_release, at, reserved)
        raise
    await run_in_threadpool(_keep, at, reserved, response)
    return response


async def _key(request: Request, key: str) -> Key:
    if not 1 <= len(key) <= KEY_MOST or not all("!" <= sign <= "~" for sign in key):
        raise Trouble("invalid", _("Idempotency-Key : de 1 à 200 signes visibles, sans espace ni accent."))
    person = await run_in_threadpool(house.person, request)
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    kind = request.headers.get("Content-Type", "").encode()
    digest = hashlib.sha256(asked + kind + b"\n" + await request.body()).hexdigest()
    return Key(person.account_id, key, digest)


async def _answer(request: Request, answering: Answering) -> Response:
    """What the route answers, refusals included; a crash goes on to the edge."""
    try:
        return await answering(request)
    except (CourtoisieError, Trouble, RequestValidationError, HTTPException) as error:
        return problems.of(error)


def _reserve(at: House, key: Key) -> Kept | None:
    """None: the key is ours to work under."""
    now = at.now()
    with at.db.begin() as connection:
        idempotency.forget(connection, now=now)
        if idempotency.reserve(connection, key, lease_until=now + LEASE, kept_until=now + KEPT_FOR, now=now):
            return None
        return idempotency.kept(connection, key)


def _again(kept: Kept, key: Key) -> Response:
    if kept.fingerprint != key.fingerprint:
        raise Trouble("key_reused", _("Cette clé a déjà servi à une autre demande ; prenez-en une nouvelle."))
    if kept.status is None:
        raise Trouble("under_way", _("La première demande n'a pas encore abouti."), {"Retry-After": "2"})
    return Response(kept.body or b"", kept.status, {REPEATED: "true"}, kept.media_type or None)


def _keep(at: House, key: Key, response: Response) -> None:
    if response.status_code in NOT_KEPT:
        _release(at, key)
        return
    media_type = response.headers.get("Content-Type", "")
    with at.db.begin() as connection:
        idempotency.keep(connection, key, status=response.status_code, media_type=media_type, body=bytes(response.body))


def _release(at: House, key: Key) -> None:
    with at.db.begin() as connection:
        idempotency.release(connection, key)
