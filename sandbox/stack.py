"""The whole program on one machine: servers, stand-in and the product's own processes, started and ended together."""

import os
import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from sandbox import homes, processes
from sandbox.clocks import MovedClock
from sandbox.processes import Child
from sandbox.rabbitmq import RabbitMQ
from sandbox.servers import LOOPBACK, Postgres, Redis, free_port
from sandbox.standin import Standin
from sandbox.twilio.control import Control
from worker import settings as configuration
from worker.settings_sources import PREFIX

DATABASE = "courtoisie"
# name -> the product's command; the web server's port is added
PRODUCT: Mapping[str, tuple[str, ...]] = {"web": ("web",), "worker": ("worker",), "scheduler": ("scheduler",)}
FOREIGN = ("COURTOISIE_", "TWILIO_")


@dataclass(slots=True)
class Stack:
    """Everything there is. `changes` are further COURTOISIE_ variables (without the prefix) for the product.

    home: a scratch folder from homes.home(); logs lie there, one per process. broker: which server is the queue; the
    other one is not started. address: where the servers listen for other hosts (see hosts.py), without RabbitMQ.
    clock: what the product's processes take for the time; None: the machine's.
    """

    home: Path
    port: int = 0
    seed: str = "courtoisie"
    broker: Literal["redis", "rabbitmq"] = "redis"
    address: str = LOOPBACK
    durable: bool = True
    clock: MovedClock | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    postgres: Postgres = field(init=False)
    redis: Redis = field(init=False)
    rabbitmq: RabbitMQ = field(init=False)
    standin: Standin = field(init=False)
    children: dict[str, Child] = field(init=False, default_factory=dict)
    _secret_key: str = field(init=False)

    def __post_init__(self) -> None:
        self.port = self.port or free_port()
        self.postgres = Postgres(self.home, self.durable, "" if self.address == LOOPBACK else self.address)
        self.redis = Redis(self.home, address=self.address)
        self.rabbitmq = RabbitMQ(self.home)
        inbound_url = f"{self.public_url}/hooks/twilio/sms/inbound"
        self.standin = Standin(self.home, address=self.address, seed=self.seed, inbound_url=inbound_url)
        self._secret_key = secrets.token_urlsafe(32)

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def queue(self) -> Redis | RabbitMQ:
        """The server that carries the wake-ups."""
        return self.redis if self.broker == "redis" else self.rabbitmq

    @property
    def control(self) -> Control:
        """The stand-in's control client."""
        return self.standin.control

    def environment(self) -> dict[str, str]:
        """What the product needs to know, as COURTOISIE_… variables."""
        account = self.control.account()
        told = {
            "DATABASE_URL": self.postgres.url(DATABASE),
            "BROKER_URL": self.queue.url,
            "PUBLIC_URL": self.public_url,
            "SECRET_KEY": self._secret_key,
            "TWILIO__ACCOUNT_SID": account["sid"],
            "TWILIO__AUTH_TOKEN": account["token"],
            "TWILIO__AUTH_TOKEN_SECONDARY": account["secondary_token"],
            "TWILIO__API_URL": self.standin.url,
        }
        return {f"{PREFIX}{name}": value for name, value in (told | dict(self.changes)).items()}

    def start_servers(self) -> None:
        """PostgreSQL with an empty database, the queue, and the stand-in with the configured senders."""
        self.postgres.start()
        self.queue.start()
        self.standin.start()
        self.postgres.create_database(DATABASE)
        self.control.put_senders(*_senders())
        self.control.settings(voice_url=f"{self.public_url}/hooks/twilio/voice/inbound")

    def migrate(self) -> None:
        """Brings the schema to its newest version."""
        self.run("migrate")

    def start_product(self, names: Sequence[str] = tuple(PRODUCT)) -> None:
        """Migrates, then starts the product's processes; the web server answers on return."""
        self.migrate()
        for name in names:
            self.launch(name)

    def run(self, *arguments: str) -> str:
        """One `courtoisie` command to its end; returns what it printed. RuntimeError tells why it failed."""
        done = subprocess.run(
            self.command(*arguments), env=self.variables(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"courtoisie {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def launch(self, name: str, child_name: str = "") -> None:
        """Starts one of the product's processes. child_name: of a second one of its kind."""
        command = self.command(*PRODUCT[name], *(("--port", str(self.port)) if name == "web" else ()))
        known_as = child_name or name
        child = processes.start(known_as, command, log=self.home / f"{known_as}.log", env=self.variables())
        self.children[known_as] = child
        processes.wait_for(self._web_answers if name == "web" else child.is_running, child)

    def move_to(self, at: datetime) -> None:
        """All its processes are at that later moment; what the stand-in had to do meanwhile, it has done."""
        if self.clock is None:
            raise RuntimeError("this stack lives by the machine's clock")
        ahead = at - self.clock.now()
        self.clock.move_to(at)
        self.control.clock(jump_s=ahead.total_seconds())

    def kill(self, name: str) -> None:
        """kill -9, with everything it had started."""
        self.children[name].kill()

    def restart(self, name: str) -> None:
        """Stops it in order if it still runs, and starts it again."""
        self.children[name].stop()
        self.launch(name)

    def stop(self) -> None:
        """Ends everything, the product first."""
        for child in reversed(self.children.values()):
            child.stop()
        self.children.clear()
        self.standin.stop()
        self.queue.stop()
        self.postgres.stop()

    def fallen(self) -> tuple[Child, ...]:
        """The product's processes that should run and do not."""
        return tuple(child for child in self.children.values() if not child.is_running())

    def variables(self) -> dict[str, str]:
        """The whole environment of a process of the product: ours, without our own settings of it, and the above."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return mine | self.environment()

    def command(self, *arguments: str) -> list[str]:
        """How a command of the product is started, on the clock of this stack."""
        program = ["worker"] if self.clock is None else ["sandbox.clocks", str(self.clock.file)]
        return [sys.executable, "-m", *program, *arguments]

    def _web_answers(self) -> bool:
        try:
            with _opener().open(f"{self.public_url}/healthz", timeout=2) as reply:
                return int(reply.status) == 200
        except (urllib.error.URLError, OSError):
            return False


@contextmanager
def running(
    *,
    port: int = 0,
    seed: str = "courtoisie",
    changes: Mapping[str, str] | None = None,
    broker: Literal["redis", "rabbitmq"] = "redis",
    address: str = LOOPBACK,
    starts_at: datetime | None = None,
) -> Iterator[Stack]:
    """Servers and stand-in, without the product, ended whatever happens. starts_at: on a clock that can be moved."""
    with homes.home() as home:
        stack = Stack(home, port=port, seed=seed, broker=broker, address=address, changes=changes or {})
        if starts_at is not None:
            stack.clock = MovedClock(home / "clock")
            stack.clock.move_to(starts_at)
            stack.standin.starts_at = starts_at
        try:
            stack.start_servers()
            yield stack
        finally:
            stack.stop()


def _senders() -> list[dict[str, object]]:
    """The senders of config/, as the account at Twilio would have them."""
    table = configuration.load().sender_table.values()
    return [{"address": sender.address, "segments_per_s": sender.segments_per_s} for sender in table]


def _opener() -> urllib.request.OpenerDirector:
    """No proxy: the server is on this machine."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
