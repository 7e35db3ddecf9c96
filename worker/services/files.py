"""A household's file: finding it, and all that is known of it and happened with it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from worker.store import histories
from worker.store.database import Database
from worker.store.histories import Answer, Found, Happened, Home


def search(db: Database, words: str, *, agencies: Sequence[str] | None) -> list[Found]:
    """Households by the beginning of a name or dwelling code, or by the digits of a number; None: all agencies."""
    with db.begin() as connection:
        return histories.search(connection, words, agencies=agencies)


def home(db: Database, household: int, *, now: datetime) -> Home | None:
    """One household with its people, numbers and place, or None."""
    with db.begin() as connection:
        return histories.home(connection, household, now=now)


def history(db: Database, household: int) -> list[Happened]:
    """What happened with a household, newest first."""
    with db.begin() as connection:
        return histories.of_household(connection, household)


def answers_since(db: Database, task_id: int) -> list[Answer]:
    """What the household wrote after its call was owed, newest first."""
    with db.begin() as connection:
        return histories.answers_since(connection, task_id)


def homes(db: Database, households: Collection[int]) -> list[Found]:
    """These households, as a search would show them."""
    with db.begin() as connection:
        return histories.among(connection, households)
