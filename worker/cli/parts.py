"""What commands need from the rest of the program, opened for one command and closed after it."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from worker import actors, bootstrap, broker, catalogue, logs
from worker import settings as configuration
from worker.rendering import Texts
from worker.store import database


def settings() -> configuration.Settings:
    """The settings, with logging set up as they say. Raises BadDefinition."""
    loaded = configuration.load()
    logs.configure(loaded.log_level)
    return loaded


@contextmanager
def whole() -> Iterator[bootstrap.App]:
    """The App for one command."""
    app = bootstrap.build(settings())
    try:
        yield app
    finally:
        app.close()


def catalogue_of(loaded: configuration.Settings) -> catalogue.Catalogue:
    """The campaigns as defined, and what is wrong with some, without a server."""
    return catalogue.read_all(loaded.config_dir, senders=loaded.sender_table, texts=Texts(loaded.templates_dir))


@contextmanager
def with_queue(app: bootstrap.App) -> Iterator[broker.Queue]:
    """The queue with the App's actors bound to it; whether it answers is not asked. Raises BadDefinition."""
    with closing(broker.build(app.settings.broker_url.get_secret_value())) as queue:
        actors.route.bind(queue, app)
        yield queue


@contextmanager
def only_database() -> Iterator[tuple[configuration.Settings, database.Database]]:
    """Settings and database alone, for commands that need no campaign."""
    loaded = settings()
    db = database.connect(loaded.database_url.get_secret_value())
    try:
        yield loaded, db
    finally:
        db.close()
