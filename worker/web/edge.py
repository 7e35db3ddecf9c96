"""The outer edge of every answer: headers that tell browsers to be careful, and no error's own words to anybody."""

import structlog
from starlette.datastructures import MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker import logs

log = structlog.get_logger()

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
SECURE_ONLY = {"Strict-Transport-Security": "max-age=31536000"}


def headers(*, secure: bool) -> dict[str, str]:
    """What every answer has. secure: the public URL is https."""
    return HEADERS | (SECURE_ONLY if secure else {})


class Edge:
    """Wraps the application. A handler's own header wins over the default here. secure: the public URL is https.

    A crash is logged by type and place: its message may quote a row, and a row holds names and numbers.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = headers(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def careful(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                given = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    given.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, careful)
        except Exception as error:  # noqa: BLE001  # the edge of the process
            _log_crash(scope, error)
            if not started:
                await JSONResponse({"detail": "Internal Server Error"}, 500)(scope, receive, careful)


def _log_crash(scope: Scope, error: Exception) -> None:
    log.error("request_crashed", path=scope["path"], error=type(error).__name__, at=logs.where(error))
