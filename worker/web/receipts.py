"""Receipts by group commit: all that arrived while the last transaction ran are stored by the next one.

A blast of 15,000 texts brings 30,000 receipts in a few minutes. One transaction each would cost four times the
database and twice the web process; a task each would cost ten times. Nobody is answered before the commit.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog

from worker import logs
from worker.domain.errors import Unavailable
from worker.domain.messages import Receipt
from worker.web.troubles import Trouble

log = structlog.get_logger()

MOST_AT_ONCE = 1000
# Beyond this the provider is told to come back, before memory goes.
MOST_WAITING = 20_000
# Under a blast a transaction waits this long for company: a commit costs the database as much for one as for many.
# A receipt that comes alone does not wait.
COMPANY_S = 0.02
CROWD = 8

Waiting = tuple[Receipt, asyncio.Future[None]]


class GroupCommit:
    """save: stores a batch in one transaction, in a thread of its own; raises Unavailable when it cannot now. clock: in
    seconds; that storing fails is told once, and once that it works again.

    `run` must be running for `put` to return. For one event loop.
    """

    def __init__(
        self, save: Callable[[Sequence[Receipt]], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._save = save
        self._trouble = Trouble("receipts_not_stored", "receipts_stored_again", clock=clock)
        self._waiting: list[Waiting] = []
        self._something = asyncio.Event()
        self._last = 0

    async def put(self, receipt: Receipt) -> None:
        """Returns when the receipt is committed. Raises Unavailable when it was not: the sender should try again."""
        if len(self._waiting) >= MOST_WAITING:
            raise Unavailable
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((receipt, stored))
        self._something.set()
        await stored

    async def run(self) -> None:
        """Stores what is waiting, again and again; the size of the last batch tells whether others are on their way."""
        while True:
            await self._something.wait()
            if CROWD <= self._last <= MOST_AT_ONCE // 4:
                await asyncio.sleep(COMPANY_S)
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            self._last = len(batch)
            if not self._waiting:
                self._something.clear()
            await self._store(batch)

    async def _store(self, batch: Sequence[Waiting]) -> None:
        try:
            await asyncio.to_thread(self._save, [receipt for receipt, _ in batch])
        except Unavailable as outage:
            self._trouble.met()
            _answer(batch, outage)
        except Exception as error:  # noqa: BLE001  # one receipt that cannot be stored must not keep out the others
            await self._store_one_by_one(batch, error)
        else:
            self._trouble.passed()
            _answer(batch, None)

    async def _store_one_by_one(self, batch: Sequence[Waiting], error: Exception) -> None:
        if len(batch) > 1:
            for one in batch:
                await self._store([one])
            return
        receipt = batch[0][0]
        log.error(
            "receipt_not_storable", provider_sid=receipt.provider_sid, error=type(error).__name__, at=logs.where(error)
        )
        _answer(batch, error)


def _answer(batch: Sequence[Waiting], error: Exception | None) -> None:
    for _, stored in batch:
        if stored.done():
            continue  # its request was given up meanwhile
        if error is None:
            stored.set_result(None)
        else:
            stored.set_exception(error)
