"""Calls to our line that nobody answered: the provider's list tells who rang, and a person rings them back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

import structlog

from worker.domain import unreached
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Kind
from worker.domain.channels import Capability
from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.line import HARDLY_S, Listed, Ringing, Transfer
from worker.domain.messages import MessageState
from worker.domain.recipients import RecipientState
from worker.services import reconciling, ringing_back, tasks
from worker.services.desk import Desk
from worker.services.reconciling import Rig
from worker.store import inbound, people, recipients
from worker.store import line as rows
from worker.store.database import Connection

log = structlog.get_logger()
A = TypeVar("A")

# Before a number, in the note of up to when its calls were gone through: texts to it are listed on their own.
CALLS_TO = "calls:"


def fetch_missed_calls(rig: Rig) -> int:
    """Keeps calls that reached the provider and not us: our server, the way to it, or the database was away.

    Whom we know by the number is rung back by a person, once, unless something was heard of them since; who is a
    stranger is kept alone. Each number's list is gone through from where the last one ended. Returns how many calls
    were new.
    """
    if rig.desk is None or not rig.rings_back:
        return 0
    addresses = {sender.address for sender in rig.senders.values() if sender.capability is Capability.VOICE}
    return sum(_fetch(rig, rig.desk, address) for address in sorted(addresses))


def _fetch(rig: Rig, desk: Desk, address: str) -> int:
    now, key = rig.clock(), CALLS_TO + address
    since = reconciling.from_when(rig, key, now)
    listed = _asked(lambda: rig.gateway.calls_to_us(address, since))
    if listed is None:
        return 0
    missing = _missing(rig, _by_our_clock(rig, listed))
    over = [one for one in missing if one.ended_at is not None and one.ended_at <= now - rig.margin]
    elsewhere = _asked(lambda: _put_through(rig, over))
    if elsewhere is None:
        return 0
    kept = sum(_keep(rig, desk, some, elsewhere, now) for some in _few(over))
    # One that goes on, or has only just ended, is looked at again: our own note of it may be on its way.
    until = min([now, *(one.call.began_at for one in missing if one not in over)])
    with rig.db.begin() as connection:
        inbound.note_listed(connection, key, until)
    return kept


def _asked(question: Callable[[], A]) -> A | None:
    """What the provider says; None when it cannot be asked, which the next listing makes up for."""
    try:
        return question()
    except (BadDefinition, Unavailable):
        log.warning("provider_unavailable", purpose="fetch_calls")
        return None


def _by_our_clock(rig: Rig, listed: Sequence[Listed]) -> list[Listed]:
    """The oldest first. The provider's clock may differ from ours, by which everything else here was noted."""
    ahead = rig.gateway.clock_ahead()
    ours = [
        replace(
            one,
            call=replace(one.call, began_at=one.call.began_at + ahead),
            ended_at=None if one.ended_at is None else one.ended_at + ahead,
        )
        for one in listed
    ]
    return sorted(ours, key=lambda one: (one.call.began_at, one.call.provider_sid))


def _missing(rig: Rig, listed: Sequence[Listed]) -> list[Listed]:
    with rig.db.begin() as connection:
        new = rows.not_stored(connection, [one.call.provider_sid for one in listed])
    return [one for one in listed if one.call.provider_sid in new]


def _put_through(rig: Rig, over: Sequence[Listed]) -> dict[str, int]:
    """Whoever answers in our place, the fallback or another service, may have connected them with the agency."""
    long = [one.call.provider_sid for one in over if one.lasted_s >= HARDLY_S]
    talked_s = {sid: rig.gateway.put_through_s(sid) for sid in long}
    return {sid: seconds for sid, seconds in talked_s.items() if seconds >= HARDLY_S}


def _few(over: Sequence[Listed]) -> Iterator[Sequence[Ringing]]:
    """A few at a time: hooks that tell of the same households meanwhile wait for no more than these."""
    for first in range(0, len(over), reconciling.STORED_AT_ONCE):
        yield [one.call for one in over[first : first + reconciling.STORED_AT_ONCE]]


def _keep(rig: Rig, desk: Desk, calls: Sequence[Ringing], elsewhere: Mapping[str, int], now: datetime) -> int:
    """What follows from a call is done by whoever keeps it, in the same transaction: by two who list at once, once."""

    def work(connection: Connection) -> tuple[int, int]:
        new = [(stored, call) for call in calls if (stored := _store(connection, call, elsewhere)) is not None]
        households = {call.provider_sid: _households(connection, stored, call) for stored, call in new}
        rang = {
            household: call.began_at  # the newest, as they are in order
            for _stored, call in new
            if call.provider_sid not in elsewhere
            for household in households[call.provider_sid]
        }
        return len(new), _ring_back(connection, desk, rang, now)

    kept, rung_back = rig.db.run(work)
    if kept:
        log.warning("calls_unheard", calls=kept, households_rung_back=rung_back)
    return kept


def _store(connection: Connection, call: Ringing, elsewhere: Mapping[str, int]) -> int | None:
    talked_s = elsewhere.get(call.provider_sid)
    stored = rows.store(connection, call, unheard=talked_s is None)
    if stored is not None and talked_s is not None:
        rows.note_transfer(connection, call.provider_sid, transfer=Transfer.TALKED, talked_s=talked_s)
    return stored


def _households(connection: Connection, stored: int, call: Ringing) -> list[int]:
    households = people.households_of_number(connection, call.e164, now=call.began_at) if call.e164 else []
    rows.link(connection, stored, households)
    return households


def _ring_back(connection: Connection, desk: Desk, rang: Mapping[int, datetime], now: datetime) -> int:
    """rang: household -> when it did last, unheard. Returns how many are rung back."""
    people.lock(connection, list(rang))
    heard = rows.heard_since(connection, rang)
    calls = [_call(connection, household, at) for household, at in rang.items() if household not in heard]
    if not calls:
        return 0
    opened = tasks.hand_over(connection, calls, desk=desk, now=now)
    handed = [i for call in calls if call.household_id in opened for i in call.recipient_ids]
    inbound.withdraw_texts(connection, handed, state=MessageState.CANCELLED, now=now)
    for household in opened:
        ringing_back.show(connection, [household], now=rang[household])
    return len(opened)


def _call(connection: Connection, household: int, at: datetime) -> tasks.Call:
    """The check-ins that wait for an answer, or were given up for want of one, are handed to the call."""
    standings = recipients.of_households(connection, [household], now=at)
    concerned = [s.id for s in standings if s.kind == Kind.CHECK_IN and _may_answer(s)]
    event_id = standings[0].event_id if standings else None
    return tasks.Call(household, event_id, tuple(concerned), TaskReason.RANG_UNHEARD)


def _may_answer(standing: recipients.Standing) -> bool:
    missed = standing.state is RecipientState.UNREACHED and standing.reason in unreached.MAY_YET_ANSWER
    return standing.state is RecipientState.WAITING or missed
