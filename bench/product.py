"""The product under load: its own processes, a durable PostgreSQL, a real queue, and every receipt coming back."""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import text

from bench import cpu, stand, town
from sandbox import stack
from sandbox.stack import DATABASE, Stack
from worker import actors, bootstrap, broker
from worker import settings as configuration
from worker.bootstrap import App
from worker.services import events
from worker.store import database
from worker.store.database import Database

PATIENCE_S = 900.0


@dataclass(slots=True)
class Bench:
    """The running product and what it is measured with."""

    stack: Stack
    light: stand.Light
    db: Database
    app: App
    occasions: int = 0
    peak_mb: dict[str, float] = field(default_factory=dict)

    @property
    def pids(self) -> dict[str, int]:
        """Ours, and apart from them the servers and the stand-in."""
        ours = {name: child.pid for name, child in self.stack.children.items()}
        postgres, redis = self.stack.postgres.child, self.stack.redis.child
        servers = {"postgres": postgres.pid} if postgres else {}
        servers |= {"redis": redis.pid} if redis else {}
        return ours | servers | {"stand-in": self.light.child.pid}

    def launch(self, **changes: Any) -> int:
        """Opens an event over the whole town and wakes its fan-out; returns its id."""
        self.occasions += 1
        opened = events.open_event(
            self.db, town.campaign(**changes), occasion=f"run-{self.occasions}", desk=self.app.desk, now=town.now()
        )
        actors.fan_out.send(opened.event_id)
        return opened.event_id

    def count(self, where: str) -> int:
        with self.db.begin() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM message WHERE {where}")).scalar_one())  # noqa: S608

    def wait(self, what: Callable[[], bool], *, every_s: float = 0.25) -> None:
        """Waits for a condition, and notes the peak of each process's memory meanwhile."""
        end = time.monotonic() + PATIENCE_S
        while not what():
            if time.monotonic() > end:
                raise TimeoutError("the run did not end; see the logs of its processes")
            for name, reading in cpu.read(self.pids).items():
                self.peak_mb[name] = max(self.peak_mb.get(name, 0.0), reading.rss_mb)
            time.sleep(every_s)


@contextmanager
def running(*, homes: int, changes: dict[str, str] | None = None, workers: int = 1) -> Iterator[Bench]:
    """The product over a town of so many households. The ledger starts empty and the database is durable."""
    wanted = {
        "SENDERS__COURT__SEGMENTS_PER_S": "0",
        "SENDERS__VOIX__ADDRESS": town.VOICE,
        "SENDERS__VOIX__CAPABILITY": "voice",
        "TWILIO__MAX_IN_FLIGHT": "100",
        "LOG_LEVEL": "warning",
    }
    token = secrets.token_hex(16)
    with (
        stack.running(seed="bench", changes=wanted | (changes or {})) as running_stack,
        stand.running(running_stack.home, token=token) as light,
    ):
        running_stack.changes = {
            **running_stack.changes,
            "TWILIO__API_URL": light.url,
            "TWILIO__AUTH_TOKEN": token,
            "TWILIO__AUTH_TOKEN_SECONDARY": "",
        }
        running_stack.migrate()
        db = database.connect(running_stack.postgres.url(DATABASE))
        town.build(db, homes)
        for name in ("web", "scheduler"):
            running_stack.launch(name)
        launch_workers(running_stack, workers)
        with _app(running_stack) as app:
            yield Bench(running_stack, light, db, app)
        db.close()


def launch_workers(running: Stack, count: int) -> None:
    """So many `courtoisie worker`, each as it is started by default."""
    running.launch("worker")
    for number in range(1, count):
        running.launch("worker", f"worker-{number}")


@contextmanager
def _app(running: Stack) -> Iterator[App]:
    """The product's parts in this process too, for opening events as the command line does."""
    kept = dict(os.environ)
    os.environ.update(running.environment())
    try:
        app = bootstrap.build(configuration.load())
    finally:
        os.environ.clear()
        os.environ.update(kept)
    queue = broker.build(running.queue.url)
    actors.route.bind(queue, app)
    try:
        yield app
    finally:
        queue.close()
        app.close()


def blast(bench: Bench, messages: int) -> dict[str, Any]:
    """One event from launch to the last receipt stored, with what each process spent on it."""
    town.clear_events(bench.db)
    bench.light.reset()
    bench.peak_mb.clear()
    before = cpu.read(bench.pids)
    begun = time.time()
    bench.launch()
    # Looking costs PostgreSQL and the stand-in the more, the more there is to count: 0.4 ms a message at 300,000.
    every_s = max(0.25, messages / 60_000)
    bench.wait(lambda: bench.light.stats()["accepted"] >= messages, every_s=every_s)
    bench.wait(lambda: bench.count("state = 'delivered'") >= messages, every_s=every_s)
    ended = time.time()
    spent = cpu.spent(before, cpu.read(bench.pids))
    seen = bench.light.stats()
    ours = sum(spent[name] for name in bench.stack.children)
    return {
        "messages": messages,
        "accepted": seen["accepted"],
        "refused_429": seen["refused"],
        "peak_in_flight": seen["peak_in_flight"],
        "launch_to_last_accepted_s": seen["last_at"] - begun,
        "launch_to_first_accepted_s": seen["first_at"] - begun,
        "launch_to_last_receipt_s": ended - begun,
        "per_s": messages / (seen["last_at"] - begun),
        "steady_per_s": messages / max(seen["last_at"] - seen["first_at"], 1e-9),
        "cpu_ms_per_message": {name: 1000 * s / messages for name, s in spent.items()},
        "our_cpu_ms_per_message": 1000 * ours / messages,
        "receipt_ms": seen["receipt_ms"],
        "peak_mb": {name: round(mb) for name, mb in bench.peak_mb.items()},
    }
