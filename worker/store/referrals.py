"""Referrals: found for those who may see them, moved from the state they are in, looked at again when due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain.referrals import OPEN_STATES

OPEN = [str(state) for state in OPEN_STATES]

# uq_referral_open: the same need is not handed to the same partner twice at a time.
_ADD = text(
    """
INSERT INTO referral (household_id, partner_id, task_id, event_id, tenant_id, state, reasons, urgency, shared, created_by,
                      created_at, next_check)
VALUES (:household_id, :partner_id, :task_id, (SELECT event_id FROM callback_task WHERE id = :task_id), :tenant_id, 'draft',
        :reasons, :urgency, :shared, :by, :now, :next_check)
ON CONFLICT DO NOTHING RETURNING id
"""
)

_OPEN_ONE = text(
    "SELECT id FROM referral WHERE household_id = :household_id AND partner_id = :partner_id AND closed_at IS NULL"
)

_CARD = """
SELECT f.id, f.household_id, f.partner_id, f.task_id, f.event_id, f.tenant_id, f.state, f.reasons, f.urgency, f.consent,
       f.consent_by, f.consent_at, f.waiver, f.shared, f.created_by, f.created_at, f.contact_used, f.sent_at,
       f.acknowledged_at, f.due_at, f.reminded_at, f.next_check, f.ring_back_at, f.closed_at, f.feedback,
       p.name AS partner, p.kind AS partner_kind, g.code AS agency, d.code AS dwelling, d.commune,
       (SELECT string_agg(trim(t.civility || ' ' || t.last_name || ' ' || t.first_name), ' / ' ORDER BY t.id)
        FROM tenant t WHERE t.household_id = h.id AND t.status = 'active'
          AND (f.tenant_id IS NULL OR t.id = f.tenant_id)) AS names
FROM referral f
JOIN partner p ON p.id = f.partner_id
JOIN household h ON h.id = f.household_id
JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
"""

_ONE = text(_CARD + "WHERE f.id = :id")

_PAGE = text(
    _CARD
    + """
