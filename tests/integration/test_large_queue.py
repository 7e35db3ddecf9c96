"""What is done for each batch, or at each tick, must not read the whole queue: a large event would cost more per text
than a small one."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import TextClause, text

from bench import town
from tests import builders
from tests.integration.conftest import DESK
from worker.services import events
from worker.store import automatic_calls, fates, inbound, leaving, sweeping
from worker.store.database import Connection, Database

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
    return {
        "lane": "bulk",
        "event_id": opened.event_id,
        "purpose": "care",
        "limit": BATCH,
        "back_for": leaving.BACK_FOR,
        "now": now,
    }


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


def test_texts_that_nobody_wants_any_more_are_met_by_one_claim_and_then_stand_aside(
    db: Database, queue: dict[str, Any]
) -> None:
    """They came back to the queue after their households were let go, and are the oldest in it."""
    with db.begin() as connection:
        connection.execute(
            text(
                "UPDATE recipient SET state = 'fine', settled_at = :now "
                "WHERE id IN (SELECT recipient_id FROM message ORDER BY due_at, id LIMIT :unwanted)"
            ),
            {"unwanted": int(2.5 * BATCH), "now": queue["now"]},
        )
    plans = [_plan(db, leaving._CLAIM.text, queue) for _claim in range(4)]

    assert [_walked(plan) for plan in plans] == [BATCH] * 4
    with db.begin() as connection:
        head = leaving.claim(connection, queue["event_id"], purpose="care", limit=BATCH, now=queue["now"])
        aside = "SELECT count(*) FROM message WHERE state = 'queued' AND due_at > :now"
        assert connection.execute(text(aside), {"now": queue["now"]}).scalar_one() == int(2.5 * BATCH)
    assert (len(head.texts), head.full) == (BATCH, True)


def _walked(plan: str) -> int:
    """How many entries of the queue were looked at."""
    scan = re.split(r"->|SubPlan", plan[plan.index("ix_message_queued") :])[0]
    passed_over = re.findall(r"Rows Removed by Filter: (\d+)", scan)
    return sum(map(int, [*re.findall(r"actual time=\S+ rows=(\d+)", scan), *passed_over]))


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


_RUNG = (
    "UPDATE recipient SET call_e164 = '+335' || lpad(CAST(id AS text), 8, '0') WHERE mod(id, 2) = 0",
    """INSERT INTO message (event_id, recipient_id, household_id, e164, channel, step, lane, sender, template, language,
                             state, due_at, window_closes_at, void_at, created_at)
       SELECT m.event_id, m.recipient_id, m.household_id, r.call_e164, 'voice', 'voice', 'bulk', m.sender, m.template,
              m.language, 'queued', m.due_at, m.window_closes_at, m.void_at, m.created_at
       FROM message m JOIN recipient r ON r.id = m.recipient_id WHERE r.call_e164 IS NOT NULL""",
)


def test_what_a_reply_makes_superfluous_is_found_without_looking_at_anybody_elses(
    db: Database, queue: dict[str, Any]
) -> None:
    """Also in the hour in which the planner knows of no call yet: they were queued after it last looked."""
    with db.begin() as connection:
        for statement in _RUNG:
            connection.execute(text(statement))
        who = connection.execute(text("SELECT max(recipient_id) FROM message WHERE channel = 'voice'")).scalar_one()

    plan = _plan(db, inbound._WITHDRAW.text, {"recipients": [who], "state": "cancelled", "now": queue["now"]})

    assert _read_whole(plan) == set()
    assert max(float(rows) for rows in re.findall(r"actual time=\S+ rows=([\d.]+)", plan)) <= 5
    assert max(map(int, re.findall(r"Rows Removed by Filter: (\d+)", plan)), default=0) <= 5


# All of the town is to be rung; one household is spoken with, and thousands of such talks are over.
_TALKS = (
    "UPDATE message SET lane = 'calls', channel = 'voice'",
    "UPDATE recipient r SET call_e164 = m.e164 FROM message m WHERE m.recipient_id = r.id",
    """INSERT INTO callback_task (household_id, agency_id, state, reasons, priority, score, created_at, due_at)
       SELECT h.id, g.id, 'open', '{manual}', 40, '[]', now(), now() FROM household h, agency g LIMIT 1""",
    """INSERT INTO bridged_call (task_id, household_id, caller, e164, sender, opened_at, ended_at, came_to)
       SELECT t.id, t.household_id, 'odile', '+33536490000', 'voix', now(), now(), 'bridge_talked'
       FROM callback_task t, generate_series(1, 5000)""",
    """INSERT INTO bridged_call (task_id, household_id, caller, e164, sender, opened_at)
       SELECT t.id, t.household_id, 'odile', '+33536490000', 'voix', now() FROM callback_task t""",
)


def test_who_is_spoken_with_is_found_once_for_all_calls_without_reading_the_talks_that_are_over(
    db: Database, queue: dict[str, Any]
) -> None:
    with db.begin() as connection:
        for statement in _TALKS:
            connection.exec_driver_sql(statement)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE message, recipient, bridged_call")
    with db.begin() as connection:
        sender = connection.execute(text("SELECT sender FROM message LIMIT 1")).scalar_one()
    asked = {"sender": sender, "limit": BATCH, "looked_at": 4 * BATCH, "timezone": "Europe/Paris", "now": queue["now"]}

    plan = _plan(db, automatic_calls._CLAIM.text, asked | {"longest": timedelta(minutes=15)})

    scans = re.findall(r"Index Scan using uq_bridged_call_\w+ on .*actual time=\S+ rows=([\d.]+) loops=(\d+)", plan)
    assert [(float(rows), int(loops)) for rows, loops in scans] == [(1, 1)] * 2, plan
    assert "Seq Scan on bridged_call" not in plan


# A handful of each thing that a tick looks for, in an event of thousands: two months old, sent, queued, lost, refused.
NEWS = 5
_DAY = (
    """UPDATE message SET state = 'delivered', provider_sid = 'SM' || lpad(CAST(id AS text), 32, '0'),
              sent_at = CAST(:now AS timestamptz) - interval '1 hour', settled_at = :now WHERE mod(id, 2) = 0""",
    """UPDATE message SET state = 'sent', settled_at = NULL WHERE id IN (
           SELECT id FROM message WHERE state = 'delivered' ORDER BY id LIMIT :news)""",
    """UPDATE message SET state = 'unknown' WHERE id IN (
           SELECT id FROM message WHERE state = 'queued' ORDER BY id LIMIT :news)""",
    """INSERT INTO attempt (message_id, started_at, finished_at, outcome)
       SELECT id, :now, :now, 'unknown' FROM message WHERE state = 'unknown'""",
    """UPDATE message SET state = 'sending', lease_until = :now WHERE id IN (
           SELECT id FROM message WHERE state = 'queued' ORDER BY id LIMIT :news)""",
    """UPDATE message SET void_at = :now, window_closes_at = :now WHERE id IN (
           SELECT id FROM message WHERE state = 'queued' ORDER BY id LIMIT :news)""",
    """UPDATE message SET window_closes_at = :now WHERE id IN (
           SELECT id FROM message WHERE state = 'queued' AND void_at > :now ORDER BY id LIMIT :news)""",
    """INSERT INTO opt_out (e164, channel, source, since_at)
       SELECT e164, 'sms', 'reply', :now FROM message WHERE state = 'queued' ORDER BY id DESC LIMIT :news""",
    """UPDATE phone SET bad_since = :now, bad_reason = 'provider_dead' WHERE e164 IN (
           SELECT e164 FROM message WHERE state = 'queued' ORDER BY id DESC OFFSET 100 LIMIT :news)""",
)
# What an operator ended while some of its texts were in the air, which came back.
_ENDED = (
    """INSERT INTO campaign_event
           (campaign, occasion, kind, level, definition, state, opened_at, void_at, replies_until)
       SELECT campaign, 'ended', kind, level, definition, 'cancelled', opened_at, void_at, replies_until
       FROM campaign_event""",
    """UPDATE message SET event_id = (SELECT max(id) FROM campaign_event) WHERE id IN (
           SELECT id FROM message WHERE state = 'queued' ORDER BY id DESC OFFSET 200 LIMIT :news)""",
)
_TICK: Mapping[str, TextClause] = {
    "leases": sweeping._EXPIRED_LEASES,
    "void": sweeping._VOID,
    "left over": sweeping._LEFT_OVER,
    "refused": sweeping._SUPPRESSED,
    "lost numbers": sweeping._RETIRED,
    "who waits at a lost number": sweeping._NUMBERLESS,
    "closed windows": sweeping._CLOSED_WINDOWS,
    "closed hours of calls": automatic_calls._CLOSED_WINDOWS,
    "events with due texts": sweeping._DUE_EVENTS,
    "due calls": automatic_calls._HAS_DUE,
    "given up": fates._GIVEN_UP,
}
_QUESTIONS: Mapping[str, TextClause] = {
    "unknown fates": fates._UNKNOWN,
    "without a final word": fates._WITHOUT_WORD,
}


@pytest.fixture
def day(db: Database, queue: dict[str, Any]) -> dict[str, Any]:
    """Half of the queue has left; of all else that can be there are a few. The planner knows of the queue alone."""
    now = queue["now"]
    with db.begin() as connection:
        for statement in (*_DAY, *_ENDED):
            connection.execute(
                text(statement), {k: v for k, v in {"now": now, "news": NEWS}.items() if f":{k}" in statement}
            )
    asked = {"now": now, "since": now - timedelta(hours=1), "before": now + timedelta(seconds=1), "senders": ["court"]}
    return asked | {"oldest": now - timedelta(days=2), "limit": BATCH}


@pytest.mark.parametrize("statement", _TICK.values(), ids=_TICK)
def test_a_tick_looks_at_what_it_finds_and_at_nothing_else(
    db: Database, day: dict[str, Any], statement: TextClause
) -> None:
    with db.begin() as connection:
        sweeping.expect_few(connection)
        _finds_by_index(connection, statement, day)


@pytest.mark.parametrize("statement", _QUESTIONS.values(), ids=_QUESTIONS)
def test_what_to_ask_the_provider_is_found_without_reading_the_ledger(
    db: Database, day: dict[str, Any], statement: TextClause
) -> None:
    with db.begin() as connection:
        _finds_by_index(connection, statement, day)


def _finds_by_index(connection: Connection, statement: TextClause, day: Mapping[str, Any]) -> None:
    values = {name: day[name] for name in statement.compile().params}
    told = "\n".join(connection.execute(text(f"EXPLAIN {statement.text}"), values).scalars())
    [found] = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.text}"), values).scalars()
    assert sum(_rows_looked_at(found[0]["Plan"])) <= 20 * NEWS, told


def _rows_looked_at(node: dict[str, Any]) -> Iterator[float]:
    """Of each scan of a plan, what it returned and what it passed over."""
    if "Scan" in node["Node Type"]:
        passed_over = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        yield (node["Actual Rows"] + passed_over) * node["Actual Loops"]
    for inner in node.get("Plans", ()):
        yield from _rows_looked_at(inner)
