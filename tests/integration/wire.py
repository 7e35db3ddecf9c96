"""A provider reduced to its wire: a loopback server that counts, and answers or misbehaves as a test says.

The stand-in for Twilio plays the provider's behaviour; this one plays the network's.
"""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import parse_qsl


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived. connection: which one, counted from 1."""

    line: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    connection: int
    at: float


@dataclass
class Provider:
    """answer: what to do about a request; the default accepts after `latency_s`. greeting: said before any."""

    latency_s: float = 0.0
    greeting: bytes = b""
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    under_way: int = 0
    most_under_way: int = 0

    def __post_init__(self) -> None:
        self._sids = count(1)
        self.answer: Callable[[Asked, asyncio.StreamWriter], Awaitable[None]] = self.accept

    async def accept(self, _asked: Asked, writer: asyncio.StreamWriter) -> None:
        sid = f"SM{next(self._sids):032x}"
        writer.write(reply(201, json.dumps({"sid": sid, "status": "queued"})))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        mine = self.connections
        writer.write(self.greeting)
        try:
            while not writer.is_closing():
                await self._one(reader, writer, mine)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has left, or the test is over
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, v in (h.split(":", 1) for h in head[1:] if h)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        form = dict(parse_qsl(body.decode(), keep_blank_values=True))
        asked = Asked(head[0], headers, form, connection, time.monotonic())
        self.asked.append(asked)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.latency_s)
            await self.answer(asked, writer)
            await writer.drain()
        finally:
            self.under_way -= 1


def reply(status: int, body: str, **headers: str) -> bytes:
    """A whole HTTP answer."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body.encode())}\r\n{more}\r\n{body}".encode()


@contextmanager
def loop_in_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop that runs while the test does."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def running(provider: Provider, context: ssl.SSLContext | None = None) -> Iterator[Provider]:
    """The provider on a loopback port of its own; with a context, encrypted."""
    with loop_in_a_thread() as loop:

        async def start() -> asyncio.Server:
            return await asyncio.start_server(provider.serve, "127.0.0.1", 0, ssl=context)

        server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        provider.url = f"{'https' if context else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield provider
        finally:
            loop.call_soon_threadsafe(server.close)


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)  # lets closed transports tell their sockets
