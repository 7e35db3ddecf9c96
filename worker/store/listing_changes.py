"""Saving what a listing changes: one statement per kind of change, over all its rows at once.

Rows travel as one JSON argument, which PostgreSQL turns into a table; large kinds go in slices.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, TextClause, text

from worker.domain.changes import Changes, Update
from worker.domain.folding import fold
from worker.domain.listings import ListedDwelling, ListedPhone, ListedTenant

SLICE_ROWS = 20_000

Rows = Iterable[Mapping[str, Any]]

# Whoever changes households locks them in the order of their ids, like everybody else.
_LOCK_HOUSEHOLDS = text("SELECT id FROM household WHERE id = ANY (:ids) ORDER BY id FOR NO KEY UPDATE")

_AGENCIES = text(
    """
INSERT INTO agency (code, name)
SELECT code, name FROM json_to_recordset(CAST(:rows AS json)) AS n(code text, name text)
ON CONFLICT (code) DO UPDATE SET name = excluded.name
"""
)

_RESIDENCES = text(
    """
INSERT INTO residence (folded_name, name, senior)
SELECT key, name, senior FROM json_to_recordset(CAST(:rows AS json)) AS n(key text, name text, senior boolean)
ON CONFLICT (folded_name) DO UPDATE SET senior = excluded.senior
"""
)

_DWELLING_ROWS = """
json_to_recordset(CAST(:rows AS json)) AS n(
    code text, agency_code text, residence_key text, address text, address_extra text, postcode text, commune text,
    insee_code text, departement text, building text, staircase text, floor text, adapted boolean)
JOIN agency a ON a.code = n.agency_code
LEFT JOIN residence r ON r.folded_name = n.residence_key
"""

_NEW_DWELLINGS = text(
    f"""
INSERT INTO dwelling (code, agency_id, residence_id, address, address_extra, postcode, commune, insee_code,
                      departement, building, staircase, floor, adapted)
SELECT n.code, a.id, r.id, n.address, n.address_extra, n.postcode, n.commune, n.insee_code, n.departement, n.building,
       n.staircase, n.floor, coalesce(n.adapted, false)
FROM {_DWELLING_ROWS}
"""  # noqa: S608 - put together from constants
)

_CHANGED_DWELLINGS = text(
    f"""
UPDATE dwelling d
SET agency_id = a.id, residence_id = r.id, address = n.address, address_extra = n.address_extra,
    postcode = n.postcode, commune = n.commune, insee_code = n.insee_code, departement = n.departement,
    building = n.building, staircase = n.staircase, floor = n.floor, adapted = n.adapted
FROM {_DWELLING_ROWS}
WHERE d.code = n.code
"""  # noqa: S608 - put together from constants
)

_CLOSE = text("UPDATE household SET gone_at = :now WHERE id = ANY (:ids) AND gone_at IS NULL")

# uq_household_present is checked row by row: movers leave their homes before any of them enters another's.
_LEAVE_HOME = text("UPDATE household SET gone_at = :now WHERE id = ANY (:ids)")
_ENTER_HOME = text(
    """
UPDATE household h SET dwelling_id = d.id, gone_at = NULL
FROM json_to_recordset(CAST(:rows AS json)) AS n(id bigint, code text) JOIN dwelling d ON d.code = n.code
WHERE h.id = n.id
"""
)
_REOPEN = text("UPDATE household SET gone_at = NULL WHERE id = ANY (:ids)")

_OPEN = text(
    """
INSERT INTO household (dwelling_id, created_at)
SELECT d.id, :now FROM dwelling d WHERE d.code = ANY (:codes) ORDER BY d.id
"""
)

# What a caller heard is left alone.
_LIVING_ALONE = text(
    """
UPDATE household h SET lives_alone = n.alone
FROM json_to_recordset(CAST(:rows AS json)) AS n(code text, alone text) JOIN dwelling d ON d.code = n.code
WHERE h.dwelling_id = d.id AND h.gone_at IS NULL AND h.lives_alone_source = 'import' AND h.lives_alone <> n.alone
"""
)

_DEPART = text(
    """
