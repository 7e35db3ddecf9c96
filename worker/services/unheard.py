"""Calls to our line that nobody answered: the provider's list tells who rang, and a person rings them back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
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
from worker.services import questions, reconciling, ringing_back, tasks
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
    since = _from_when(rig, key, now)
    listed = _asked(lambda: rig.gateway.calls_to_us(address, since))
    if listed is None:
        return 0
    missing = _missing(rig, _by_our_clock(rig, listed))
    over = [one for one in missing if one.ended_at is not None and one.ended_at <= now - rig.margin]
    kept, left = _keep_told(rig, desk, over, now)
    # One that goes on, or has only just ended, is looked at again: our own note of it may be on its way.
    again = [*left, *(one for one in missing if one not in over)]
    with rig.db.begin() as connection:
        inbound.note_listed(connection, key, min([now, *(one.call.began_at for one in again)]))
    return kept


def _from_when(rig: Rig, key: str, now: datetime) -> datetime:
    """Whoever took the calls before a number was first listed was not us. It is noted then as gone through for as long
    as listings overlap, so that none reaches further back."""
    with rig.db.begin() as connection:
        if inbound.listed_until(connection, key) is None:
            inbound.note_listed(connection, key, now + reconciling.INBOUND_OVERLAP)
    return reconciling.from_when(rig, key, now)


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


def _keep_told(rig: Rig, desk: Desk, over: Sequence[Listed], now: datetime) -> tuple[int, Sequence[Listed]]:
    """Keeps a few at a time: hooks that tell of the same households meanwhile wait for no more than these.

    Returns how many were new, and those that the next listing goes on with: the provider would not tell of one, or the
    round has gone on for long enough.
    """
    kept, left, end = 0, over, rig.clock() + questions.ROUND
    while left and rig.clock() < end:
        some = left[: reconciling.STORED_AT_ONCE]
        talked = _talked(rig, some)
        told, left = some[: len(talked)], left[len(talked) :]
        elsewhere = {
            one.call.provider_sid: talked_s for one, talked_s in zip(told, talked, strict=True) if talked_s >= HARDLY_S
        }
        kept += _keep(rig, desk, [one.call for one in told], elsewhere, now)
        if len(told) < len(some):
            break
    return kept, left


def _talked(rig: Rig, over: Sequence[Listed]) -> list[int]:
    """For how long each was connected with another number; as far as the provider tells, and no further."""
    talked: list[int] = []
    for one in over:
        talked_s = _asked(partial(_put_through_s, rig, one))
        if talked_s is None:
            break
        talked.append(talked_s)
    return talked


def _put_through_s(rig: Rig, one: Listed) -> int:
    """Whoever answers in our place, the fallback or another service, may have connected them with the agency."""
    return rig.gateway.put_through_s(one.call.provider_sid) if one.lasted_s >= HARDLY_S else 0


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
