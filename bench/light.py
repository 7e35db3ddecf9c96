"""A stand-in for load only: a fixed latency, a limit in flight, and two signed receipts per message.

The faithful stand-in (sandbox/twilio) knows what the provider knows; this one knows only what costs time there, so that
it is never the bottleneck. It is not used to judge behaviour.
"""

import argparse
import asyncio
import base64
import hmac
import json
import os
import time
from collections import deque
from functools import lru_cache
from pathlib import Path
from typing import cast
from urllib.parse import unquote_plus

import uvloop

from bench.counts import Counts

SENT_AFTER_S, DELIVERED_AFTER_S = 0.05, 0.2
RECEIPT_CONNECTIONS = 100
# A receipt that was not taken is brought again after the first, over a connection that is back after the second.
AGAIN_S, RECONNECT_S = 0.2, 0.1
EMPTY_LIST = (
    b'{"messages":[],"next_page_uri":null,"page":0,"page_size":50,"first_page_uri":"","uri":"","start":0,"end":0}'
)
TOO_MANY = b'{"code":20429,"message":"Too Many Requests","status":429}'

ACCOUNT = "AC" + "0" * 32
# A whole request, ready to be written.
Receipt = bytes


@lru_cache(maxsize=1024)
def _as_json(quoted: str) -> str:
    return json.dumps(unquote_plus(quoted))


def _host_and_port(host: str) -> tuple[str, int]:
    name, _, port = host.rpartition(":")
    return name or host, int(port) if name else 80


class Provider:
    """The account: its limits, its counts, and the receipts on their way."""

    def __init__(self, token: str, *, latency_s: float, most: int) -> None:
        self.token, self.latency_s, self.most = token.encode(), latency_s, most
        self.counts = Counts()
        self.receipts: deque[Receipt] = deque()
        self.idle: list[Bringing] = []  # kept connections with nothing to bring
        self._connections = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._hooks: tuple[str, int] | None = None

    def accept(self, form: dict[str, str]) -> bytes:
        """A message is created; its receipts will follow. form: its fields as they came, not yet unquoted."""
        counts, now = self.counts, time.time()
        counts.accepted += 1
        counts.first_at = counts.first_at or now
        counts.last_at = now
        counts.moments.append(now)
        to, sender = form.get("To", ""), form.get("From", "")
        callback = unquote_plus(form.get("StatusCallback", ""))
        which = callback or to
        (counts.doubled.append if which in counts.numbers else counts.numbers.add)(which)
        sid = "SM" + os.urandom(16).hex()
        if callback:
            loop, where = asyncio.get_running_loop(), callback.partition("#")[0]
            loop.call_later(SENT_AFTER_S, self._tell, where, sid, "sent", sender, to)
            loop.call_later(DELIVERED_AFTER_S, self._tell, where, sid, "delivered", sender, to)
        body = _as_json(form.get("Body", ""))
        return (
            f'{{"sid":"{sid}","status":"queued","to":{_as_json(to)},"from":{_as_json(sender)},"body":{body},'
            '"num_segments":"1","error_code":null,"error_message":null,"direction":"outbound-api",'
            '"date_created":"Thu, 24 Aug 2023 05:01:45 +0000",'
            f'"uri":"/2010-04-01/Accounts/AC/Messages/{sid}.json"}}'
        ).encode()

    def _tell(self, callback: str, sid: str, status: str, sender: str, to: str) -> None:
        body = (
            f"AccountSid={ACCOUNT}&ApiVersion=2010-04-01&From={sender}&MessageSid={sid}&MessageStatus={status}"
            f"&SmsSid={sid}&SmsStatus={status}&To={to}"
        )
        signed = callback + unquote_plus(body.replace("=", "").replace("&", ""))  # in the order of their names
        signature = base64.b64encode(hmac.digest(self.token, signed.encode(), "sha1")).decode()
        _scheme, _, host, path = callback.split("/", 3)
        self._hooks = self._hooks or _host_and_port(host)
        self.bring(
            f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def bring(self, receipt: Receipt) -> None:
        """Over a connection that is free, a new one, or the first that comes free."""
        if self.idle:
            self.idle.pop().wake(receipt)
            return
        self.receipts.append(receipt)
        if self._connections < RECEIPT_CONNECTIONS:
            self._connections += 1
            self.connect()

    def connect(self) -> None:
        """One more connection to the product's hooks, or again one that was lost."""
        task = asyncio.create_task(self._connect())
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self) -> None:
        assert self._hooks is not None  # a receipt told where they are
        try:
            await asyncio.get_running_loop().create_connection(lambda: Bringing(self), *self._hooks)
        except OSError:
            asyncio.get_running_loop().call_later(RECONNECT_S, self.connect)


