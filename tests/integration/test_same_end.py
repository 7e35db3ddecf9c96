"""The same facts in any order and as often as you like come to the same end; and the database moves a text exactly as
the domain's table says."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests import builders
from tests.integration.rehearsal import Rehearsal
from worker.domain import moves
from worker.domain.messages import MessageState, Receipt
from worker.services import receipts
from worker.store.database import Database

WIDER = int(os.environ.get("ANY_ORDER_EXAMPLES", "0"))
PROFILE = settings(
    derandomize=not WIDER,
    max_examples=WIDER or 20,
    deadline=None,
    database=None,
    phases=[Phase.generate, *([Phase.shrink] if WIDER else [])],
    suppress_health_check=list(HealthCheck),
)

Fact = Callable[[Rehearsal], object]
End = tuple[object, ...]

# What one person writes; whoever takes back "all is well" or adds to it is rung, in whichever order it is read.
REPLIES = ((), ("1", "2"), ("1", "STOP"), ("Je suis tombée", "1"))
WORDS = ("accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed", "canceled", "read", "scheduled")


def _facts(town: Rehearsal, replies: Sequence[str]) -> list[Fact]:
    """All that is to be heard of one event: each text's words, what people wrote, and time-keepers in between."""
    arrives, fails, shared = (next(t for t in town.provider.taken if t.text.to == h.phone) for h in town.homes[:3])
    fails.fate, fails.code = "undelivered", 30005
    told = [
        lambda t, taken=taken, status=status: t.word(taken, status)
        for taken in (arrives, fails, shared)
        for status in ("queued", "sent", taken.fate)
    ]
    written = [town.spoken(arrives.text.to, body) for body in replies] + [town.spoken(shared.text.to, "1")]
    heard = [lambda t, message=message: t.hook(message) for message in written]
    return [*told, *heard, Rehearsal.read, Rehearsal.tick]


def _end(town: Rehearsal, replies: Sequence[str], order: Callable[[list[Fact]], list[Fact]]) -> End:
    """How everybody stands once all is heard, and when the time to answer is over."""
    event = town.open(builders.campaign(reminder_text=None, reminder_after=None))
    town.send(event)
    for fact in order(_facts(town, replies)):
        fact(town)
    town.read()
    town.tick()
    at_once = _standing(town)
    town.wait(hours=5)
    town.work()
    town.work()
    return at_once, _standing(town)


def _standing(town: Rehearsal) -> object:
    """How everybody stands, whatever the ids."""
    books = town.evidence().books
    homes = {dwelling: number for number, dwelling in enumerate(sorted(r.dwelling for r in books.recipients))}
    people = sorted((homes[r.dwelling], r.state, r.task_state, sorted(r.task_reasons or [])) for r in books.recipients)
    return people, Counter((m.step, m.state) for m in books.messages if m.step != "ack")


@pytest.mark.parametrize("replies", REPLIES, ids=" then ".join)
def test_any_order_and_repetition_come_to_the_same_end(db: Database, now: datetime, replies: tuple[str, ...]) -> None:
    usual = _end(Rehearsal(db, now), replies, lambda facts: facts)

    @settings(PROFILE, max_examples=WIDER or 4)
    @given(data=st.data())
    def in_any_order(data: st.DataObject) -> None:
        def order(facts: list[Fact]) -> list[Fact]:
            again = data.draw(st.lists(st.sampled_from(range(len(facts))), max_size=len(facts)))
            return [facts[i] for i in data.draw(st.permutations([*range(len(facts)), *again]))]

        assert _end(Rehearsal(db, now), replies, order) == usual

    in_any_order()


@pytest.fixture
def message_id(db: Database, now: datetime) -> int:
    """One text, queued."""
    town = Rehearsal(db, now)
    town.open(builders.campaign())
    return town.evidence().books.messages[0].id


def test_the_database_moves_a_text_as_the_table_says(db: Database, message_id: int, now: datetime) -> None:
    under_way = [s for s in MessageState if not moves.is_final(s)]

    @settings(PROFILE, max_examples=WIDER or 60)
    @given(
        start=st.sampled_from(under_way), words=st.lists(st.sampled_from(WORDS), max_size=6), together=st.integers(1, 3)
    )
    def hears(start: MessageState, words: list[str], together: int) -> None:
        _put(db, message_id, start)
        for at in range(0, len(words), together):
            said = [Receipt(message_id, "SM1", word, None, now) for word in words[at : at + together]]
            receipts.record(db, said, now=now)

        assert _state(db, message_id) is _model(start, words)

    hears()


def _model(state: MessageState, words: Sequence[str]) -> MessageState:
    for word in words:
        to = moves.state_of(word, None)
        if to is not None and (state, to) in moves.ALLOWED:
            state = to
    return state


def _put(db: Database, message_id: int, state: MessageState) -> None:
    with db.begin() as connection:
        statement = text("UPDATE message SET state = :state, provider_sid = NULL WHERE id = :id")
        connection.execute(statement, {"state": state, "id": message_id})


def _state(db: Database, message_id: int) -> MessageState:
    with db.begin() as connection:
        return MessageState(
            connection.execute(text("SELECT state FROM message WHERE id = :id"), {"id": message_id}).scalar_one()
        )
