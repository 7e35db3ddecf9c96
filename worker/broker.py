"""The queue: a dramatiq broker from settings, and a way to declare actors that need the App.

The queue only wakes. It carries actor names and ids; what is owed stands in PostgreSQL.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec
from urllib.parse import urlsplit

import dramatiq
import redis
import redis.exceptions
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import AgeLimit, CurrentMessage, Middleware, Retries, ShutdownNotifications, TimeLimit
from redis.backoff import NoBackoff
from redis.retry import Retry

from worker import logs
from worker.bootstrap import App
from worker.domain.errors import BadDefinition, Unavailable
from worker.i18n import _

log = structlog.get_logger()
P = ParamSpec("P")
Queue = dramatiq.Broker

# Infrastructure errors only: what the provider refuses is a value, decided by the domain.
MAX_RETRIES = 5
MIN_BACKOFF_MS = 500
MAX_BACKOFF_MS = 30_000
TIME_LIMIT_MS = 300_000
# A tick that waited this long is stale: a newer one is behind it.
TICK_MAX_AGE_MS = 10_000
# A queue that vanished (no answer, no reset) is noticed after this; no command of dramatiq's blocks on the server.
REDIS_TIMEOUT_S = 5
IDLE_POLL_MS = 200
OUTAGES = (redis.exceptions.RedisError, dramatiq.errors.BrokerConnectionError, OSError)


class LogContext(Middleware):
    """Binds the actor and its message to every event logged meanwhile, and logs failures without their data.

    That a server is away, or its disk full, is said once and not by each wake-up that meets it: the rows are mended
    when it is back.
    """

    def __init__(self) -> None:
        self._told = logs.Told()

    def before_process_message(self, _broker: dramatiq.Broker, message: dramatiq.MessageProxy) -> None:
        structlog.contextvars.bind_contextvars(actor=message.actor_name, wake=message.message_id[:8])

    def after_process_message(
        self,
        _broker: dramatiq.Broker,
        _message: dramatiq.MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        del result
        if isinstance(exception, Unavailable):
            if self._told.is_news(str(exception)):
                log.warning("server_unreachable", said=str(exception))
        elif exception is not None:
            log.error("actor_failed", error=type(exception).__name__, at=logs.where(exception))
        elif self._told.is_over():
            log.info("server_reachable_again")
        structlog.contextvars.clear_contextvars()

    def after_skip_message(self, _broker: dramatiq.Broker, _message: dramatiq.MessageProxy) -> None:
        structlog.contextvars.clear_contextvars()


class Outages(Middleware):
    """Says once that the queue is away and once that it is back, in place of dramatiq, whose consumers say it every
    second, each of them."""

    def __init__(self) -> None:
        self._away = logs.Once()
        self._said = ""

    def before_worker_boot(self, broker: dramatiq.Broker, _worker: dramatiq.Worker) -> None:
        self._said = waiting_for(broker)
        handler = logging.Handler(logging.CRITICAL)
        handler.emit = self._note  # type: ignore[method-assign]
        logger = logging.getLogger("dramatiq")
        logger.handlers, logger.propagate = [handler], False

    def before_process_message(self, _broker: dramatiq.Broker, _message: dramatiq.MessageProxy) -> None:
        if self._away.turns(to=False):
            log.info("queue_reachable_again")

    def _note(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, OUTAGES) or (error is None and "ConsumerThread" in record.name):
            self._note_away()
        else:
            where = "?" if error is None else logs.where(error)
            log.error("queue_library_failed", error=type(error).__name__, at=where, told_by=record.name)

    def _note_away(self) -> None:
        if self._away.turns(to=True):
            log.warning("queue_unreachable", said=self._said)


@dataclass(slots=True)
class Actor(Generic[P]):
    """A function of the route. Callable as such with the App; `send` wakes it through the queue."""

    function: Callable[Concatenate[App, P], None]
    options: dict[str, Any]
    bound: "dramatiq.Actor[Any, None] | None" = None

    def send(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Puts a wake-up on the queue. Raises Unavailable when the queue cannot be reached."""
        self._enqueue(args, kwargs)

    def send_later(self, delay_s: float, *args: P.args, **kwargs: P.kwargs) -> None:
        """The same after a short delay. Long waits are due times in PostgreSQL, never this."""
        self._enqueue(args, kwargs, delay=int(delay_s * 1000))

    def _enqueue(self, args: tuple[Any, ...], kwargs: dict[str, Any], **options: Any) -> None:
        if self.bound is None:
            raise RuntimeError(f"{self.function.__name__}: the route is not bound to a broker yet")
        try:
            self.bound.send_with_options(args=args, kwargs=kwargs, **options)
        except OUTAGES as error:
            raise _silent(self.bound.broker) from error


