"""A whole town: real processes, PostgreSQL, a queue and the stand-in for Twilio, with phones that a test holds.

The queue is Redis. Tests marked `any_broker` run over RabbitMQ as well; E2E_BROKERS="redis rabbitmq" says which servers
all of them run over.
"""

import itertools
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pika
import pytest
import redis
from sqlalchemy import text

from sandbox import rabbitmq, stack
from sandbox.stack import DATABASE, Stack
from tests import builders, deployments
from tests.waiting import until
from worker import actors, bootstrap, broker
from worker import settings as configuration
from worker.domain.campaigns import AgeBand, Audience, Campaign
from worker.services import events, reporting
from worker.store import database

# The number the machine rings from.
VOICE = "+33939000001"
# Two agencies with a telephone: at one somebody is there at any hour, the other is closed whenever these tests run.
OPEN, SHUT = "OUVERTE", "FERMEE"
AGENCY_PHONE = "+33561000002"
_AT_NIGHT, _AT_NOON = ("02:00", "03:00"), ("12:00", "13:00")


def _agencies(now: datetime) -> str:
    """The settings of both, as JSON."""
    hours = {OPEN: ("00:00", "23:59"), SHUT: _AT_NIGHT if 6 <= now.hour < 22 else _AT_NOON}
    return json.dumps({a: {"phone": AGENCY_PHONE, "routine": [h], "alert": [h]} for a, h in hours.items()})


# Waits of the product, shortened where a test would wait for them.
QUICK = {
    "LIMITS__FAN_OUT_SLICE": "20",  # so that events of a few dozen are queued as those of thousands are
    "LIMITS__TICK_S": "0.3",
    "LIMITS__LEASE_S": "5",
    "LIMITS__UNKNOWN_MARGIN_S": "1",
    "LIMITS__REPLIES_POLL_S": "1",
    "TWILIO__TIMEOUT_S": "3",
    "TWILIO__MAX_IN_FLIGHT": "40",
    "SENDERS__VOIX__ADDRESS": VOICE,
    "SENDERS__VOIX__CAPABILITY": "voice",
    "SENDERS__VOIX__CALLS_PER_S": "20",
    "SENDERS__VOIX__CALLS_AT_ONCE": "8",
    "CALLS__ALERT": '[["00:00", "23:59"]]',
    "CALLS__BUSY_MIN": "[0.02, 0.03]",
    "CALLS__NO_ANSWER_MIN": "[0.02, 0.03]",
    "CALLS__MACHINE_MIN": "[0.02, 0.03]",
    "CALLS__RING_S": "25",
    "BRIDGE__ASK_AFTER_S": "1",
    "AGENCIES": _agencies(datetime.now(ZoneInfo("Europe/Paris"))),
}
_codes = itertools.count(1)


@dataclass
class City:
    """The running program, and a way into its rooms for opening events and looking at rows.

    alerts: so many of the provider's are accounted for.
    """

    stack: Stack
    db: database.Database
    app: bootstrap.App
    alerts: int = 0

    def wipe_queue(self) -> None:
        """Whatever waited in the queue is gone, and so are the queues."""
        WIPE[self.stack.broker](self.stack.queue.url)

    def district(self, code: str = "") -> "District":
        """A part of the town of its own, so that tests do not meet. code: of an agency that has settings."""
        return District(self, code or f"A{next(_codes)}")


