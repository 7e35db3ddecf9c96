"""Real servers for the tests that need them: one PostgreSQL and one Redis per run, a fresh database per test."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest

from sandbox import servers
from sandbox.standin import Standin
from sandbox.twilio.control import Control
from tests.databases import Lender
from worker.store import database, schema_version

# A machine that is busy is no reason to fail: what takes long is bounded by the whole test's time.
hypothesis.settings.register_profile("calm", deadline=None)
hypothesis.settings.load_profile("calm")

for _variable in [v for v in os.environ if v.startswith(("COURTOISIE_", "TWILIO_EDGE", "TWILIO_REGION", "COLUMNS"))]:
    del os.environ[_variable]  # the machine's own settings must not reach a test

ROOT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait for other processes are spread among those that compute, and none is left for the end."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if {"e2e", "browser"} & set(path.parts)]
    computing = [path for path in files if path not in waiting]
    every = max(1, len(computing) * 2 // 3 // max(1, len(waiting)))
    order: list[Path] = []
    for place, path in enumerate(computing):
        if place % every == 0 and waiting:
            order.append(waiting.pop(0))
        order.append(path)
    items[:] = [item for path in [*order, *waiting] for item in files[path]]


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    with servers.home() as home:
        server = servers.Postgres(home, durable=False)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def template_database(postgres: servers.Postgres) -> str:
    """A database with the newest schema, cloned for each test."""
    name = "template_courtoisie"
    db = database.connect(postgres.create_database(name))
    with db.begin() as connection:
        schema_version.upgrade(connection)
    db.close()
    return name


@pytest.fixture(scope="session")
def databases(postgres: servers.Postgres, template_database: str) -> Lender:
    return Lender(postgres, template_database)


@pytest.fixture
def database_url(databases: Lender) -> Iterator[str]:
    yield databases.lend()
    databases.take_back()


@pytest.fixture
def db(database_url: str) -> Iterator[database.Database]:
    """An empty database with the newest schema, for this test alone."""
    opened = database.connect(database_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[servers.Redis]:
    with servers.home() as home:
        server = servers.Redis(home)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def standin_process() -> Iterator[Standin]:
    with servers.home() as home:
        server = Standin(home, seed="tests")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def standin(standin_process: Standin) -> Control:
    """The stand-in for Twilio, as at its start: its control client, whose `url` is also the API's base."""
    standin_process.control.reset("tests", everything=True)
    return standin_process.control


@pytest.fixture
def now() -> datetime:
    """A Wednesday in a heatwave, 10:00 in Paris."""
    return datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
