"""Replies: stored first, then read, then acted on, in the transaction that marks them read."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from worker import logs
from worker.domain.callbacks import TaskReason
from worker.domain.channels import Channel, is_telephone_number
from worker.domain.errors import Unavailable
from worker.domain.messages import Inbound, MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.domain.replies import Intent, Reading
from worker.services import acknowledging, hearing, tasks
from worker.services.hearing import Heard, Rig
from worker.store import inbound as rows
from worker.store import people, recipients, refusals
from worker.store import tasks as task_rows
from worker.store.database import Connection, Database

log = structlog.get_logger()

_UNSETTLED = frozenset({RecipientState.WAITING, RecipientState.CALLBACK})
# A reply that cannot be read after this many tries goes to a person as it is.
READ_TRIES = 3
# Whoever has waited this long is read by the backlog's own round: the queue lost the wake-up, or is long. One wake-up
# for all of them, never one for each: those would only make the queue longer.
UNREAD_AFTER = timedelta(seconds=20)
BACKLOG_ROUND = 100


def store(db: Database, message: Inbound, *, now: datetime) -> int | None:
    """Keeps a message before anything else happens; None when it was kept before."""
    del now  # received_at is in the message
    with db.begin() as connection:
        return rows.store(connection, message)


def handle(rig: Rig, inbound_id: int, *, now: datetime) -> Intent | None:
    """Reads one stored message and does what follows. A second run finds it read and does nothing (None).

    A message whose reading breaks is tried a few times more, and then given to a person unread: nobody's words are
    lost because of one of our mistakes.
    """
    try:
        return rig.db.run(lambda connection: _read(connection, rig, inbound_id, now))
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001  # whatever it is, the words must reach somebody
        _log_failure(inbound_id, error)
        return rig.db.run(lambda connection: _after_failure(connection, rig, inbound_id, now))


def _read(connection: Connection, rig: Rig, inbound_id: int, now: datetime) -> Intent | None:
    message = rows.lock_unread(connection, inbound_id)
    if message is None:
        return None
    heard = hearing.hear(connection, rig, message, now)
    _act(connection, rig, heard)
    intent = heard.reading.intent
    rows.mark_read(connection, inbound_id, intent=intent, match=_match(heard), now=now)
    log.info("reply_read", inbound_id=inbound_id, intent=str(intent), households=len(heard.households))
    return intent


def _log_failure(inbound_id: int, error: Exception) -> None:
    log.error("reply_not_read", inbound_id=inbound_id, error=type(error).__name__, at=logs.where(error))


def _after_failure(connection: Connection, rig: Rig, inbound_id: int, now: datetime) -> Intent | None:
    message = rows.lock_unread(connection, inbound_id)
    if message is None or rows.count_failure(connection, inbound_id) < READ_TRIES:
        return None
    households, standings = hearing.whom(connection, message)
    heard = Heard(message, Reading(Intent.UNCLEAR), households, standings, now)
    if households:
        _link(connection, heard)
        _ring(connection, rig, heard, TaskReason.UNCLEAR)
    rows.mark_read(connection, inbound_id, intent=Intent.UNCLEAR, match=_match(heard), now=now)
    return Intent.UNCLEAR


def has_unread(db: Database, *, now: datetime) -> bool:
    """Whether somebody's words have not been read yet."""
    with db.begin() as connection:
        return rows.has_unread(connection, before=now)


def read_backlog(rig: Rig, *, now: datetime) -> int:
    """Reads those who have waited for long, the oldest first; returns how many of them were read in this round."""
    with rig.db.begin() as connection:
        waiting = rows.unread(connection, before=now - UNREAD_AFTER, limit=BACKLOG_ROUND)
    return sum(handle(rig, inbound_id, now=now) is not None for inbound_id in waiting)


def _match(heard: Heard) -> str:
    if not heard.households:
        return "unknown_sender"
    return "shared_number" if heard.is_shared else "household"


