"""What an outcome changed, kept for the short time in which it may be taken back exactly."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

Rows = dict[str, list[dict[str, Any]]]

# Everything an outcome may touch, whole rows. A number that is dead is dead for all who have it, so phones go by number.
# Two events count as the same unless one was ended by an operator meanwhile.
_SNAPSHOT = text(
    """
SELECT
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM callback_task x WHERE x.household_id = :household) AS callback_task,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM recipient x WHERE x.household_id = :household) AS recipient,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM hold x WHERE x.household_id = :household) AS hold,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM opt_out x
     WHERE x.e164 IN (SELECT e164 FROM phone WHERE household_id = :household)) AS opt_out,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM tenant x WHERE x.household_id = :household) AS tenant,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM phone x
     WHERE x.e164 IN (SELECT e164 FROM phone WHERE household_id = :household)) AS phone,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM household x WHERE x.id = :household) AS household,
    (SELECT jsonb_agg(jsonb_build_object('id', x.id, 'undone_at', x.undone_at) ORDER BY x.id) FROM call_outcome x
     WHERE x.household_id = :household) AS call_outcome,
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM referral x WHERE x.household_id = :household) AS referral,
    (SELECT jsonb_agg(jsonb_build_object('id', x.inbound_id) ORDER BY x.inbound_id) FROM reply x
     WHERE x.household_id = :household) AS reply,
    (SELECT jsonb_agg(jsonb_build_object('id', x.id, 'over', x.state = 'cancelled' OR x.all_clear_at IS NOT NULL) ORDER BY x.id)
     FROM campaign_event x WHERE x.id IN (SELECT event_id FROM recipient WHERE household_id = :household)) AS event,
    (SELECT jsonb_agg(jsonb_build_object('id', x.id, 'state', x.state, 'settled_at', x.settled_at) ORDER BY x.id)
     FROM message x WHERE x.state IN ('queued', 'cancelled') AND x.step <> 'ack'
       AND x.id IN (SELECT m.id FROM recipient r JOIN message m ON m.event_id = r.event_id AND m.e164 = r.e164
                    WHERE r.household_id = :household
                    UNION ALL SELECT m.id FROM message m WHERE m.household_id = :household AND m.step = 'second_number'))
        AS message
"""
)

_KEEP = text(
    """
INSERT INTO outcome_undo (outcome_id, household_id, before, after, until_at)
VALUES (:outcome_id, :household, CAST(:before AS jsonb), CAST(:after AS jsonb), :until)
"""
)

_FORGET = text("DELETE FROM outcome_undo WHERE until_at < :now")

_LATEST = text(
    """