UPDATE tenant SET status = 'left', status_source = 'import', left_on = coalesce(left_on, :today)
WHERE id = ANY (:ids) AND status = 'active'
"""
)

_TENANT_COLUMNS = """
    identity_key text, erp_id text, contract text, civility text, last_name text, first_name text, birth_date date,
    birth_precision text, role text, language text, email text, entered_on date, left_on date"""

# A person marked dead or gone by a caller meanwhile stays so.
_UPDATE_TENANTS = text(
    f"""
UPDATE tenant t
SET identity_key = n.identity_key, erp_id = n.erp_id, contract = n.contract, civility = n.civility,
    last_name = n.last_name, first_name = n.first_name, birth_date = n.birth_date,
    birth_precision = n.birth_precision, role = n.role, language = coalesce(n.language, t.language),
    email = n.email, entered_on = n.entered_on, left_on = n.left_on, status = 'active', status_source = 'import'
FROM json_to_recordset(CAST(:rows AS json)) AS n(id bigint, {_TENANT_COLUMNS})
WHERE t.id = n.id AND (t.status = 'active' OR (t.status = 'left' AND t.status_source = 'import'))
"""  # noqa: S608 - put together from constants
)

# Relies on uq_household_present: one present household per dwelling.
_ARRIVALS = text(
    f"""
INSERT INTO tenant (household_id, identity_key, erp_id, contract, civility, last_name, first_name, birth_date,
                    birth_precision, role, language, email, entered_on, left_on)
SELECT h.id, n.identity_key, n.erp_id, n.contract, n.civility, n.last_name, n.first_name, n.birth_date,
       n.birth_precision, n.role, coalesce(n.language, 'fr'), n.email, n.entered_on, n.left_on
FROM json_to_recordset(CAST(:rows AS json)) AS n(code text, {_TENANT_COLUMNS})
JOIN dwelling d ON d.code = n.code
JOIN household h ON h.dwelling_id = d.id AND h.gone_at IS NULL
"""  # noqa: S608 - put together from constants
)

_REMOVE_PHONES = text("UPDATE phone SET removed_at = :now WHERE id = ANY (:ids) AND source = 'import'")

# Owners are found by uq_tenant_identity. bad_since is never touched: a bad number that comes back is still bad.
_CHANGE_PHONES = text(
    """
UPDATE phone p
SET label = n.label, rank = n.rank, removed_at = NULL,
    tenant_id = (SELECT t.id FROM tenant t WHERE t.household_id = p.household_id AND t.identity_key = n.owner)
FROM json_to_recordset(CAST(:rows AS json)) AS n(id bigint, label text, rank smallint, owner text)
WHERE p.id = n.id AND p.source = 'import'
"""
)

# A caller may have noted the same number a moment ago: the caller's row stays.
_NEW_PHONES = text(
    """
INSERT INTO phone (household_id, tenant_id, e164, kind, label, rank, source)
SELECT h.id, (SELECT t.id FROM tenant t WHERE t.household_id = h.id AND t.identity_key = n.owner),
       n.e164, n.kind, n.label, n.rank, 'import'
FROM json_to_recordset(CAST(:rows AS json))
     AS n(code text, e164 text, kind text, label text, rank smallint, owner text)
