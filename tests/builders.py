"""Small towns for tests: households with what matters said, the rest plausible."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from worker.domain.campaigns import AgeBand, Audience, Campaign, Exclusions, Kind, Level, SendWindow
from worker.store import schema
from worker.store.database import Connection, Database

_numbers = itertools.count(1)
ALL_DAY = SendWindow(time(0, 0), time(23, 59, 59))


def mobile() -> str:
    """A mobile number nobody else in this run has."""
    return f"+336{next(_numbers):08d}"


def landline() -> str:
    return f"+335{36_490_000 + next(_numbers)}"


@dataclass(frozen=True, slots=True)
class Household:
    """A household of a test: its ids and numbers."""

    id: int
    agency: str
    phones: tuple[str, ...]

    @property
    def phone(self) -> str:
        return self.phones[0]


def household(
    db: Database,
    *,
    agency: str = "01",
    mobiles: Sequence[str] | None = None,
    landlines: Sequence[str] = (),
    births: Sequence[date] = (date(1940, 5, 1),),
    lives_alone: str = "unknown",
    language: str = "fr",
) -> Household:
    """One household with its tenants and numbers; by default one tenant of 86 with a mobile of their own."""
    mobiles = (mobile(),) if mobiles is None else mobiles
    with db.begin() as connection:
        dwelling_id = _dwelling(connection, _agency(connection, agency))
        household_id = _insert(
            connection,
            schema.household,
            dwelling_id=dwelling_id,
            lives_alone=lives_alone,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for position, born in enumerate(births):
            _tenant(connection, household_id, position, born, language)
        for rank, (number, kind) in enumerate(
            [*((m, "mobile") for m in mobiles), *((n, "fixed") for n in landlines)], 1
        ):
            _insert(connection, schema.phone, household_id=household_id, e164=number, kind=kind, rank=rank)
    return Household(household_id, agency, (*mobiles, *landlines))


def add_phone(db: Database, home: Household, number: str, kind: str = "fixed", label: str = "self") -> None:
    """One more number for a household, after those it has."""
    with db.begin() as connection:
        _insert(connection, schema.phone, household_id=home.id, e164=number, kind=kind, rank=9, label=label)


def name(db: Database, home: Household, *names: tuple[str, str]) -> None:
    """Gives the tenants of a household their names, as (civility, last name), the holder first."""
    with db.begin() as connection:
        for position, (civility, last_name) in enumerate(names):
            connection.execute(
                update(schema.tenant)
                .where(schema.tenant.c.household_id == home.id, schema.tenant.c.identity_key == f"T{position}")
                .values(civility=civility, last_name=last_name)
            )


def campaign(**changes: Any) -> Campaign:
    """An orange check-in with the shortest useful times; say what matters."""
    values: dict[str, Any] = {
        "key": f"test-{next(_numbers)}",
        "title": "Canicule orange",
        "kind": Kind.CHECK_IN,
        "level": Level.ORANGE,
        "purpose": "care",
        "sender": "court",
        "text": "heat_orange_check",
        "audience": Audience(age_bands=(AgeBand(70),)),
        "window": ALL_DAY,
        "void_after": timedelta(hours=8),
        "reply_deadline": timedelta(hours=4),
        "reminder_text": "heat_reminder",
        "reminder_after": timedelta(hours=2),
        "exclusions": Exclusions(),
    }
    return Campaign(**(values | changes))


def _agency(connection: Connection, code: str) -> int:
    statement = upsert(schema.agency).values(code=code, name=f"Agence {code}").on_conflict_do_nothing()
    connection.execute(statement)
    return connection.execute(select(schema.agency.c.id).where(schema.agency.c.code == code)).scalar_one()


def _dwelling(connection: Connection, agency_id: int) -> int:
    return _insert(
        connection,
        schema.dwelling,
        code=f"D-{next(_numbers):08d}",
        agency_id=agency_id,
        commune="TOULOUSE",
        postcode="31500",
        departement="31",
    )


def _tenant(connection: Connection, household_id: int, position: int, born: date, language: str) -> None:
    _insert(
        connection,
        schema.tenant,
        household_id=household_id,
        identity_key=f"T{position}",
        last_name="ESSAI",
        first_name="Odette",
        birth_date=born,
        birth_precision="day",
        role="holder" if position == 0 else "spouse",
        language=language,
    )


def _insert(connection: Connection, table: Any, **values: Any) -> int:
    return int(connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
