"""The directory of partners."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.folding import fold
from worker.domain.partners import Partner, PartnerKind

_COLUMNS = (
    "id, kind, name, phone, email, email_ok, hours, out_of_hours, insee_codes, postcodes, communes, "
    "closed_at IS NOT NULL AS is_closed"
)

_ALL = text(f"SELECT {_COLUMNS} FROM partner ORDER BY closed_at IS NOT NULL, kind, folded_name")  # noqa: S608  # our own constant

_ONE = text(f"SELECT {_COLUMNS} FROM partner WHERE id = :id")  # noqa: S608  # same

# uq_partner_name: a directory imported twice names nobody twice.
_ADD = text(
    """
INSERT INTO partner (kind, name, folded_name, phone, email, email_ok, hours, out_of_hours, insee_codes, postcodes, communes,
                     created_at, changed_at)
VALUES (:kind, :name, :folded_name, :phone, :email, :email_ok, :hours, :out_of_hours, :insee_codes, :postcodes, :communes,
        :now, :now)
ON CONFLICT DO NOTHING RETURNING id
"""
)

_CHANGE = text(
    """
UPDATE partner SET kind = :kind, name = :name, folded_name = :folded_name, phone = :phone, email = :email,
       email_ok = :email_ok, hours = :hours, out_of_hours = :out_of_hours, insee_codes = :insee_codes,
       postcodes = :postcodes, communes = :communes, changed_at = :now
WHERE id = :id
  AND NOT EXISTS (SELECT 1 FROM partner o WHERE o.kind = :kind AND o.folded_name = :folded_name AND o.id <> :id)
"""
)

_CLOSE = text("UPDATE partner SET closed_at = coalesce(closed_at, :now) WHERE id = :id")
_REOPEN = text("UPDATE partner SET closed_at = NULL WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Entry:
    """A partner as somebody describes it, to be added or to replace what is there."""

    kind: PartnerKind
    name: str
    phone: str = ""
    email: str = ""
    email_ok: bool = False
    hours: str = ""
    out_of_hours: str = ""
    insee_codes: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()

    @property
    def folded_name(self) -> str:
        return fold(self.name)


def everybody(connection: Connection) -> list[Partner]:
    """The whole directory, those that are closed last."""
    return [_partner(row) for row in connection.execute(_ALL).mappings()]


def one(connection: Connection, partner_id: int) -> Partner | None:
    """One partner, or None."""
    row = connection.execute(_ONE, {"id": partner_id}).mappings().one_or_none()
    return None if row is None else _partner(row)


def add(connection: Connection, entry: Entry, *, now: datetime) -> int | None:
    """A new partner's id; None when one of that kind and name is there."""
    return connection.execute(_ADD, _values(entry) | {"now": now}).scalar()


def change(connection: Connection, partner_id: int, entry: Entry, *, now: datetime) -> bool:
    """Replaces what is known of a partner; False when it is not there, or another has that kind and name."""
    return connection.execute(_CHANGE, _values(entry) | {"id": partner_id, "now": now}).rowcount == 1


def close(connection: Connection, partner_id: int, *, now: datetime) -> bool:
    """Not offered any more; False when there is no such partner."""
    return connection.execute(_CLOSE, {"id": partner_id, "now": now}).rowcount == 1


def reopen(connection: Connection, partner_id: int) -> bool:
    """Offered again; False when there is no such partner."""
    return connection.execute(_REOPEN, {"id": partner_id}).rowcount == 1


def _values(entry: Entry) -> dict[str, object]:
    lists = ("insee_codes", "postcodes", "communes")
    values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return values | {name: list(values[name]) for name in lists} | {"folded_name": entry.folded_name}


def _partner(row: object) -> Partner:
    values = dict(row)  # type: ignore[call-overload]  # a row of mappings()
    for name in ("insee_codes", "postcodes", "communes"):
        values[name] = tuple(values[name])
    return Partner(**values | {"kind": PartnerKind(values["kind"])})