def _act(connection: Connection, rig: Rig, heard: Heard) -> None:
    """What came from no number concerns nobody we know, and cannot be answered: a person files it."""
    if not is_telephone_number(heard.message.e164):
        return
    _ABOUT_THE_NUMBER.get(heard.reading.intent, _nothing)(connection, rig, heard)
    if heard.households:
        _link(connection, heard)
        _ABOUT_THE_HOUSEHOLD[heard.reading.intent](connection, rig, heard)
    acknowledging.acknowledge(connection, rig, heard)


def _link(connection: Connection, heard: Heard) -> None:
    pairs = [(h, s.id if (s := heard.newest(h)) else None) for h in heard.households]
    rows.link(connection, heard.message.id, pairs)
    concerned = [s.id for s in (*heard.in_state(*_UNSETTLED), *heard.missed())]
    if concerned:
        recipients.note_reply(connection, concerned, intent=heard.reading.intent, now=heard.now)


# ---- what follows for the number --------------------------------------------


def _nothing(_connection: Connection, _rig: Rig, _heard: Heard) -> None:
    """Most replies change nothing about the number."""


def _refuse(connection: Connection, _rig: Rig, heard: Heard) -> None:
    """What was refused is the channel on which it was said: STOP ends texts, 9 ends calls by the machine."""
    channel = Channel(heard.message.channel)
    people.opt_out(connection, [heard.message.e164], channel=channel, source="reply", now=heard.now)


def _take_back_refusal(connection: Connection, _rig: Rig, heard: Heard) -> None:
    """Who had refused everything at a caller wants to hear from us again. From a number that several households share
    only the number is free again: one of them cannot speak for another."""
    people.opt_in(connection, heard.message.e164, now=heard.now)
    if not heard.is_shared:
        refusals.take_back(connection, heard.households, now=heard.now)


def _retire_number(connection: Connection, _rig: Rig, heard: Heard) -> None:
    people.mark_bad(connection, [(heard.message.e164, "wrong_number")], now=heard.now)


_ABOUT_THE_NUMBER: Mapping[Intent, Callable[[Connection, Rig, Heard], None]] = {
    Intent.STOP: _refuse,
    Intent.START: _take_back_refusal,
    Intent.WRONG_NUMBER: _retire_number,
}


# ---- what follows for the household -----------------------------------------


def _all_well(connection: Connection, rig: Rig, heard: Heard) -> None:
    """Fine settles who waits, and whom nobody had reached; it closes a task that exists for silence alone, and shows on
    a claimed one.

    From a number that several households share, "fine" does not say who is fine, nor does it from a relative's or a
    neighbour's at which nobody was asked: a person asks.
    """
    if heard.is_shared or _is_somebody_else(connection, heard):
        _ring(
            connection, rig, heard, TaskReason.UNCLEAR, only=[*heard.in_state(RecipientState.WAITING), *heard.missed()]
        )
        return
    _settle(connection, heard, [*heard.asked_in_state(RecipientState.WAITING), *heard.missed()], RecipientState.FINE)
    called = heard.asked_in_state(RecipientState.CALLBACK)
    if called:
        _late_good_news(connection, heard, called)


def _is_somebody_else(connection: Connection, heard: Heard) -> bool:
    at = heard.message.received_at
    return people.is_only_a_contact_s(connection, heard.message.e164, heard.households, now=at)


def _late_good_news(connection: Connection, heard: Heard, called: Sequence[recipients.Standing]) -> None:
    relying = heard.in_state(RecipientState.CALLBACK)
    asked = {s.task_id for s in called if s.task_id} - {s.task_id for s in relying if s not in called}
    households = [s.household_id for s in called]
    closed = tasks.close_if_only_silence(connection, households, asked=asked, now=heard.now)
    recipients.settle_by_task(connection, closed, state=RecipientState.FINE, reason=Reason.REPLIED, now=heard.now)
    left = [s.household_id for s in called if s.task_id not in closed]
    if left:
        news = json.dumps([{"at": heard.now.isoformat(), "intent": Intent.OK}])
        task_rows.add_news(connection, left, news)


