"""`courtoisie web` as a process: it starts whatever is missing, ends when asked, and says so when it cannot start."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from sandbox import processes
from tests.conftest import ROOT

NOBODY_THERE = {
    "COURTOISIE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nowhere",
    "COURTOISIE_BROKER_URL": "redis://127.0.0.1:9",
    "COURTOISIE_PUBLIC_URL": "https://chalets.example",
    "PATH": "/usr/bin:/bin",
}


@contextmanager
def web(folder: Path, port: int) -> Iterator[processes.Child]:
    command = [sys.executable, "-m", "worker", "web", "--port", str(port)]
    child = processes.start("web", command, log=folder / "web.log", env=NOBODY_THERE, cwd=ROOT)
    try:
        yield child
    finally:
        child.kill()


def ask(port: int, path: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"http://127.0.0.1:{port}{path}", timeout=10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_until_it_answers(child: processes.Child, port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert child.is_running(), child.tail()
        try:
            ask(port, "/healthz")
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"no answer in a minute\n{child.tail()}")


def test_it_starts_without_database_and_queue_and_ends_in_good_order(tmp_path: Path) -> None:
    port = free_port()
    with web(tmp_path, port) as child:
        wait_until_it_answers(child, port)
        answer = ask(port, "/readyz")
        child.process.send_signal(child.stop_signal)
        status = child.process.wait(20)

    assert set(answer.json()["missing"]) == {"database", "schema", "broker"}
    assert "Server" not in answer.headers
    assert status == 0
    assert "Traceback" not in child.tail(200)


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with web(tmp_path, port) as child:
            status = child.process.wait(60)

    assert status == 1
    assert str(port) in child.tail()
    assert "Traceback" not in child.tail(200)
