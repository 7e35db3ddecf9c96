"""What is written down about every look at a tenant's record, every change of it, and every export."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from worker.domain.roles import Person
from worker.store import audit
from worker.store.audit import Entry
from worker.store.database import Connection, Database


class Action(StrEnum):
    """What was done."""

    VIEWED = "viewed"
    SEARCHED = "searched"
    EDITED = "edited"
    RANG = "rang"
    EXPORTED = "exported"
    IMPORTED = "imported"
    LAUNCHED = "launched"
    STEERED = "steered"
    FILED = "filed"
    REFERRED = "referred"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    CHANGED_ACCOUNT = "changed_account"


def note(
    connection: Connection, person: Person, action: Action, kind: str, ids: Sequence[object], *, now: datetime
) -> None:
    """One entry per object, in the caller's transaction. Never give it a name or a number of a tenant."""
    audit.add(connection, who=person.login, via=person.via, action=action, kind=kind, ids=ids, now=now)


def record(db: Database, person: Person, action: Action, kind: str, ids: Sequence[object], *, now: datetime) -> None:
    """The same in a transaction of its own. Written before the answer leaves: what is not written down is not shown."""
    if not ids:
        return
    with db.begin() as connection:
        note(connection, person, action, kind, ids, now=now)


def newest(
    db: Database,
    *,
    before: int | None = None,
    who: str | None = None,
    kind: str | None = None,
    object_id: str | None = None,
    limit: int = 100,
) -> list[Entry]:
    """Entries, newest first; `before`: older than this one."""
    with db.begin() as connection:
        return audit.newest(connection, before=before, who=who, kind=kind, object_id=object_id, limit=limit)
