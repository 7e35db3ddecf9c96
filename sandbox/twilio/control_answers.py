"""How the control API reads and answers: JSON in and out, and why something was refused."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.twilio.errors import Refusal

Handler = Callable[[web.Request], Awaitable[Any]]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


def as_json(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler with its answer as JSON; 400 with the reason for what it refuses."""

    async def answered(request: web.Request) -> web.Response:
        try:
            body, status = await handler(request), 200
        except ValidationError as error:
            body, status = {"error": str(error)}, 400
        except (Refusal, ValueError) as error:
            body, status = {"error": str(error)}, 400
        return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")

    return answered


async def body_of(request: web.Request) -> Any:
    """What was sent, {} for nothing."""
    return json.loads(await request.read() or b"{}")
