"""Delivery receipts: kept once, applied in one update; late, early and repeated ones do no harm."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from worker.domain import moves
from worker.domain.campaigns import Kind
from worker.domain.messages import MessageState, Outcome, Receipt, Step
from worker.i18n import _
from worker.services import recording
from worker.store import events, outbox, recipients
from worker.store import receipts as rows
from worker.store.database import Connection, Database
from worker.twilio import errors

log = structlog.get_logger()

_NOT_RECORDED = frozenset({MessageState.QUEUED, MessageState.UNKNOWN})
_ON_ITS_WAY = frozenset({MessageState.SENT, MessageState.DELIVERED})
_FINAL_FAILURES = frozenset({MessageState.UNDELIVERED, MessageState.FAILED, MessageState.EXPIRED})


def record(db: Database, batch: Sequence[Receipt], *, now: datetime) -> None:
    """Stores a batch of receipts and moves the messages they speak of, in one transaction."""
    if not batch:
        return

    def save(connection: Connection) -> None:
        rows.keep(connection, batch)
        apply(connection, batch, now=now)

    db.run(save)


def apply(connection: Connection, batch: Sequence[Receipt], *, now: datetime) -> None:
    """Moves messages, then those who relied on them."""
    applied = rows.apply(connection, _last_words(batch), allowed=moves.ALLOWED_PAIRS, now=now)
    _start_clocks(connection, applied, now)
    told = [a for a in applied if a.state == MessageState.DELIVERED and a.kind == Kind.ADVICE and a.step == Step.FIRST]
    if told:
        recipients.mark_informed(connection, [(a.event_id or 0, a.e164) for a in told], now=now)
    failed = [a for a in applied if a.state in _FINAL_FAILURES]
    if failed:
        _follow_failures(connection, failed, now)


def _start_clocks(connection: Connection, applied: Sequence[rows.Applied], now: datetime) -> None:
    """The first we hear of a request whose worker has been given up: the household has its time to answer.

    A worker that may still write keeps its lease; when that ends without a word, the sweep does the same.
    """
    news = [a for a in applied if a.before in _NOT_RECORDED and a.state in _ON_ITS_WAY]
    if news:
        recording.start_clocks(connection, news, now)


def _follow_failures(connection: Connection, failed: Sequence[rows.Applied], now: datetime) -> None:
    verdicts = {a.id: errors.classify_receipt(a.state, a.code) for a in failed}
    faults = {message_id: verdict.fault for message_id, verdict in verdicts.items()}
    recording.note_faults(connection, [(a.e164, fault) for a in failed if (fault := faults[a.id])], now)
    moved: Sequence[outbox.Moved] = failed
    recording.mark_failed(connection, moved, faults, now)
    alarms = [
        (applied.event_id, applied.code, verdicts[applied.id].outcome is Outcome.CONFIGURATION)
        for applied in failed
        if verdicts[applied.id].alarm and applied.event_id is not None
    ]
    for event_id, code, stops in dict.fromkeys(alarms):  # a carrier that refuses one text refuses a batch of them
        _alarm(connection, event_id, code, stops=stops, now=now)


def _alarm(connection: Connection, event_id: int, code: int | None, *, stops: bool, now: datetime) -> None:
    """What the carrier refuses for our set-up or our wording concerns every further text of the event.

    A wrong set-up stops the event. A wording that was filtered once is shown, and the event goes on.
    """
    if stops:
        log.error("event_stopped", event_id=event_id, reason="configuration", code=code)
        alarm = recording.alarm_text(code, None)
        events.raise_alarm(connection, event_id, alarm=alarm, now=now)
    else:
        log.warning("text_refused_by_carrier", event_id=event_id, code=code)
        events.note_alarm(connection, event_id, alarm=_refused_text(code), now=now)


def _refused_text(code: int | None) -> str:
    return _(
        "Un opérateur téléphonique a refusé un SMS pour son contenu (code {code}). L'opération continue, le foyer est "
        "confié aux appelants. Si cela se répète, revoyez le texte."
    ).format(code=code)


def _last_words(batch: Sequence[Receipt]) -> list[rows.Word]:
    """At most one word per message: the first final one, else the last."""
    chosen: dict[tuple[int | None, str], rows.Word] = {}
    for receipt in batch:
        state = moves.state_of(receipt.status, receipt.code)
        key = (receipt.message_id, "" if receipt.message_id is not None else receipt.provider_sid)
        if state is not None and (key not in chosen or not moves.is_final(MessageState(chosen[key].state))):
            chosen[key] = rows.Word(receipt, state)
    return list(chosen.values())
