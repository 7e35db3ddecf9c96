"""A town of N households written in four statements, and one event over it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import text

from worker.domain.campaigns import AgeBand, Audience, Campaign, Kind, Level, SendWindow
from worker.store.database import Database

# The number that calls come from.
VOICE = "+33939000001"
_PHONES = """INSERT INTO phone (household_id, e164, kind)
       SELECT id, '+336' || lpad(CAST(id AS text), 8, '0'), 'mobile' FROM household"""
_STATEMENTS = (
    "INSERT INTO agency (code, name) SELECT to_char(n, 'FM00'), 'Agence ' || n FROM generate_series(1, 4) n",
    """INSERT INTO dwelling (code, agency_id, commune, postcode, departement)
       SELECT 'B-' || n, (SELECT id FROM agency WHERE code = to_char(1 + n % 4, 'FM00')), 'TOULOUSE', '31500', '31'
       FROM generate_series(1, CAST(:homes AS int)) n""",
    "INSERT INTO household (dwelling_id, created_at) SELECT id, now() FROM dwelling",
    """INSERT INTO tenant (household_id, identity_key, last_name, first_name, birth_date, birth_precision, role)
       SELECT id, 'T' || id, 'ESSAI', 'Odette', DATE '1940-05-01', 'day', 'holder' FROM household""",
    _PHONES,
    "ANALYZE agency, dwelling, household, tenant, phone",
)


def build(db: Database, homes: int) -> None:
    """An empty database becomes a town of so many households, each with a mobile."""
    with db.begin() as connection:
        for statement in _STATEMENTS:
            connection.execute(text(statement), {"homes": homes} if ":homes" in statement else {})


def clear_events(db: Database) -> None:
    """Forgets every event, so that the next run finds the town as it was."""
    with db.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE campaign_event, recipient, message, attempt, delivery_receipt, inbound_message, reply, "
                "callback_task, call_outcome, incoming_call CASCADE"
            )
        )
        connection.execute(text(_PHONES))  # a number may tell in which call it was learnt, and goes with it
        connection.execute(text("ANALYZE phone"))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CHECKPOINT")  # no run pays for another's writes


def campaign(key: str = "bench", **changes: Any) -> Campaign:
    """A check-in that may leave at any hour of the day and asks for an answer by tomorrow."""
    values: dict[str, Any] = {
        "key": key,
        "title": "Canicule orange",
        "kind": Kind.CHECK_IN,
        "level": Level.ORANGE,
        "purpose": "care",
        "sender": "court",
        "text": "heat_orange_check",
        "audience": Audience(age_bands=(AgeBand(70),)),
        "window": SendWindow(time(0), time(23, 59, 59)),
        "void_after": timedelta(hours=20),
        "reply_deadline": timedelta(hours=24),
    }
    return Campaign(**(values | changes))


def now() -> datetime:
    return datetime.now(UTC)
