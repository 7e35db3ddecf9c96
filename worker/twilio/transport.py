"""How twilio-python reaches the network when texts are sent: one aiohttp session, real timeouts, no second POST.

The SDK's own asynchronous client ignores its timeout, repeats POSTs when told to retry, loses the reply's headers
on errors and keeps the last request in memory. A text must leave at most once, so this transport tells apart what
certainly did not leave from what may have.
"""

import logging
import socket
import struct
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

import aiohttp
from aiohttp.connector import AddrInfoType
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from worker.twilio.account import Account

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


class Transport(AsyncHttpClient):
    """One session for the process. Create it, use it and close it in the event loop that runs it.

    The number of connections is bounded by the caller's gate, not here: a wait for a free connection would count
    against the timeout.
    """

    def __init__(self, account: Account) -> None:
        super().__init__(logging.getLogger(__name__), is_async=True, timeout=account.timeout_s)
        self._account = account
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=60, socket_factory=_socket
            ),
            timeout=aiohttp.ClientTimeout(total=account.timeout_s, connect=account.connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )

    async def request(  # type: ignore[override]  # the SDK's signature, its unused parts left to defaults
        self,
        method: str,
        uri: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request, once; the answer whatever its status. Raises NotSent or FateUnknown."""
        del timeout, allow_redirects  # the session's limits hold; a redirection is an answer
        try:
            async with self._session.request(
                method,
                self._account.address(uri),
                params={key: str(value) for key, value in params.items()} if params else None,
                data=form(data) if data else None,
                headers=_with_credentials(headers or {}, auth),
                allow_redirects=False,
            ) as reply:
                body = await reply.text(errors="replace")
                return Response(reply.status, body, reply.headers)
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


def _with_credentials(headers: Mapping[str, str], auth: tuple[str, str] | None) -> dict[str, str]:
    return {**headers, "Authorization": aiohttp.encode_basic_auth(*auth)} if auth else dict(headers)
