"""Following calls by the machine: each word about one is kept, and what it comes to decides what the ledger owes."""

from datetime import datetime, timedelta

import structlog

from worker import catalogue
from worker.domain import voice
from worker.domain.campaigns import Campaign
from worker.domain.messages import Inbound, MessageState, NumberFault, Step
from worker.domain.recipients import Reason
from worker.domain.voice import CallEnd, Tried, Word
from worker.services import recording
from worker.services.desk import Desk
from worker.store import automatic_calls, events, inbound, outbox
from worker.store import call_words as rows
from worker.store.call_words import Known
from worker.store.database import Connection, Database
from worker.twilio.calls import Place

log = structlog.get_logger()

# The last words about a call come in any order: so long after its end nobody acts on it yet.
GRACE = timedelta(seconds=10)
_GOLDEN = 0.6180339887
MOST_WITHOUT_LINE = 3
# How long it is remembered that a number was not found.
_REMEMBERED = timedelta(days=60)


def hear(db: Database, at: Place, word: Word, *, desk: Desk, now: datetime) -> Known | None:
    """Keeps one word about a call; returns the call as it was before, None when it is none of ours. Safe to repeat."""
    return db.run(lambda connection: _hear(connection, at, word, desk, now))


def press(
    db: Database, at: Place, word: Word, answer: Inbound | None, *, desk: Desk, now: datetime
) -> tuple[Known | None, int | None]:
    """The same for a key; one that answers is a reply, whatever we know of the call. Returns the new reply's id too."""

    def save(connection: Connection) -> tuple[Known | None, int | None]:
        known = _hear(connection, at, word, desk, now)
        return known, inbound.store(connection, answer) if answer is not None else None

    return db.run(save)


def _hear(connection: Connection, at: Place, word: Word, desk: Desk, now: datetime) -> Known | None:
    known = rows.lock(connection, at.message_id, at.attempt_id)
    if known is None or known.provider_sid not in {None, at.provider_sid}:
        log.warning("call_not_ours", message_id=at.message_id, provider_sid=at.provider_sid)
        return None
    learn(connection, known, word, sid=at.provider_sid, desk=desk, now=now)
    return known


def learn(connection: Connection, known: Known, word: Word, *, sid: str, desk: Desk, now: datetime) -> None:
    """One word more about a locked call, and what follows when it comes to something else by it."""
    call = voice.after(known.call, word)
    end = voice.end_of(call)
    ended_at = (known.ended_at if known.call.is_over else now) if call.is_over else None
    rows.save(connection, known, call, sid=sid, came_to=end, ended_at=ended_at)
    _note_sent(connection, known, now)
    if end is not None and end is not known.came_to:
        log.info("call_came_to", message_id=known.message_id, attempt_id=known.attempt_id, end=str(end))
        if end is CallEnd.DEAD:
            _note_dead(connection, known, call, desk, now)
        if end is CallEnd.REJECTED and call.sip_code in voice.BLOCKED:
            _tell_blocked(connection, known, call.sip_code, now)
        if known.is_advice and voice.informs(end, call, machine_told=known.machine_told):
            _inform(connection, known, end, now)
            return
        _follow(connection, known, end, ended_at=ended_at or now, desk=desk, now=now)


def _note_dead(connection: Connection, known: Known, call: voice.Call, desk: Desk, now: datetime) -> None:
    """Whatever it is, this event rings the number no more; others, and people, only where it is proved."""
    before = rows.not_found_before(connection, known.e164, before=desk.day_start(now), since=now - _REMEMBERED)
    if voice.proves_dead(call, not_found_before=before):
        recording.note_faults(connection, [(known.e164, NumberFault.DEAD)], now)


def _tell_blocked(connection: Connection, known: Known, sip_code: int | None, now: datetime) -> None:
    """Whoever filters there takes our number for a nuisance: every further call of it may end so."""
    log.error("calls_blocked", event_id=known.event_id, sip_code=sip_code)
    events.note_alarm(connection, known.event_id, alarm=recording.blocked_alarm_text(sip_code), now=now)


def _note_sent(connection: Connection, known: Known, now: datetime) -> None:
    """The first word about a call tells that the provider has it."""
    untold = known.call.status is None and known.came_to is None
    if known.is_newest and rows.mark_sent(connection, known.message_id, untold=untold, now=now):
        call = outbox.Moved(known.message_id, known.event_id, "", Step.VOICE, MessageState.SENT)
        recording.start_clocks(connection, [call], now)


def _follow(
    connection: Connection, known: Known, end: CallEnd, *, ended_at: datetime, desk: Desk, now: datetime
) -> None:
    if end is CallEnd.ANSWERED:
        rows.close(connection, known.message_id, state=MessageState.DELIVERED, now=now)
    elif known.is_newest:
        _again_or_over(connection, known, end, ended_at=ended_at, desk=desk, now=now)


def _inform(connection: Connection, known: Known, end: CallEnd, now: datetime) -> None:
    """An advice was heard, or left: no further call is made, and nobody rings."""
    reason = Reason.TOLD_MACHINE if end is CallEnd.MACHINE else Reason.HEARD
    rows.close(connection, known.message_id, state=MessageState.DELIVERED, now=now)
    automatic_calls.mark_informed(connection, [known.message_id], reason=reason, now=now)


def _useful_until(campaign: Campaign, since: datetime, void_at: datetime) -> datetime:
    """A person rings who has not answered by then; nobody rings for an advice."""
    return min(void_at, since + campaign.calls_after) if campaign.calls_after else void_at


def _again_or_over(
    connection: Connection, known: Known, end: CallEnd, *, ended_at: datetime, desk: Desk, now: datetime
) -> None:
    event = events.get(connection, known.event_id)
    assert event is not None  # noqa: S101  # the message refers to it by foreign key
    campaign = catalogue.thaw(event.definition)
    made = rows.tries(connection, known.message_id, end=end)
    tried = Tried(
        calls=made.calls,
        alike=made.alike,
        most=desk.line.most if desk.line else MOST_WITHOUT_LINE,
        ended_at=ended_at,
        until=_useful_until(campaign, made.since or ended_at, known.void_at),
        spread=known.attempt_id * _GOLDEN % 1,
        apart=campaign.tries.apart,
    )
    rules = desk.line.again if desk.line else voice.AGAIN
    at = voice.next_call(
        end, tried, opening=lambda at: desk.line_opening(campaign, at)[0], tz=desk.timezone, rules=rules
    )
    if at is not None and made.is_awaited:
        closes_at = desk.line_opening(campaign, at)[1]
        rows.owe_again(connection, known.message_id, due_at=at, closes_at=closes_at, now=now)
        # Who came to rely on it while it rang was rung too, and does not wait without end for the next one.
        automatic_calls.mark_left(connection, [known.message_id], answer_in=campaign.calls_after, now=ended_at)
    elif rows.close(connection, known.message_id, state=voice.STATE_OF_END[end], now=now):
        automatic_calls.mark_ended(connection, [known.message_id], at=now + GRACE)
