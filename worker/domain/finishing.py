"""When the callers of each agency are through with what is owed now, and whether that is before they go home."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.capacity import Crew


@dataclass(frozen=True, slots=True)
class Queue:
    """What one agency owes. due_now: calls that somebody could make now; the others are for a later hour.

    urgent: some of them are about orange or red heat, so the hours of an alert hold.
    """

    agency: str
    due_now: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Finish:
    """present: callers at their desks; hands: what they are worth here, as some work for several agencies.

    planned: nobody is there, so those whom the settings expect were reckoned with. at: the last call ends, None when
    nobody rings within two weeks. late: not before the callers of the day go home.
    """

    agency: str
    present: int
    hands: float
    planned: bool
    at: datetime | None
    late: bool


def finishes(
    queues: Sequence[Queue],
    *,
    present: Sequence[Collection[str]],
    crews: Mapping[str, Crew],
    per_call: timedelta,
    now: datetime,
    tz: ZoneInfo,
    holidays: Collection[date],
) -> dict[str, Finish]:
    """By agency. present: for each caller who is there, the agencies they work for; none: for all.

    Somebody who works for several agencies is shared among those that have calls to make.
    """
    busy = [queue.agency for queue in queues if queue.due_now]
    made = {}
    for queue in queues:
        mine = [own for own in present if not own or queue.agency in own]
        hands = sum(1 / max(1, sum(not own or agency in own for agency in busy)) for own in mine)
        made[queue.agency] = _finish(
            queue, len(mine), hands, crews[queue.agency], per_call, now=now, tz=tz, holidays=holidays
        )
    return made


def _finish(
    queue: Queue,
    present: int,
    hands: float,
    crew: Crew,
    per_call: timedelta,
    *,
    now: datetime,
    tz: ZoneInfo,
    holidays: Collection[date],
) -> Finish:
    reckoned = hands or float(crew.callers)
    if not queue.due_now or not reckoned:
        return Finish(queue.agency, present, hands, planned=False, at=None, late=bool(queue.due_now))
    around = {"urgent": queue.urgent, "tz": tz, "holidays": holidays}
    try:
        begins = calendar.next_call_time(now, crew.hours, **around)  # type: ignore[arg-type]
        at = calendar.after_call_time(now, crew.hours, wait=queue.due_now * per_call / reckoned, **around)  # type: ignore[arg-type]
    except ValueError:
        return Finish(queue.agency, present, hands, planned=not hands, at=None, late=True)
    late = at.astimezone(tz).date() > begins.astimezone(tz).date()
    return Finish(queue.agency, present, hands, planned=not hands, at=at, late=late)
