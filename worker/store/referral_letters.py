"""What a partner is told of a household: never more than was asked for here, and never a note."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

# What the consent does not cover is not even read.
_TOLD = text(
    """
SELECT coalesce((SELECT string_agg(trim(t.civility || ' ' || t.first_name || ' ' || t.last_name), ', ' ORDER BY t.id)
                 FROM tenant t WHERE t.household_id = h.id AND t.status = 'active'
                   AND (f.tenant_id IS NULL OR t.id = f.tenant_id)), '') AS names,
       CASE WHEN :phone THEN coalesce((SELECT p.e164 FROM phone p WHERE p.household_id = h.id AND p.removed_at IS NULL
                                         AND p.bad_since IS NULL AND p.label IN ('self', 'spouse')
                                       ORDER BY p.rank, p.id LIMIT 1), '') ELSE '' END AS phone,
       CASE WHEN :address THEN concat_ws(', ', nullif(d.address, ''), nullif(d.address_extra, ''),
                                         nullif(trim(d.postcode || ' ' || d.commune), '')) ELSE '' END AS address,
       g.name AS agency, coalesce(g.phone, '') AS agency_phone
FROM referral f JOIN household h ON h.id = f.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
WHERE f.id = :id
"""
)


@dataclass(frozen=True, slots=True)
class Told:
    """Empty where it is not known, or not covered."""

    names: str
    phone: str
    address: str
    agency: str
    agency_phone: str


def of(connection: Connection, referral_id: int, *, phone: bool, address: bool) -> Told:
    """What may be told of the household behind a referral."""
    values = {"id": referral_id, "phone": phone, "address": address}
    return Told(**connection.execute(_TOLD, values).one()._asdict())
