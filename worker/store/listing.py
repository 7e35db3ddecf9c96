"""The roll of tenants as it stands, read whole for comparison with a listing."""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from worker.domain.channels import PhoneLabel
from worker.domain.listings import Birth, ListedDwelling, ListedTenant, Precision, Role
from worker.domain.roll import HeldHousehold, HeldPhone, HeldTenant, Residence, Roll, Source, Status

Thing = TypeVar("Thing")

IMPORT_LOCK = 7_206_813  # any constant: one import at a time, so that each sees what the one before it did

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_AGENCIES = text("SELECT code, name FROM agency")
_RESIDENCES = text("SELECT folded_name, name, senior FROM residence")
_DWELLINGS = text(
    """
SELECT d.code, a.code, a.name, r.name, coalesce(r.senior, false), d.address, d.address_extra, d.postcode, d.commune,
       d.insee_code, d.departement, d.building, d.staircase, d.floor, d.adapted
FROM dwelling d JOIN agency a ON a.id = d.agency_id LEFT JOIN residence r ON r.id = d.residence_id
"""
)
_HOUSEHOLDS = text(
    """
SELECT h.id, d.code, h.gone_at IS NOT NULL, h.lives_alone, h.lives_alone_source
FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE NOT h.guest ORDER BY h.id
"""
)
_TENANTS = text(
    """
SELECT household_id, id, status, status_source, erp_id, contract, civility, last_name, first_name, birth_date,
       birth_precision, role, language, email, entered_on, left_on, identity_key
FROM tenant ORDER BY id
"""
)
_PHONES = text(
    """
SELECT household_id, id, e164, kind, label, rank, tenant_id, source, removed_at IS NOT NULL AS removed
FROM phone WHERE household_id IN (SELECT id FROM household WHERE NOT guest) ORDER BY id
"""
)


def lock(connection: Connection) -> None:
    """Waits for any other import to end; held until the end of the transaction."""
    connection.execute(_LOCK, {"lock": IMPORT_LOCK})


def snapshot(connection: Connection) -> None:
    """Makes the transaction read one moment's state and write nothing. First statement of its transaction."""
    connection.execute(_SNAPSHOT)


def roll(connection: Connection) -> Roll:
    """Everything we hold about agencies, homes, people and their numbers."""
    return Roll(
        agencies={row[0]: row[1] for row in connection.execute(_AGENCIES).all()},
        residences={key: Residence(name, senior) for key, name, senior in connection.execute(_RESIDENCES).all()},
        dwellings={row[0]: ListedDwelling(*row) for row in connection.execute(_DWELLINGS).all()},
        households=_households(connection),
    )


def _households(connection: Connection) -> tuple[HeldHousehold, ...]:
    tenants = _by_household((row[0], _tenant(row)) for row in connection.execute(_TENANTS).all())
    phones = _by_household((row[0], _phone(row)) for row in connection.execute(_PHONES).all())
    return tuple(
        HeldHousehold(
            id=id_,
            dwelling_code=code,
            gone=gone,
            lives_alone=alone,
            lives_alone_source=Source(alone_source),
            tenants=tuple(tenants.get(id_, ())),
            phones=tuple(phones.get(id_, ())),
        )
        for id_, code, gone, alone, alone_source in connection.execute(_HOUSEHOLDS).all()
    )


def _by_household(pairs: Iterable[tuple[int, Thing]]) -> dict[int, list[Thing]]:
    found: dict[int, list[Thing]] = {}
    for household_id, thing in pairs:
        found.setdefault(household_id, []).append(thing)
    return found


def _tenant(row: Any) -> HeldTenant:
    facts = ListedTenant(
        row=0,
        erp_id=row.erp_id,
        contract=row.contract,
        civility=row.civility,
        last_name=row.last_name,
        first_name=row.first_name,
        birth=Birth(row.birth_date, Precision(row.birth_precision)),
        role=Role(row.role),
        language=row.language,
        email=row.email,
        entered_on=row.entered_on,
        left_on=row.left_on,
        identity=row.identity_key,
    )
    return HeldTenant(row.id, facts, Status(row.status), Source(row.status_source))


def _phone(row: Any) -> HeldPhone:
    label, source = PhoneLabel(row.label), Source(row.source)
    return HeldPhone(row.id, row.e164, row.kind, label, row.rank, row.tenant_id, source, row.removed)
