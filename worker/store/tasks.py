"""Callback tasks: one open per household; new reasons merge into it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain import outcomes
from worker.domain.forms import Kept
from worker.domain.replies import Intent

ASKING = [str(intent) for intent in (Intent.HELP, Intent.EMERGENCY)]
SPOKEN = [str(code) for code in outcomes.SPOKEN]

# Who spoke with the household last. An outcome taken back says nothing.
KNOWN_BY = """(SELECT o.caller FROM call_outcome o
 WHERE o.household_id = {household} AND o.undone_at IS NULL AND o.code = ANY (:spoken)
 ORDER BY o.ended_at DESC, o.id DESC LIMIT 1)"""

# uq_callback_task_open makes a second open task for a household impossible.
_OPEN = text(
    f"""
INSERT INTO callback_task (household_id, event_id, agency_id, state, reasons, priority, score, created_at, due_at, not_before,
                           known_by)
SELECT household_id, event_id, agency_id, 'open', string_to_array(reasons, ','), priority, CAST(score AS jsonb), :now,
       greatest(due_at, not_before), not_before, {KNOWN_BY.format(household="n.household_id")}
FROM unnest(CAST(:households AS bigint[]), CAST(:events AS bigint[]), CAST(:agencies AS bigint[]), CAST(:reasons AS text[]),
            CAST(:priorities AS int[]), CAST(:scores AS text[]), CAST(:dues AS timestamptz[]),
            CAST(:not_befores AS timestamptz[]))
     AS n(household_id, event_id, agency_id, reasons, priority, score, due_at, not_before)
ON CONFLICT (household_id) WHERE state IN ('open', 'claimed') DO UPDATE SET
    reasons = excluded.reasons, priority = excluded.priority, score = excluded.score,
    event_id = coalesce(excluded.event_id, callback_task.event_id),
    due_at = least(callback_task.due_at, excluded.due_at),
    not_before = CASE WHEN excluded.priority > callback_task.priority THEN excluded.not_before
                      ELSE callback_task.not_before END
RETURNING id, household_id
"""  # noqa: S608  # our own constants
)

_ADD_NEWS = text(
    """
UPDATE callback_task SET news = news || CAST(:news AS jsonb)
WHERE household_id = ANY (:households) AND state IN ('open', 'claimed')
"""
)

_CLOSE = text(
    """
UPDATE callback_task SET state = :state, closed_at = :now, closed_as = :closed_as, claimed_by = NULL, claimed_until = NULL
WHERE id = ANY (:ids) AND state IN ('open', 'claimed')
RETURNING id
"""
)

# At most one per household, by uq_callback_task_open. The caller holds the household locks.
_CLOSE_OF = text(
    """
UPDATE callback_task SET state = :state, closed_at = :now, closed_as = :closed_as, claimed_by = NULL, claimed_until = NULL
WHERE household_id = ANY (:households) AND state IN ('open', 'claimed')
"""
)

_LOCK = text(
    """
SELECT k.id, k.household_id, k.event_id, k.state, k.calls, k.tried_before, k.reasons,
       k.state = 'claimed' AND EXISTS (SELECT 1 FROM reply y JOIN inbound_message i ON i.id = y.inbound_id
                                       WHERE y.household_id = k.household_id AND i.intent = ANY (:asking)
                                         AND i.received_at > k.claimed_at) AS asked_since
FROM callback_task k WHERE k.id = :id FOR UPDATE OF k
"""
)

_OUTCOME = text(
    """
