"""One kept connection to the provider: HTTP/1.1, a request at a time, read by httptools (llhttp)."""

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

# Of all that an answer begins with, only this is read.
READ_HEADER: Final = b"retry-after"
# A text's own answer has less than a thousand bytes; who answers with so many is not the provider.
ANSWER_MOST: Final = 1_000_000
_NONE: Final[Mapping[str, str]] = {}


class FateUnknown(Exception):
    """The request left, or may have, and no answer can be read."""


class Answer(NamedTuple):
    """What the provider answered, whatever its status. headers: those that mean something to us."""

    status: int
    body: str
    headers: Mapping[str, str]


class Connection(asyncio.Protocol):
    """Made by an event loop's create_connection. It may be asked again after an answer, while `kept` says so.

    opened: where it is written down from when it is made until it is lost.
    """

    def __init__(self, opened: set["Connection"]) -> None:
        self._loop = asyncio.get_running_loop()
        self._opened = opened
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = HttpResponseParser(self)
        self._body = b""
        self._headers = _NONE
        self._bounded = self._until_closed = False
        self.kept = False
        self.free_since = 0.0

    async def ask(self, request: bytes, *, until: float) -> Answer:
        """Writes one request and waits for its answer until a moment of the loop's clock. Raises FateUnknown.

        Whatever ends the wait but an answer, cancelling included, ends the connection.
        """
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._waiting = waiting
        end = self._loop.call_at(until, self._fail, "TimeoutError")
        self._transport.write(request)
        try:
            return await waiting
        except BaseException:
            self._waiting = None
            self.close()
            raise
        finally:
            end.cancel()

    def close(self) -> None:
        """Ends it at once; what the network has not taken is forgotten."""
        self.kept = False
        self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It may be asked."""
        self._transport = cast("asyncio.Transport", transport)
        self._opened.add(self)
        self.kept = True

    def data_received(self, data: bytes) -> None:
        """A part of an answer; or nothing that we asked for, which ends the connection."""
        if self._waiting is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.kept = False
            self._fail(type(error).__name__)

    def eof_received(self) -> None:
        """The other side says nothing more: it is not asked again, and closes by itself."""
        self.kept = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side, or the network, ended it. An answer without a length ends that way."""
        self.kept = False
        self._opened.discard(self)
        if exc is None and self._until_closed:
            self._complete()
        self._fail("ConnectionLost" if exc is None else type(exc).__name__)

    # httptools

    def on_message_begin(self) -> None:
        """An answer begins. To a request that has one there is no second: it would be taken for the next one's."""
        self.kept = self.kept and self._waiting is not None
        self._body = b""
        self._headers = _NONE
        self._bounded = self._until_closed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of those an answer begins with."""
        low = name.lower()
        if low == READ_HEADER:
            self._headers = {"Retry-After": value.decode("latin-1")}
        elif low in {b"content-length", b"transfer-encoding"}:
            self._bounded = True

    def on_headers_complete(self) -> None:
        """Its body follows."""
        self._until_closed = not self._bounded

    def on_body(self, body: bytes) -> None:
        """A part of it."""
        self._body += body
        if len(self._body) > ANSWER_MOST:
            self._fail("AnswerTooLong")

    def on_message_complete(self) -> None:
        """It is whole; or it was one of those that only announce the answer (100, 103)."""
        if self._parser.get_status_code() >= 200:
            self.kept = self.kept and self._parser.should_keep_alive()
            self._complete()

    def _complete(self) -> None:
        waiting, self._waiting, self._until_closed = self._waiting, None, False
        if waiting is not None and not waiting.done():
            status, body = self._parser.get_status_code(), self._body.decode("utf-8", "replace")
            waiting.set_result(Answer(status, body, self._headers))

    def _fail(self, why: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(FateUnknown(why))