@dataclass(slots=True)
class Route:
    """The actors of the program, declared once at import and bound to a broker at start."""

    actors: list[Actor[Any]] = field(default_factory=list)

    def actor(self, *, queue: str, **options: Any) -> Callable[[Callable[Concatenate[App, P], None]], Actor[P]]:
        """Declares a function as an actor on a queue."""

        def declare(function: Callable[Concatenate[App, P], None]) -> Actor[P]:
            actor = Actor(function, {"queue_name": queue, **options})
            self.actors.append(actor)
            return actor

        return declare

    def bind(self, broker: dramatiq.Broker, app: App) -> None:
        """Lets the actors run with this App and be sent through this broker."""
        for actor in self.actors:
            declare = dramatiq.actor(actor_name=actor.function.__name__, broker=broker, **actor.options)
            actor.bound = declare(_with_app(actor.function, app))


def build(url: str) -> dramatiq.Broker:
    """A broker for a redis://, rediss://, amqp:// or amqps:// URL. Opens no connection yet.

    Several RabbitMQ servers of one cluster may be given, with a semicolon between their URLs.
    Raises BadDefinition for a URL that is missing, broken or of another kind.
    """
    kind = urlsplit(url).scheme
    if kind not in _MAKERS:
        raise BadDefinition(_("COURTOISIE_BROKER_URL doit commencer par redis://, rediss://, amqp:// ou amqps://."))
    try:
        return _MAKERS[kind](url, _middleware())
    except ValueError:  # a port that is no number, an option that is none; the URL itself may hold a password
        raise BadDefinition(
            _("COURTOISIE_BROKER_URL est mal formée : {kind}://utilisateur:motdepasse@serveur:port/…").format(kind=kind)
        ) from None


def ping(broker: dramatiq.Broker) -> None:
    """Raises Unavailable when the queue cannot be reached."""
    try:
        broker.client.ping() if isinstance(broker, RedisBroker) else broker.ping()  # type: ignore[attr-defined]
    except OUTAGES as error:
        raise _silent(broker) from error


def waiting_for(broker: dramatiq.Broker) -> str:
    """What an operator reads once while a process goes on without its queue."""
    return _("{wrong} Ce processus attend, et reprend dès qu'elle répond.").format(wrong=_silent(broker))


def _middleware() -> list[Middleware]:
    return [
        AgeLimit(),
        TimeLimit(time_limit=TIME_LIMIT_MS),
        ShutdownNotifications(),
        CurrentMessage(),
        Retries(max_retries=MAX_RETRIES, min_backoff=MIN_BACKOFF_MS, max_backoff=MAX_BACKOFF_MS),
        LogContext(),
        Outages(),
    ]


class _PolledRedis(RedisBroker):
    """An idle queue is looked at five times a second instead of once: an alert does not begin with two lost seconds."""

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = IDLE_POLL_MS) -> dramatiq.Consumer:
        return super().consume(queue_name, prefetch=prefetch, timeout=min(timeout, IDLE_POLL_MS))


def _redis(url: str, middleware: list[Middleware]) -> dramatiq.Broker:
    # A client of our own: dramatiq drops further options when it is given a URL.
    client = redis.Redis.from_url(
        url,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),  # an idle connection may have been closed meanwhile; more is the sweep's business
    )
    make: Callable[..., dramatiq.Broker] = _PolledRedis
    return make(client=client, middleware=middleware)


def _rabbitmq(url: str, middleware: list[Middleware]) -> dramatiq.Broker:
    from worker import rabbitmq  # its library is not loaded where Redis is the queue

    return rabbitmq.Broker(url, middleware=middleware)


_MAKERS: dict[str, Callable[[str, list[Middleware]], dramatiq.Broker]] = {
    "redis": _redis,
    "rediss": _redis,
    "amqp": _rabbitmq,
    "amqps": _rabbitmq,
}


def _silent(broker: dramatiq.Broker) -> Unavailable:
    return Unavailable(_("La file d'attente ({server}) ne répond pas.").format(server=_server(broker)))


def _server(broker: dramatiq.Broker) -> str:
    """Which server, for people to read; without user and password."""
    if not isinstance(broker, RedisBroker):
        return f"RabbitMQ, {broker.servers}"  # type: ignore[attr-defined]
    known = broker.client.connection_pool.connection_kwargs
    return f"Redis, {known.get('host', 'localhost')}:{known.get('port', 6379)}"


def _with_app(function: Callable[Concatenate[App, P], None], app: App) -> Callable[P, None]:
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        function(app, *args, **kwargs)

    return run
