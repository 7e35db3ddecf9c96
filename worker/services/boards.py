"""What is going on, at a glance: events, the queue by agency, and when it will be empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from worker.services import timetable
from worker.services.desk import Desk
from worker.store import boards
from worker.store.boards import Under
from worker.store.database import Database
from worker.store.occasions import Missed

BANDS = ("P0", "P1", "P2", "P3")


@dataclass(frozen=True, slots=True)
class Agency:
    """The queue of one agency."""

    code: str
    name: str
    by_band: Mapping[str, int]
    claimed: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Board:
    """One look at everything. missed: scheduled occasions of which nobody took note."""

    events: Sequence[Under] = ()
    agencies: Sequence[Agency] = field(default=())
    missed: Sequence[Missed] = ()


def board(db: Database, *, agencies: Sequence[str] | None, now: datetime) -> Board:
    """Events and the queues of these agencies; None: all."""
    with db.begin() as connection:
        return Board(
            boards.events(connection),
            _queues(boards.queue(connection, agencies=agencies, now=now)),
            timetable.unseen(connection, now=now),
        )


def waiting(db: Database, *, agencies: Sequence[str] | None, now: datetime) -> Mapping[str, int]:
    """Tasks to be rung by these agencies, by band."""
    with db.begin() as connection:
        rows = boards.queue(connection, agencies=agencies, now=now)
    return {band: sum(row.tasks for row in rows if row.band == band) for band in BANDS}


def calls_today(db: Database, caller: str, *, desk: Desk, now: datetime) -> int:
    """How many calls somebody has recorded since midnight."""
    with db.begin() as connection:
        return boards.calls_since(connection, caller, desk.day_start(now))


def _queues(rows: Sequence[boards.Waiting]) -> list[Agency]:
    return [
        Agency(
            code=code,
            name=next(r.name for r in rows if r.code == code),
            by_band={r.band: r.tasks for r in rows if r.code == code},
            claimed=sum(r.claimed for r in rows if r.code == code),
            overdue=sum(r.overdue for r in rows if r.code == code),
        )
        for code in sorted({r.code for r in rows})
    ]