def _wipe_redis(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.flushall()


def _wipe_rabbitmq(url: str) -> None:
    connection = pika.BlockingConnection(pika.URLParameters(url))
    for actor in actors.route.actors:
        for suffix in ("", ".DQ"):
            connection.channel().queue_delete(actor.options["queue_name"] + suffix)
    connection.close()


WIPE = {"redis": _wipe_redis, "rabbitmq": _wipe_rabbitmq}


@dataclass
class District:
    """One agency's households, and the events that concern them alone."""

    city: City
    code: str

    @property
    def control(self) -> Any:
        return self.city.stack.control

    def household(
        self,
        behaviour: str = "silent",
        *,
        answers: Sequence[tuple[float, str]] | None = None,
        code: int | None = None,
        **what: Any,
    ) -> builders.Household:
        """A household whose phone behaves so. answers: (seconds after the text, what the person writes)."""
        home = builders.household(self.city.db, agency=self.code, **what)
        if home.phones:
            self.control.put_phone(home.phone, behaviour, code=code, answers=answers)
        return home

    def landline(self, manner: str, **doings: object) -> builders.Household:
        """A household with a landline alone, and what happens when it is rung."""
        home = builders.household(self.city.db, agency=self.code, mobiles=(), landlines=(builders.landline(),))
        self.control.put_callee(home.phone, manner, **doings)
        return home

    def calling(self, **changes: Any) -> Campaign:
        """A check-in that rings whom no text can reach."""
        return self.campaign(call_script="heat_orange_check", reply_deadline=timedelta(seconds=60), **changes)

    def campaign(self, **changes: Any) -> Campaign:
        """A check-in of this district: reminder after 8 s, deadline after 16 s."""
        values: dict[str, Any] = {
            "audience": Audience(age_bands=(AgeBand(70),), agencies=(self.code,)),
            "reminder_after": timedelta(seconds=8),
            "reply_deadline": timedelta(seconds=16),
        }
        return builders.campaign(**(values | changes))

    def launch(self, campaign: Campaign | None = None) -> int:
        app = self.city.app
        chosen = campaign or self.campaign()
        opened = events.open_event(self.city.db, chosen, occasion=self.code, desk=app.desk, now=app.clock())
        actors.fan_out.send(opened.event_id)
        return opened.event_id

    def report(self, event_id: int) -> dict[str, Any]:
        return reporting.as_json(reporting.report(self.city.db, event_id))

    def settled(self, event_id: int, timeout_s: float = 120.0) -> dict[str, Any]:
        """Waits until the event has settled and every reply has been read, and returns its account."""
        until(
            lambda: self.report(event_id)["state"] == "settled" and not self.unread(),
            timeout_s=timeout_s,
            why=f"event {event_id} to settle",
        )
        return self.report(event_id)

    def unread(self) -> int:
        return int(self.one("SELECT count(*) AS n FROM inbound_message WHERE read_at IS NULL")["n"])

    def recipient(self, home: builders.Household) -> dict[str, Any]:
        return self.one("SELECT * FROM recipient WHERE household_id = :id ORDER BY id DESC LIMIT 1", id=home.id)

    def task(self, home: builders.Household) -> dict[str, Any] | None:
        found = self.all("SELECT * FROM callback_task WHERE household_id = :id ORDER BY id DESC", id=home.id)
        return found[0] if found else None

    def received(self, home: builders.Household) -> list[str]:
        """The texts that the provider accepted for the household's first phone, in order."""
        return [m["body"] for m in self.control.messages(to=home.phone, direction="outbound-api")]

    def one(self, statement: str, **values: Any) -> dict[str, Any]:
        return self.all(statement, **values)[0]

    def all(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        with self.city.db.begin() as connection:
            return [dict(row) for row in connection.execute(text(statement), values).mappings()]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The same test over each queue it is meant for."""
    if "city" in metafunc.fixturenames:
        also = ["rabbitmq"] if metafunc.definition.get_closest_marker("any_broker") else []
        brokers = os.environ.get("E2E_BROKERS", "").split() or ["redis", *also]
        metafunc.parametrize("city", brokers, indirect=True, scope="module")


@contextmanager
def inhabited(running: Stack) -> Iterator[City]:
    """A started stack as a city: this process may open events and look at rows."""
    patch = pytest.MonkeyPatch()
    for name, value in running.environment().items():
        patch.setenv(name, value)
    app = bootstrap.build(configuration.load(), clock=running.clock and running.clock.now)
    patch.undo()
    queue = broker.build(running.queue.url)
    actors.route.bind(queue, app)
    db = database.connect(running.postgres.url(DATABASE))
    yield City(running, db, app)
    queue.close()
    app.close()
    db.close()


@pytest.fixture(scope="module")
def city(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A town for the tests of one file: its processes are not there to keep the machine busy during the others."""
    if request.param == "rabbitmq" and rabbitmq.program() is None:
        pytest.skip(rabbitmq.HOW_TO_GET_IT)
    config = deployments.copy_to(tmp_path_factory.mktemp("city")) / "config"
    deployments.open_at_any_hour(config)
    changes = QUICK | {"CONFIG_DIR": str(config)}
    with stack.running(seed="e2e", changes=changes, broker=request.param) as running:
        running.control.put_senders({"address": VOICE})
        running.control.settings(calls_per_s=50.0, call_speed=20.0)
        running.start_product()
        with inhabited(running) as city:
            yield city


@pytest.fixture
def district(city: City) -> District:
    city.stack.control.clear_faults()
    return city.district()


@pytest.fixture
def nothing_to_debug(city: City, request: pytest.FixtureRequest) -> Iterator[None]:
    """At the end of a story the provider's debugger is empty: each hook answered, and what it answered was sound TwiML.
    But for a story that is marked as troubled."""
    yield
    shown = city.stack.control.alerts()
    new, city.alerts = shown[city.alerts :], len(shown)
    assert not new or request.node.get_closest_marker("troubled"), new


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure shows the end of every process's log."""
    outcome: Any = yield
    report = outcome.get_result()
    district = getattr(item, "funcargs", {}).get("district")
    if report.failed and district is not None:
        for child in district.city.stack.children.values():
            report.sections.append((child.name, child.tail()))
