"""Asks the provider about what we do not know: texts of unknown fate, receipts and replies that never came."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker import catalogue
from worker.domain.campaigns import Campaign
from worker.domain.channels import Sender
from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.messages import Found, MessageState, Receipt
from worker.domain.recipients import Reason
from worker.services import receipts
from worker.store import events, inbound, outbox, recipients, sweeping
from worker.store.database import Connection, Database
from worker.twilio.client import Gateway

log = structlog.get_logger()

PER_RUN = 50
# The provider's clock and ours may differ a little.
CLOCK_SKEW = timedelta(seconds=10)
# Looked for twice, a margin apart, before a text counts as not sent.
LOOKUPS_FOR_ABSENCE = 2
OLDEST_POLLED = timedelta(days=2)
# Replies are looked for from a little before the last one heard: all of an outage, little of a busy day.
INBOUND_OVERLAP = timedelta(minutes=5)
INBOUND_LOOK_BACK = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Rig:
    """What asking the provider needs. margin: how old a request must be before it is looked for."""

    db: Database
    gateway: Gateway
    senders: Mapping[str, Sender]
    margin: timedelta
    receipt_patience: timedelta
    clock: Callable[[], datetime]


def settle_unknown(rig: Rig) -> int:
    """Looks for texts of unknown fate in the provider's list; returns how many were settled.

    Found: it was sent. Not found twice, a margin apart: it was not, and the campaign says whether it is sent
    again or handed to a person.
    """
    now = rig.clock()
    with rig.db.begin() as connection:
        open_questions = sweeping.unknown(connection, before=now - rig.margin, limit=PER_RUN)
    return sum(_settle_one(rig, question) for question in open_questions)


def _settle_one(rig: Rig, question: sweeping.Unknown) -> int:
    sender = rig.senders.get(question.sender)
    if sender is None:
        return 0
    since = question.started_at - CLOCK_SKEW
    try:
        listed = rig.gateway.find(question.e164, sender.address, since)  # no transaction is open here
    except (BadDefinition, Unavailable):
        log.warning("provider_unavailable", purpose="settle_unknown")
        return 0
    now = rig.clock()
    with rig.db.begin() as connection:
        taken = sweeping.taken_sids(connection, [f.provider_sid for f in listed])
        match = next((f for f in listed if _is_ours(f, question, since) and f.provider_sid not in taken), None)
        if match is not None:
            _adopt(connection, question, match, now)
            return 1
        return _count_miss(connection, question, now)


def _is_ours(found: Found, question: sweeping.Unknown, since: datetime) -> bool:
    return found.body == question.body and found.created_at >= since


def _adopt(connection: Connection, question: sweeping.Unknown, found: Found, now: datetime) -> None:
    sent = outbox.Change(question.id, MessageState.SENT, sid=found.provider_sid)
    outbox.change(connection, [sent], now=now)
    word = Receipt(question.id, found.provider_sid, found.status, found.code, now)
    receipts.apply(connection, [word], now=now)


def _count_miss(connection: Connection, question: sweeping.Unknown, now: datetime) -> int:
    sweeping.note_lookup(connection, question.id, missed=True, now=now)
    if question.lookups + 1 < LOOKUPS_FOR_ABSENCE:
        return 0
    campaign = _campaign(connection, question.event_id)
    if campaign is not None and campaign.resend_after_unknown and question.attempts < LOOKUPS_FOR_ABSENCE:
        outbox.change(connection, [outbox.Change(question.id, MessageState.QUEUED, due_at=now)], now=now)
        return 1
    outbox.change(connection, [outbox.Change(question.id, MessageState.FAILED)], now=now)
    if question.event_id is not None and question.step == "first":
        recipients.mark_due(connection, [(question.event_id, question.e164, Reason.UNKNOWN_OUTCOME)], now=now)
    return 1


def _campaign(connection: Connection, event_id: int | None) -> Campaign | None:
    event = events.get(connection, event_id) if event_id is not None else None
    return catalogue.thaw(event.definition) if event else None


def fetch_missing_receipts(rig: Rig) -> int:
    """Asks about texts that were sent long ago and of which nothing final was heard; returns how many were asked."""
    now = rig.clock()
    with rig.db.begin() as connection:
        silent = sweeping.without_final_word(
            connection, before=now - rig.receipt_patience, oldest=now - OLDEST_POLLED, limit=PER_RUN
        )
    for message_id, sid in silent:
        _fetch(rig, message_id, sid)
    return len(silent)


def _fetch(rig: Rig, message_id: int, sid: str) -> None:
    try:
        found = rig.gateway.fetch(sid)
    except (BadDefinition, Unavailable):
        log.warning("provider_unavailable", purpose="fetch_receipt")
        return
    now = rig.clock()
    with rig.db.begin() as connection:
        sweeping.note_lookup(connection, message_id, missed=False, now=now)
        if found is not None:
            receipts.apply(connection, [Receipt(message_id, sid, found.status, found.code, now)], now=now)


def fetch_missed_replies(rig: Rig) -> Sequence[int]:
    """Stores replies that reached the provider while our hooks were down; returns the ids of the new ones."""
    now = rig.clock()
    stored: list[int] = []
    for sender in rig.senders.values():
        if sender.takes_replies:
            stored += _fetch_replies(rig, sender, _since(rig, sender, now))
    return stored


def _since(rig: Rig, sender: Sender, now: datetime) -> datetime:
    with rig.db.begin() as connection:
        newest = inbound.newest(connection, sender.address)
    return max((newest or now) - INBOUND_OVERLAP, now - INBOUND_LOOK_BACK)


def _fetch_replies(rig: Rig, sender: Sender, since: datetime) -> list[int]:
    try:
        listed = rig.gateway.inbound(sender.address, since)
    except (BadDefinition, Unavailable):
        log.warning("provider_unavailable", purpose="fetch_replies")
        return []
    with rig.db.begin() as connection:
        missing = inbound.not_stored(connection, [message.provider_sid for message in listed])
        stored = [inbound.store(connection, message) for message in listed if message.provider_sid in missing]
    return [i for i in stored if i is not None]
