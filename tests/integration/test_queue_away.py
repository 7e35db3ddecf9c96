"""Real processes whose queue is not there when they start: one sentence each, nothing lost, and they go on with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import homes, processes
from sandbox.processes import Child
from sandbox.servers import Redis, free_port
from tests import commands, deployments
from tests.conftest import ROOT
from tests.integration.conftest import Town
from tests.waiting import until

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def away() -> Iterator[Redis]:
    """A queue that is not there yet."""
    with homes.home() as home:
        redis = Redis(home, port=free_port())
        yield redis
        redis.stop()


@pytest.fixture
def settings(database_url: str, away: Redis) -> dict[str, str]:
    return {
        "COURTOISIE_DATABASE_URL": database_url,
        "COURTOISIE_BROKER_URL": away.url,
        "COURTOISIE_TWILIO__API_URL": NOBODY,
        "COURTOISIE_LIMITS__TICK_S": "0.2",
    }


@contextmanager
def started(folder: Path, settings: dict[str, str], *names: str) -> Iterator[list[Child]]:
    children = [
        processes.start(
            name, [sys.executable, "-m", "worker", name], log=folder / f"{name}.log", env=settings, cwd=ROOT
        )
        for name in names
    ]
    try:
        yield children
    finally:
        for child in children:
            child.stop(30)


def test_a_launch_without_its_queue_is_kept_and_goes_out_when_the_queue_is_there(
    tmp_path: Path, town: Town, settings: dict[str, str], away: Redis
) -> None:
    town.household()
    launched = commands.run("launch", "canicule-orange", settings=settings)
    stored = town.rows("campaign_event")

    with started(tmp_path, settings, "worker", "scheduler") as children:
        for child in children:
            until(lambda child=child: "queue_unreachable" in child.tail(), why=f"{child.name} to say that it waits")
        away.start()
        until(lambda: town.rows("recipient"), why="the launch to go out")
        for child in children:
            until(lambda child=child: "queue_reachable_again" in child.tail(), why=f"{child.name} to go on")
    said = {child.name: child.tail(100) for child in children}

    assert (launched.returncode, launched.stderr, len(stored)) == (0, "", 1)
    assert launched.stdout.count("La file d'attente ne répond pas : l'envoi part dès qu'elle répond.") == 1
    for told in said.values():
        assert told.count("ne répond pas. Ce processus attend, et reprend dès qu'elle répond.") == 1
        assert f"Redis, 127.0.0.1:{away.port}" in told
        assert "Traceback" not in told
        assert all("event=" in line for line in told.splitlines()), told


def test_worker_and_scheduler_name_a_broken_campaign_file_once_and_go_on(
    tmp_path: Path, settings: dict[str, str]
) -> None:
    config = deployments.copy_to(tmp_path) / "config"
    (config / "campaigns" / "canicule-rouge.toml").write_text("title =", encoding="utf-8")

    with started(tmp_path, settings | {"COURTOISIE_CONFIG_DIR": str(config)}, "worker", "scheduler") as children:
        for child in children:
            until(lambda child=child: "queue_unreachable" in child.tail(), why=f"{child.name} to be at work")
    said = [child.tail(100) for child in children]

    for told in said:
        assert [line.split(" event=")[1] for line in told.splitlines() if "level=error" in line] == [
            'campaign_file_unusable file=config/campaigns/canicule-rouge.toml remedy="courtoisie check"'
        ]


def test_a_test_for_staff_without_its_queue_is_refused_in_one_sentence(settings: dict[str, str], away: Redis) -> None:
    done = commands.run("launch", "canicule-orange", "--test", settings=settings)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"Erreur : La file d'attente (Redis, 127.0.0.1:{away.port}) ne répond pas."]
