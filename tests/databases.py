"""One database with the newest schema, emptied after each test: a new one for each would cost a tenth of a second."""

from dataclasses import dataclass, field

import psycopg

from sandbox.servers import Postgres

# Triggers and foreign keys are off meanwhile: what only grows, and what refers to something, goes like the rest.
_EMPTY = """
SET session_replication_role = replica;
SET lock_timeout = '20s';
DO $$
DECLARE
    one record;
    used boolean;
BEGIN
    FOR one IN SELECT oid::regclass AS name FROM pg_class
               WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', one.name) INTO used;
        IF used THEN
            EXECUTE format('DELETE FROM %s', one.name);
        END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""
_OTHERS_OUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
# What a test may have done to the schema itself, and how much it left lying about.
_SHAPE = """
SELECT (SELECT md5(string_agg(concat_ws(' ', oid, relname, relnatts, relchecks, relhastriggers), ',' ORDER BY oid))
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT md5(string_agg(oid::text, ',' ORDER BY oid)) FROM pg_constraint),
       (SELECT md5(string_agg(concat(oid, tgname, tgenabled), ',' ORDER BY oid)) FROM pg_trigger),
       (SELECT md5(string_agg(concat(oid, proname), ',' ORDER BY oid))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace)
"""
_SIZE = "SELECT pg_database_size(current_database())"
MOST_LITTER = 3_000_000


@dataclass
class Lender:
    """Lends one database after the other; what cannot be made as new is thrown away."""

    server: Postgres
    template: str
    name: str = ""
    made: int = 0
    shape: tuple[object, ...] = field(default=())
    size: int = 0

    def lend(self) -> str:
        """The URL of an empty database with the newest schema."""
        if not self.name:
            self.made += 1
            self.name = f"test_{self.made}"
            with self._inside(self.server.create_database(self.name, self.template)) as connection:
                self.shape, self.size = self._shape(connection), self._size(connection)
        return self.server.url(self.name)

    def take_back(self) -> None:
        """Nobody is in it any more, and it is as it was."""
        with self._inside(self.server.url(self.name)) as connection:
            connection.execute(_OTHERS_OUT, [self.name])
            if self._shape(connection) == self.shape and self._size(connection) - self.size < MOST_LITTER:
                connection.execute(_EMPTY)
                return
        self.server.drop_database(self.name)
        self.name = ""

    @staticmethod
    def _inside(url: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(url, autocommit=True)

    @staticmethod
    def _shape(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[object, ...]:
        found = connection.execute(_SHAPE).fetchone()
        assert found is not None
        return found

    @staticmethod
    def _size(connection: psycopg.Connection[tuple[object, ...]]) -> int:
        found = connection.execute(_SIZE).fetchone()
        assert found is not None
        return int(str(found[0]))
