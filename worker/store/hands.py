"""In whose hands a household's call is, or lately was."""

from datetime import datetime

from sqlalchemy import Connection, text

_HAD = text(
    """
SELECT EXISTS (
    SELECT 1 FROM callback_task k
    WHERE k.household_id = :household
      AND (k.claimed_by = :login
           OR EXISTS (SELECT 1 FROM task_move m WHERE m.task_id = k.id AND m.caller = :login AND m.move = 'claimed'
                      AND m.moved_at > :since)))
"""
)


def had(connection: Connection, household: int, login: str, *, since: datetime) -> bool:
    """Whether a call to the household is in this caller's hands, or was since then."""
    return bool(connection.execute(_HAD, {"household": household, "login": login, "since": since}).scalar_one())