SELECT o.id, o.household_id, o.caller, o.code, o.ended_at, u.before, u.after, u.until_at
FROM call_outcome o LEFT JOIN outcome_undo u ON u.outcome_id = o.id
WHERE o.task_id = :task_id AND o.undone_at IS NULL
ORDER BY o.id DESC LIMIT 1
"""
)

_UNDONE = text("UPDATE call_outcome SET undone_at = :now, undone_by = :caller WHERE id = :id AND undone_at IS NULL")

# What each table gets back; ids and what nobody changes stay out.
_COLUMNS = {
    "callback_task": (
        *("event_id", "state", "reasons", "priority", "score", "news", "due_at", "not_before", "calls", "tried_before"),
        *("claimed_by", "claimed_until", "claimed_at", "known_by", "closed_at", "closed_as"),
    ),
    "recipient": (
        "state",
        "reason",
        "due_at",
        "contacted_at",
        "reminded_at",
        "replied_at",
        "intent",
        "settled_at",
        "task_id",
    ),
    "hold": ("until_at", "ended_at"),
    "opt_out": ("undone_at", "undone_by"),
    "tenant": ("status", "status_source"),
    "phone": ("kind", "label", "source", "holder_name", "told_in", "bad_since", "bad_reason", "removed_at"),
    "household": ("gone_at", "refused_at"),
    "message": ("state", "settled_at"),
    "referral": ("state", "next_check", "ring_back_at", "closed_at"),
}

_RESTORE = {
    table: text(
        f"UPDATE {table} t SET {', '.join(f'{c} = b.{c}' for c in columns)} "  # noqa: S608  # our own constants
        f"FROM jsonb_populate_recordset(NULL::{table}, CAST(:rows AS jsonb)) b WHERE t.id = b.id"
    )
    for table, columns in _COLUMNS.items()
}

# What the outcome made is ended, not erased.
_END = {
    "callback_task": text(
        "UPDATE callback_task SET state = 'cancelled', closed_at = :now, closed_as = 'undone', claimed_by = NULL, "
        "claimed_until = NULL WHERE id = ANY (:ids) AND state IN ('open', 'claimed')"
    ),
    "hold": text("UPDATE hold SET ended_at = :now WHERE id = ANY (:ids) AND ended_at IS NULL"),
    "opt_out": text(
        "UPDATE opt_out SET undone_at = :now, undone_by = :caller WHERE id = ANY (:ids) AND undone_at IS NULL"
    ),
}

# An event may have settled because nobody waited in it any more; somebody waits again.
_REOPEN = text(
    """
UPDATE campaign_event SET state = 'running', settled_at = NULL
WHERE state = 'settled' AND all_clear_at IS NULL
  AND id IN (SELECT event_id FROM recipient WHERE household_id = :household AND state = 'waiting')
"""
)


@dataclass(frozen=True, slots=True)
class Ended:
    """The latest outcome of a task that stands. before, after: None once it can no longer be taken back."""

    id: int
    household_id: int
    caller: str
    code: str
    ended_at: datetime
    before: Rows | None
    after: Rows | None
    until_at: datetime | None


def snapshot(connection: Connection, household: int) -> Rows:
    """The rows of a household that an outcome may change. The caller holds its lock."""
    found = connection.execute(_SNAPSHOT, {"household": household}).one()
    return {name: rows or [] for name, rows in found._asdict().items()}


def keep(
    connection: Connection, outcome_id: int, household: int, *, before: Rows, after: Rows, until: datetime
) -> None:
    """The outcome may be taken back until then."""
    values = {
        "outcome_id": outcome_id,
        "household": household,
        "before": json.dumps(before),
        "after": json.dumps(after),
        "until": until,
    }
    connection.execute(_KEEP, values)


def forget(connection: Connection, *, now: datetime) -> None:
    """Drops what can no longer be taken back: these rows hold names and numbers. Walks ix_outcome_undo_until_at."""
    connection.execute(_FORGET, {"now": now})


def latest(connection: Connection, task_id: int) -> Ended | None:
    """The latest outcome of a task, or None."""
    row = connection.execute(_LATEST, {"task_id": task_id}).one_or_none()
    return None if row is None else Ended(**row._asdict())


def mark_undone(connection: Connection, outcome_id: int, *, caller: str, now: datetime) -> None:
    """The outcome says nothing any more, and stays as history."""
    connection.execute(_UNDONE, {"id": outcome_id, "caller": caller, "now": now})


def end(connection: Connection, table: str, ids: Sequence[int], *, caller: str, now: datetime) -> None:
    """Ends rows the outcome made. table: callback_task, hold or opt_out."""
    connection.execute(_END[table], {"ids": list(ids), "caller": caller, "now": now})


def restore(connection: Connection, table: str, rows: Sequence[dict[str, Any]]) -> None:
    """Gives rows back the values they had."""
    connection.execute(_RESTORE[table], {"rows": json.dumps(rows)})


def reopen_events(connection: Connection, household: int) -> None:
    """Events in which the household waits again go on."""
    connection.execute(_REOPEN, {"household": household})


TABLES = tuple(_COLUMNS)
MADE = tuple(_END)