JOIN dwelling d ON d.code = n.code
JOIN household h ON h.dwelling_id = d.id AND h.gone_at IS NULL
ON CONFLICT (household_id, e164) DO NOTHING
"""
)

_RECORD = text(
    "INSERT INTO listing_import (file_digest, counts, applied_at) VALUES (:digest, CAST(:counts AS jsonb), :now)"
)

# Ten thousands of rows come at once, and a campaign may open a second later: the planner must know of them.
_ANALYZE = text("ANALYZE agency, residence, dwelling, household, tenant, phone")


def lock_households(connection: Connection, changes: Changes) -> None:
    """Locks the households that leave, come back or move, until the end of the transaction."""
    touched = [*changes.closed, *changes.reopened, *(household_id for household_id, _code in changes.moved)]
    connection.execute(_LOCK_HOUSEHOLDS, {"ids": touched})


def save(connection: Connection, changes: Changes, *, today: date, now: datetime) -> None:
    """Writes all changes. The order matters: homes are vacated before others enter them, people come before
    their numbers. Call under `listing.lock` and `lock_households`, with changes computed in the same transaction."""
    _directories(connection, changes)
    _homes(connection, changes, now=now)
    _people(connection, changes, today=today)
    _phones(connection, changes, now=now)
    connection.execute(_ANALYZE)


def record(connection: Connection, *, digest: str, counts: Mapping[str, Any], now: datetime) -> None:
    """Remembers that a file was imported. digest: SHA-256 of the file."""
    connection.execute(_RECORD, {"digest": digest, "counts": json.dumps(counts), "now": now})


def _directories(connection: Connection, changes: Changes) -> None:
    _each(connection, _AGENCIES, [{"code": c, "name": n} for c, n in sorted(changes.agencies.items())])
    residences = [{"key": k, **asdict(r)} for k, r in sorted(changes.residences.items())]
    _each(connection, _RESIDENCES, residences)
    _each(connection, _NEW_DWELLINGS, map(_dwelling_row, changes.new_dwellings))
    _each(connection, _CHANGED_DWELLINGS, map(_dwelling_row, changes.changed_dwellings))


def _homes(connection: Connection, changes: Changes, *, now: datetime) -> None:
    movers = [household_id for household_id, _code in changes.moved]
    connection.execute(_CLOSE, {"ids": changes.closed, "now": now})
    connection.execute(_LEAVE_HOME, {"ids": movers, "now": now})
    connection.execute(_REOPEN, {"ids": changes.reopened})
    _each(connection, _ENTER_HOME, ({"id": id_, "code": code} for id_, code in changes.moved))
    connection.execute(_OPEN, {"codes": changes.opened, "now": now})
    if changes.opened:
        connection.execute(_ANALYZE)  # a first import joins tables that the planner still takes for empty
    _each(connection, _LIVING_ALONE, ({"code": code, "alone": alone} for code, alone in changes.living_alone))


def _people(connection: Connection, changes: Changes, *, today: date) -> None:
    connection.execute(_DEPART, {"ids": changes.departed, "today": today})
    _each(connection, _UPDATE_TENANTS, map(_update_row, changes.updates))
    _each(connection, _ARRIVALS, ({"code": code, **_tenant_row(tenant)} for code, tenant in changes.arrivals))


def _phones(connection: Connection, changes: Changes, *, now: datetime) -> None:
    phones = changes.phones
    connection.execute(_REMOVE_PHONES, {"ids": phones.removed, "now": now})
    _each(connection, _CHANGE_PHONES, ({"id": id_, **_phone_row(phone)} for id_, phone in phones.changed))
    _each(connection, _NEW_PHONES, ({"code": code, **_phone_row(phone)} for code, phone in phones.new))


def _each(connection: Connection, statement: TextClause, rows: Rows) -> None:
    waiting = iter(rows)
    while some := list(islice(waiting, SLICE_ROWS)):
        connection.execute(statement, {"rows": json.dumps(some, ensure_ascii=False, default=date.isoformat)})


def _dwelling_row(home: ListedDwelling) -> Mapping[str, Any]:
    return {**_fields(home, _DWELLING_FIELDS), "residence_key": fold(home.residence) if home.residence else None}


def _update_row(update: Update) -> Mapping[str, Any]:
    return {"id": update.tenant_id, **_tenant_row(update.facts)}


def _tenant_row(tenant: ListedTenant) -> Mapping[str, Any]:
    return {
        **_fields(tenant, _TENANT_FIELDS),
        "identity_key": tenant.identity,
        "birth_date": tenant.birth.on,
        "birth_precision": tenant.birth.precision,
    }


def _phone_row(phone: ListedPhone) -> Mapping[str, Any]:
    return _fields(phone, ("e164", "kind", "label", "rank", "owner"))


def _fields(value: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


_DWELLING_FIELDS = (
    *("code", "agency_code", "address", "address_extra", "postcode", "commune", "insee_code", "departement"),
    *("building", "staircase", "floor", "adapted"),
)
_TENANT_FIELDS = (
    *("erp_id", "contract", "civility", "last_name", "first_name", "role", "language", "email"),
    *("entered_on", "left_on"),
)