class Answering(asyncio.Protocol):
    """One connection of the product's, HTTP/1.1 with Content-Length."""

    def __init__(self, provider: Provider) -> None:
        self._provider, self._read = provider, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._read[:end])
            length = _content_length(head)
            if len(self._read) < end + 4 + length:
                return
            body = bytes(self._read[end + 4 : end + 4 + length])
            del self._read[: end + 4 + length]
            self._asked(head, body)

    def _asked(self, head: bytes, body: bytes) -> None:
        provider, path = self._provider, head.split(b" ", 2)[1]
        if path.startswith(b"/bench/"):
            self._control(path, body)
            return
        if head.startswith(b"GET"):
            self._answer(b"200 OK", EMPTY_LIST)
            return
        if provider.counts.in_flight >= provider.most:
            provider.counts.refused += 1
            self._answer(b"429 Too Many Requests", TOO_MANY)
            return
        provider.counts.in_flight += 1
        provider.counts.peak = max(provider.counts.peak, provider.counts.in_flight)
        answer = provider.accept(dict(pair.split("=", 1) for pair in body.decode().split("&")))
        if provider.latency_s:
            asyncio.get_running_loop().call_later(provider.latency_s, self._created, answer)
        else:
            self._created(answer)

    def _created(self, answer: bytes) -> None:
        self._provider.counts.in_flight -= 1
        self._answer(b"201 Created", answer)

    def _control(self, path: bytes, body: bytes) -> None:
        provider = self._provider
        if path == b"/bench/reset":
            wanted = json.loads(body or b"{}")
            provider.latency_s = wanted.get("latency_s", provider.latency_s)
            provider.most = wanted.get("most", provider.most)
            provider.counts = Counts()
        self._answer(b"200 OK", provider.counts.as_json() if path == b"/bench/stats" else b"{}")

    def _answer(self, status: bytes, body: bytes) -> None:
        if not self._transport.is_closing():
            head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: "
            self._transport.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


class Bringing(asyncio.Protocol):
    """One kept connection to the product's hooks: one receipt after the other, and again what is not taken."""

    def __init__(self, provider: Provider) -> None:
        self._provider, self._read = provider, bytearray()
        self._in_hand: Receipt | None = None
        self._begun = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def connection_lost(self, _error: Exception | None) -> None:
        self._answered(taken=False)
        asyncio.get_running_loop().call_later(RECONNECT_S, self._provider.connect)

    def data_received(self, data: bytes) -> None:
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0 or len(self._read) < end + 4 + _content_length(bytes(self._read[:end])):
            return
        taken = bytes(self._read[9:12]) in {b"200", b"204"}
        self._read.clear()
        self._answered(taken=taken)
        self._next()

    def wake(self, receipt: Receipt) -> None:
        """Brings one that has just come up."""
        self._in_hand, self._begun = receipt, time.perf_counter()
        self._transport.write(receipt)

    def _next(self) -> None:
        provider = self._provider
        if self._transport.is_closing():
            return
        if provider.receipts:
            self.wake(provider.receipts.popleft())
        else:
            provider.idle.append(self)

    def _answered(self, *, taken: bool) -> None:
        receipt, self._in_hand = self._in_hand, None
        provider = self._provider
        if receipt is None:
            if self in provider.idle:
                provider.idle.remove(self)
        elif taken:
            provider.counts.receipts += 1
            provider.counts.waits.append(time.perf_counter() - self._begun)
        else:
            provider.counts.receipts_again += 1
            asyncio.get_running_loop().call_later(AGAIN_S, provider.bring, receipt)


async def _serve(provider: Provider, told: Path) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(provider), "127.0.0.1", 0, backlog=1024)
    told.write_text(str(server.sockets[0].getsockname()[1]))
    async with server:
        await server.serve_forever()


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--token", required=True)
    parser.add_argument("--told", type=Path, required=True, help="the port is written here")
    parser.add_argument("--latency-s", type=float, default=0.1)
    parser.add_argument("--most", type=int, default=100)
    given = parser.parse_args()
    uvloop.run(_serve(Provider(given.token, latency_s=given.latency_s, most=given.most), given.told))


if __name__ == "__main__":
    main()
