"""What is known of calls beside the queue: those whose result arrives later, on paper."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# Two people who type the same sheet write the same minute.
_KNOWN = text(
    """
SELECT EXISTS (SELECT 1 FROM call_outcome WHERE household_id = :household AND code = :code
               AND date_trunc('minute', ended_at) = date_trunc('minute', CAST(:at AS timestamptz)) AND undone_at IS NULL)
"""
)

_LATEST = text(
    """
SELECT caller, code FROM call_outcome WHERE task_id = :task AND undone_at IS NULL AND ended_at > :after
ORDER BY ended_at DESC, id DESC LIMIT 1
"""
)

_ENDED = text(
    """
SELECT k.closed_as, o.caller, o.code FROM callback_task k
LEFT JOIN LATERAL (SELECT caller, code FROM call_outcome WHERE task_id = k.id AND undone_at IS NULL AND code = k.closed_as
                   ORDER BY ended_at DESC, id DESC LIMIT 1) o ON true
WHERE k.id = :task
"""
)

_OPEN = text("SELECT id FROM callback_task WHERE household_id = :household AND state IN ('open', 'claimed')")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a call ended. caller and code: None where nobody rang."""

    closed_as: str | None
    caller: str | None
    code: str | None


def is_known(connection: Connection, household: int, *, code: str, at: datetime) -> bool:
    """Whether this very result stands already."""
    return bool(connection.execute(_KNOWN, {"household": household, "code": code, "at": at}).scalar_one())


def latest(connection: Connection, task: int, *, after: datetime) -> Ended | None:
    """The last result of a call that came after this moment."""
    row = connection.execute(_LATEST, {"task": task, "after": after}).one_or_none()
    return None if row is None else Ended(None, row.caller, row.code)


def ended(connection: Connection, task: int) -> Ended | None:
    """How a call ended."""
    row = connection.execute(_ENDED, {"task": task}).one_or_none()
    return None if row is None else Ended(**row._asdict())


def open_call(connection: Connection, household: int) -> int | None:
    """The household's open call."""
    return connection.execute(_OPEN, {"household": household}).scalar()
