"""The migrations and the tables in the code are the same schema."""

from alembic import command

from worker.store import schema_version
from worker.store.database import Database


def test_migrations_build_exactly_the_tables_of_the_code(db: Database) -> None:
    with db.begin() as connection:
        assert schema_version.is_current(connection)
        command.check(schema_version.config(connection))


def test_migrating_twice_changes_nothing(db: Database) -> None:
    with db.begin() as connection:
        schema_version.upgrade(connection)

        assert schema_version.is_current(connection)
