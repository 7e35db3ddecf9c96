"""When an open callback task is to be rung next, and whose tries are counted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.tasks import KNOWN_BY, SPOKEN

_PLAN = text("UPDATE callback_task SET not_before = :not_before, due_at = :due_at WHERE id = :id AND state = 'open'")

_POSTPONE = text(
    f"""
UPDATE callback_task SET state = 'open', claimed_by = NULL, claimed_until = NULL, calls = calls + 1,
       not_before = :not_before, due_at = greatest(due_at, CAST(:not_before AS timestamptz)),
       known_by = coalesce({KNOWN_BY.format(household="callback_task.household_id")}, known_by)
WHERE id = :id AND state IN ('open', 'claimed')
"""  # noqa: S608  # our own constants
)

_BEGIN_ANEW = text(
    "UPDATE callback_task SET tried_before = calls WHERE id = ANY (:ids) AND state IN ('open', 'claimed')"
)

_PUT_ASIDE_PLANS = text(
    "UPDATE callback_task SET not_before = NULL WHERE id = ANY (:ids) AND state IN ('open', 'claimed')"
)


def plan(connection: Connection, task_id: int, *, not_before: datetime, due_at: datetime) -> None:
    """When an open task is to be rung: from when, and by when."""
    connection.execute(_PLAN, {"id": task_id, "not_before": not_before, "due_at": due_at})


def postpone(connection: Connection, task_id: int, *, not_before: datetime) -> None:
    """Back to the queue until then, one call more."""
    connection.execute(_POSTPONE, {"id": task_id, "not_before": not_before, "spoken": SPOKEN})


def hand_on(connection: Connection, task_id: int, *, not_before: datetime) -> None:
    """The same, and the call is for somebody else from now on: the tries begin anew."""
    postpone(connection, task_id, not_before=not_before)
    begin_anew(connection, [task_id])


def begin_anew(connection: Connection, ids: Sequence[int]) -> None:
    """The tries of these begin anew: the calls made so far were for something else."""
    if ids:
        connection.execute(_BEGIN_ANEW, {"ids": list(ids)})


def put_aside_plans(connection: Connection, ids: Sequence[int]) -> None:
    """These are to be rung now, whatever the next try was planned for."""
    if ids:
        connection.execute(_PUT_ASIDE_PLANS, {"ids": list(ids)})
