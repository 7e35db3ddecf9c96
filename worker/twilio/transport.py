"""How requests for texts and calls reach the network: kept connections, real timeouts, no second POST.

twilio-python's own asynchronous client ignores its timeout, repeats POSTs when told to retry, loses the reply's headers
on errors and keeps the last request in memory. A text must leave at most once, so this transport tells apart what
certainly did not leave from what may have.
"""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote_plus, urlsplit

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType

from worker.twilio.account import Account
from worker.twilio.wire import Answer, Connection

# Below the provider's own idle limit, so that a connection is not picked up just as the other side drops it.
KEEP_ALIVE_S = 15.0
ADDRESSES_HOLD_S = 60.0
# How long an address has to let us in before the next is tried beside it: RFC 8305.
NEXT_ADDRESS_AFTER_S = 0.25
# urlencode looks at each byte of a text in Python, which was a twentieth of a worker's time.
_QUOTED: Final = {byte: quote_plus(bytes([byte])) for byte in range(256)}

# Closing forgets what the network has not yet taken. Otherwise the kernel goes on trying for minutes after we gave a
# request up: cut off and mended, a text would leave long after it was looked for and found absent.
_FORGET_ON_CLOSE = struct.pack("ii", 1, 0)


class NotSent(Exception):
    """The request certainly did not leave."""


class Transport:
    """The connections of this process to one host. Create it, use it and close it in the event loop that runs it.

    Their number is bounded by the caller's gate, not here: a wait for a free connection would count against the
    timeout.
    """

    def __init__(self, account: Account) -> None:
        url = urlsplit(account.api_url)
        self._loop = asyncio.get_running_loop()
        self._host, self._port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._timeout_s, self._connect_timeout_s = account.timeout_s, account.connect_timeout_s
        self._opened: set[Connection] = set()
        self._free: deque[Connection] = deque()  # the latest used last
        self._addresses: Sequence[AddrInfoType] = ()
        self._addresses_until = float("-inf")

    async def post(self, head: bytes, fields: Mapping[str, object]) -> Answer:
        """One request, once. Raises NotSent or FateUnknown. A redirection is an answer."""
        until, body = self._loop.time() + self._timeout_s, form(fields)
        connection = self._kept() or await self._connected()
        answer = await connection.ask(b"%b%d\r\n\r\n%b" % (head, len(body), body), until=until)
        self._keep(connection)
        return answer

    async def close(self) -> None:
        """Gives the connections back, and returns when none is left."""
        for connection in list(self._opened):
            connection.close()
        while self._opened:
            await asyncio.sleep(0)

    def _kept(self) -> Connection | None:
        while self._free:
            connection = self._free.pop()
            if connection.kept and self._loop.time() - connection.free_since < KEEP_ALIVE_S:
                return connection
            connection.close()
        return None

    def _keep(self, connection: Connection) -> None:
        if not connection.kept:
            connection.close()
            return
        connection.free_since = self._loop.time()
        self._free.append(connection)
        while self._free[0].free_since < connection.free_since - KEEP_ALIVE_S:
            self._free.popleft().close()

    async def _connected(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                made = await aiohappyeyeballs.start_connection(
                    await self._resolved(), happy_eyeballs_delay=NEXT_ADDRESS_AFTER_S, socket_factory=_socket
                )
                return await self._shaken_hands(made)
        except (OSError, TimeoutError, UnicodeError) as error:  # refused, no such host, no trust, not in time
            self._addresses_until = float("-inf")  # they may have moved
            raise NotSent(type(error).__name__) from error

    async def _shaken_hands(self, made: socket.socket) -> Connection:
        server = self._host if self._tls else None
        try:
            _transport, connection = await self._loop.create_connection(
                lambda: Connection(self._opened), sock=made, ssl=self._tls, server_hostname=server
            )
        except BaseException:
            made.close()
            raise
        return connection

    async def _resolved(self) -> Sequence[AddrInfoType]:
        if self._loop.time() > self._addresses_until:
            found = await self._loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._addresses, self._addresses_until = found, self._loop.time() + ADDRESSES_HOLD_S
        return self._addresses


def form(fields: Mapping[str, object]) -> bytes:
    """The fields as application/x-www-form-urlencoded in UTF-8: what urlencode makes of them, four times as fast.

    A tuple is a field that is repeated.
    """
    pairs = [
        (name, each) for name, value in fields.items() for each in (value if isinstance(value, tuple) else (value,))
    ]
    return "&".join([f"{name}={_quoted(str(value))}" for name, value in pairs]).encode()


def _quoted(value: str) -> str:
    return value.encode().decode("latin-1").translate(_QUOTED)


def _socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol = address[:3]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _FORGET_ON_CLOSE)
    return made
