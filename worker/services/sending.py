"""Sending one batch: claim and render in one transaction, send with none open, record in another."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

import structlog

from worker import catalogue
from worker.domain.campaigns import Campaign, EventState
from worker.domain.channels import Sender
from worker.domain.errors import BadDefinition
from worker.domain.messages import OutgoingText, SendResult
from worker.i18n import _
from worker.rendering import Texts
from worker.services import outages, recording, variables
from worker.services.desk import Desk
from worker.store import events, limits, outbox
from worker.store.database import Connection, Database
from worker.twilio.client import Gateway

log = structlog.get_logger()

# A sender with a pace reserves time this far ahead at most, so that a pause is felt at once.
PACE_HORIZON = timedelta(seconds=1)
SHARE_HELD_FOR = timedelta(seconds=15)
# From reserving a moment to being able to keep it: the first texts of a batch would otherwise leave late, on the heels
# of the next ones.
HEAD_START = timedelta(milliseconds=150)
# No more is claimed than can be under way: what is claimed, a pause can no longer hold back.
FEWEST = 10


@dataclass(slots=True)
class Share:
    """This process's part of the requests under way. Its threads ask for it one by one and use the newest answer."""

    slots: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class Rig:
    """What sending needs, built once per process. holder names this process among the workers."""

    db: Database
    gateway: Gateway
    texts: Texts
    senders: Mapping[str, Sender]
    desk: Desk
    holder: str
    batch_size: int
    max_in_flight: int
    max_attempts: int
    lease: timedelta
    clock: Callable[[], datetime]
    share: Share = field(default_factory=Share)


@dataclass(frozen=True, slots=True)
class Batch:
    """How a batch went. more: something due is probably left; wait_s: not before this long."""

    sent: int = 0
    more: bool = False
    wait_s: float = 0.0


def send_batch(rig: Rig, event_id: int) -> Batch:
    """Sends the next due texts of an event, up to a batch. Safe to run twice: each text is claimed once."""
    slots = _slots(rig)
    if not slots:
        return Batch(more=True, wait_s=1.0)
    try:
        claim = _claim_bulk(rig, event_id, most=min(rig.batch_size, max(slots, FEWEST)))
    except BadDefinition as error:
        _stop_event(rig, event_id, str(error))
        return Batch()
    return _send(rig, claim)


def send_answers(rig: Rig) -> Batch:
    """Sends due acknowledgements of all events; they have a queue of their own, so bulk never delays them."""
    _slots(rig)
    return _send(rig, _claim_answers(rig))


@dataclass(frozen=True, slots=True)
class _Pace:
    """Segments a second that leave under one name: a sender's, or an event's own; 0: no limit."""

    key: str
    per_s: float


@dataclass(frozen=True, slots=True)
class _Claim:
    texts: Sequence[OutgoingText] = ()
    attempts: Mapping[int, int] | None = None
    campaign: Campaign | None = None
    event_id: int | None = None
    full: bool = False
    wait_s: float = 0.0


def _send(rig: Rig, claim: _Claim) -> Batch:
    if claim.texts:
        results = rig.gateway.send(claim.texts, senders=rig.senders, in_flight=rig.share.slots or 1)
        _record(rig, claim, results)
    return Batch(sent=len(claim.texts), more=claim.full or claim.wait_s > 0, wait_s=claim.wait_s)


def _record(rig: Rig, claim: _Claim, results: Sequence[SendResult]) -> None:
    to = {text.message_id: text.to for text in claim.texts}
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
    if any(result.http_status == recording.TOO_MANY for result in results):
        _narrow(rig)


def _narrow(rig: Rig) -> None:
    with rig.db.begin() as connection:
        budget = limits.narrow(connection, most=rig.max_in_flight, now=rig.clock())
    if budget is not None:
        log.warning("provider_refuses_so_many", in_flight_from_now=budget)


def _slots(rig: Rig) -> int:
    def keep_to(slots: int) -> int:
        rig.share.slots = slots
        return rig.gateway.keep_to(slots)

    with rig.share.lock, rig.db.begin() as connection:
        return limits.share_in_flight(
            connection,
            rig.holder,
            budget=rig.max_in_flight,
            keep_to=keep_to,
            held_for=SHARE_HELD_FOR,
            now=rig.clock(),
        )


def _claim_bulk(rig: Rig, event_id: int, *, most: int) -> _Claim:
    now = rig.clock()
    with rig.db.begin() as connection:
        event = events.lock_for_sending(connection, event_id)
        if event is None or event.state is not EventState.RUNNING:
            return _Claim()
        campaign = catalogue.thaw(event.definition)
        tries, wait_s = outages.allowance(connection, holder=rig.holder, now=now)
        if tries == 0:
            return _Claim(wait_s=wait_s)
        own = _Pace(limits.of_event(event_id), event.pace_per_s or 0.0)
        paces = [_Pace(campaign.sender, _sender(rig, campaign.sender).segments_per_s), own]
        limit, free_at = _allowance(connection, paces, most=min(most, tries or most), now=now)
        if free_at - now >= PACE_HORIZON:
            return _Claim(wait_s=PACE_HORIZON.total_seconds())  # no longer: an operator may raise the pace
        claimed = outbox.claim(connection, event_id, purpose=campaign.purpose, limit=limit, now=now)
        outages.give_back(connection, tries, len(claimed), holder=rig.holder, now=now)
        texts = _start(rig, connection, claimed, now, campaign, own=own)
        attempts = {c.id: c.attempts + 1 for c in claimed}
        return _Claim(texts, attempts, campaign, event_id, full=len(claimed) == limit)


