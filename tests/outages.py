"""A database that cannot be asked for a while."""

from collections.abc import Iterator
from contextlib import contextmanager

from worker.store.database import Database


@contextmanager
def away(db: Database, table: str) -> Iterator[None]:
    """Whoever asks for this table is told that the database is not there."""
    with db.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {table}_away")
    try:
        yield
    finally:
        with db.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {table}_away RENAME TO {table}")
