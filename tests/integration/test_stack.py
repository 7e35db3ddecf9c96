"""Servers and stand-in together, and the environment in which the product finds them."""

import json
import signal
import subprocess
import sys
import time

import psutil
import psycopg
import pytest
import redis
import requests

from sandbox import stack
from sandbox.stack import Stack


@pytest.fixture(scope="module")
def running():
    with stack.running(seed="stack", changes={"LOG_LEVEL": "warning"}) as started:
        yield started


def test_the_environment_leads_to_every_server(running: Stack) -> None:
    environment = running.environment()
    with psycopg.connect(environment["COURTOISIE_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == ("courtoisie",)
    with redis.Redis.from_url(environment["COURTOISIE_BROKER_URL"]) as client:
        assert client.ping()
    account = running.control.account()

    assert environment["COURTOISIE_TWILIO__API_URL"] == running.control.url
    assert environment["COURTOISIE_TWILIO__ACCOUNT_SID"] == account["sid"]
    assert environment["COURTOISIE_PUBLIC_URL"] == running.public_url
    assert environment["COURTOISIE_LOG_LEVEL"] == "warning"
    assert len(environment["COURTOISIE_SECRET_KEY"]) >= 32


def test_the_stand_in_has_the_configured_senders_and_knows_where_replies_go(running: Stack) -> None:
    settings = running.control.settings()

    assert settings["inbound_url"] == f"{running.public_url}/hooks/twilio/sms/inbound"
    assert {"38000", "Les Chalets"} <= {sender["address"] for sender in running.control.senders()}


def test_the_product_starts_is_killed_and_comes_back(running: Stack) -> None:
    running.start_product(["web"])
    assert requests.get(f"{running.public_url}/healthz", timeout=5).status_code == 200

    running.kill("web")
    assert [child.name for child in running.fallen()] == ["web"]

    running.restart("web")
    assert running.fallen() == ()


def test_a_command_that_fails_says_why(running: Stack) -> None:
    with pytest.raises(RuntimeError, match="courtoisie launch"):
        running.run("launch", "no-such-campaign", "--yes")


OWNER = """
import json, signal, time, psutil
from sandbox import stack
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background would have it ignored
with stack.running(seed="owner") as started:
    started.start_product()
    print(json.dumps([p.pid for p in psutil.Process().children(recursive=True)]), flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_the_product_ends_with_its_owner_whatever_the_end(end: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as owner:
        assert owner.stdout is not None
        pids = json.loads(owner.stdout.readline())
        owner.send_signal(end)
        owner.wait(60)
    deadline = time.monotonic() + 60
    while alive := [pid for pid in pids if is_alive(pid)]:
        assert time.monotonic() < deadline, alive
        time.sleep(0.05)

    assert len(pids) >= 6


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_nothing_is_left_when_it_ends() -> None:
    with stack.running() as started:
        children = [started.postgres.child, started.redis.child, started.standin.child]
        home = started.home

    assert not any(child.is_running() for child in children)
    assert not home.exists()
