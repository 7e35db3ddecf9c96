"""What a batch costs the database, counted: statements and commits for all of it, however many texts it is of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import event

from bench import town as whole_town
from tests import builders
from tests.integration.conftest import Town
from tests.integration.test_priority import ADVICE, Post
from worker.domain.campaigns import Campaign
from worker.domain.messages import Receipt
from worker.services import receipts, sending
from worker.store.database import Database

BATCH = 100


@dataclass(frozen=True, slots=True)
class Bound:
    """So much at most. Whoever makes a batch cheaper lowers it; who raises it says in docs/performance.md what for."""

    statements: int
    commits: int


# Nobody more urgent (1) and claimed (4), recorded (3): a transaction each.
A_BATCH_SENT = Bound(statements=8, commits=2)
# With a pace to keep, its moments are asked for twice and reserved once.
A_BATCH_SENT_AT_A_PACE = Bound(statements=11, commits=2)
# Twice a second a share is dealt (4), in a transaction of its own.
A_SHARE = Bound(statements=4, commits=1)
# Kept, applied.
RECEIPTS = Bound(statements=2, commits=1)
# And of who got good advice, noted.
RECEIPTS_OF_ADVICE = Bound(statements=3, commits=1)
# And the households are due, and the operator is told: once.
RECEIPTS_OF_REFUSED_TEXTS = Bound(statements=4, commits=1)


@dataclass
class Asked:
    """What the server was asked, in order."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def within(self, bound: Bound) -> bool:
        return len(self.statements) <= bound.statements and self.commits <= bound.commits

    def __str__(self) -> str:
        return "\n".join([f"{len(self.statements)} statements, {self.commits} commits:", *self.statements])


@contextmanager
def asked(db: Database) -> Iterator[Asked]:
    """All that goes to the server through this pool meanwhile."""
    heard = Asked()

    def hear_statement(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        heard.statements.append(" ".join(statement.split())[:100])

    def hear_commit(_connection: Any) -> None:
        heard.commits += 1

    event.listen(db.engine, "before_cursor_execute", hear_statement)
    event.listen(db.engine, "commit", hear_commit)
    try:
        yield heard
    finally:
        event.remove(db.engine, "before_cursor_execute", hear_statement)
        event.remove(db.engine, "commit", hear_commit)


def worker(town: Town, **paces: float) -> sending.Rig:
    """One worker that may have a whole batch under way."""
    rig = Post(town, **paces).rig
    return replace(rig, batch_size=BATCH, share=replace(rig.share, most=BATCH))


def opened(town: Town, campaign: Campaign, homes: int) -> int:
    whole_town.build(town.db, homes)
    return town.open(campaign)


@pytest.mark.parametrize(
    ("paces", "bound"),
    [({}, A_BATCH_SENT), ({"court": BATCH}, A_BATCH_SENT_AT_A_PACE)],
    ids=["as fast as can be", "paced"],
)
def test_a_batch_of_texts_is_sent_with_so_many_statements_and_commits(
    town: Town, paces: dict[str, float], bound: Bound
) -> None:
    """The second of an event, when the worker has its share."""
    rig, event_id = worker(town, **paces), opened(town, builders.campaign(), 2 * BATCH)
    assert sending.send_batch(rig, event_id).sent == BATCH
    town.now += sending.ROUND
    with asked(town.db) as dealt:
        rig.share.part()
    assert dealt.within(A_SHARE), str(dealt)

    with asked(town.db) as whole:
        assert sending.send_batch(rig, event_id).sent == BATCH

    assert whole.within(bound), str(whole)


@pytest.mark.parametrize(
    ("campaign", "bound"), [(builders.campaign(), RECEIPTS), (ADVICE, RECEIPTS_OF_ADVICE)], ids=["check-in", "advice"]
)
def test_two_receipts_for_each_text_are_stored_with_so_many_statements_and_commits(
    town: Town, campaign: Campaign, bound: Bound
) -> None:
    town.sent(opened(town, campaign, BATCH))
    words = [
        Receipt(m["id"], str(m["provider_sid"]), status, None, town.now)  # type: ignore[arg-type]
        for status in ("sent", "delivered")
        for m in town.rows("message")
    ]
    assert len(words) == 2 * BATCH

    with asked(town.db) as whole:
        receipts.record(town.db, words, now=town.now)

    assert {m["state"] for m in town.rows("message")} == {"delivered"}
    assert whole.within(bound), str(whole)


def test_a_carrier_that_refuses_every_text_is_written_down_once(town: Town) -> None:
    town.sent(opened(town, builders.campaign(), BATCH))
    refused = [
        Receipt(m["id"], str(m["provider_sid"]), "undelivered", 30007, town.now)  # type: ignore[arg-type]
        for m in town.rows("message")
    ]

    with asked(town.db) as whole:
        receipts.record(town.db, refused, now=town.now)

    assert {m["state"] for m in town.rows("message")} == {"undelivered"}
    assert whole.within(RECEIPTS_OF_REFUSED_TEXTS), str(whole)
