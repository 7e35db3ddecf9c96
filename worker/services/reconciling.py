"""Asks the provider about what we do not know: texts of unknown fate, receipts and replies that never came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog

from worker import catalogue, logs
from worker.domain.campaigns import Campaign
from worker.domain.channels import Channel, Sender
from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.messages import Found, FoundCall, Inbound, MessageState, Receipt
from worker.domain.recipients import Reason
from worker.domain.voice import Word
from worker.services import bridge_ends, following, questions, receipts, recording
from worker.services.desk import Desk
from worker.services.questions import Asked
from worker.store import automatic_calls, call_words, events, fates, inbound, outbox
from worker.store.database import Connection, Database
from worker.twilio.calls import Place
from worker.twilio.client import Gateway

log = structlog.get_logger()
Q = TypeVar("Q")
A = TypeVar("A")

# The provider's clock and ours may differ by so much. A text is looked for that much before its request too, or each of
# a host that runs a minute ahead would be proved absent and sent again. What tells it from others is not the time: a
# reminder has other words; a text of an earlier event, another answer, another call has its own id on record. Where
# the fate of two with the same words to the same number is unknown, either may be taken for the one that is found: it
# was received once, and the other is absent.
CLOCKS_APART = timedelta(minutes=5)
# Looked for twice, a margin apart, before a text counts as not sent.
LOOKUPS_FOR_ABSENCE = 2
# Of a text that was proved absent, one more; a second unknown fate goes to a person.
REQUESTS_AT_MOST = 2
OLDEST_POLLED = timedelta(days=2)
# A reply may show in the provider's list a little after it came.
INBOUND_OVERLAP = timedelta(minutes=2) + CLOCKS_APART
# The provider's records tell the second alone: it was over by its end.
WITHIN_A_SECOND = timedelta(seconds=1) - timedelta.resolution
# How far back the first listing goes, and how far one goes after a long outage.
INBOUND_FIRST_LOOK = timedelta(hours=24)
INBOUND_LOOK_BACK = timedelta(days=14)
STORED_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Rig:
    """What asking the provider needs. margin: how old a request must be before it is looked for. receipt_patience,
    call_patience: how long a final word about a text, or the end of a call, may take to come by itself. at_once: how
    many questions are asked side by side. rings_back: calls to our line that it never took are looked for too. bridges:
    how long bridged calls may take.
    """

    db: Database
    gateway: Gateway
    senders: Mapping[str, Sender]
    margin: timedelta
    receipt_patience: timedelta
    clock: Callable[[], datetime]
    desk: Desk | None = None
    call_patience: timedelta = timedelta(minutes=6)
    at_once: int = 1
    rings_back: bool = True
    bridges: bridge_ends.Rules | None = None
    told: logs.Told = field(default_factory=logs.Told)


def ask(rig: Rig) -> bool:
    """Asks about all that is not known, for a while; says whether questions are left that could be asked at once."""
    rounds = [settle_unknown(rig), fetch_missing_receipts(rig), fetch_lost_ends(rig), fetch_lost_bridges(rig)]
    return any(asked.more for asked in rounds)


def settle_unknown(rig: Rig) -> Asked:
    """Looks for texts of unknown fate in the provider's list; tells how many were settled.

    Found: it was sent. Not found twice, a margin apart: it was not, and the campaign says whether it is sent
    again or handed to a person. Stops when the provider does not answer: the next tick asks again. With a clock that
    is too far from the provider's to tell, not finding proves nothing; what is void goes to a person all the same.

    Each is looked for by its number. One listing of all that a sender sent would be fewer requests after a bad hour,
    but would prove no absence: a text without a date of sending has no certain place in it, a messaging service has
    no number to list by, and the list grows at its head while a blast is read page after page.
    """
    before = rig.clock() - rig.margin

    def take(limit: int) -> Sequence[fates.Unknown]:
        with rig.db.begin() as connection:
            return fates.take_unknown(connection, before=before, senders=[*rig.senders], limit=limit, now=rig.clock())

    return _ask_all(rig, take, partial(_find, rig), partial(_settle_one, rig), purpose="settle_unknown")


def _ask_all(
    rig: Rig, take: Callable[[int], Sequence[Q]], ask: Callable[[Q], A], note: Callable[[Q, A], int], *, purpose: str
) -> Asked:
    return questions.ask_all(take, ask, note, at_once=rig.at_once, purpose=purpose, clock=rig.clock)


def _find(rig: Rig, question: fates.Unknown) -> Sequence[Found | FoundCall]:
    sender, since = rig.senders[question.sender], question.started_at - CLOCKS_APART
    if question.channel == Channel.VOICE:
        return rig.gateway.find_calls(question.e164, sender.address, since)
    return rig.gateway.find(question.e164, sender.address, since)


def _settle_one(rig: Rig, question: fates.Unknown, listed: Sequence[Found | FoundCall]) -> int:
    now = rig.clock()
    with rig.db.begin() as connection:
        fates.settle_alone(connection, question.e164)
        taken = fates.taken_sids(connection, [f.provider_sid for f in listed], message_id=question.id)
        until = question.finished_at + LOOKUPS_FOR_ABSENCE * rig.margin + CLOCKS_APART
        ours = [f for f in listed if _may_be(f, question, until=until) and f.provider_sid not in taken]
        match = min(ours, key=lambda f: abs(f.created_at - question.started_at), default=None)
        if isinstance(match, FoundCall):
            _adopt_call(connection, rig, question, match, now)
            return 1
        if match is not None:
            _adopt(connection, question, match, now)
            return 1
        return _count_miss(connection, question, now) if _can_tell_absence(rig) else 0


def _can_tell_absence(rig: Rig) -> bool:
    ahead = rig.gateway.clock_ahead()
    if abs(ahead) <= CLOCKS_APART:
        return True
    if rig.told.is_news("clock"):
        log.error("clock_apart_from_provider", ahead_s=round(ahead.total_seconds()))
    return False


def _may_be(found: Found | FoundCall, question: fates.Unknown, *, until: datetime) -> bool:
    """Of the same words, and made since we asked; not long after, for the same words may be sent again.

    until: the provider may take a text well after we gave up waiting, so all the time counts in which its absence is
    being proved.
    """
    same = isinstance(found, FoundCall) or found.body == question.body
    return same and question.started_at - CLOCKS_APART <= found.created_at <= until


def _adopt(connection: Connection, question: fates.Unknown, found: Found, now: datetime) -> None:
    sent = outbox.Change(question.id, MessageState.SENT, sid=found.provider_sid)
    outbox.change(connection, [sent], now=now)
    word = Receipt(question.id, found.provider_sid, found.status, found.code, now)
    receipts.apply(connection, [word], now=now)


def _adopt_call(connection: Connection, rig: Rig, question: fates.Unknown, found: FoundCall, now: datetime) -> None:
    known = call_words.lock(connection, question.id, question.attempt_id)
    if known is not None and rig.desk is not None:
        following.learn(connection, known, _word_of(found), sid=found.provider_sid, desk=rig.desk, now=now)


def _word_of(found: FoundCall) -> Word:
    return Word(found.status, answered_by=found.answered_by, duration_s=found.duration_s)


def _count_miss(connection: Connection, question: fates.Unknown, now: datetime) -> int:
    """Counts once however many asked at the same time; the second miss proves that the text was never sent."""
    if not fates.count_miss(connection, question.id, seen=question.lookups, now=now):
        return 0
    if question.lookups + 1 < LOOKUPS_FOR_ABSENCE:
        return 0
    automatic_calls.not_made(connection, [question.attempt_id], now=now)
    campaign = _campaign(connection, question.event_id)
    if campaign is not None and campaign.resends_lost and question.attempts < REQUESTS_AT_MOST:
        outbox.change(connection, [outbox.Change(question.id, MessageState.QUEUED, due_at=now)], now=now)
        return 1
    moved = outbox.change(connection, [outbox.Change(question.id, MessageState.FAILED)], now=now)
    lost = [m for m in moved if m.state == MessageState.FAILED]
    recording.mark_lost(connection, [(m, Reason.UNKNOWN_OUTCOME) for m in lost], now)
    return 1


def _campaign(connection: Connection, event_id: int | None) -> Campaign | None:
    event = events.get(connection, event_id) if event_id is not None else None
    return catalogue.thaw(event.definition) if event else None


def fetch_missing_receipts(rig: Rig) -> Asked:
    """Asks about texts that were sent long ago and of which nothing final was heard."""
    now = rig.clock()

    def take(limit: int) -> Sequence[tuple[int, str]]:
        with rig.db.begin() as connection:
            return fates.take_without_final_word(
                connection,
                before=now - rig.receipt_patience,
                oldest=now - OLDEST_POLLED,
                limit=limit,
                now=rig.clock(),
            )

    def fetch(silent: tuple[int, str]) -> Found | None:
        return rig.gateway.fetch(silent[1])

    return _ask_all(rig, take, fetch, partial(_note_answer, rig), purpose="fetch_receipt")


def _note_answer(rig: Rig, silent: tuple[int, str], found: Found | None) -> int:
    (message_id, sid), now = silent, rig.clock()
    if found is not None:
        with rig.db.begin() as connection:
            receipts.apply(connection, [Receipt(message_id, sid, found.status, found.code, now)], now=now)
    return 1


def fetch_lost_ends(rig: Rig) -> Asked:
    """Asks about calls that must be over by now and of whose end nothing was heard.

    What the provider has no record of, or has not ended by then, ended without anybody.
    """
    desk, now = rig.desk, rig.clock()
    if desk is None:
        return Asked()

    def take(limit: int) -> Sequence[tuple[int, int, str]]:
        with rig.db.begin() as connection:
            return call_words.take_silent(
                connection, before=now - rig.call_patience, oldest=OLDEST_POLLED, limit=limit, now=rig.clock()
            )

    def fetch(silent: tuple[int, int, str]) -> FoundCall | None:
        return rig.gateway.fetch_call(silent[2])

    def note(silent: tuple[int, int, str], found: FoundCall | None) -> int:
        word = _word_of(found) if found is not None else Word("failed")
        following.hear(rig.db, Place(*silent), word, desk=desk, now=rig.clock())
        return 1

    return _ask_all(rig, take, fetch, note, purpose="fetch_call")


def fetch_lost_bridges(rig: Rig) -> Asked:
    """Asks about bridged calls of whose end nothing was heard, for the caller's card to say how they ended."""
    if rig.bridges is None:
        return Asked()
    return bridge_ends.ask(rig.db, rig.gateway, rig.bridges, at_once=rig.at_once, clock=rig.clock)


