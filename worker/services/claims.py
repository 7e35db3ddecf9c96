"""Callers take tasks one by one: claim, heartbeat, give back, skip, put off. Two never get the same one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain import routing
from worker.domain.callbacks import OPEN_STATES
from worker.domain.errors import NotFound, Refused
from worker.domain.routing import Move, Rules
from worker.i18n import _
from worker.settings import Settings
from worker.store import claims as rows
from worker.store import tasks
from worker.store.database import Connection, Database
from worker.store.tasks import Task

REASON_MOST = 300
# Putting a call off for longer than this is not a date with a household, it is forgetting it.
OFF_MOST = timedelta(days=31)

DEFAULT = Rules()


def rules_of(settings: Settings) -> Rules:
    """The rules as configured."""
    routing_, calls = settings.routing, settings.call_hours
    return Rules(
        lease=timedelta(minutes=routing_.lease_min),
        skipped_for=timedelta(minutes=routing_.skipped_min),
        at_once=routing_.at_once,
        waited={"P0": timedelta(minutes=routing_.urgent_waited_min), "P1": timedelta(minutes=routing_.soon_waited_min)},
        late=timedelta(minutes=routing_.late_min),
        work_each=timedelta(minutes=routing_.work_each_min),
        per_call=timedelta(minutes=calls.minutes_per_contact),
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A task in a caller's hands, and until when without a heartbeat."""

    task: Task
    until: datetime


def next_task(
    db: Database, *, caller: str, agencies: Sequence[str] = (), rules: Rules = DEFAULT, now: datetime
) -> Held | None:
    """Claims the most needed task this caller may take; None when there is none.

    agencies: the codes of the caller's own; none: all are theirs. Raises Refused when the caller has enough in hand,
    NotFound for an unknown agency.
    """

    def work(connection: Connection) -> Held | None:
        _arrive(connection, caller, agencies, rules, now)
        task_id = rows.take_next(connection, caller, agencies=list(agencies) or None, rules=rules, now=now)
        return None if task_id is None else _held(connection, task_id, now + rules.lease)

    return db.run(work)


def claim(
    db: Database, task_id: int, *, caller: str, agencies: Sequence[str] = (), rules: Rules = DEFAULT, now: datetime
) -> Held:
    """Claims this one task, picked from the list or because the household rings back.

    Raises NotFound for an unknown task, Refused for one that is closed or in somebody else's hands.
    """

    def work(connection: Connection) -> Held:
        found = _locked(connection, task_id)
        if routing.holder(found.claimed_by, found.claimed_until, now=now) == caller:
            until = rows.renew(connection, task_id, caller, until=now + rules.lease)
            return _held(connection, task_id, until)
        refuse_if_held(found, caller=caller, now=now)
        _arrive(connection, caller, agencies, rules, now)
        rows.take(connection, task_id, caller, until=now + rules.lease, now=now)
        return _held(connection, task_id, now + rules.lease)

    return db.run(work)


def renew(db: Database, task_id: int, *, caller: str, rules: Rules = DEFAULT, now: datetime) -> datetime:
    """A heartbeat: the claim holds until the moment returned, which in a bridged talk is the latest it may end.

    Raises Refused when it was lost, saying to whom.
    """
    until = now + rules.lease
    with db.begin() as connection:
        rows.stay_present(connection, caller, until=until)
        _of_caller(connection, task_id, caller, now)
        return rows.renew(connection, task_id, caller, until=until)


def release(db: Database, task_id: int, *, caller: str, reason: str = "", now: datetime) -> None:
    """Back to the queue as it was, for anybody. Raises Refused when the caller does not hold it."""
    with db.begin() as connection:
        _of_caller(connection, task_id, caller, now)
        rows.give_back(connection, task_id, caller, move=Move.RELEASED, reason=_short(reason), now=now)


def skip(db: Database, task_id: int, *, caller: str, reason: str, rules: Rules = DEFAULT, now: datetime) -> None:
    """Back to the queue for the others; this caller is not offered it for a while. Raises Refused without a reason,
    or when the caller does not hold it."""
    with db.begin() as connection:
        _of_caller(connection, task_id, caller, now)
        rows.give_back(
            connection,
            task_id,
            caller,
            move=Move.SKIPPED,
            reason=_given(reason),
            now=now,
            offered_again_at=now + rules.skipped_for,
        )


