"""Staff who get a campaign's text as a test: homes of their own, in no listing and no audience."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

AGENCY = "ESSAI"

_AGENCY = text("INSERT INTO agency (code, name) VALUES (:code, :name) ON CONFLICT (code) DO NOTHING")

# A dwelling's code says nothing of the number. One per number, so a second test finds the same home.
_DWELLING = text(
    """
INSERT INTO dwelling (code, agency_id) SELECT :agency || '-' || left(md5(:e164), 8), g.id FROM agency g WHERE g.code = :agency
ON CONFLICT (code) DO NOTHING
"""
)

# Relies on uq_household_present. Without a tenant no audience ever finds it.
_HOUSEHOLD = text(
    """
INSERT INTO household (dwelling_id, guest, created_at)
SELECT d.id, true, :now FROM dwelling d WHERE d.code = :agency || '-' || left(md5(:e164), 8)
ON CONFLICT (dwelling_id) WHERE gone_at IS NULL DO NOTHING
"""
)

_PHONE = text(
    """
INSERT INTO phone (household_id, e164, kind)
SELECT h.id, :e164, 'mobile' FROM household h JOIN dwelling d ON d.id = h.dwelling_id
WHERE h.guest AND h.gone_at IS NULL AND d.code = :agency || '-' || left(md5(:e164), 8)
ON CONFLICT (household_id, e164) DO UPDATE SET removed_at = NULL, bad_since = NULL
"""
)

_OF_TENANTS = text(
    """
SELECT count(DISTINCT p.e164) FROM phone p JOIN household h ON h.id = p.household_id
WHERE p.e164 = ANY (:numbers) AND p.removed_at IS NULL AND NOT h.guest AND h.gone_at IS NULL
"""
)

# Nobody but a guest can come in here, whatever numbers are asked for.
_INVITE = text(
    """
INSERT INTO recipient (event_id, household_id, e164, language, state, due_at)
SELECT :event_id, h.id, p.e164, :language, 'waiting', :void_at
FROM phone p JOIN household h ON h.id = p.household_id
WHERE h.guest AND h.gone_at IS NULL AND p.removed_at IS NULL AND p.e164 = ANY (:numbers)
ON CONFLICT (event_id, household_id) DO NOTHING
"""
)


def of_tenants(connection: Connection, numbers: Sequence[str]) -> int:
    """How many of these numbers belong to a household of the listing."""
    return int(connection.execute(_OF_TENANTS, {"numbers": list(numbers)}).scalar_one())


def house(connection: Connection, numbers: Sequence[str], *, name: str, now: datetime) -> None:
    """Makes a home for each number that has none. name: of the agency they belong to."""
    connection.execute(_AGENCY, {"code": AGENCY, "name": name})
    for e164 in numbers:
        for statement in (_DWELLING, _HOUSEHOLD, _PHONE):
            connection.execute(statement, {"agency": AGENCY, "e164": e164, "now": now})


def invite(connection: Connection, event_id: int, numbers: Sequence[str], *, language: str, void_at: datetime) -> int:
    """One recipient per guest; returns how many."""
    values = {"event_id": event_id, "numbers": list(numbers), "language": language, "void_at": void_at}
    return connection.execute(_INVITE, values).rowcount
