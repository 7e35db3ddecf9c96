"""What is done for each batch must not read the whole queue: a large event would cost more per text than a small."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from bench import town
from tests import builders
from tests.integration.conftest import DESK
from worker.services import events
from worker.store import leaving
from worker.store.database import Database

HOMES = 4_000
BATCH = 50


@pytest.fixture
def queue(db: Database) -> dict[str, Any]:
    """An event over a whole town; what a claim asks with."""
    now = datetime.now(UTC)
    town.build(db, HOMES)
    opened = events.open_event(db, builders.campaign(), occasion="large", desk=DESK, now=now)
    events.fan_out(db, opened.event_id, desk=DESK, now=now)
    with db.begin() as connection:
        connection.execute(text("UPDATE message SET due_at = :now"), {"now": now})
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE message, recipient, opt_out")
    return {"lane": "bulk", "event_id": opened.event_id, "purpose": "care", "limit": BATCH, "now": now}


def _plan(db: Database, statement: str, values: dict[str, Any]) -> str:
    with db.begin() as connection:
        return "\n".join(connection.execute(text(f"EXPLAIN (ANALYZE, BUFFERS OFF) {statement}"), values).scalars())


def _read_whole(plan: str) -> set[str]:
    """The large tables that are read from end to end; an empty one of stops may be, as soon as it was analysed."""
    return set(re.findall(r"Seq Scan on (\w+)", plan)) & {"message", "recipient"}


def test_a_claim_reads_the_queue_in_order_and_stops_when_it_has_enough(db: Database, queue: dict[str, Any]) -> None:
    plan = _plan(db, leaving._CLAIM.text, queue)

    assert "Index Scan using ix_message_queued" in plan
    assert "Sort" not in plan
    assert _read_whole(plan) == set()


def test_texts_to_other_numbers_in_the_queue_change_nothing_of_that(db: Database, queue: dict[str, Any]) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("UPDATE message SET step = 'second_number' WHERE mod(id, 2) = 0")
        connection.exec_driver_sql("VACUUM ANALYZE message")

    plan = _plan(db, leaving._CLAIM.text, queue)

    assert "Index Scan using ix_message_queued" in plan
    assert "Index Scan using pk_recipient" in plan
    assert "Sort" not in plan
    assert _read_whole(plan) == set()


def test_the_checks_of_foreign_keys_keep_their_plans(db: Database) -> None:
    """A fan-out makes five of them for each household; planned anew, they cost more than the writing itself."""
    with db.begin() as connection:
        assert connection.execute(text("SHOW plan_cache_mode")).scalar_one() == "auto"


def test_our_own_statements_are_planned_for_their_own_values(db: Database) -> None:
    with db.begin() as connection:
        for _time in range(8):
            connection.execute(text("SELECT count(*) FROM message WHERE state = :state"), {"state": "queued"})
        prepared = connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one()

    assert prepared == 0
