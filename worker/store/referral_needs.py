"""The needs that a call brought to light, for the referral that may follow."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

# Walks ix_call_outcome_task_id.
_HEARD = text(
    """
SELECT household_id, code, needs, coalesce(answers->'consent'->>0, '') AS consent FROM call_outcome
WHERE task_id = :task_id AND undone_at IS NULL ORDER BY id DESC LIMIT 1
"""
)


@dataclass(frozen=True, slots=True)
class Heard:
    """The latest outcome of a call. consent: what was answered to "may we tell a partner?", empty when not asked."""

    household_id: int
    code: str
    needs: list[str]
    consent: str


def heard(connection: Connection, task_id: int) -> Heard | None:
    """What the latest outcome of a task says; None before there is one."""
    row = connection.execute(_HEARD, {"task_id": task_id}).one_or_none()
    return None if row is None else Heard(**row._asdict())