WHERE (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
  AND (CAST(:household AS bigint) IS NULL OR f.household_id = :household)
  AND (NOT :open_only OR f.closed_at IS NULL)
  AND (CAST(:before AS bigint) IS NULL OR f.id < :before)
ORDER BY f.id DESC LIMIT :limit
"""
)

# The soonest to look at first, for a person.
_BOARD = text(
    _CARD
    + """
WHERE f.closed_at IS NULL AND (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
ORDER BY coalesce(f.due_at, f.next_check), f.id LIMIT :limit
"""
)

_LOCK = text(
    """
SELECT id, household_id, partner_id, state, urgency, consent, due_at, reminded_at, next_check, ring_back_at
FROM referral WHERE id = :id FOR UPDATE
"""
)

# Each move names the state it comes from, so that the second of two at once changes nothing.
_MOVE = text(
    """
UPDATE referral SET state = :state, next_check = :next_check, ring_back_at = :ring_back_at,
       sent_at = coalesce(:sent_at, sent_at), due_at = coalesce(:due_at, due_at),
       contact_used = coalesce(:contact_used, contact_used),
       acknowledged_at = coalesce(acknowledged_at, :acknowledged_at),
       closed_at = :closed_at, feedback = CASE WHEN :note = '' THEN feedback ELSE :note END
WHERE id = :id AND state = :old
"""
)

_CONSENT = text(
    """
UPDATE referral SET consent = :consent, consent_by = :by, consent_at = :now, waiver = :waiver, shared = :shared
WHERE id = :id AND state = 'draft'
"""
)

_NOTE_MOVE = text(
    "INSERT INTO referral_move (referral_id, state, by, note, moved_at) VALUES (:id, :state, :by, :note, :now)"
)

_MOVES = text("SELECT state, by, note, moved_at FROM referral_move WHERE referral_id = :id ORDER BY id")


@dataclass(frozen=True, slots=True)
class NewReferral:
    """A draft: whose need, for whom."""

    household_id: int
    partner_id: int
    task_id: int | None
    tenant_id: int | None
    reasons: tuple[str, ...]
    urgency: str
    shared: tuple[str, ...]
    by: str
    next_check: datetime


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral as a list shows it; names: of the person it is about, or of all who live there."""

    id: int
    household_id: int
    partner_id: int
    task_id: int | None
    event_id: int | None
    tenant_id: int | None
    state: str
    reasons: list[str]
    urgency: str
    consent: str
    consent_by: str | None
    consent_at: datetime | None
    waiver: str
    shared: list[str]
    created_by: str
    created_at: datetime
    contact_used: str | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    due_at: datetime | None
    reminded_at: datetime | None
    next_check: datetime | None
    ring_back_at: datetime | None
    closed_at: datetime | None
    feedback: str
    partner: str
    partner_kind: str
    agency: str
    dwelling: str
    commune: str
    names: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """The columns that decide what may be done with a referral."""

    id: int
    household_id: int
    partner_id: int
    state: str
    urgency: str
    consent: str
    due_at: datetime | None
    reminded_at: datetime | None
    next_check: datetime | None
    ring_back_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moved:
    """One line of a referral's history."""

    state: str
    by: str
    note: str
    moved_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A move to write. What is None stays, but for the clocks, which are set as given."""

    old: str
    state: str
    by: str
    note: str = ""
    next_check: datetime | None = None
    ring_back_at: datetime | None = None
    sent_at: datetime | None = None
    due_at: datetime | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    contact_used: str | None = None


def add(connection: Connection, new: NewReferral, *, now: datetime) -> int | None:
    """A new draft's id; None when one for this household and partner is open."""
    values = {name: getattr(new, name) for name in NewReferral.__dataclass_fields__}
    values |= {"reasons": list(new.reasons), "shared": list(new.shared), "now": now}
    return connection.execute(_ADD, values).scalar()


def open_one(connection: Connection, household: int, partner: int) -> int | None:
    """The open referral of this household to this partner."""
    values = {"household_id": household, "partner_id": partner}
    return connection.execute(_OPEN_ONE, values).scalar()


def one(connection: Connection, referral_id: int) -> Referral | None:
    """One referral, or None."""
    row = connection.execute(_ONE, {"id": referral_id}).one_or_none()
    return None if row is None else Referral(**row._asdict())


def page(
    connection: Connection,
    *,
    agencies: Sequence[str] | None,
    household: int | None = None,
    open_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Referral]:
    """Referrals of these agencies, None: all; newest first."""
    values = {
        "agencies": None if agencies is None else list(agencies),
        "household": household,
        "open_only": open_only,
        "before": before,
        "limit": limit,
    }
    return [Referral(**row._asdict()) for row in connection.execute(_PAGE, values)]


def board(connection: Connection, *, agencies: Sequence[str] | None, limit: int = 200) -> list[Referral]:
    """Open referrals by their deadline."""
    values = {"agencies": None if agencies is None else list(agencies), "limit": limit}
    return [Referral(**row._asdict()) for row in connection.execute(_BOARD, values)]


def household_of(connection: Connection, referral_id: int) -> int | None:
    """The household a referral is about, not locked."""
    return connection.execute(text("SELECT household_id FROM referral WHERE id = :id"), {"id": referral_id}).scalar()


def household_of_task(connection: Connection, task_id: int) -> int | None:
    """The household that a call is about."""
    return connection.execute(text("SELECT household_id FROM callback_task WHERE id = :id"), {"id": task_id}).scalar()


def refuses_all(connection: Connection, household: int) -> bool:
    """Whether the household wants neither texts nor calls."""
    query = text("SELECT refused_at IS NOT NULL FROM household WHERE id = :id")
    return bool(connection.execute(query, {"id": household}).scalar())


def lock(connection: Connection, referral_id: int) -> Row:
    """The referral's own row, locked. The caller holds the lock of its household."""
    return Row(**connection.execute(_LOCK, {"id": referral_id}).one()._asdict())


def consent(
    connection: Connection,
    referral_id: int,
    *,
    consent: str,
    waiver: str,
    shared: Sequence[str],
    by: str,
    now: datetime,
) -> None:
    """Who agreed to what, for a draft."""
    values = {"id": referral_id, "consent": consent, "waiver": waiver, "shared": list(shared), "by": by, "now": now}
    connection.execute(_CONSENT, values)


def move(connection: Connection, referral_id: int, change: Change, *, now: datetime) -> bool:
    """Writes a move and its line of history; False when the referral is not in the old state any more."""
    values: dict[str, Any] = {name: getattr(change, name) for name in Change.__dataclass_fields__}
    if connection.execute(_MOVE, values | {"id": referral_id}).rowcount != 1:
        return False
    told = {"id": referral_id, "state": change.state, "by": change.by, "note": change.note, "now": now}
    connection.execute(_NOTE_MOVE, told)
    return True


def note_move(connection: Connection, referral_id: int, *, state: str, by: str, now: datetime) -> None:
    """The first line of a referral's history."""
    connection.execute(_NOTE_MOVE, {"id": referral_id, "state": state, "by": by, "note": "", "now": now})


def moves(connection: Connection, referral_id: int) -> list[Moved]:
    """How it came to be where it is, oldest first."""
    return [Moved(**row._asdict()) for row in connection.execute(_MOVES, {"id": referral_id})]
