"""HTTP posts over kept connections, as lean as they can be: two for every message that is sent.

A general client costs four times as much, and the machine is shared with the program under test. Only what webhooks
need: POST, and GET for who asks for it, over plain HTTP, no redirects followed, and a failure told by its kind.
"""

import asyncio
import socket
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from string import punctuation
from typing import cast
from urllib.parse import quote, urlsplit

import httptools

Address = tuple[str, int]


class Failed(Exception):
    """No answer. kind: ct (no connection) or rt (connected, but no answer in time or at all)."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(kind)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application said."""

    status: int
    content_type: str
    body: bytes


class Connection(asyncio.Protocol):
    """One connection: one post at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._used = False
        self._headed = False
        self._content_type = ""
        self._body: list[bytes] = []

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def post(self, request: bytes, timeout_s: float) -> Answer:
        """Sends a whole request and waits for the answer. Raises Failed."""
        if self._transport is None or self._transport.is_closing():
            raise Failed("ct")
        self._waiting = self._loop.create_future()
        self._transport.write(request)
        timer = self._loop.call_later(timeout_s, self._give_up)
        try:
            return await self._waiting
        finally:
            timer.cancel()
            self._waiting, self._used = None, True

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by birth

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("rt")
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._headed and exc is None:
            self.on_message_complete()  # an answer without a length ends with its connection
        else:  # a kept connection that was closed meanwhile is no connection
            self._fail("ct" if self._used else "rt")

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._content_type = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._headed = True

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(self._parser.get_status_code(), self._content_type, b"".join(self._body)))
        if not self._parser.should_keep_alive():
            self.close()
        self._headed, self._content_type, self._body = False, "", []

    def _give_up(self) -> None:
        self._fail("rt")
        self.close()

    def _fail(self, kind: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Failed(kind))


@dataclass(slots=True)
class Poster:
    """Kept connections, by address."""

    _idle: defaultdict[Address, list[Connection]] = field(default_factory=lambda: defaultdict(list))

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        connect_s: float,
        read_s: float,
        method: str = "POST",
    ) -> Answer:
        """Posts a form. Raises Failed."""
        origin, path = split(url)
        address, host = _address(origin)
        connection = self._kept(address) or await _connect(address, connect_s)
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        answer = await connection.post(f"{head}{lines}\r\n".encode("latin-1") + body, read_s)
        if connection.is_open:
            self._idle[address].append(connection)
        return answer

    def close(self) -> None:
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _kept(self, address: Address) -> Connection | None:
        idle = self._idle[address]
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None


def split(url: str) -> tuple[str, str]:
    """(scheme and host, path with query) of a URL, each as it was written."""
    start = url.find("/", url.find("//") + 2)
    cut = min((at for at in (start, url.find("?", 8)) if at > 0), default=len(url))
    path = url[cut:] or "/"
    path = path if path.isascii() else quote(path, safe=punctuation)
    return url[:cut], path if path.startswith("/") else f"/{path}"


@lru_cache(maxsize=64)
def _address(origin: str) -> tuple[Address, str]:
    parts = urlsplit(origin)
    if parts.scheme != "http":
        raise Failed("ct")  # nothing on this machine speaks TLS to us
    return (parts.hostname or "", parts.port or 80), parts.netloc.rpartition("@")[2]


async def _connect(address: Address, timeout_s: float) -> Connection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            transport, connection = await loop.create_connection(Connection, *address)
    except OSError:  # TimeoutError is one
        raise Failed("ct") from None
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
