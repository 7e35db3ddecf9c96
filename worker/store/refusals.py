"""Households that told a person "neither texts nor calls any more", until they take it back.

The refusal of a number (opt_out) travels with the number; this one belongs to the household, so that a neighbour with
the same number is still rung, and a new number does not undo it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_REFUSE = text("UPDATE household SET refused_at = coalesce(refused_at, :now) WHERE id = :household")

# The caller of this holds the locks of the households.
_TAKE_BACK = text(
    "UPDATE household SET refused_at = NULL WHERE id = ANY (:households) AND refused_at IS NOT NULL RETURNING id"
)

# What a caller noted on the household's numbers was part of the same refusal; a STOP from the phone itself stays.
_NUMBERS_AGAIN = text(
    """
UPDATE opt_out o SET undone_at = :now
WHERE o.source = 'caller' AND o.undone_at IS NULL
  AND o.e164 IN (SELECT p.e164 FROM phone p WHERE p.household_id = ANY (:households))
"""
)

_AMONG = text("SELECT id FROM household WHERE id = ANY (:households) AND refused_at IS NOT NULL")

_LISTED = text(
    """
SELECT h.id AS household_id, g.code AS agency, d.code AS dwelling, d.commune, h.refused_at
FROM household h JOIN dwelling d ON d.id = h.dwelling_id JOIN agency g ON g.id = d.agency_id
WHERE h.refused_at IS NOT NULL AND h.gone_at IS NULL AND (CAST(:agency AS text) IS NULL OR g.code = :agency)
ORDER BY g.code, d.code
"""
)


@dataclass(frozen=True, slots=True)
class Refusing:
    """A present household that wants nothing more, named by its dwelling."""

    household_id: int
    agency: str
    dwelling: str
    commune: str
    refused_at: datetime


def refuse(connection: Connection, household: int, *, now: datetime) -> None:
    """The household wants neither texts nor calls; said twice, the first time counts."""
    connection.execute(_REFUSE, {"household": household, "now": now})


def take_back(connection: Connection, households: Sequence[int], *, now: datetime) -> list[int]:
    """They may be written to and rung again, on the numbers a caller had closed too; returns those that had refused."""
    back = list(connection.execute(_TAKE_BACK, {"households": list(households)}).scalars())
    if back:
        connection.execute(_NUMBERS_AGAIN, {"households": back, "now": now})
    return back


def among(connection: Connection, households: Sequence[int]) -> set[int]:
    """Those of these households that refuse everything."""
    return set(connection.execute(_AMONG, {"households": list(households)}).scalars())


def listed(connection: Connection, *, agency: str | None = None) -> list[Refusing]:
    """Every present household that refuses everything, by agency and dwelling."""
    return [Refusing(**row._asdict()) for row in connection.execute(_LISTED, {"agency": agency})]
