"""Placing calls by the machine: few at a time, in the same three beats as texts. Hooks tell what becomes of them."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

import structlog

from worker.domain.channels import Sender
from worker.domain.messages import MessageState, Outcome, OutgoingCall, SendResult
from worker.services import outages, recording, sending
from worker.services.pacing import HEAD_START
from worker.services.sending import Batch
from worker.store import automatic_calls as rows
from worker.store import events, limits, outbox
from worker.store.database import Connection
from worker.store.outages import of_calls
from worker.twilio.errors import TOO_MANY

log = structlog.get_logger()

# From asking for a call to the last word about it, beyond its ringing and its longest talk.
SPARE = timedelta(seconds=60)
# A line that is taken is looked at again so soon.
BUSY_WAIT_S = 1.0
# A set-up that is refused is tried again this much later: somebody mends it meanwhile, and the texts go on.
MENDED_AFTER = timedelta(minutes=5)
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rig:
    """What placing calls needs, built once per process. ring_s, longest_s: as the settings have them."""

    texts: sending.Rig
    ring_s: int
    longest_s: int

    @property
    def under_way_for(self) -> timedelta:
        """After so long no call is under way any more, whatever was told of it."""
        return timedelta(seconds=self.ring_s + self.longest_s) + SPARE

    @property
    def holder(self) -> str:
        """Under which name outages are kept: texts may leave while calls are not taken."""
        return of_calls(self.texts.holder)

    @property
    def clock(self) -> Callable[[], datetime]:
        return self.texts.clock


@dataclass(frozen=True, slots=True)
class _Claim:
    calls: Sequence[OutgoingCall] = ()
    events: Mapping[int, int] | None = None  # message id -> event id
    more: bool = False
    wait_s: float = BUSY_WAIT_S


def place_round(rig: Rig, senders: Sequence[Sender]) -> None:
    """Places calls for a while, as lines come free, in place of a wake-up for each; the tick begins the next round."""
    end = rig.clock() + sending.ROUND
    while any(batch.more for batch in place(rig, senders)) and rig.clock() < end:
        time.sleep(BUSY_WAIT_S)


def place(rig: Rig, senders: Sequence[Sender]) -> list[Batch]:
    """Places the calls that may be made now, for each sender of voice. Safe to run twice: each call is claimed once."""
    return [_place(rig, sender) for sender in senders]


def _place(rig: Rig, sender: Sender) -> Batch:
    slots = rig.texts.share.deal()
    if not slots:
        return Batch(more=True, wait_s=BUSY_WAIT_S)
    claim = _claim(rig, sender)
    if claim.calls:
        results = rig.texts.gateway.ring(claim.calls, senders=rig.texts.senders, in_flight=rig.texts.share.in_flight)
        _record(rig, claim, results, sender)
    return Batch(sent=len(claim.calls), more=claim.more, wait_s=claim.wait_s)


def _claim(rig: Rig, sender: Sender) -> _Claim:
    """The sender's pace is locked until the end, so that all workers together keep to it and to the lines there are."""
    texts, now = rig.texts, rig.clock()
    with texts.db.begin() as connection:
        if not rows.has_due(connection, now=now):
            return _Claim()
        tries, wait_s = outages.allowance(connection, holder=rig.holder, now=now)
        if tries == 0:
            return _Claim(more=True, wait_s=wait_s)
        free_at = limits.next_free(connection, limits.of_calls(sender.key), now=now)
        free = sender.calls_at_once - rows.under_way(connection, sender.key, since=now - rig.under_way_for)
        if free <= 0 or free_at - now >= ONE_SECOND:
            outages.give_back(connection, tries, 0, holder=rig.holder, now=now)
            return _Claim(more=True)
        limit = min(free, ceil(sender.calls_per_s), tries or free)
        timezone = str(texts.desk.timezone)
        claimed = rows.claim(connection, sender.key, limit=limit, timezone=timezone, now=now)
        outages.give_back(connection, tries, len(claimed), holder=rig.holder, now=now)
        calls = _start(rig, connection, sender, claimed, start=max(free_at, now + HEAD_START), now=now)
        return _Claim(calls, {c.id: c.event_id for c in claimed}, more=bool(claimed))


def _start(
    rig: Rig,
    connection: Connection,
    sender: Sender,
    claimed: Sequence[rows.Claimed],
    *,
    start: datetime,
    now: datetime,
) -> list[OutgoingCall]:
    """The attempts are committed before any request, and count as under way from then on."""
    if not claimed:
        return []
    leave_at = limits.reserve(
        connection, limits.of_calls(sender.key), [1] * len(claimed), per_s=sender.calls_per_s, start=start
    )
    lease_until = max(leave_at) + rig.texts.lease
    attempts = outbox.start(connection, [(c.id, "", 0) for c in claimed], lease_until=lease_until, now=now)
    rows.open_calls(connection, sender.key, attempts, now=now)
    return [
        OutgoingCall(
            c.id,
            attempts[c.id],
            c.e164,
            sender.key,
            c.void_at,
            rig.ring_s,
            rig.longest_s,
            at,
            lease_until,
        )
        for c, at in zip(claimed, leave_at, strict=True)
    ]


def _record(rig: Rig, claim: _Claim, results: Sequence[SendResult], sender: Sender) -> None:
    texts, now = rig.texts, rig.clock()
    to = {call.message_id: call.to for call in claim.calls}
    wrong = next((r for r in results if r.outcome is Outcome.CONFIGURATION), None)

    def save(connection: Connection) -> None:
        finished = [outbox.Finished(r.attempt_id, r.outcome, r.http_status, r.code, r.provider_sid) for r in results]
        silence = outbox.finish(connection, finished, now=now)
        moved = rows.record(connection, [_change(r, now) for r in results], now=now)
        rows.not_made(connection, [r.attempt_id for r in results if r.outcome not in _MADE], now=now)
        recording.note_faults(connection, [(to[r.message_id], r.fault) for r in results if r.fault], now)
        outages.note(connection, results, holder=rig.holder, silence=silence, now=now)
        recording.start_clocks(connection, [m for m in moved if m.state in _LEFT], now)
        recording.mark_failed(connection, moved, {}, now)
        if wrong is not None:
            _hold_back(connection, claim, wrong, sender, now)

    texts.db.run(save)
    if any(result.http_status == TOO_MANY for result in results):
        texts.share.narrow()


# The provider has it, or may have.
_MADE = frozenset({Outcome.ACCEPTED, Outcome.UNKNOWN})
_LEFT = frozenset({MessageState.SENT, MessageState.UNKNOWN})


def _change(result: SendResult, now: datetime) -> rows.Change:
    """As for texts; but a wrong set-up for calls stops the calls alone, and for a while."""
    seen = recording.change(result, now)
    held = result.outcome is Outcome.CONFIGURATION
    return rows.Change(
        result.message_id,
        result.attempt_id,
        seen.state,
        sid=seen.sid,
        code=seen.code,
        due_at=now + MENDED_AFTER if held else seen.due_at,
        uncounted=seen.state == MessageState.QUEUED,
    )


def _hold_back(connection: Connection, claim: _Claim, wrong: SendResult, sender: Sender, now: datetime) -> None:
    """Every further call of this sender would be refused the same way; the texts of the event are not."""
    rows.hold_back(connection, sender.key, until=now + MENDED_AFTER)
    for event_id in sorted(set((claim.events or {}).values())):
        log.error("calls_refused", event_id=event_id, code=wrong.code, http_status=wrong.http_status)
        alarm = recording.calls_alarm_text(wrong.code, wrong.http_status)
        events.note_alarm(connection, event_id, alarm=alarm, now=now)
