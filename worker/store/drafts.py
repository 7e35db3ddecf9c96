"""What a caller has typed on a card, kept until the call is recorded, and what others recorded meanwhile."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

Fields = Mapping[str, Sequence[str]]

_SAVE = text(
    """
INSERT INTO call_draft (task_id, account_id, fields, saved_at, sent_at)
VALUES (:task_id, :account_id, CAST(:fields AS jsonb), :now, :sent_at)
ON CONFLICT (task_id, account_id) DO UPDATE SET fields = excluded.fields, saved_at = excluded.saved_at, sent_at = excluded.sent_at
"""
)

_FIND = text(
    "SELECT fields, saved_at FROM call_draft WHERE task_id = :task_id AND account_id = :account_id AND sent_at IS NULL"
)

_MAY_TYPE = text(
    """
SELECT EXISTS (
    SELECT 1 FROM staff_account a
    WHERE a.id = :account_id AND a.disabled_at IS NULL
      AND (cardinality(a.agencies) = 0 OR :agency = ANY (a.agencies)
           OR EXISTS (SELECT 1 FROM callback_task k WHERE k.id = :task_id AND k.claimed_by = a.login)
           OR EXISTS (SELECT 1 FROM task_move m WHERE m.task_id = :task_id AND m.caller = a.login AND m.move = 'claimed'
                      AND m.moved_at > :since)))
"""
)

_UNSENT = text("UPDATE call_draft SET sent_at = NULL WHERE task_id = :task_id AND account_id = :account_id")

_DROP = text("DELETE FROM call_draft WHERE task_id = :task_id AND account_id = :account_id")

# Rows that somebody is writing are left for the next time.
_FORGET = text(
    """
DELETE FROM call_draft WHERE (task_id, account_id) IN
    (SELECT task_id, account_id FROM call_draft
     WHERE saved_at < :before OR sent_at < :sent_before FOR UPDATE SKIP LOCKED)
"""
)

_SINCE = text(
    """
SELECT id, caller, code, note, ended_at FROM call_outcome
WHERE task_id = :task_id AND id > :after AND undone_at IS NULL ORDER BY id
"""
)

_LATEST = text("SELECT coalesce(max(id), 0) FROM call_outcome WHERE task_id = :task_id")


@dataclass(frozen=True, slots=True)
class Draft:
    """Fields of the card as typed, by name."""

    fields: dict[str, list[str]]
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a call ended, as somebody recorded it."""

    id: int
    caller: str
    code: str
    note: str
    ended_at: datetime


def may_type(connection: Connection, task_id: int, account_id: int, *, agency: str, since: datetime) -> bool:
    """Whether the card is this account's to type on: of its agency, in its hands, or in its hands since then."""
    values = {"task_id": task_id, "account_id": account_id, "agency": agency, "since": since}
    return bool(connection.execute(_MAY_TYPE, values).scalar_one())


def save(
    connection: Connection, task_id: int, account_id: int, fields: Fields, *, now: datetime, sent: bool = False
) -> None:
    """The newest wins. sent: it has been recorded, and is kept only in case that is taken back."""
    values = {
        "task_id": task_id,
        "account_id": account_id,
        "fields": json.dumps({name: list(said) for name, said in fields.items()}),
        "now": now,
        "sent_at": now if sent else None,
    }
    connection.execute(_SAVE, values)


def find(connection: Connection, task_id: int, account_id: int) -> Draft | None:
    """What this account typed on this card and has not recorded yet."""
    row = connection.execute(_FIND, {"task_id": task_id, "account_id": account_id}).one_or_none()
    return None if row is None else Draft(row.fields, row.saved_at)


def take_up_again(connection: Connection, task_id: int, account_id: int) -> None:
    """What was recorded was taken back: the draft is one again."""
    connection.execute(_UNSENT, {"task_id": task_id, "account_id": account_id})


def drop(connection: Connection, task_id: int, account_id: int) -> None:
    connection.execute(_DROP, {"task_id": task_id, "account_id": account_id})


def forget(connection: Connection, *, before: datetime, sent_before: datetime) -> int:
    """Deletes drafts not touched since `before`, and those recorded before `sent_before`."""
    return connection.execute(_FORGET, {"before": before, "sent_before": sent_before}).rowcount


def recorded_since(connection: Connection, task_id: int, after: int) -> list[Recorded]:
    """Outcomes of a task newer than `after` that stand, oldest first."""
    return [Recorded(**row._asdict()) for row in connection.execute(_SINCE, {"task_id": task_id, "after": after})]


def latest(connection: Connection, task_id: int) -> int:
    """The newest outcome of a task, taken back or not; 0 without one."""
    return int(connection.execute(_LATEST, {"task_id": task_id}).scalar_one())
