"""What somebody would write instead, against the same stand-in in the same run."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from bench.stand import Light
from sandbox import processes
from sandbox.servers import free_port
from sandbox.stack import DATABASE, Stack

BODY = (
    "Les Chalets : canicule. Buvez, fermez les volets, restez au frais. Comment allez-vous ? Répondez "
    "1 = tout va bien, 2 = appelez-moi. Malaise : faites le 15"
)
PATH = "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json"


def bare_posts(light: Light, messages: int, *, in_flight: int = 100) -> dict[str, float]:
    """A loop over one aiohttp session, so many at a time, that keeps nothing: the floor for a Python sender."""
    light.reset()
    begun, cpu = time.perf_counter(), time.process_time()
    asyncio.run(_posts(light.url + PATH, messages, in_flight))
    spent, took = time.process_time() - cpu, time.perf_counter() - begun
    return {"messages": messages, "per_s": messages / took, "cpu_ms_per_message": 1000 * spent / messages}


async def _posts(url: str, messages: int, in_flight: int) -> None:
    left = iter(range(messages))
    auth = aiohttp.BasicAuth("AC" + "0" * 32, "token")
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(auth=auth, connector=connector) as session:

        async def sends() -> None:
            for number in left:
                form = {"To": f"+336{number:08d}", "From": "38000", "Body": BODY}
                async with session.post(url, data=form) as answer:
                    await answer.read()

        await asyncio.gather(*(sends() for _ in range(in_flight)))


class _ToStandIn(TwilioHttpClient):
    """The SDK's own client, with its host replaced before any request."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base

    def request(self, method: str, url: str, *rest: Any, **more: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", self._base), *rest, **more)


def stock_client(base: str) -> Client:
    """twilio-python as its documentation shows it."""
    return Client("AC" + "0" * 32, "token", http_client=_ToStandIn(base))


def sequential(light: Light, messages: int) -> dict[str, float]:
    """twilio-python in a for loop."""
    light.reset()
    client = stock_client(light.url)
    begun, cpu = time.perf_counter(), time.process_time()
    for number in range(messages):
        client.messages.create(to=f"+336{number:08d}", from_="38000", body=BODY)
    spent, took = time.process_time() - cpu, time.perf_counter() - begun
    return {"messages": messages, "per_s": messages / took, "cpu_ms_per_message": 1000 * spent / messages}


def naive_dramatiq(light: Light, stack: Stack, home: Path, messages: int) -> dict[str, float]:
    """One queue item per recipient, rows mapped by an ORM, the stock client, a commit per change, also for its two
    receipts; dramatiq's own width."""
    light.reset()
    where, port = stack.postgres.url(DATABASE), free_port()
    _table(where, messages)
    variables = {
        **os.environ,
        "NAIVE_DATABASE": where,
        "NAIVE_BROKER": f"{stack.redis.url.removesuffix('/0')}/1",  # the product's workers listen to the first one
        "NAIVE_PROVIDER": light.url,
        "NAIVE_HOOKS": f"http://127.0.0.1:{port}",
        "NAIVE_TOKEN": light.token,
    }
    worker = [sys.executable, "-m", "dramatiq", "bench.naive", "--processes", "2", "--threads", "8"]
    hooks = [sys.executable, "-m", "uvicorn", "bench.naive_hooks:app", "--port", str(port), "--log-level", "warning"]
    log = home / "naive.log"
    running = [
        processes.start(name, command, log=log, env=variables)
        for name, command in zip("wh", (worker, hooks), strict=True)
    ]
    try:
        time.sleep(3)  # their start is not what is measured
        begun = time.time()
        subprocess.run([sys.executable, "-m", "bench.naive"], env=variables, check=True)
        while light.stats()["accepted"] < messages and all(one.is_running() for one in running):
            time.sleep(0.1)
    finally:
        for one in running:
            one.stop()
    seen = light.stats()
    return {
        "messages": seen["accepted"],
        "per_s": seen["accepted"] / (seen["last_at"] - begun),
        "receipts": seen["receipts"],
    }


def _table(url: str, messages: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS naive")
        connection.execute("CREATE TABLE naive (id bigint PRIMARY KEY, number text, state text, sid text)")
        connection.execute(
            "INSERT INTO naive SELECT n, '+336' || lpad(n::text, 8, '0'), 'pending' FROM generate_series(1, %s) n",
            [messages],
        )
