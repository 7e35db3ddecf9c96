"""Receipts by group commit: answered after it, together, and never lost in silence."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from structlog.testing import capture_logs

from worker.domain.errors import Unavailable
from worker.domain.messages import Receipt
from worker.web import receipts
from worker.web.receipts import GroupCommit

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)


def a_receipt(number: int) -> Receipt:
    return Receipt(number, f"SM{number:032d}", "delivered", None, NOW)


class Shelf:
    """Where receipts are stored: may be slow, away, or refuse one of them."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.away = False
        self.refused: int | None = None
        self.s = 0.0
        self.open = threading.Event()
        self.open.set()

    def clock(self) -> float:
        return self.s

    def save(self, batch: Sequence[Receipt]) -> None:
        self.open.wait(5)
        numbers = [r.message_id or 0 for r in batch]
        if self.away:
            raise Unavailable
        if self.refused in numbers:
            raise ZeroDivisionError
        self.batches.append(numbers)


def play(scene: Callable[[GroupCommit], Awaitable[None]], shelf: Shelf) -> None:
    async def act() -> None:
        commit = GroupCommit(shelf.save, clock=shelf.clock)
        storing = asyncio.create_task(commit.run())
        try:
            await asyncio.wait_for(scene(commit), 60)
        finally:
            storing.cancel()

    asyncio.run(act())


def test_what_arrives_during_a_commit_goes_into_the_next_one() -> None:
    shelf = Shelf()

    async def scene(commit: GroupCommit) -> None:
        shelf.open.clear()
        first = asyncio.create_task(commit.put(a_receipt(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        others = [asyncio.create_task(commit.put(a_receipt(n))) for n in range(2, 102)]
        await asyncio.sleep(0)
        shelf.open.set()
        await asyncio.gather(first, *others)

    play(scene, shelf)

    assert shelf.batches == [[1], list(range(2, 102))]


def test_nobody_is_answered_before_the_commit() -> None:
    shelf = Shelf()

    async def scene(commit: GroupCommit) -> None:
        shelf.open.clear()
        put = asyncio.create_task(commit.put(a_receipt(1)))
        done, _ = await asyncio.wait([put], timeout=0.05)

        assert not done

        shelf.open.set()
        await put

    play(scene, shelf)


def test_while_storage_is_away_everybody_is_told_so_and_the_log_says_it_once() -> None:
    shelf = Shelf()
    shelf.away = True

    async def scene(commit: GroupCommit) -> None:
        for _ in range(3):
            outcomes = await asyncio.gather(*(commit.put(a_receipt(n)) for n in range(50)), return_exceptions=True)

            assert all(isinstance(outcome, Unavailable) for outcome in outcomes)

        shelf.away = False
        await commit.put(a_receipt(98))  # on a full disk one may find room, and the next one not
        shelf.s = 11
        await commit.put(a_receipt(99))

    with capture_logs() as events:
        play(scene, shelf)

    assert [e["event"] for e in events] == ["receipts_not_stored", "receipts_stored_again"]
    assert shelf.batches == [[98], [99]]


def test_one_receipt_that_cannot_be_stored_does_not_keep_out_the_others() -> None:
    shelf = Shelf()
    shelf.refused = 3

    async def scene(commit: GroupCommit) -> None:
        outcomes = await asyncio.gather(*(commit.put(a_receipt(n)) for n in range(1, 6)), return_exceptions=True)

        assert [type(o).__name__ for o in outcomes] == [
            "NoneType",
            "NoneType",
            "ZeroDivisionError",
            "NoneType",
            "NoneType",
        ]

    with capture_logs() as events:
        play(scene, shelf)

    assert sorted(n for batch in shelf.batches for n in batch) == [1, 2, 4, 5]
    assert [(e["event"], e["provider_sid"]) for e in events] == [("receipt_not_storable", f"SM{3:032d}")]


def test_a_request_given_up_does_not_stop_the_commit() -> None:
    shelf = Shelf()

    async def scene(commit: GroupCommit) -> None:
        shelf.open.clear()
        given_up = asyncio.create_task(commit.put(a_receipt(1)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        given_up.cancel()
        shelf.open.set()
        await commit.put(a_receipt(2))

    play(scene, shelf)

    assert shelf.batches == [[1], [2]]


def test_with_too_many_waiting_the_next_is_sent_away() -> None:
    shelf = Shelf()

    async def scene(commit: GroupCommit) -> None:
        shelf.open.clear()
        asking = [asyncio.create_task(commit.put(a_receipt(n))) for n in range(receipts.MOST_WAITING + 2000)]
        outcomes = asyncio.gather(*asking, return_exceptions=True)
        while not any(task.done() for task in asking):
            await asyncio.sleep(0.01)
        shelf.open.set()
        refused = [o for o in await outcomes if isinstance(o, Unavailable)]

        assert 1000 <= len(refused) <= 2000

    play(scene, shelf)