def reschedule(db: Database, task_id: int, *, caller: str, at: datetime, reason: str, now: datetime) -> None:
    """Nobody is offered it before `at`. Raises Refused without a reason, for a moment that is past or too far away,
    or when the caller does not hold it."""
    if not now < at <= now + OFF_MOST:
        raise Refused(_("Le moment doit être à venir, dans {days} jours au plus.").format(days=OFF_MOST.days))
    with db.begin() as connection:
        _of_caller(connection, task_id, caller, now)
        rows.give_back(
            connection, task_id, caller, move=Move.RESCHEDULED, reason=_given(reason), now=now, not_before=at
        )


def leave(db: Database, *, caller: str, now: datetime) -> int:
    """The caller goes home: what they hold goes back, and nobody counts on them. Returns how many went back."""
    with db.begin() as connection:
        in_hand = rows.held_by(connection, caller)
        for task_id in in_hand:
            rows.give_back(connection, task_id, caller, move=Move.RELEASED, reason="", now=now)
        rows.leave(connection, caller)
        return len(in_hand)


def held(db: Database, *, caller: str) -> list[Task]:
    """What a caller has in hand, oldest claim first."""
    with db.begin() as connection:
        found = [tasks.one(connection, task_id) for task_id in rows.held_by(connection, caller)]
    return [task for task in found if task is not None]


def refuse_if_held(found: rows.Claim, *, caller: str, now: datetime) -> None:
    """Raises Refused when somebody else has the task in hand at this moment, and names them."""
    holder = routing.holder(found.claimed_by, found.claimed_until, now=now)
    if holder is not None and holder != caller:
        raise Refused(
            _("L'appel n° {id} est pris en charge par {holder} ; attendez, ou demandez-lui de le rendre.").format(
                id=found.id, holder=holder
            )
        )


def refuse_others(connection: Connection, task_id: int, *, caller: str, now: datetime) -> None:
    """Raises Refused when somebody else has this task in hand. Locks it."""
    found = rows.lock(connection, task_id)
    if found is not None:
        refuse_if_held(found, caller=caller, now=now)


def _arrive(connection: Connection, caller: str, agencies: Sequence[str], rules: Rules, now: datetime) -> None:
    """The caller is there, may hold one more, and leases that ran out are back in the queue."""
    if not caller.strip():
        raise Refused(_("Dites qui appelle."))
    unknown = rows.unknown_agencies(connection, agencies)
    if unknown:
        raise NotFound(_("Agence inconnue : {codes}.").format(codes=", ".join(unknown)))
    rows.be_present(connection, caller, agencies, until=now + rules.lease)
    rows.expire(connection, now=now)
    in_hand = rows.held_by(connection, caller)
    if len(in_hand) >= rules.at_once:
        raise Refused(
            _("Vous avez déjà {n} appels en main ({ids}) : terminez ou rendez-en un.").format(
                n=len(in_hand), ids=", ".join(f"n° {i}" for i in in_hand)
            )
        )


def _held(connection: Connection, task_id: int, until: datetime) -> Held:
    task = tasks.one(connection, task_id)
    assert task is not None  # noqa: S101  # it is locked by this transaction
    return Held(task, until)


def _locked(connection: Connection, task_id: int) -> rows.Claim:
    found = rows.lock(connection, task_id)
    if found is None:
        raise NotFound(_("Aucun appel n° {id}.").format(id=task_id), command="courtoisie tasks")
    if found.state not in OPEN_STATES:
        raise Refused(_("L'appel n° {id} est déjà clos.").format(id=task_id))
    return found


def _of_caller(connection: Connection, task_id: int, caller: str, now: datetime) -> None:
    """Raises Refused unless the caller holds the task. A lease that ran out but was given to nobody still counts."""
    found = _locked(connection, task_id)
    refuse_if_held(found, caller=caller, now=now)
    if found.claimed_by != caller:
        raise Refused(
            _("L'appel n° {id} n'est plus entre vos mains : reprenez-le.").format(id=task_id),
            command=f"courtoisie task claim {task_id}",
        )


def _given(reason: str) -> str:
    if not reason.strip():
        raise Refused(_("Dites pourquoi, en quelques mots."))
    return _short(reason)


def _short(reason: str) -> str:
    if len(reason) > REASON_MOST:
        raise Refused(_("La raison a {n} caractères ; {most} au plus.").format(n=len(reason), most=REASON_MOST))
    return reason.strip()