def _away(connection: Connection, rig: Rig, heard: Heard) -> None:
    """Absent until a day: no text until then. A number shared by several households: a person asks who."""
    if heard.is_shared:
        _ring(connection, rig, heard, TaskReason.UNCLEAR)
        return
    until = hearing.away_until(rig, heard)
    people.hold(connection, heard.households, reason="absent", source="reply", until=until, now=heard.now)
    _settle(connection, heard, [*_missed_by(heard, until), *heard.missed()], RecipientState.ABSENT)
    called = heard.in_state(RecipientState.CALLBACK)
    closed = tasks.close_if_only_silence(connection, [s.household_id for s in called], now=heard.now)
    recipients.settle_by_task(connection, closed, state=RecipientState.ABSENT, reason=Reason.REPLIED, now=heard.now)


def _missed_by(heard: Heard, until: datetime) -> list[recipients.Standing]:
    """Whoever waits for an answer, and whoever will be away for as long as a text to them would be useful."""
    asked = heard.asked_in_state(RecipientState.WAITING)
    waiting = heard.in_state(RecipientState.WAITING)
    return [s for s in waiting if s in asked or (s.due_at is not None and s.due_at <= until)]


def _back(connection: Connection, _rig: Rig, heard: Heard) -> None:
    people.end_holds(connection, heard.households, now=heard.now)


def _settle(
    connection: Connection, heard: Heard, standings: Sequence[recipients.Standing], state: RecipientState
) -> None:
    if not standings:
        return
    recipients.settle(connection, [(s.id, state, Reason.REPLIED) for s in standings], now=heard.now)
    rows.withdraw_texts(connection, [s.id for s in standings], state=MessageState.CANCELLED, now=heard.now)


def _ring_for(reason: TaskReason) -> Callable[[Connection, Rig, Heard], None]:
    return lambda connection, rig, heard: _ring(connection, rig, heard, reason)


def _ring(
    connection: Connection,
    rig: Rig,
    heard: Heard,
    reason: TaskReason,
    *,
    only: Sequence[recipients.Standing] | None = None,
) -> None:
    """A person rings each household behind the number; whoever waits in an event is handed to that call. only: no other
    households than theirs."""
    spared = refusals.among(connection, heard.households) if reason in _NOT_AGAINST_THEIR_WILL else set()
    concerned = [
        h for h in heard.households if h not in spared and (only is None or any(s.household_id == h for s in only))
    ]
    if not concerned:
        return
    calls = [_call(heard, household, reason) for household in concerned]
    tasks.hand_over(connection, calls, desk=rig.desk, now=heard.now)
    rows.withdraw_texts(
        connection, [i for call in calls for i in call.recipient_ids], state=MessageState.CANCELLED, now=heard.now
    )


# Who told a caller "never again" is not rung for these; a call for help, or words nobody understands, still count.
_NOT_AGAINST_THEIR_WILL = frozenset({TaskReason.OPTED_OUT, TaskReason.WRONG_NUMBER})


def _call(heard: Heard, household: int, reason: TaskReason) -> tasks.Call:
    """Everyone of the household who still waits, and its newest place in an event even if it had settled."""
    newest = heard.newest(household)
    own = [s for s in heard.standings if s.household_id == household]
    concerned = [s.id for s in own if s.state in _UNSETTLED or s is newest]
    return tasks.Call(
        household, newest.event_id if newest else None, tuple(concerned), reason, heard.message.received_at
    )


_ABOUT_THE_HOUSEHOLD: Mapping[Intent, Callable[[Connection, Rig, Heard], None]] = {
    Intent.OK: _all_well,
    Intent.ABSENT: _away,
    Intent.RETURN: _back,
    Intent.START: _nothing,
    # It may well mean "contact me": a person finds out.
    Intent.CONTACT: _ring_for(TaskReason.UNCLEAR),
    Intent.EMERGENCY: _ring_for(TaskReason.EMERGENCY_WORD),
    Intent.HELP: _ring_for(TaskReason.ASKED_CALL),
    Intent.UNCLEAR: _ring_for(TaskReason.UNCLEAR),
    Intent.STOP: _ring_for(TaskReason.OPTED_OUT),
    Intent.WRONG_NUMBER: _ring_for(TaskReason.WRONG_NUMBER),
}
