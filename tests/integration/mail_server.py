"""A real mail server on loopback: takes mails in, or misbehaves in the ways that mail servers do."""

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from worker.settings_tables import Smtp

USER, PASSWORD = "courtoisie", "mot de passe de relais"


@dataclass
class Letterbox:
    """What came in. says: what it answers to a mail; "hang up": nothing, after having taken it."""

    says: str = "250 OK"
    taken: list[EmailMessage] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if address.startswith("unknown@"):
            return "550 No such user here: unknown@partner.example"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.taken.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        self.encrypted.append(bool(session.ssl or server.transport.get_extra_info("ssl_object")))
        if self.says == "hang up":
            server.transport.abort()
        return self.says

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        self.signed_in.append(data.login.decode())
        return AuthResult(success=data.password.decode() == PASSWORD, handled=False)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, made for this run."""
    made, key = folder / "mail.pem", folder / "mail.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return made, key


@contextmanager
def running(box: Letterbox, made: tuple[Path, Path], *, security: str = "starttls") -> Iterator[Smtp]:
    """The server up until the end of the block, and the settings that lead to it."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*made)
    options: dict[str, Any] = {
        "authenticator": box.authenticate,
        "hostname": "127.0.0.1",
        "auth_require_tls": security == "starttls",  # else it is encrypted before it begins
        "auth_exclude_mechanism": ["LOGIN"],
    }
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    implicit = context if security == "tls" else None
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        _serving(lambda: SMTP(box, **options), listening, implicit),
    ):
        yield Smtp(
            host="127.0.0.1",
            port=listening.getsockname()[1],
            security=security,
            user=USER,
            password=PASSWORD,
            sender="Les Tilleuls <social@tilleuls.example>",
            timeout_s=5,
            ca_file=made[0],
        )


@contextmanager
def _serving(make: Callable[[], SMTP], listening: socket.socket, context: ssl.SSLContext | None) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(make, sock=listening, ssl=context))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
