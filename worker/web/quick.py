"""The one hot route, receipts, without the frame around it: a blast of 15,000 texts brings 30,000 of them.

Only the ordinary case is decided here. Whatever is odd in any way (a header, the form, the signature) is given to the
route itself with its body unread, so that there is one place that refuses.
"""

from collections.abc import Iterable
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.domain.errors import Unavailable
from worker.domain.messages import Receipt
from worker.twilio import webhooks
from worker.web.parts import Parts
from worker.web.receipts import GroupCommit
from worker.web.signed import FORM_TYPE, MOST_BYTES, MOST_FIELDS

Headers = Iterable[tuple[bytes, bytes]]

PATH = "/hooks/twilio/sms/status"
_FORM = FORM_TYPE.encode()


class QuickReceipts:
    """Wraps the whole application, its frame included: well-formed, signed receipts end here, everything else goes on.

    headers: what every answer of the application has.
    """

    def __init__(self, app: ASGIApp, *, parts: Parts, commit: GroupCommit, headers: Headers) -> None:
        self.app = app
        self._parts = parts
        self._commit = commit
        self._headers = list(headers)
        self._signatures = webhooks.Signatures(parts.tokens)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        signature = _signature(scope) if scope["type"] == "http" and scope["path"] == PATH else ""
        if not signature or not self._parts.public_url:
            await self.app(scope, receive, send)
            return
        read = await _body(receive)
        receipt = self._receipt(scope, read, signature)
        if receipt is None:
            await self.app(scope, _again(read, receive), send)
            return
        await send({"type": "http.response.start", "status": await self._stored(receipt), "headers": self._headers})
        await send({"type": "http.response.body", "body": b""})

    def _receipt(self, scope: Scope, read: list[Message], signature: str) -> Receipt | None:
        fields = _fields(b"".join([message.get("body", b"") for message in read]))
        if fields is None:
            return None
        query: bytes = scope["query_string"]
        if not (query.startswith(b"m=") and query[2:].isdigit()):
            return None
        path = scope["raw_path"] + b"?" + query
        if not self._signatures.match(self._parts.public_url + path.decode("latin-1"), fields, signature):
            return None
        return webhooks.receipt(fields, message_id=query[2:].decode("ascii"), now=self._parts.clock())

    async def _stored(self, receipt: Receipt) -> int:
        try:
            await self._commit.put(receipt)
        except Unavailable:
            return 503
        except Exception:  # noqa: BLE001  # it was told where it happened; no error's words to anybody
            return 500
        return 204


def _signature(scope: Scope) -> str:
    """The signature of a form post; empty for anything else."""
    kind, signature = b"", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value
        elif name == b"x-twilio-signature":
            signature = value
    return signature.decode("latin-1") if kind == _FORM and scope["method"] == "POST" else ""


async def _body(receive: Receive) -> list[Message]:
    """The body's messages, up to a size that is refused anyway."""
    read, size = [], 0
    while size <= MOST_BYTES:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return read


def _fields(body: bytes) -> dict[str, str] | None:
    """Each field once; None for anything but a plain form. A third of the time of urllib's parse_qsl, which also knows
    the odd ones."""
    if len(body) > MOST_BYTES or not body.isascii() or body.count(b"&") >= MOST_FIELDS:
        return None
    fields: dict[str, str] = {}
    for pair in body.decode().split("&"):
        name, equals, value = pair.partition("=")
        if not (name.isalnum() and equals) or name in fields:
            return None
        fields[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return fields


def _again(read: list[Message], receive: Receive) -> Receive:
    """What was read, once more, and then whatever else comes."""
    left = iter(read)

    async def told() -> Message:
        return next(left, None) or await receive()

    return told
