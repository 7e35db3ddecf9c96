"""How much a request may send. More is refused before it is read."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.services.partner_files import MOST_BYTES
from worker.web.api import problems

JSON_MOST = 64 * 1024
LISTING_MOST = 32 * 1024 * 1024


class Sizes:
    """Wraps the interface. A listing may be large, a directory of partners less so; nothing else is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _most(scope["path"])
        if _announced(scope) > most:
            await problems.of(HTTPException(413))(scope, receive, send)
            return
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > most:
                raise HTTPException(413)  # of all errors FastAPI lets this one through from a body that is being read
            return message

        await self._app(scope, counted, send)


def _most(path: str) -> int:
    if "/partners/import" in path:
        return MOST_BYTES
    return LISTING_MOST if "/imports" in path else JSON_MOST


def _announced(scope: Scope) -> int:
    value = dict(scope["headers"]).get(b"content-length", b"0")
    return int(value) if value.isdigit() else 0
