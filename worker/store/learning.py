"""What calls brought to light: worry, whom to warn, and sealed answers about health with their last day."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

_CONCERN = text("UPDATE call_outcome SET concern = :concern WHERE id = :outcome_id")

_OWN = text(
    """
SELECT EXISTS (SELECT 1 FROM phone WHERE household_id = :household AND e164 = :e164 AND removed_at IS NULL
               AND label IN ('self', 'spouse'))
"""
)

# After the household's own numbers, whatever the listing says of them. A listing never removes what a caller was told.
_CONTACT = text(
    """
INSERT INTO phone (household_id, e164, kind, label, rank, source, holder_name, told_in)
VALUES (:household, :e164, :kind, :label, 9, 'caller', :name, :outcome_id)
ON CONFLICT (household_id, e164) DO UPDATE SET label = excluded.label, source = 'caller', holder_name = excluded.holder_name,
    told_in = excluded.told_in, removed_at = NULL, bad_since = NULL, bad_reason = NULL
"""
)

_HEALTH = text(
    """
INSERT INTO health_answers (outcome_id, household_id, sealed, kept_until)
VALUES (:outcome_id, :household, :sealed, :until)
"""
)

_HEALTH_OF = text(
    """
SELECT coalesce(o.form, '') AS form, o.ended_at AS said_at, a.kept_until, a.sealed
FROM health_answers a JOIN call_outcome o ON o.id = a.outcome_id
WHERE a.household_id = :household AND a.kept_until > :now ORDER BY o.ended_at DESC, o.id DESC
"""
)

_DROP_HEALTH = text("DELETE FROM health_answers WHERE household_id = :household")
# Walks ix_health_answers_kept_until.
_FORGET_HEALTH = text("DELETE FROM health_answers WHERE kept_until <= :now")

_NO_HEALTH = text("DELETE FROM health_answers WHERE outcome_id = :outcome_id")
_NO_CONTACT = text("UPDATE phone SET removed_at = :now WHERE told_in = :outcome_id AND removed_at IS NULL")


@dataclass(frozen=True, slots=True)
class Sealed:
    """Answers of one call that nobody reads without the deployment's key."""

    form: str
    said_at: datetime
    kept_until: datetime
    sealed: bytes = field(repr=False)


def note_concern(connection: Connection, outcome_id: int, concern: int) -> None:
    connection.execute(_CONCERN, {"outcome_id": outcome_id, "concern": concern})


def is_their_own(connection: Connection, household: int, e164: str) -> bool:
    """Whether the number is one of the people who live there."""
    return bool(connection.execute(_OWN, {"household": household, "e164": e164}).scalar_one())


def keep_contact(
    connection: Connection, household: int, *, e164: str, kind: str, label: str, name: str, outcome_id: int
) -> None:
    """Somebody to warn, as named in that call; a number that was there before gets its new name."""
    values = {"household": household, "e164": e164, "kind": kind, "label": label, "name": name}
    connection.execute(_CONTACT, values | {"outcome_id": outcome_id})


def keep_health(connection: Connection, outcome_id: int, household: int, sealed: bytes, *, until: datetime) -> None:
    """Answers of one call, until that moment."""
    values = {"outcome_id": outcome_id, "household": household, "sealed": sealed, "until": until}
    connection.execute(_HEALTH, values)


def health_of(connection: Connection, household: int, *, now: datetime) -> list[Sealed]:
    """What is still kept, newest first."""
    return [Sealed(**row._asdict()) for row in connection.execute(_HEALTH_OF, {"household": household, "now": now})]


def drop_health(connection: Connection, household: int) -> int:
    """All of a household; returns how many calls' answers are gone."""
    return connection.execute(_DROP_HEALTH, {"household": household}).rowcount


def forget_health(connection: Connection, *, now: datetime) -> int:
    """What has had its time."""
    return connection.execute(_FORGET_HEALTH, {"now": now}).rowcount


def take_back(connection: Connection, outcome_id: int, *, now: datetime) -> None:
    """What this call brought to light does not count any more; numbers that were there before stay."""
    connection.execute(_NO_HEALTH, {"outcome_id": outcome_id})
    connection.execute(_NO_CONTACT, {"outcome_id": outcome_id, "now": now})
