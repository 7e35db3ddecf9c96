"""The connection to PostgreSQL: pool, transactions, and the one translation of its outages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from psycopg.errors import DeadlockDetected, DiskFull, NumericValueOutOfRange, UndefinedTable
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, OperationalError, ProgrammingError

from worker.domain.errors import BadDefinition, NotFound, Unavailable
from worker.i18n import _

__all__ = ["Connection", "Database", "connect"]

# A table grows from nothing to 15,000 rows in a second: a plan made for the empty one must not be kept. So our statements
# are never prepared on the server, and each is planned for its own values; the server's own checks of foreign keys,
# tens of thousands in a fan-out, keep their plans. Compiling plans costs more than our short statements.
PLANNER = "-c jit=off"

# A host that vanishes (no answer, no reset) is given up after this long, by both ends. Without it a worker would wait for
# a lost server, and the server keep a lost worker's locks, for as long as the kernel likes: up to two hours.
SILENCE_S = 20
PROBE_AFTER_S, PROBE_EVERY_S = 10, 5
PROBES = (SILENCE_S - PROBE_AFTER_S) // PROBE_EVERY_S
# A host that froze keeps its connections. Nothing of ours is idle for long in a transaction; an import's reading comes
# nearest.
FROZEN = "2min"

OUR_END = {
    "connect_timeout": 5,
    "keepalives_idle": PROBE_AFTER_S,
    "keepalives_interval": PROBE_EVERY_S,
    "keepalives_count": PROBES,
    "tcp_user_timeout": SILENCE_S * 1000,
}
# Settings of our session only; a pooler such as PgBouncer must be told to let them pass (ignore_startup_parameters
# would drop them).
THEIR_END = (
    f"-c tcp_keepalives_idle={PROBE_AFTER_S} -c tcp_keepalives_interval={PROBE_EVERY_S} "
    f"-c tcp_keepalives_count={PROBES} -c tcp_user_timeout={SILENCE_S}s -c client_connection_check_interval=10s "
    f"-c idle_in_transaction_session_timeout={FROZEN}"
)

DEADLOCK_TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Database:
    """A pool of connections. `begin` is the unit of work: commit at the end, roll back on error.

    joined: a transaction under way that every `begin` is part of, and that ends with whoever opened it.
    """

    engine: Engine
    joined: Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction. Never keep it open during a network call.

        Raises Unavailable when the server cannot be reached, NotFound for a number that no row can have.
        """
        if self.joined is not None:
            yield self.joined
            return
        try:
            with self.engine.begin() as connection:
                yield connection
        except OperationalError as error:
            raise Unavailable(_unreachable(self.engine, error)) from error
        except DataError as error:
            if isinstance(error.orig, NumericValueOutOfRange):
                raise NotFound(_("Ce numéro est trop grand : rien ne le porte.")) from error
            raise
        except ProgrammingError as error:
            if isinstance(error.orig, UndefinedTable):
                raise Unavailable(_("La base n'a pas le schéma attendu : lancez « courtoisie migrate ».")) from error
            raise

    @contextmanager
    def whole(self) -> Iterator["Database"]:
        """One transaction for many small readings: a page made of ten of them asks the server a third as often, and
        shows one moment. Not for what changes something or waits for anybody but the server.

        Raises Unavailable as `begin` does.
        """
        with self.begin() as connection:
            yield replace(self, joined=connection)

    def run(self, work: Callable[[Connection], T]) -> T:
        """One transaction around `work`, begun again when the server ended it to free others that waited in a ring.

        `work` must be safe to run twice: the first time is rolled back. Raises Unavailable as `begin` does.
        """
        for _try in range(DEADLOCK_TRIES - 1):
            try:
                with self.begin() as connection:
                    return work(connection)
            except Unavailable as error:
                if not isinstance(error.__cause__, OperationalError) or not isinstance(
                    error.__cause__.orig, DeadlockDetected
                ):
                    raise
        with self.begin() as connection:
            return work(connection)

    def ping(self) -> None:
        """Raises Unavailable when the server cannot be reached."""
        with self.begin() as connection:
            connection.execute(text("SELECT 1"))

    def now(self) -> datetime:
        """The server's clock, which all hosts share."""
        with self.begin() as connection:
            at: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return at

    def close(self) -> None:
        self.engine.dispose()


def connect(url: str, *, pool_size: int = 20) -> Database:
    """A pool for a postgresql:// URL. Opens no connection yet.

    Raises BadDefinition for a URL that is missing or not PostgreSQL's.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() != "postgresql":
        raise BadDefinition(
            _("COURTOISIE_DATABASE_URL doit avoir la forme postgresql://utilisateur:motdepasse@serveur/base.")
        )
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=10,
        pool_pre_ping=True,
        connect_args={
            **OUR_END,
            "application_name": "courtoisie",
            "options": f"{PLANNER} {THEIR_END}",
            "prepare_threshold": None,
        },
        hide_parameters=True,  # an error must not carry a tenant's name or number
    )
    return Database(engine)


def _unreachable(engine: Engine, error: OperationalError) -> str:
    host = engine.url.host or engine.url.query.get("host", "?")
    if isinstance(error.orig, DiskFull):  # in its own words it names another file each time
        return _("Le disque de PostgreSQL ({host}) est plein : libérez de la place, tout reprend ensuite.").format(
            host=host
        )
    reason = str(error.orig).strip().splitlines()[0] if error.orig else ""
    return _("PostgreSQL ne répond pas à l'adresse {host} : {reason}").format(host=host, reason=reason)