def fetch_missed_replies(rig: Rig) -> Sequence[int]:
    """Stores replies that reached the provider while our hooks were down; returns the ids of the new ones.

    Each sender's list is gone through from where the last complete listing ended, however long ago that was.
    """
    stored: list[int] = []
    for sender in rig.senders.values():
        if sender.takes_replies:
            stored += _fetch_replies(rig, sender, rig.clock())
    return stored


def _fetch_replies(rig: Rig, sender: Sender, now: datetime) -> list[int]:
    since = from_when(rig, sender.address, now)
    try:
        listed = rig.gateway.inbound(sender.address, since)
    except (BadDefinition, Unavailable):
        log.warning("provider_unavailable", purpose="fetch_replies")
        return []
    with rig.db.begin() as connection:
        missing = inbound.not_stored(connection, [message.provider_sid for message in listed])
    stored = _store_replies(rig, _by_our_clock(rig, [m for m in listed if m.provider_sid in missing]))
    with rig.db.begin() as connection:
        inbound.note_listed(connection, sender.address, now)
    return stored


def _by_our_clock(rig: Rig, listed: Sequence[Inbound]) -> list[Inbound]:
    """What was asked is known by our clock, to the microsecond: an answer of the same second came after the question,
    and must not seem to be older than it."""
    later, now = rig.gateway.clock_ahead() + WITHIN_A_SECOND, rig.clock()
    return [replace(message, received_at=min(message.received_at + later, now)) for message in listed]


def _store_replies(rig: Rig, missing: Sequence[Inbound]) -> list[int]:
    """A few at a time: hooks that bring the same words meanwhile wait for no more than these."""
    stored: list[int] = []
    for first in range(0, len(missing), STORED_AT_ONCE):
        with rig.db.begin() as connection:
            found = [inbound.store(connection, message) for message in missing[first : first + STORED_AT_ONCE]]
        stored += [i for i in found if i is not None]
    return stored


def from_when(rig: Rig, listing: str, now: datetime) -> datetime:
    """From when on the provider is asked what came. listing: the number of ours, as noted beside the last listing."""
    with rig.db.begin() as connection:
        complete = inbound.listed_until(connection, listing)
    return max((complete or now - INBOUND_FIRST_LOOK) - INBOUND_OVERLAP, now - INBOUND_LOOK_BACK)
