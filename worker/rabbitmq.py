"""RabbitMQ as the queue: dramatiq's own broker, with one publishing connection per process and an end to every wait."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import dramatiq
import pika
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.errors import ConnectionClosed

# Used where the URL does not say otherwise; times in seconds, but for TCP_USER_TIMEOUT: milliseconds. Without them
# a server that vanished (no answer, no reset) would be waited for as long as the kernel likes, a quarter of an hour.
DEFAULTS = {
    "heartbeat": "30",
    "socket_timeout": "5",
    "stack_timeout": "8",
    "blocked_connection_timeout": "10",
    "tcp_options": str({"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}),
}
PUBLISH_TIMEOUT_S = 10.0


class Broker(RabbitmqBroker):
    """Publishes from one thread only, and only what the server has confirmed counts as sent.

    dramatiq keeps a connection for every thread that ever published. Ours come and go (web requests, the scheduler's
    pool), and connections of threads long gone would pile up.
    """

    def __init__(self, url: str, *, middleware: list[dramatiq.Middleware]) -> None:
        super().__init__(
            url=[_with_defaults(one) for one in url.split(";")], middleware=middleware, confirm_delivery=True
        )
        logging.getLogger("pika").setLevel(logging.CRITICAL)  # an outage is told by us, once
        self._publisher = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rabbitmq")

    @property
    def servers(self) -> str:
        """host:port of each server, for people to read."""
        return ", ".join(f"{server.host}:{server.port}" for server in self._servers())

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        """Raises dramatiq's ConnectionClosed, or TimeoutError when no confirmation comes."""
        published = self._publisher.submit(super().enqueue, message, delay=delay)
        try:
            return published.result(PUBLISH_TIMEOUT_S)
        finally:
            published.cancel()  # one that has not begun is given up with its caller; a begun one is not disturbed

    def ping(self) -> None:
        """Raises dramatiq's ConnectionClosed or OSError when no server takes a connection."""
        try:
            pika.BlockingConnection(self._servers()).close()
        except pika.exceptions.AMQPError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Gives the connections back. May be called without any use before."""
        self._publisher.submit(super().close)
        self._publisher.shutdown()

    def _servers(self) -> Sequence[pika.URLParameters]:
        return self.parameters


def _with_defaults(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode({**DEFAULTS, **dict(parse_qsl(parts.query))})))
