"""Sending one batch: claim and render in one transaction, send with none open, record in another."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from worker import catalogue
from worker.domain.campaigns import Campaign, EventState
from worker.domain.channels import Sender
from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.messages import OutgoingText, SendResult
from worker.i18n import _
from worker.rendering import Texts
from worker.services import outages, pacing, recording, variables
from worker.services.desk import Desk
from worker.services.pacing import HORIZON, Pace
from worker.services.shares import Places, Share
from worker.store import events, leaving, limits, outbox
from worker.store.database import Connection, Database
from worker.twilio.client import Gateway
from worker.twilio.errors import TOO_MANY

log = structlog.get_logger()

# A round goes on for so long before others have their turn; and waits so long at most for the next batch's moment.
ROUND = timedelta(seconds=2)
PATIENCE_S = 1.0
# A worker whose part of the requests is all taken looks again so soon.
FULL_WAIT_S = 0.1
# With results in hand that the database cannot take, a worker asks it again so often.
RECORD_AGAIN_S = 0.5


@dataclass(frozen=True, slots=True)
class Rig:
    """What sending needs, built once per process."""

    db: Database
    gateway: Gateway
    texts: Texts
    senders: Mapping[str, Sender]
    desk: Desk
    share: Share
    batch_size: int
    max_attempts: int
    lease: timedelta
    clock: Callable[[], datetime]

    @property
    def holder(self) -> str:
        """This process among the workers."""
        return self.share.holder


@dataclass(frozen=True, slots=True)
class Batch:
    """How a batch went. more: something due is probably left; wait_s: not before this long."""

    sent: int = 0
    more: bool = False
    wait_s: float = 0.0


def send_round(rig: Rig, event_id: int) -> Batch:
    """Batch after batch of an event for a while, without the queue in between; the result is the last one's.

    A pace or a moment's refusal is waited for here, up to PATIENCE_S; what takes longer goes back to the queue.
    """
    end = rig.clock() + ROUND
    while (batch := send_batch(rig, event_id)).more and batch.wait_s <= PATIENCE_S and rig.clock() < end:
        time.sleep(batch.wait_s)
    return batch


def send_batch(rig: Rig, event_id: int) -> Batch:
    """Sends the next due texts of an event, up to a batch. Safe to run twice: each text is claimed once.

    While a more urgent event has texts to send, those are sent instead: an alert does not wait until the weekly round
    is through. The event's own turn comes again after it.
    """
    free = rig.share.part()
    if not free:
        return Batch(more=True, wait_s=1.0)
    with rig.share.places() as places:
        claim = _claim_most_urgent(rig, event_id, places, most=min(rig.batch_size, rig.share.batch(free)))
        batch = _send(rig, claim, in_flight=places.begin)
    return batch if claim.event_id == event_id else _in_place_of_own(batch)


def _claim_most_urgent(rig: Rig, event_id: int, places: Places, *, most: int) -> "_Claim":
    unpaced = [key for key, sender in rig.senders.items() if not sender.segments_per_s]
    now, chosen = rig.clock(), event_id
    try:
        with rig.db.begin() as connection:
            urgent = leaving.more_urgent(connection, event_id, unpaced=unpaced, now=now)
            chosen = event_id if urgent is None else urgent
            claim = _claim_bulk(rig, connection, chosen, places, most=most, now=now)
    except BadDefinition as error:
        _stop_event(rig, chosen, str(error))
        claim = _Claim()
    return replace(claim, event_id=chosen)


def _in_place_of_own(batch: Batch) -> Batch:
    return Batch(batch.sent, more=True, wait_s=batch.wait_s if batch.wait_s or batch.sent else FULL_WAIT_S)


def send_answers(rig: Rig) -> Batch:
    """Sends due acknowledgements of all events. Their own queue and the next free request: bulk never delays them."""
    rig.share.part()
    return _send(rig, _claim_answers(rig), in_flight=rig.share.in_flight)


@dataclass(frozen=True, slots=True)
class _Claim:
    texts: Sequence[OutgoingText] = ()
    attempts: Mapping[int, int] | None = None
    campaign: Campaign | None = None
    event_id: int | None = None
    full: bool = False
    wait_s: float = 0.0


def _send(rig: Rig, claim: _Claim, *, in_flight: Callable[[], int]) -> Batch:
    if claim.texts:
        results = rig.gateway.send(claim.texts, senders=rig.senders, in_flight=in_flight)
        _record(rig, claim, results)
    return Batch(sent=len(claim.texts), more=claim.full or claim.wait_s > 0, wait_s=claim.wait_s)


def _record(rig: Rig, claim: _Claim, results: Sequence[SendResult]) -> None:
    to = {text.message_id: text.to for text in claim.texts}

    def record() -> None:
        recording.record(
            rig.db,
            results,
            numbers=to,
            attempts_made=claim.attempts or {},
            campaign=claim.campaign,
            max_attempts=rig.max_attempts,
            holder=rig.holder,
            now=rig.clock(),
        )

    _until_leases_end(rig, record, claim.texts)
    if any(result.http_status == TOO_MANY for result in results):
        rig.share.narrow()


def _until_leases_end(rig: Rig, record: Callable[[], None], texts: Sequence[OutgoingText]) -> None:
    """What the provider said is known to nobody else: while the database is away it is kept, for as long as nobody else
    may take the texts for lost. Raises Unavailable after that."""
    leases = [text.lease_until for text in texts if text.lease_until is not None]
    while True:
        try:
            return record()
        except Unavailable:
            if rig.clock() >= max(leases, default=rig.clock()):
                raise
            time.sleep(RECORD_AGAIN_S)


def _claim_bulk(rig: Rig, connection: Connection, event_id: int, places: Places, *, most: int, now: datetime) -> _Claim:
    event = events.lock_for_sending(connection, event_id)
    if event is None or event.state is not EventState.RUNNING:
        return _Claim()
    campaign = catalogue.thaw(event.definition)
    tries, wait_s = outages.allowance(connection, holder=rig.holder, now=now)
    if tries == 0:
        return _Claim(wait_s=wait_s)
    own = Pace(limits.of_event(event_id), event.pace_per_s or 0.0)
    paces = [Pace(campaign.sender, _sender(rig, campaign.sender).segments_per_s), own]
    room = places.ask(min(most, tries or most), paced=any(pace.per_s for pace in paces))
    limit, free_at = pacing.allowance(connection, paces, most=room, now=now)
    if not limit:
        outages.give_back(connection, tries, 0, holder=rig.holder, now=now)
        return _Claim(wait_s=FULL_WAIT_S)
    if free_at - now >= HORIZON:
        outages.give_back(connection, tries, 0, holder=rig.holder, now=now)
        return _Claim(wait_s=HORIZON.total_seconds())  # no longer: an operator may raise the pace
    head = leaving.claim(connection, event_id, purpose=campaign.purpose, limit=limit, now=now)
    outages.give_back(connection, tries, len(head.texts), holder=rig.holder, now=now)
    texts = _start(rig, connection, head.texts, now, campaign, own=own)
    attempts = {c.id: c.attempts + 1 for c in head.texts}
    return _Claim(texts, attempts, campaign, full=head.full)


def _claim_answers(rig: Rig) -> _Claim:
    now = rig.clock()
    with rig.db.begin() as connection:
        tries, _wait_s = outages.allowance(connection, holder=rig.holder, now=now)
        if tries == 0:
            return _Claim()  # the sweep wakes the answers again
        claimed = leaving.claim_answers(connection, limit=tries or rig.batch_size, now=now)
        sound = _without_bad_ones(rig, connection, claimed, now)
        outages.give_back(connection, tries, len(sound), holder=rig.holder, now=now)
        texts = _start(rig, connection, sound, now)
        return _Claim(texts, {c.id: c.attempts + 1 for c in sound}, full=len(claimed) == (tries or rig.batch_size))


def _without_bad_ones(
    rig: Rig, connection: Connection, claimed: Sequence[leaving.Claimed], now: datetime
) -> list[leaving.Claimed]:
    """An answer that cannot be rendered fails alone; the others must not wait behind it for ever."""
    bad = [text for text in claimed if not _is_sound(rig, text, now)]
    if bad:
        log.error("answers_not_renderable", message_ids=[text.id for text in bad])
        outbox.fail_queued(connection, [text.id for text in bad], now=now)
    return [text for text in claimed if text not in bad]


def _is_sound(rig: Rig, text: leaving.Claimed, now: datetime) -> bool:
    try:
        _sender(rig, text.sender)
        _render(rig, text, variables.common(rig.desk, language=text.language, now=now, campaign=None))
    except BadDefinition:
        return False
    return True


def _sender(rig: Rig, key: str) -> Sender:
    """The sender of a text. Raises BadDefinition when it was renamed or removed while the event ran."""
    if key not in rig.senders:
        raise BadDefinition(
            _("L'émetteur « {key} » n'est plus dans la configuration : remettez-le, puis reprenez l'opération.").format(
                key=key
            )
        )
    return rig.senders[key]


def _paces(rig: Rig, claimed: Sequence[leaving.Claimed]) -> list[Pace]:
    return [Pace(key, _sender(rig, key).segments_per_s) for key in sorted({text.sender for text in claimed})]


def _start(
    rig: Rig,
    connection: Connection,
    claimed: Sequence[leaving.Claimed],
    now: datetime,
    campaign: Campaign | None = None,
    *,
    own: Pace | None = None,
) -> list[OutgoingText]:
    if not claimed:
        return []
    common = {
        language: variables.common(rig.desk, language=language, now=now, campaign=campaign)
        for language in {text.language for text in claimed}
    }
    rendered = [_render(rig, text, common[text.language]) for text in claimed]
    measured = [
        pacing.Measured(text.id, text.sender, segments) for text, (_, segments) in zip(claimed, rendered, strict=True)
    ]
    leave_at = pacing.leave_at(connection, measured, [*_paces(rig, claimed), *([own] if own else [])], now=now)
    lease_until = max([now, *(at for at in leave_at if at)]) + rig.lease
    started = outbox.start(
        connection,
        [(text.id, body, segments) for text, (body, segments) in zip(claimed, rendered, strict=True)],
        lease_until=lease_until,
        now=now,
    )
    return [
        text.outgoing(started[text.id], body, segments, leave_at=at, lease_until=lease_until)
        for text, (body, segments), at in zip(claimed, rendered, leave_at, strict=True)
    ]


def _render(rig: Rig, text: leaving.Claimed, common: Mapping[str, str]) -> tuple[str, int]:
    rendered = rig.texts.render(text.template, language=text.language, variables={**common, **text.variables})
    return rendered.text, rendered.measured.segments


def _stop_event(rig: Rig, event_id: int, alarm: str) -> None:
    log.error("event_stopped", event_id=event_id, reason="text_not_renderable")
    with rig.db.begin() as connection:
        events.raise_alarm(connection, event_id, alarm=alarm, now=rig.clock())
