"""Taking an outcome back within a minute: everything goes back exactly, or nothing does."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker.domain.errors import NotFound, Refused
from worker.i18n import _
from worker.services import claims, learning
from worker.store import people, undoing, unqueued
from worker.store import tasks as task_rows
from worker.store.database import Connection, Database
from worker.store.undoing import Ended, Rows

log = structlog.get_logger()

# A slip of the hand is seen at once; later, others have built on it.
WITHIN = timedelta(minutes=1)
# As long as whoever recorded it is still busy with what follows: a referral, a word to a colleague.
LATELY = timedelta(minutes=30)


def note(connection: Connection, outcome_id: int, household: int, *, before: Rows, now: datetime) -> None:
    """Keeps what an outcome changed. before: the household's rows when it began (undoing.snapshot)."""
    after = undoing.snapshot(connection, household)
    undoing.forget(connection, now=now)
    undoing.keep(connection, outcome_id, household, before=before, after=after, until=now + WITHIN)


@dataclass(frozen=True, slots=True)
class JustEnded:
    """What was recorded, and how long it may still be taken back; nothing left: no more."""

    code: str
    left: timedelta


def just_ended(db: Database, task_id: int, *, caller: str, now: datetime) -> JustEnded | None:
    """The latest outcome of a task, if it is this caller's and of a moment ago."""
    with db.begin() as connection:
        ended = undoing.latest(connection, task_id)
    if ended is None or ended.caller != caller or now - ended.ended_at > LATELY:
        return None
    until = ended.until_at or now
    return JustEnded(ended.code, max(until - now, timedelta()))


def undo(db: Database, task_id: int, *, caller: str, now: datetime) -> str:
    """Takes the latest outcome of a task back; returns its code.

    The outcome stays as history, marked. Raises NotFound for an unknown task, Refused when there is nothing to take
    back, when it is somebody else's or too old, and when something has happened since.
    """

    def work(connection: Connection) -> str:
        household = task_rows.household_of(connection, task_id)
        if household is None:
            raise NotFound(_("Aucun appel n° {id}.").format(id=task_id), command="courtoisie tasks")
        people.lock(connection, [household])
        claims.refuse_others(connection, task_id, caller=caller, now=now)
        ended = _undoable(connection, task_id, caller, now)
        _put_back(connection, ended, caller, now)
        return ended.code

    code = db.run(work)
    log.info("outcome_undone", task_id=task_id, code=code)
    return code


def _undoable(connection: Connection, task_id: int, caller: str, now: datetime) -> Ended:
    ended = undoing.latest(connection, task_id)
    if ended is None:
        raise Refused(_("L'appel n° {id} n'a pas de résultat à reprendre.").format(id=task_id))
    if ended.caller != caller:
        raise Refused(
            _("Ce résultat a été noté par {caller} : à cette personne de le reprendre.").format(caller=ended.caller)
        )
    if ended.until_at is None or now > ended.until_at:
        raise Refused(_("Un résultat se reprend dans la minute ; après, rappelez ou corrigez par un nouvel appel."))
    return ended


def _put_back(connection: Connection, ended: Ended, caller: str, now: datetime) -> None:
    before, after = ended.before or {}, ended.after or {}
    current = undoing.snapshot(connection, ended.household_id)
    if not _is_untouched(before, after, current):
        raise Refused(_("Autre chose s'est passé depuis pour ce foyer : le résultat ne peut plus être repris."))
    undoing.mark_undone(connection, ended.id, caller=caller, now=now)
    for table in undoing.MADE:
        made = [row["id"] for row in after[table] if row["id"] not in _ids(before[table])]
        undoing.end(connection, table, made, caller=caller, now=now)
    for table in undoing.TABLES:
        changed = [row for row in before.get(table, []) if row not in after.get(table, [])]
        undoing.restore(connection, table, changed)
    learning.take_back(connection, ended.id, now=now)
    undoing.reopen_events(connection, ended.household_id)
    unqueued.owe_again(connection, ended.household_id)


def _is_untouched(before: Rows, after: Rows, current: Rows) -> bool:
    """Texts and referrals have lives of their own: of these only what the outcome changed must be as it left it."""
    others = [name for name in after if name not in _ON_THEIR_OWN]
    changed = [(name, row) for name in _ON_THEIR_OWN for row in after.get(name, []) if row not in before.get(name, [])]
    return all(current[name] == after[name] for name in others) and all(row in current[name] for name, row in changed)


_ON_THEIR_OWN = ("message", "referral")


def _ids(rows: list[dict[str, object]]) -> set[object]:
    return {row["id"] for row in rows}
