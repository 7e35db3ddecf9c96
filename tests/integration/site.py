"""The web application on a loopback port, as a proxy would reach it: its public name is another than its address."""

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from urllib.parse import urlencode

import requests
import uvicorn

from sandbox.twilio.signing import sign
from sandbox.twilio.voice import script
from worker import catalogue
from worker import settings as configuration
from worker.catalogue import forms
from worker.domain.errors import Unavailable
from worker.rendering import Texts
from worker.services import desk as desks
from worker.services import events, speaking
from worker.store.database import Database
from worker.twilio import twiml
from worker.twilio.calls import HOOKS
from worker.web.assembly import assemble
from worker.web.parts import Parts, Program

PUBLIC = "https://chalets.example"
TOKEN = "the primary token"
SECONDARY = "the secondary token"
FORM = "application/x-www-form-urlencoded"


@cache
def shipped() -> Program:
    """The settings, campaigns and texts that ship, read once."""
    settings = configuration.load()
    texts = Texts(settings.templates_dir)
    campaigns = catalogue.read_all(settings.config_dir, senders=settings.sender_table, texts=texts).sound
    speech = speaking.of(settings)
    return Program(
        settings,
        campaigns,
        texts,
        desks.of(settings),
        lambda _event: None,
        speech,
        lambda _message, _attempt: None,
        lambda _bridge: None,
        forms.load(settings.config_dir),
    )


@dataclass
class Site:
    """Posts to it as the provider does; woken, machines, bridges: the replies, machines and calls it announced."""

    db: Database
    now: datetime
    url: str = ""
    woken: list[int] = field(default_factory=list)
    machines: list[tuple[int, int]] = field(default_factory=list)
    bridges: list[int] = field(default_factory=list)
    queue_is_away: bool = False

    def parts(self) -> Parts:
        return Parts(self.db, lambda: self.now, self._wake, self._ping, PUBLIC, self._program(), (TOKEN, SECONDARY))

    def _program(self) -> Program:
        return replace(
            shipped(),
            fan_out=self._fan_out,
            leave_voicemail=lambda *call: self.machines.append(call),
            place_bridge=self._place_bridge,
        )

    def _fan_out(self, event_id: int) -> None:
        """What the workers do with the wake-up, done at once."""
        self._ping()
        events.fan_out(self.db, event_id, desk=shipped().desk, now=self.now)

    def _place_bridge(self, bridge_id: int) -> None:
        self._ping()
        self.bridges.append(bridge_id)

    def _ping(self) -> None:
        if self.queue_is_away:
            raise Unavailable("the queue is away")

    def _wake(self, inbound_id: int) -> None:
        self._ping()
        self.woken.append(inbound_id)

    def post(
        self,
        path: str,
        form: Mapping[str, str],
        *,
        token: str = TOKEN,
        public: str = PUBLIC,
        signature: str | None = None,
        **more: object,
    ) -> requests.Response:
        """A signed post; a test says what is wrong with it. What is answered to a call must be sound TwiML."""
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature or sign(public + path, form, token)}
        headers |= more.pop("headers", {})  # type: ignore[operator]
        with _session() as session:
            answer = session.post(self.url + path, urlencode(form).encode(), headers=headers, timeout=10, **more)  # type: ignore[arg-type]
        if path.startswith(HOOKS) and answer.status_code == 200:
            assert remarks(answer) == [], f"what {path} answered is no sound TwiML"
        return answer

    def ask(self, method: str, path: str, **more: object) -> requests.Response:
        """Any request, unsigned."""
        with _session() as session:
            return session.request(method, self.url + path, timeout=10, **more)  # type: ignore[arg-type]


@contextmanager
def running(site: Site, parts: Parts | None = None) -> Iterator[Site]:
    """The site, up until the end of the block."""
    config = uvicorn.Config(
        assemble(parts or site.parts()), access_log=False, log_config=None, proxy_headers=False, ws="none"
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield replace_url(site, f"http://127.0.0.1:{listening.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join(20)


def replace_url(site: Site, url: str) -> Site:
    site.url = url
    return site


def without_tokens(site: Site) -> Parts:
    """A deployment whose auth token was forgotten."""
    return replace(site.parts(), tokens=("", ""))


def without_public_url(site: Site) -> Parts:
    """A deployment that does not know its own name."""
    return replace(site.parts(), public_url="")


def remarks(answer: requests.Response) -> list[object]:
    """What the provider's debugger would show of a document for a call, and what our own check would."""
    document = script.read(answer.headers.get("Content-Type", ""), answer.content, status=answer.status_code)
    return [*document.remarks, *twiml.faults(answer.text)]


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session
