"""A household rang our line: whoever has its call in hand sees it."""

import json
from collections.abc import Sequence
from datetime import datetime

from worker.store import people
from worker.store import tasks as rows
from worker.store.database import Connection

RANG_BACK = "rang_back"


def show(connection: Connection, households: Sequence[int], *, now: datetime) -> None:
    """A line on the open tasks of these households. It closes none: that they rang says nothing of how they are."""
    people.lock(connection, households)
    rows.add_news(connection, households, json.dumps([{"at": now.isoformat(), "intent": RANG_BACK}]))
