"""Delivery receipts: kept once, applied in one update; late, early and repeated ones do no harm."""

from collections.abc import Sequence
from datetime import datetime

from worker.domain import moves
from worker.domain.messages import MessageState, NumberFault, Receipt
from worker.services import recording
from worker.store import outbox, recipients
from worker.store import receipts as rows
from worker.store.database import Connection, Database
from worker.twilio import errors

_FINAL_FAILURES = frozenset({MessageState.UNDELIVERED, MessageState.FAILED, MessageState.EXPIRED})


def record(db: Database, batch: Sequence[Receipt], *, now: datetime) -> None:
    """Stores a batch of receipts and moves the messages they speak of, in one transaction."""
    if not batch:
        return
    with db.begin() as connection:
        rows.keep(connection, batch)
        apply(connection, batch, now=now)


def apply(connection: Connection, batch: Sequence[Receipt], *, now: datetime) -> None:
    """Moves messages, then those who relied on them."""
    applied = rows.apply(connection, _last_words(batch), allowed=moves.ALLOWED_PAIRS, now=now)
    delivered = [(a.event_id, a.e164) for a in applied if a.state == MessageState.DELIVERED and a.event_id is not None]
    if delivered:
        recipients.mark_informed(connection, delivered, now=now)
    failed = [a for a in applied if a.state in _FINAL_FAILURES]
    if failed:
        _follow_failures(connection, failed, now)


def _follow_failures(connection: Connection, failed: Sequence[rows.Applied], now: datetime) -> None:
    faults = {a.id: _fault(a) for a in failed}
    recording.note_faults(connection, [(a.e164, fault) for a in failed if (fault := faults[a.id])], now)
    moved: Sequence[outbox.Moved] = failed
    recording.mark_failed(connection, moved, faults, now)


def _fault(applied: rows.Applied) -> NumberFault | None:
    return errors.classify_receipt(applied.state, applied.code).fault


def _last_words(batch: Sequence[Receipt]) -> list[rows.Word]:
    """At most one word per message: the first final one, else the last."""
    chosen: dict[tuple[int | None, str], rows.Word] = {}
    for receipt in batch:
        state = moves.state_of(receipt.status, receipt.code)
        key = (receipt.message_id, "" if receipt.message_id is not None else receipt.provider_sid)
        if state is not None and (key not in chosen or not moves.is_final(MessageState(chosen[key].state))):
            chosen[key] = rows.Word(receipt, state)
    return list(chosen.values())
