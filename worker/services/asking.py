"""Somebody at the landlord's wants a household rung: a call made by hand, in the same queue as all others."""

from datetime import datetime

import structlog

from worker.domain.callbacks import TaskReason
from worker.domain.errors import Refused
from worker.i18n import _
from worker.services import tasks
from worker.services.desk import Desk
from worker.store import paper_results, people
from worker.store.database import Connection, Database

log = structlog.get_logger()


def ask(db: Database, household: int, *, desk: Desk, now: datetime) -> int:
    """The call that is owed now; where one is open already, it gets one more reason. Raises Refused for a household
    where nobody lives any more."""

    def work(connection: Connection) -> int | None:
        people.lock(connection, [household])
        wanted = tasks.Call(household, None, (), TaskReason.MANUAL)
        return tasks.hand_over(connection, [wanted], desk=desk, now=now).get(household)

    task = db.run(work)
    if task is None:
        raise Refused(_("Personne n'habite plus là : aucun appel n'est demandé."))
    log.info("call_asked", household_id=household, task_id=task)
    return task


def open_call(db: Database, household: int) -> int | None:
    """The household's open call, if there is one."""
    with db.begin() as connection:
        return paper_results.open_call(connection, household)
