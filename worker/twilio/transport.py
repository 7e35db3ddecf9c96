"""How requests for texts and calls reach the network: one aiohttp session, real timeouts, no second POST.

twilio-python's own asynchronous client ignores its timeout, repeats POSTs when told to retry, loses the reply's headers
on errors and keeps the last request in memory. A text must leave at most once, so this transport tells apart what
certainly did not leave from what may have.
"""

import socket
import struct
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote_plus

import aiohttp
from aiohttp.connector import AddrInfoType

from worker.twilio.account import Account
from worker.twilio.heads import Head

# Below the provider's own idle limit, so that a connection is not picked up just as the other side drops it.
KEEP_ALIVE_S = 15.0
# Raised before a byte of the request is written: refused, no such host, no trust, no connection in time.
_BEFORE_SENDING = (aiohttp.ConnectionTimeoutError, aiohttp.ClientConnectorError, aiohttp.InvalidURL)
# urlencode looks at each byte of a text in Python, which was a twentieth of a worker's time.
_QUOTED: Final = {byte: quote_plus(bytes([byte])) for byte in range(256)}

# Closing forgets what the network has not yet taken. Otherwise the kernel goes on trying for minutes after we gave a
# request up: cut off and mended, a text would leave long after it was looked for and found absent.
_FORGET_ON_CLOSE = struct.pack("ii", 1, 0)


class NotSent(Exception):
    """The request certainly did not leave."""


class FateUnknown(Exception):
    """The request left, or may have, and no answer can be read."""


class Answer(NamedTuple):
    """What the provider answered, whatever its status."""

    status: int
    body: str
    headers: Mapping[str, str]


class Transport:
    """One session for the process. Create it, use it and close it in the event loop that runs it.

    The number of connections is bounded by the caller's gate, not here: a wait for a free connection would count
    against the timeout.
    """

    def __init__(self, account: Account) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=60, socket_factory=_socket
            ),
            timeout=aiohttp.ClientTimeout(total=account.timeout_s, connect=account.connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def post(self, head: Head, fields: Mapping[str, object]) -> Answer:
        """One request, once. Raises NotSent or FateUnknown. A redirection is an answer."""
        try:
            async with self._session.post(
                head.url, data=form(fields), headers=head.headers, allow_redirects=False
            ) as reply:
                body = await reply.read()
                return Answer(reply.status, body.decode("utf-8", "replace"), reply.headers)
        except _BEFORE_SENDING as error:
            raise NotSent(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise FateUnknown(type(error).__name__) from error

    async def close(self) -> None:
        """Gives the connections back."""
        await self._session.close()


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