def _claim_answers(rig: Rig) -> _Claim:
    now = rig.clock()
    with rig.db.begin() as connection:
        tries, _wait_s = outages.allowance(connection, holder=rig.holder, now=now)
        if tries == 0:
            return _Claim()  # the sweep wakes the answers again
        claimed = outbox.claim_answers(connection, limit=tries or rig.batch_size, now=now)
        outages.give_back(connection, tries, len(claimed), holder=rig.holder, now=now)
        sound = _without_bad_ones(rig, connection, claimed, now)
        texts = _start(rig, connection, sound, now)
        return _Claim(texts, {c.id: c.attempts + 1 for c in sound}, full=len(claimed) == (tries or rig.batch_size))


def _without_bad_ones(
    rig: Rig, connection: Connection, claimed: Sequence[outbox.Claimed], now: datetime
) -> list[outbox.Claimed]:
    """An answer that cannot be rendered fails alone; the others must not wait behind it for ever."""
    bad = [text for text in claimed if not _is_sound(rig, text, now)]
    if bad:
        log.error("answers_not_renderable", message_ids=[text.id for text in bad])
        outbox.fail_queued(connection, [text.id for text in bad], now=now)
    return [text for text in claimed if text not in bad]


def _is_sound(rig: Rig, text: outbox.Claimed, now: datetime) -> bool:
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


def _allowance(connection: Connection, paces: Sequence[_Pace], *, most: int, now: datetime) -> tuple[int, datetime]:
    """How many texts may be taken now, and from when the paces let them leave."""
    kept = [pace for pace in paces if pace.per_s]
    within_horizon = [ceil(pace.per_s * PACE_HORIZON.total_seconds()) for pace in kept]
    return min([most, *within_horizon]), max([now, *(limits.next_free(connection, p.key, now=now) for p in kept)])


def _start(
    rig: Rig,
    connection: Connection,
    claimed: Sequence[outbox.Claimed],
    now: datetime,
    campaign: Campaign | None = None,
    *,
    own: _Pace | None = None,
) -> list[OutgoingText]:
    if not claimed:
        return []
    common = {
        language: variables.common(rig.desk, language=language, now=now, campaign=campaign)
        for language in {text.language for text in claimed}
    }
    rendered = [_render(rig, text, common[text.language]) for text in claimed]
    leave_at = _leave_at(rig, connection, claimed, [segments for _, segments in rendered], now, own=own)
    lease_until = max([now, *(at for at in leave_at if at)]) + rig.lease
    started = outbox.start(
        connection,
        [(text.id, body, segments) for text, (body, segments) in zip(claimed, rendered, strict=True)],
        lease_until=lease_until,
        now=now,
    )
    return [
        OutgoingText(text.id, started[text.id], text.e164, text.sender, body, segments, text.void_at, at, lease_until)
        for text, (body, segments), at in zip(claimed, rendered, leave_at, strict=True)
    ]


def _render(rig: Rig, text: outbox.Claimed, common: Mapping[str, str]) -> tuple[str, int]:
    rendered = rig.texts.render(text.template, language=text.language, variables={**common, **text.variables})
    return rendered.text, rendered.measured.segments


def _leave_at(
    rig: Rig,
    connection: Connection,
    claimed: Sequence[outbox.Claimed],
    segments: Sequence[int],
    now: datetime,
    *,
    own: _Pace | None,
) -> list[datetime | None]:
    """A moment per text, by its sender's pace and by its event's own, the later of the two; None without a pace."""
    moments: dict[int, datetime] = {}
    measured = list(zip(claimed, segments, strict=True))
    for sender in sorted({text.sender for text in claimed}):
        mine = [(t.id, n) for t, n in measured if t.sender == sender]
        moments |= _reserved(connection, _Pace(sender, _sender(rig, sender).segments_per_s), mine, now)
    if own is not None:
        for id_, at in _reserved(connection, own, [(t.id, n) for t, n in measured], now).items():
            moments[id_] = max(at, moments.get(id_, at))
    return [moments.get(text.id) for text in claimed]


def _reserved(
    connection: Connection, pace: _Pace, segments: Sequence[tuple[int, int]], now: datetime
) -> dict[int, datetime]:
    """A moment for each (message id, segments) at this pace."""
    if not pace.per_s:
        return {}
    start = max(limits.next_free(connection, pace.key, now=now), now + HEAD_START)
    at = limits.reserve(connection, pace.key, [n for _, n in segments], per_s=pace.per_s, start=start)
    return dict(zip([id_ for id_, _ in segments], at, strict=True))


def _stop_event(rig: Rig, event_id: int, alarm: str) -> None:
    log.error("event_stopped", event_id=event_id, reason="text_not_renderable")
    with rig.db.begin() as connection:
        events.raise_alarm(connection, event_id, alarm=alarm, now=rig.clock())