INSERT INTO call_outcome (task_id, household_id, caller, code, note, ended_at)
VALUES (:task_id, :household_id, :caller, :code, :note, :now)
RETURNING id
"""
)

_ANSWERS = text(
    "UPDATE call_outcome SET form = :form, answers = CAST(:answers AS jsonb), needs = CAST(:needs AS text[]) WHERE id = :id"
)

CARD = """
SELECT k.id, k.state, k.reasons, k.priority, k.score, k.news, k.due_at, k.not_before, k.created_at, k.calls, k.claimed_by, k.claimed_until,
       k.known_by,
       k.event_id, k.household_id, g.code AS agency, g.name AS agency_name, e.campaign, e.level,
       d.code AS dwelling, d.address, d.address_extra, d.postcode, d.commune, res.name AS residence, h.lives_alone,
       (SELECT jsonb_agg(jsonb_build_object('civility', t.civility, 'last_name', t.last_name, 'first_name', t.first_name,
                                            'birth_date', t.birth_date, 'birth_precision', t.birth_precision,
                                            'language', t.language) ORDER BY t.birth_date NULLS LAST, t.id)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active') AS tenants,
       (SELECT jsonb_agg(jsonb_build_object('e164', p.e164, 'kind', p.kind, 'label', p.label, 'bad', p.bad_since IS NOT NULL)
                         ORDER BY (p.bad_since IS NOT NULL), p.rank, p.id)
        FROM phone p WHERE p.household_id = h.id AND p.removed_at IS NULL) AS phones,
       (SELECT i.body FROM inbound_message i JOIN reply y ON y.inbound_id = i.id
        WHERE y.household_id = h.id AND i.received_at >= k.created_at - interval '3 days'
        ORDER BY i.received_at DESC, i.id DESC LIMIT 1) AS last_reply
FROM callback_task k
JOIN household h ON h.id = k.household_id
JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = k.agency_id
LEFT JOIN residence res ON res.id = d.residence_id
LEFT JOIN campaign_event e ON e.id = k.event_id
"""

_ONE = text(CARD + "WHERE k.id = :id")

_QUEUE = text(
    CARD
    + """
WHERE k.state IN ('open', 'claimed') AND (CAST(:agency AS text) IS NULL OR g.code = :agency)
ORDER BY k.priority DESC, k.due_at, k.id
LIMIT :limit
"""
)

_COUNTS = text(
    """
SELECT g.code AS agency, k.state, count(*) AS tasks FROM callback_task k JOIN agency g ON g.id = k.agency_id
WHERE k.state IN ('open', 'claimed') GROUP BY 1, 2 ORDER BY 1, 2
"""
)


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to open, or to merge into the open one. score: JSON text."""

    household_id: int
    event_id: int | None
    agency_id: int
    reasons: tuple[str, ...]
    priority: int
    score: str
    due_at: datetime
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One row of the callers' list, with all that a person needs before dialling."""

    id: int
    state: str
    reasons: list[str]
    priority: int
    score: list[list[Any]]
    news: list[Any]
    due_at: datetime
    not_before: datetime | None
    created_at: datetime
    calls: int
    claimed_by: str | None
    claimed_until: datetime | None
    known_by: str | None
    event_id: int | None
    household_id: int
    agency: str
    agency_name: str
    campaign: str | None
    level: str | None
    dwelling: str
    address: str
    address_extra: str
    postcode: str
    commune: str
    residence: str | None
    lives_alone: str
    tenants: list[dict[str, Any]] | None
    phones: list[dict[str, Any]] | None
    last_reply: str | None

    @property
    def said_fine(self) -> bool:
        """Whether plainly good news came after the call was made. That somebody rang our line says nothing of it."""
        return any(item.get("intent") == "ok" for item in self.news)


@dataclass(frozen=True, slots=True)
class Row:
    """A task's own columns that decide what may be done with it. asked_since: the household asked for a call after the
    caller had taken the task, so that the call just made does not answer it."""

    id: int
    household_id: int
    event_id: int | None
    state: str
    calls: int
    tried_before: int
    reasons: list[str]
    asked_since: bool


def open_or_merge(connection: Connection, tasks: Sequence[NewTask], *, now: datetime) -> dict[int, int]:
    """Opens tasks in one statement; a household's open task takes the new reasons. Household id -> task id."""
    values = {
        "households": [t.household_id for t in tasks],
        "events": [t.event_id for t in tasks],
        "agencies": [t.agency_id for t in tasks],
        "reasons": [",".join(t.reasons) for t in tasks],
        "priorities": [t.priority for t in tasks],
        "scores": [t.score for t in tasks],
        "dues": [t.due_at for t in tasks],
        "not_befores": [t.not_before for t in tasks],
        "spoken": SPOKEN,
        "now": now,
    }
    return {row.household_id: row.id for row in connection.execute(_OPEN, values)}


def add_news(connection: Connection, households: Sequence[int], news: str) -> None:
    """Shows a late word on the open task. news: a JSON list."""
    connection.execute(_ADD_NEWS, {"households": list(households), "news": news})


def close(connection: Connection, ids: Sequence[int], *, state: str, closed_as: str, now: datetime) -> list[int]:
    """Closes open tasks; returns those it closed."""
    values = {"ids": list(ids), "state": state, "closed_as": closed_as, "now": now}
    return list(connection.execute(_CLOSE, values).scalars())


def close_of(connection: Connection, households: Sequence[int], *, state: str, closed_as: str, now: datetime) -> None:
    """Closes the open task of these households, for good."""
    values = {"households": list(households), "state": state, "closed_as": closed_as, "now": now}
    connection.execute(_CLOSE_OF, values)


def household_of(connection: Connection, task_id: int) -> int | None:
    """The household a task is about, not locked."""
    return connection.execute(text("SELECT household_id FROM callback_task WHERE id = :id"), {"id": task_id}).scalar()


def lock(connection: Connection, task_id: int) -> Row:
    """The task's own row, locked."""
    return Row(**connection.execute(_LOCK, {"id": task_id, "asking": ASKING}).one()._asdict())


def add_outcome(
    connection: Connection, *, task_id: int, household_id: int, caller: str, code: str, note: str, now: datetime
) -> int:
    """How one call ended; returns its id."""
    values = {
        "task_id": task_id,
        "household_id": household_id,
        "caller": caller,
        "code": code,
        "note": note,
        "now": now,
    }
    return int(connection.execute(_OUTCOME, values).scalar_one())


def keep_answers(connection: Connection, outcome_id: int, kept: Kept) -> None:
    """What the form brought to light in a call, as far as it may be kept."""
    values = {"form": f"{kept.form} {kept.version}", "answers": json.dumps(kept.answers), "needs": list(kept.needs)}
    connection.execute(_ANSWERS, values | {"id": outcome_id})


def queue(connection: Connection, *, agency: str | None = None, limit: int = 10_000) -> list[Task]:
    """The callers' list in the order of need."""
    return [Task(**row._asdict()) for row in connection.execute(_QUEUE, {"agency": agency, "limit": limit})]


def one(connection: Connection, task_id: int) -> Task | None:
    """One task as the callers' list shows it, open or not."""
    row = connection.execute(_ONE, {"id": task_id}).one_or_none()
    return None if row is None else Task(**row._asdict())


def counts(connection: Connection) -> list[tuple[str, str, int]]:
    """(agency code, state, tasks) of what is open."""
    return [(row.agency, row.state, row.tasks) for row in connection.execute(_COUNTS)]
