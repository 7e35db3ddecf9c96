"""HTTP answers of the REST API: the plain ones, and those spoilt on purpose."""

import asyncio
import json
from email.utils import formatdate
from typing import Any
from uuid import uuid4

from aiohttp import web

from sandbox.twilio.errors import REFUSALS, Refusal
from sandbox.twilio.faults import Fault, FaultKind

HTML = b"<!DOCTYPE html><html><body><h1>We are sorry, something went wrong.</h1></body></html>"
USUAL_CODE = {FaultKind.RATE_LIMIT: 20429, FaultKind.REFUSE: 21211, FaultKind.ERROR_BEFORE: 20500}
USUAL_STATUS = {FaultKind.RATE_LIMIT: 429, FaultKind.REDIRECT: 307}


def plain(body: dict[str, Any], *, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


def error(refusal: Refusal, *, retry_after_s: int | None = None) -> web.Response:
    """An error in Twilio's shape."""
    response = plain(refusal.body(), status=refusal.status)
    if refusal.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def code_of(fault: Fault) -> int | None:
    """The error code a request gets that was not carried out; None where there is no error body."""
    return fault.code or USUAL_CODE.get(fault.kind)


def status_of(fault: Fault) -> int:
    """Its HTTP status; 0 for no answer at all."""
    if fault.kind is FaultKind.DROP_BEFORE:
        return 0
    if fault.kind is FaultKind.REFUSE and code_of(fault) in REFUSALS:
        return REFUSALS[code_of(fault) or 0][0]
    return fault.status or USUAL_STATUS.get(fault.kind, 500)


def not_done(request: web.Request, fault: Fault) -> web.Response:
    """The answer of a request that was not carried out."""
    if fault.kind is FaultKind.DROP_BEFORE:
        return _drop(request)
    if fault.kind is FaultKind.REDIRECT:
        return web.Response(status=status_of(fault), headers={"Location": request.path_qs})
    return error(Refusal(code_of(fault) or 20500, status=status_of(fault)), retry_after_s=fault.retry_after_s)


async def done_but(request: web.Request, fault: Fault, body: dict[str, Any]) -> web.Response:
    """The answer of a request that *was* carried out, as the client gets it."""
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
        return plain(body, status=201)
    if fault.kind is FaultKind.DROP_AFTER:
        return _drop(request)
    if fault.kind is FaultKind.NOT_JSON:
        return web.Response(status=201, body=HTML, content_type="text/html")
    return error(Refusal(fault.code or 20500, status=fault.status or 500))


def headers(under_way: int, took_s: float, now: float) -> dict[str, str]:
    """What Twilio adds to every answer."""
    return {
        "Date": formatdate(now, usegmt=True),
        "Twilio-Request-Id": f"RQ{uuid4().hex}",
        "Twilio-Request-Duration": f"{took_s:.3f}",
        "Twilio-Concurrent-Requests": str(under_way),
        "X-Home-Region": "us1",
        "X-API-Domain": "api.twilio.com",
    }


def _drop(request: web.Request) -> web.Response:
    """Ends the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
