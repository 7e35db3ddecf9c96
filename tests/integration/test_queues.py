"""The queue by its URL: Redis and RabbitMQ take the same wake-ups, and either may go away and come back."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from structlog.testing import capture_logs

from sandbox import homes, rabbitmq
from sandbox.rabbitmq import RabbitMQ
from sandbox.servers import Redis
from worker import broker
from worker.broker import Route
from worker.domain.errors import BadDefinition, Unavailable
from worker.heartbeat import Heartbeat
from worker.scheduler import Waking

Server = Redis | RabbitMQ
SERVERS: dict[str, Callable[..., Server]] = {"redis": Redis, "rabbitmq": RabbitMQ}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    if request.param == "rabbitmq" and rabbitmq.program() is None:
        pytest.skip(rabbitmq.HOW_TO_GET_IT)
    with homes.home() as home:
        started = SERVERS[request.param](home)
        started.start()
        yield started
        started.stop()


@pytest.fixture
def heard() -> list[int]:
    return []


@pytest.fixture
def wake(heard: list[int]) -> tuple[Route, Any]:
    """A route with one actor, which keeps what it was woken with."""
    route = Route()

    @route.actor(queue="errands")
    def run(_app: Any, number: int) -> None:
        heard.append(number)

    return route, run


@pytest.fixture
def queue(server: Server, wake: tuple[Route, Any]) -> Iterator[dramatiq.Broker]:
    built = broker.build(server.url)
    wake[0].bind(built, None)  # type: ignore[arg-type]  # this actor needs no App
    yield built
    built.flush_all()
    built.close()


def _until(what: Callable[[], Any], why: str, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)  # between two looks


def test_a_wake_up_reaches_a_worker_at_once_or_after_a_delay(
    queue: dramatiq.Broker, wake: tuple[Route, Any], heard: list[int]
) -> None:
    worker = dramatiq.Worker(queue, worker_threads=2, worker_timeout=100)
    worker.start()
    wake[1].send_later(0.5, 2)
    wake[1].send(1)

    _until(lambda: len(heard) == 2, "both wake-ups to be heard")
    worker.stop()
    assert heard == [1, 2]


def test_a_worker_renews_its_file_with_each_wake_up_that_it_answers(
    queue: dramatiq.Broker, wake: tuple[Route, Any], heard: list[int], tmp_path: Path
) -> None:
    alive = tmp_path / "alive"
    queue.add_middleware(Heartbeat(alive))
    worker = dramatiq.Worker(queue, worker_threads=2, worker_timeout=100)
    worker.start()
    silent = not alive.exists()
    wake[1].send(1)

    _until(alive.exists, "the file to be there")
    worker.stop()
    assert (silent, heard) == (True, [1])


def test_a_clock_that_wakes_renews_its_file_and_one_whose_queue_is_away_does_not(tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    waking = Waking(alive)

    waking(_queue_is_away)
    silent = not alive.exists()
    waking(lambda: None)

    assert (silent, alive.exists()) == (True, True)


def test_of_all_that_find_the_queue_away_at_once_one_says_so() -> None:
    waking, together = Waking(said="it waits"), threading.Barrier(8)

    def wake() -> None:
        together.wait()
        _queue_is_away()

    with capture_logs() as logs:
        threads = [threading.Thread(target=waking, args=(wake,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert [(line["event"], line["said"]) for line in logs] == [("queue_unreachable", "it waits")]


def _queue_is_away() -> None:
    raise Unavailable("the queue is away")


def test_the_queue_goes_away_and_comes_back_and_it_is_said_once(
    queue: dramatiq.Broker, wake: tuple[Route, Any], heard: list[int], server: Server
) -> None:
    worker = dramatiq.Worker(queue, worker_threads=2, worker_timeout=100)
    with capture_logs() as logs:
        worker.start()
        complaints = _complaints()
        wake[1].send(1)
        _until(lambda: heard == [1], "the first wake-up to be heard")

        server.stop()
        with pytest.raises(Unavailable, match=r"(Redis|RabbitMQ), 127\.0\.0\.1:\d+"):
            wake[1].send(2)
        _until(lambda: len(complaints) > 4, "the consumers to have tried several times")
        server.start()
        _until(lambda: _sent(wake[1], 3), "the queue to take wake-ups again")
        _until(lambda: 3 in heard, "a wake-up to be heard again")
        worker.stop()

    said = [line["event"] for line in logs]
    assert said.count("queue_unreachable") == said.count("queue_reachable_again") == 1


def test_of_all_wake_ups_that_find_the_database_away_one_says_so(queue: dramatiq.Broker) -> None:
    route, tried = Route(), list[int]()

    @route.actor(queue="errands", max_retries=0)
    def find_it_away(_app: Any, number: int) -> None:
        tried.append(number)
        raise Unavailable("PostgreSQL is away")

    route.bind(queue, None)  # type: ignore[arg-type]  # this actor needs no App
    worker = dramatiq.Worker(queue, worker_threads=2, worker_timeout=100)
    with capture_logs() as logs:
        worker.start()
        for number in range(8):
            find_it_away.send(number)
        _until(lambda: len(tried) == 8, "all wake-ups to be answered")
        worker.stop()

    assert [(line["event"], line["said"]) for line in logs] == [("server_unreachable", "PostgreSQL is away")]


def _complaints() -> list[logging.LogRecord]:
    """What dramatiq has to say about it, from now on."""
    kept: list[logging.LogRecord] = []
    listener = logging.Handler(logging.CRITICAL)
    listener.emit = kept.append  # type: ignore[method-assign]
    logging.getLogger("dramatiq").addHandler(listener)
    return kept


def _sent(actor: Any, number: int) -> bool:
    try:
        actor.send(number)
    except Unavailable:
        return False
    return True


def test_threads_that_come_and_go_leave_no_connections_behind(queue: dramatiq.Broker, wake: tuple[Route, Any]) -> None:
    for number in range(12):
        sender = threading.Thread(target=wake[1].send, args=(number,))
        sender.start()
        sender.join()
        broker.ping(queue)

    known = getattr(queue, "connections", None)  # dramatiq's RabbitMQ broker keeps them all
    assert known is None or len(known) == 1


@pytest.mark.parametrize("url", ["redis://someone:secret@127.0.0.1:9/0", "amqp://someone:secret@127.0.0.1:9"])
def test_a_queue_that_is_away_is_named_without_its_password(url: str, wake: tuple[Route, Any]) -> None:
    away = broker.build(url)
    wake[0].bind(away, None)  # type: ignore[arg-type]  # this actor needs no App

    for ask in (lambda: broker.ping(away), lambda: wake[1].send(1)):
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:9\)") as told:
            ask()
        assert "secret" not in str(told.value)
    away.close()


@pytest.mark.parametrize(
    "url", ["", "localhost", "http://127.0.0.1", "redis://127.0.0.1:port", "amqp://127.0.0.1:port"]
)
def test_an_address_that_is_none_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(BadDefinition, match="COURTOISIE_BROKER_URL"):
        broker.build(url)
