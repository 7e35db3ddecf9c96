"""`courtoisie web` as a process: it starts whatever is missing, ends when asked, and says so when it cannot start."""

import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import text

from sandbox import processes
from tests.conftest import ROOT
from tests.integration.conftest import Town

NOBODY_THERE = {
    "COURTOISIE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nowhere",
    "COURTOISIE_BROKER_URL": "redis://127.0.0.1:9",
    "COURTOISIE_PUBLIC_URL": "https://chalets.example",
    "PATH": "/usr/bin:/bin",
}


@contextmanager
def web(folder: Path, port: int, **changes: str) -> Iterator[processes.Child]:
    command = [sys.executable, "-m", "worker", "web", "--port", str(port)]
    env = NOBODY_THERE | {f"COURTOISIE_{name}": value for name, value in changes.items()}
    child = processes.start("web", command, log=folder / "web.log", env=env, cwd=ROOT)
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


TRIES = [f"198.51.100.{n}" for n in range(1, 4)]


@pytest.mark.parametrize(
    ("trusted", "addresses"),
    [('["127.0.0.1"]', 3), ('["10.0.0.0/8"]', 1), ("[]", 1)],
)
def test_wrong_passwords_count_for_the_address_that_a_trusted_proxy_names_and_for_no_forged_one(
    tmp_path: Path, database_url: str, town: Town, trusted: str, addresses: int
) -> None:
    port = free_port()
    settings = {"DATABASE_URL": database_url, "SECRET_KEY": "k" * 40, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with web(tmp_path, port, TRUSTED_PROXIES=trusted, **settings) as child:
        wait_until_it_answers(child, port)
        statuses = [_wrong_password(port, address) for address in TRIES]

    with town.db.begin() as connection:
        counted = connection.execute(text("SELECT count(*) FROM sign_in_failure")).scalar_one()
    assert statuses == [401] * 3
    assert counted == len(TRIES) + addresses  # each login too


def _wrong_password(port: int, address: str) -> int:
    with requests.Session() as session:
        session.trust_env = False
        session.headers["X-Forwarded-For"] = address
        form = session.get(f"http://127.0.0.1:{port}/login", timeout=10).text
        token = re.search(r'name="csrf" value="([^"]+)"', form)
        assert token
        values = {"csrf": token[1], "login": f"nobody-{address}", "password": "wrong", "next": "/"}
        return session.post(f"http://127.0.0.1:{port}/login", data=values, timeout=10).status_code
