"""Brings a database to the newest schema, and tells which one it has."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 7_206_811  # any constant: two processes migrating at once wait for each other


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file."""
    settings = Config(attributes={"connection": connection})
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.set_main_option("path_separator", "os")
    return settings


def upgrade(connection: Connection) -> None:
    """Runs every missing migration, in the caller's transaction."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    command.upgrade(config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Whether the database has the schema this code was written for."""
    return MigrationContext.configure(connection).get_current_revision() == newest()


def newest() -> str | None:
    """The revision this code was written for."""
    return ScriptDirectory.from_config(config()).get_current_head()
