"""The call sheets of each morning: one row per day and agency, whoever makes them; the file is gone after some days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

# An agency whose maker died is made by the next.
_CLAIM = text(
    """
INSERT INTO morning_sheet AS s (day, agency_id, begun_at)
SELECT :day, g.id, :now FROM agency g
WHERE NOT EXISTS (SELECT 1 FROM morning_sheet m WHERE m.day = :day AND m.agency_id = g.id
                  AND (m.made_at IS NOT NULL OR m.begun_at > CAST(:now AS timestamptz) - :patience))
ORDER BY g.code LIMIT 1
ON CONFLICT (day, agency_id) DO UPDATE SET begun_at = :now
WHERE s.made_at IS NULL AND s.begun_at <= CAST(:now AS timestamptz) - :patience
RETURNING s.id, (SELECT g.code FROM agency g WHERE g.id = s.agency_id) AS agency
"""
)

_KEEP = text(
    """
UPDATE morning_sheet SET made_at = :now, calls = :calls, file = :file, household_ids = CAST(:households AS bigint[])
WHERE id = :id AND made_at IS NULL RETURNING id
"""
)

_LIST = text(
    """
SELECT s.id, s.day, g.code AS agency, g.name AS agency_name, s.made_at, s.calls, s.household_ids
FROM morning_sheet s JOIN agency g ON g.id = s.agency_id
WHERE s.file IS NOT NULL AND (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
ORDER BY s.day DESC, g.code LIMIT :limit
"""
)

_ONE = text(
    """
SELECT s.id, s.day, g.code AS agency, g.name AS agency_name, s.made_at, s.calls, s.household_ids, s.file
FROM morning_sheet s JOIN agency g ON g.id = s.agency_id WHERE s.id = :id AND s.file IS NOT NULL
"""
)

_FORGET = text("DELETE FROM morning_sheet WHERE day < :before")


@dataclass(frozen=True, slots=True)
class Claimed:
    """The sheets of one agency, to be made by whoever holds this."""

    id: int
    agency: str


@dataclass(frozen=True, slots=True)
class Kept:
    """Sheets that were made. household_ids: whom they name."""

    id: int
    day: date
    agency: str
    agency_name: str
    made_at: datetime
    calls: int
    household_ids: list[int]


def claim(connection: Connection, day: date, *, patience: timedelta, now: datetime) -> Claimed | None:
    """An agency whose sheets of the day nobody has made or is making; None when there is none left."""
    row = connection.execute(_CLAIM, {"day": day, "patience": patience, "now": now}).one_or_none()
    return None if row is None else Claimed(**row._asdict())


def keep(connection: Connection, sheet: int, *, households: Sequence[int], file: bytes | None, now: datetime) -> bool:
    """The sheets are made; False when somebody else was faster. file: None where there is nobody to ring."""
    values = {"id": sheet, "calls": len(households), "households": list(households), "file": file, "now": now}
    return connection.execute(_KEEP, values).one_or_none() is not None


def listed(connection: Connection, *, agencies: Sequence[str] | None, limit: int = 60) -> list[Kept]:
    """The sheets of these agencies, None: all; the newest first."""
    values = {"agencies": None if agencies is None else list(agencies), "limit": limit}
    return [Kept(**row._asdict()) for row in connection.execute(_LIST, values)]


def file(connection: Connection, sheet: int) -> tuple[Kept, bytes] | None:
    """Sheets with their file, or None."""
    row = connection.execute(_ONE, {"id": sheet}).one_or_none()
    if row is None:
        return None
    return Kept(row.id, row.day, row.agency, row.agency_name, row.made_at, row.calls, row.household_ids), bytes(
        row.file
    )


def forget(connection: Connection, *, before: date) -> int:
    """Deletes the sheets of days before this one; they name people."""
    return connection.execute(_FORGET, {"before": before}).rowcount
