"""Messages that no rule could place: listed, then put by a person where they belong."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from worker.domain.callbacks import TaskReason
from worker.domain.errors import NotFound, Refused
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing, tasks
from worker.services.auditing import Action
from worker.services.desk import Desk
from worker.store import filing as rows
from worker.store import histories, inbound, people
from worker.store.database import Connection, Database
from worker.store.filing import ToFile

log = structlog.get_logger()


def to_file(
    db: Database, *, agencies: Sequence[str] | None, after: int | None = None, limit: int = 100
) -> list[ToFile]:
    """What waits for a person, oldest first: what is unclear of these agencies, and what is from nobody known."""
    with db.begin() as connection:
        return rows.to_file(connection, agencies=agencies, after=after, limit=limit)


def file(
    db: Database, inbound_id: int, *, household: int | None, call: bool, by: Person, desk: Desk, now: datetime
) -> int | None:
    """Puts a message where it belongs. household: whose it is, None: nothing more is to be done with it.

    call: somebody rings the household; returns that task. Raises NotFound for a message or household that is not there
    for this person, Refused for one that was filed before and for a household that has left.
    """

    def work(connection: Connection) -> int | None:
        if household is not None:
            people.lock(connection, [household])
            _refuse_strangers(connection, household, by, now)
        if not rows.to_file(connection, agencies=by.scope, after=None, limit=1, only=inbound_id):
            raise NotFound(_("Aucun message n° {id} à classer.").format(id=inbound_id))
        if not rows.file(connection, inbound_id, who=by.login, now=now):
            raise Refused(_("Le message n° {id} vient d'être classé.").format(id=inbound_id))
        auditing.note(connection, by, Action.FILED, "message", [inbound_id], now=now)
        return None if household is None else _put(connection, inbound_id, household, call=call, desk=desk, now=now)

    task = db.run(work)
    log.info("message_filed", inbound_id=inbound_id, household_id=household, task_id=task)
    return task


def _refuse_strangers(connection: Connection, household: int, by: Person, now: datetime) -> None:
    home = histories.home(connection, household, now=now)
    if home is None or not by.sees(home.agency):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=household))
    if home.gone_at is not None:
        raise Refused(_("Le foyer n° {id} a quitté le logement.").format(id=household))


def _put(
    connection: Connection, inbound_id: int, household: int, *, call: bool, desk: Desk, now: datetime
) -> int | None:
    inbound.link(connection, inbound_id, [(household, None)])
    if not call:
        return None
    wanted = tasks.Call(household, None, (), TaskReason.UNCLEAR)
    return tasks.hand_over(connection, [wanted], desk=desk, now=now).get(household)
