"""Who rang our line: on the open call of a household, and in the list of those whom nobody knows."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from worker.store import line, people
from worker.store import tasks as rows
from worker.store.database import Connection, Database
from worker.store.line import Stranger

RANG_BACK = "rang_back"
# Whom nobody rang back in a week rings again.
LISTED_FOR = timedelta(days=7)
LISTED_MOST = 50


def strangers(db: Database, *, now: datetime) -> list[Stranger]:
    """Numbers of nobody's that rang our line lately: it told them nothing, and a person may look who they are."""
    with db.begin() as connection:
        return line.strangers(connection, since=now - LISTED_FOR, limit=LISTED_MOST)


def show(connection: Connection, households: Sequence[int], *, now: datetime) -> None:
    """A line on the open tasks of these households. It closes none: that they rang says nothing of how they are."""
    people.lock(connection, households)
    rows.add_news(connection, households, json.dumps([{"at": now.isoformat(), "intent": RANG_BACK}]))
