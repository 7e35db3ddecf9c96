"""One process, several batches at once, a provider on a real wire: who leaves when, and how often a text is claimed."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from bench import town
from tests.integration import wire
from tests.integration.conftest import DESK, SENDERS
from tests.integration.rehearsal import TEXTS
from tests.integration.test_gateway import a_gateway
from tests.waiting import until
from worker.domain.campaigns import Audience, Campaign
from worker.gates import AT_ONCE, Round
from worker.services import events, sending, shares, steering
from worker.store.database import Database
from worker.twilio.client import Gateway


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def provider() -> Iterator[wire.Provider]:
    with wire.running(wire.Provider()) as running:
        yield running


@pytest.fixture
def gateway(provider: wire.Provider) -> Iterator[Gateway]:
    made = a_gateway(provider.url, timeout_s=10.0)
    yield made
    made.close()


class Worker:
    """One worker process: a share of the requests, and threads that send rounds of events side by side."""

    def __init__(self, db: Database, gateway: Gateway, *, most: int, **paces: float) -> None:
        self.db = db
        self.rig = sending.Rig(
            db=db,
            gateway=gateway,
            texts=TEXTS,
            senders={key: replace(s, segments_per_s=paces.get(key, 0)) for key, s in SENDERS.items()},
            desk=DESK,
            share=shares.Share(db, gateway, "worker", most=most, clock=_now),
            batch_size=200,
            max_attempts=3,
            lease=timedelta(minutes=1),
            clock=_now,
        )

    def open(self, campaign: Campaign) -> int:
        opened = events.open_event(self.db, campaign, occasion="today", desk=DESK, now=_now())
        events.fan_out(self.db, opened.event_id, desk=DESK, now=_now())
        return opened.event_id

    def rounds(self, event_id: int, *, end: Callable[[], bool] = lambda: False) -> None:
        """One thread's work on an event, until nothing is left of it."""
        while sending.send_round(self.rig, event_id).more and not end():
            pass

    def states(self, event_id: int) -> Counter[str]:
        return Counter(self._column("SELECT state FROM message WHERE event_id = :id", event_id))

    def attempts(self, event_id: int) -> int:
        found = self._column(
            "SELECT count(*) FROM attempt a JOIN message m ON m.id = a.message_id WHERE m.event_id = :id", event_id
        )
        return int(found[0])

    def _column(self, statement: str, event_id: int) -> list[Any]:
        with self.db.begin() as connection:
            return list(connection.execute(text(statement), {"id": event_id}).scalars())


def _of(agencies: tuple[str, ...], **changes: Any) -> Campaign:
    asked = town.campaign(**changes)
    return replace(asked, audience=Audience(age_bands=asked.audience.age_bands, agencies=agencies))


@pytest.mark.parametrize("own_pace", [False, True])
def test_an_event_with_a_pace_keeps_it_beside_a_blast(
    db: Database, provider: wire.Provider, gateway: Gateway, own_pace: bool
) -> None:
    """Every place is taken, and more texts wait for one; the other event's leave at their moments, long before the end
    of the blast. On a busy machine some are late and get another moment."""
    provider.latency_s = 0.1
    town.build(db, 2_000)
    worker = Worker(db, gateway, most=10, alpha=0.0 if own_pace else 10.0)
    blast = worker.open(_of(("01", "02", "03"), key="blast"))
    paced = worker.open(_of(("04",), key="paced", sender="alpha"))
    if own_pace:
        steering.set_pace(db, paced, per_s=10.0)
    enough = threading.Event()
    with ThreadPoolExecutor(4) as threads:
        for event_id in (paced, blast, blast, blast):
            threads.submit(worker.rounds, event_id, end=enough.is_set)
        try:
            until(
                lambda: worker.states(paced)["sent"] >= 30 or not worker.states(blast)["queued"], why="either to go on"
            )
        finally:
            enough.set()

    left = [asked.at for asked in provider.asked if asked.form["From"] == SENDERS["alpha"].address]
    assert len(left) >= 30
    assert provider.most_under_way <= 10
    assert worker.attempts(paced) <= 2 * len(left)


def in_rounds_side_by_side(worker: Worker) -> int:
    """An event over the town, sent by as many threads as a process lets; returns the event."""
    event = worker.open(town.campaign())
    with ThreadPoolExecutor(AT_ONCE[Round.TEXTS]) as threads:
        list(threads.map(worker.rounds, [event] * AT_ONCE[Round.TEXTS]))
    return event


@pytest.mark.parametrize("latency_s", [(0.05, 0.1), (0.6, 0.6), (0.6, 1.0), (1.0, 1.0)])
def test_a_text_is_claimed_once_however_slowly_the_provider_answers(
    db: Database, provider: wire.Provider, gateway: Gateway, latency_s: tuple[float, float]
) -> None:
    chance = random.Random(7)  # noqa: S311  # the same waits each time

    async def slowly(asked: wire.Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(chance.uniform(*latency_s))
        await provider.accept(asked, writer)

    provider.answer = slowly
    town.build(db, 120)
    worker = Worker(db, gateway, most=20)

    event = in_rounds_side_by_side(worker)

    assert worker.states(event) == {"sent": 120}
    assert worker.attempts(event) <= 1.05 * 120


def test_a_tiny_share_does_not_claim_more_than_find_a_place_in_time(
    db: Database, provider: wire.Provider, gateway: Gateway
) -> None:
    provider.latency_s = 0.5
    town.build(db, 24)
    worker = Worker(db, gateway, most=2)

    event = in_rounds_side_by_side(worker)

    assert worker.states(event) == {"sent": 24}
    assert worker.attempts(event) <= 1.1 * 24


def test_what_the_provider_answered_is_kept_while_the_database_is_away(
    db: Database, provider: wire.Provider, gateway: Gateway
) -> None:
    town.build(db, 1)
    worker = Worker(db, gateway, most=10)
    server, name = db.engine.url.set(drivername="postgresql", database="postgres"), db.engine.url.database
    missed = threading.Event()
    sqlalchemy_event.listen(db.engine, "handle_error", lambda _context: missed.set())
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as admin:

        def away(*, is_away: bool) -> None:
            admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {not is_away}')
            if is_away:
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        async def refuses_meanwhile(_asked: wire.Asked, writer: asyncio.StreamWriter) -> None:
            await asyncio.to_thread(away, is_away=True)
            writer.write(wire.reply(400, '{"code": 21610}'))

        provider.answer = refuses_meanwhile
        event = worker.open(town.campaign())
        with ThreadPoolExecutor(1) as thread:
            sent = thread.submit(sending.send_round, worker.rig, event)
            until(missed.is_set, why="a result to find no database")
            away(is_away=False)
            sent.result()

    assert worker.states(event) == {"suppressed": 1}, "the provider said that this person wants no texts"
    assert len(provider.asked) == 1
