"""Bridged calls: the caller's own phone is rung, a key connects the household, which sees the landlord's number.

The row is committed before the provider is asked, and one is under way at a time, for a task as for a caller. Nothing
is recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from worker.domain import routing
from worker.domain.bridges import PROPOSED, BridgeEnd
from worker.domain.channels import Sender
from worker.domain.errors import NotFound, Refused, Unavailable
from worker.domain.messages import Outcome, OutgoingCall, SendResult
from worker.domain.outcomes import OutcomeCode
from worker.domain.roles import Person
from worker.i18n import _
from worker.listing import phones
from worker.services import auditing, bridge_ends, claims, sending
from worker.services.auditing import Action
from worker.services.bridge_ends import WAITED_FOR
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import bridges as rows
from worker.store import claims as claim_rows
from worker.store import limits, people, staff
from worker.store.bridges import Bridge
from worker.store.database import Connection, Database
from worker.store.tasks import Task

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shown:
    """What a card shows of bridged calls. available: there is a line, and the task is in their hands. has_phone: the
    caller's own number is known.

    last: the latest for this task; proposed: how it may be recorded, for a person to confirm.
    """

    available: bool
    has_phone: bool
    last: Bridge | None = None
    proposed: OutcomeCode | None = None

    @property
    def under_way(self) -> bool:
        return self.last is not None and self.last.ended_at is None


@dataclass(frozen=True, slots=True)
class Rig:
    """What putting calls together needs. tell: has a worker make one, by its id."""

    db: Database
    settings: Settings
    desk: Desk
    tell: Callable[[int], None]


def start(rig: Rig, task_id: int, *, caller: Person, number: str, now: datetime) -> int:
    """Keeps a call to be put together, writes it down in the audit log, and has a worker make it; returns its id.

    Raises NotFound for an unknown task or number; Refused unless the caller has the task in hand and a phone of their
    own, while another call is under way, and where there is no line; Unavailable when no worker can be told, and then
    it is not made later either.
    """
    bridge_id = _open(rig, task_id, caller=caller, number=number, now=now)
    try:
        rig.tell(bridge_id)
    except Unavailable:
        with rig.db.begin() as connection:
            rows.end(connection, bridge_id, BridgeEnd.NOT_MADE, now=now)
        raise
    return bridge_id


def _open(rig: Rig, task_id: int, *, caller: Person, number: str, now: datetime) -> int:
    line = rig.desk.line
    if line is None:
        raise Refused(_("Aucun émetteur vocal n'est configuré : appelez depuis un poste de l'agence."))

    def work(connection: Connection) -> int:
        household = _held(connection, task_id, caller.login, now)
        e164 = _number_of(connection, household, number)
        _refuse_without_phone(connection, caller.login)
        patience = bridge_ends.rules_of(rig.settings).patience
        rows.forget_lost_of(connection, task_id, caller.login, patience, now=now)
        opened = rows.open_one(
            connection,
            task_id=task_id,
            household_id=household,
            caller=caller.login,
            e164=e164,
            sender=line.sender,
            now=now,
        )
        if opened is None:
            raise Refused(_("Un appel est déjà en cours : terminez-le d'abord."))
        auditing.note(connection, caller, Action.RANG, "household", [household], now=now)
        return opened

    return rig.db.run(work)


def place(rig: sending.Rig, bridge_id: int, *, settings: Settings) -> SendResult | None:
    """Rings the caller's own phone, once; None when it was done before or comes too late."""
    now = rig.clock()
    with rig.db.begin() as connection:
        taken = rows.take(connection, bridge_id, since=now - WAITED_FOR, now=now)
        if taken is None:
            return None
        sender = rig.senders[taken[0]]
        [leave_at] = limits.reserve(connection, limits.of_calls(sender.key), [1], per_s=sender.calls_per_s, start=now)
    call = _outgoing(bridge_id, taken[1], sender, settings, leave_at=leave_at, now=now)
    result = _ask(rig, call)
    if not result.asked:  # its turn passed while this process was busy: somebody waits beside the telephone
        result = _ask(rig, replace(call, leave_at=None))
    _note(rig.db, bridge_id, result, now=rig.clock())
    return result


def _ask(rig: sending.Rig, call: OutgoingCall) -> SendResult:
    [result] = rig.gateway.bridge([call], senders=rig.senders, in_flight=rig.share.in_flight)
    return result


def latest(db: Database, task_id: int) -> Bridge | None:
    """The last call that was put together for a task."""
    with db.begin() as connection:
        return rows.latest(connection, task_id)


def shown(db: Database, task: Task, *, caller: str, desk: Desk, now: datetime) -> Shown:
    """What the card says of bridged calls."""
    if desk.line is None or routing.holder(task.claimed_by, task.claimed_until, now=now) != caller:
        return Shown(available=False, has_phone=False)
    with db.begin() as connection:
        last = rows.latest(connection, task.id)
        has_phone = staff.has_phone(connection, caller)
    own = last if last is not None and last.caller == caller else None
    proposed = PROPOSED.get(BridgeEnd(own.came_to)) if own is not None and own.came_to else None
    return Shown(available=True, has_phone=has_phone, last=own, proposed=proposed)


def _outgoing(
    bridge_id: int, to: str, sender: Sender, settings: Settings, *, leave_at: datetime, now: datetime
) -> OutgoingCall:
    until = now + WAITED_FOR
    bridge = settings.bridge
    return OutgoingCall(bridge_id, bridge_id, to, sender.key, until, bridge.ring_s, bridge.longest_s, leave_at, until)


def _note(db: Database, bridge_id: int, result: SendResult, *, now: datetime) -> None:
    """Of an unknown fate the hooks tell; only what was certainly refused, or never asked for, is over."""
    with db.begin() as connection:
        if result.provider_sid is not None:
            rows.note_sid(connection, bridge_id, result.provider_sid)
        elif result.outcome is not Outcome.UNKNOWN:
            end = BridgeEnd.REFUSED if result.asked else BridgeEnd.NOT_MADE
            rows.end(connection, bridge_id, end, code=result.code, now=now)
    log.info("bridge_asked", bridge_id=bridge_id, outcome=str(result.outcome), code=result.code)


def _held(connection: Connection, task_id: int, caller: str, now: datetime) -> int:
    """The household of a task that the caller has in hand, and whose lease has not run out."""
    found = claim_rows.lock(connection, task_id)
    if found is None:
        raise NotFound(_("Aucun appel n° {id}.").format(id=task_id))
    claims.refuse_if_held(found, caller=caller, now=now)
    if found.claimed_by != caller or found.claimed_until is None or found.claimed_until <= now:
        raise Refused(_("L'appel n° {id} n'est plus entre vos mains : prenez-le d'abord.").format(id=task_id))
    return found.household_id


def _number_of(connection: Connection, household: int, number: str) -> str:
    """One of the household's numbers, however it is written; its first without any."""
    theirs = people.numbers_of(connection, household)
    wanted = phones.typed(number) if number else next(iter(theirs), None)
    if wanted is None or wanted not in theirs:
        raise NotFound(_("Ce foyer n'a pas ce numéro."))
    return wanted


def _refuse_without_phone(connection: Connection, caller: str) -> None:
    if not staff.has_phone(connection, caller):
        raise Refused(_("Votre propre téléphone n'est pas connu : écrivez-le dans « Mes appels »."))
