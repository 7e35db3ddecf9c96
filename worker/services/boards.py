"""What is going on, at a glance: events, the queue by agency, and when it will be empty."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.domain import finishing
from worker.domain.campaigns import EventState
from worker.domain.finishing import Finish, Queue
from worker.services import capacity, steering, timetable
from worker.services.desk import Desk
from worker.services.steering import Progress
from worker.settings import Settings
from worker.store import boards, refused_answers
from worker.store.boards import Under
from worker.store.database import Connection, Database
from worker.store.occasions import Missed
from worker.store.refused_answers import Refused

BANDS = ("P0", "P1", "P2", "P3")
# What ended before says little about today.
SHOWN_FOR = timedelta(hours=24)
_UNDER_WAY = frozenset({EventState.RUNNING, EventState.PAUSED})


@dataclass(frozen=True, slots=True)
class Agency:
    """The queue of one agency. later: calls that are not to be made before a later hour."""

    code: str
    name: str
    by_band: Mapping[str, int]
    claimed: int
    overdue: int
    later: int
    finish: Finish

    @property
    def tasks(self) -> int:
        return sum(self.by_band.values())


@dataclass(frozen=True, slots=True)
class Event:
    """An event with the account of its households, and how its texts come along while it is under way."""

    row: Under
    progress: Progress | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """One look at everything. missed: scheduled occasions that nobody took note of. present: callers at their desks.
    refused: the automatic answers that wait because the provider refuses our set-up.
    """

    events: Sequence[Event] = ()
    agencies: Sequence[Agency] = field(default=())
    missed: Sequence[Missed] = ()
    present: int = 0
    minutes_per_call: float = 0
    refused: Refused = field(default_factory=Refused)


def board(db: Database, *, agencies: Sequence[str] | None, desk: Desk, settings: Settings, now: datetime) -> Board:
    """Events and the queues of these agencies; None: all."""
    with db.begin() as connection:
        found = boards.events(connection, since=now - SHOWN_FOR)
        rows = boards.queue(connection, agencies=agencies, now=now)
        present = boards.present(connection, now=now)
        minutes, _measured = capacity.minutes_per_call(connection, settings=settings, now=now)
        everywhere = agencies is None
        ends = _finishes(
            connection, rows, present, minutes, everywhere=everywhere, desk=desk, settings=settings, now=now
        )
        missed = timetable.unseen(connection, now=now)
        refused = refused_answers.waiting(connection)
    senders = settings.sender_table
    events = [
        Event(row, steering.progress(db, row.id, senders=senders, now=now) if row.state in _UNDER_WAY else None)
        for row in found
    ]
    return Board(events, _queues(rows, ends), missed, len(present), minutes, refused)


def _finishes(
    connection: Connection,
    rows: Sequence[boards.Waiting],
    present: Sequence[Sequence[str]],
    minutes: float,
    *,
    everywhere: bool,
    desk: Desk,
    settings: Settings,
    now: datetime,
) -> Mapping[str, Finish]:
    """The callers there are shared among all agencies, whichever of them somebody looks at. everywhere: the rows are of
    all agencies."""
    owed = rows if everywhere or not rows else boards.queue(connection, agencies=None, now=now)
    queues = [
        Queue(code, sum(r.due_now for r in owed if r.code == code), any(r.urgent for r in owed if r.code == code))
        for code in sorted({r.code for r in owed})
    ]
    return finishing.finishes(
        queues,
        present=present,
        crews={queue.agency: capacity.crew_of(settings, queue.agency) for queue in queues},
        per_call=timedelta(minutes=minutes),
        now=now,
        tz=desk.timezone,
        holidays=desk.holidays(now),
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """How many calls one agency owes."""

    code: str
    name: str
    tasks: int


def queues(db: Database, *, agencies: Sequence[str] | None, now: datetime) -> list[Owed]:
    """The agencies that owe calls, of these; None: of all."""
    with db.begin() as connection:
        rows = boards.queue(connection, agencies=agencies, now=now)
    names = {row.code: row.name for row in rows}
    return [Owed(code, name, sum(r.tasks for r in rows if r.code == code)) for code, name in sorted(names.items())]


def waiting(db: Database, *, agencies: Sequence[str] | None) -> Mapping[str, int]:
    """Tasks to be rung by these agencies, by band."""
    with db.begin() as connection:
        owed = boards.by_band(connection, agencies=agencies)
    return {band: owed.get(band, 0) for band in BANDS}


def calls_today(db: Database, caller: str, *, desk: Desk, now: datetime) -> int:
    """How many calls somebody has recorded since midnight."""
    with db.begin() as connection:
        return boards.calls_since(connection, caller, desk.day_start(now))


def _queues(rows: Sequence[boards.Waiting], ends: Mapping[str, Finish]) -> list[Agency]:
    return [_queue([r for r in rows if r.code == code], ends[code]) for code in sorted({r.code for r in rows})]


def _queue(rows: Sequence[boards.Waiting], finish: Finish) -> Agency:
    return Agency(
        code=rows[0].code,
        name=rows[0].name,
        by_band={r.band: r.tasks for r in rows},
        claimed=sum(r.claimed for r in rows),
        overdue=sum(r.overdue for r in rows),
        later=sum(r.tasks - r.due_now for r in rows),
        finish=finish,
    )
