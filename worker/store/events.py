"""Campaign events: opening one per occasion, steering it, telling when it is settled."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from worker.domain.campaigns import EventState
from worker.store.schema import campaign_event, recipient


@dataclass(frozen=True, slots=True)
class Event:
    """One row of campaign_event. definition is the campaign as frozen at opening."""

    id: int
    campaign: str
    occasion: str
    kind: str
    level: str
    priority: int
    definition: dict[str, Any]
    state: EventState
    opened_at: datetime
    fanned_out_at: datetime | None
    void_at: datetime
    replies_until: datetime
    settled_at: datetime | None
    alarm: str | None
    pace_per_s: float | None
    is_test: bool
    all_clear_at: datetime | None


_SELECT = select(*[campaign_event.c[name] for name in Event.__dataclass_fields__])


def _events(connection: Connection, *conditions: ColumnElement[bool]) -> list[Event]:
    return [_event(row) for row in connection.execute(_SELECT.where(*conditions).order_by(campaign_event.c.id))]


def _event(row: Row[Any]) -> Event:
    return Event(**{**row._asdict(), "state": EventState(row.state)})


def open_once(connection: Connection, values: dict[str, Any]) -> tuple[int, bool]:
    """The event of this campaign and occasion, and whether it was made just now."""
    made = connection.execute(
        insert(campaign_event)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["campaign", "occasion"])
        .returning(campaign_event.c.id)
    ).scalar()
    if made is not None:
        return made, True
    existing = _events(
        connection,
        campaign_event.c.campaign == values["campaign"],
        campaign_event.c.occasion == values["occasion"],
    )
    return existing[0].id, False


def of_occasion(connection: Connection, campaign: str, occasion: str) -> int | None:
    """The event's id, or None."""
    found: int | None = connection.execute(
        select(campaign_event.c.id).where(campaign_event.c.campaign == campaign, campaign_event.c.occasion == occasion)
    ).scalar()
    return found


def get(connection: Connection, event_id: int) -> Event | None:
    """One event, or None."""
    return next(iter(_events(connection, campaign_event.c.id == event_id)), None)


def recent(connection: Connection, limit: int = 50) -> list[Event]:
    """The newest events, newest first."""
    newest = select(campaign_event.c.id).order_by(campaign_event.c.id.desc()).limit(limit)
    return _events(connection, campaign_event.c.id.in_(newest))[::-1]


def page(connection: Connection, *, before: int | None, limit: int) -> list[Event]:
    """Events, newest first; `before`: opened before this one."""
    older = [] if before is None else [campaign_event.c.id < before]
    newest = select(campaign_event.c.id).where(*older).order_by(campaign_event.c.id.desc()).limit(limit)
    return _events(connection, campaign_event.c.id.in_(newest))[::-1]


def in_state(connection: Connection, states: Iterable[EventState]) -> list[Event]:
    """All events in one of these states."""
    return _events(connection, campaign_event.c.state.in_(list(states)))


def lock_for_sending(connection: Connection, event_id: int) -> Event | None:
    """The event, share-locked: a pause or cancel waits for the claim in hand, and the next claim sees it."""
    found = connection.execute(_SELECT.where(campaign_event.c.id == event_id).with_for_update(read=True)).one_or_none()
    return None if found is None else _event(found)


def move(connection: Connection, event_id: int, *, to: EventState, only_from: Iterable[EventState]) -> bool:
    """Changes the state if it is one of only_from; says whether it did."""
    done = connection.execute(
        update(campaign_event)
        .where(campaign_event.c.id == event_id, campaign_event.c.state.in_(list(only_from)))
        .values(state=to)
    )
    return done.rowcount == 1


def mark_fanned_out(connection: Connection, event_id: int, *, now: datetime) -> bool:
    """Claims the fan-out of an event; False when it was done before, or somebody is about it. The row stays locked until
    commit; whoever else is woken for it meanwhile does not wait there with a thread."""
    planned = select(campaign_event.c.id).where(
        campaign_event.c.id == event_id,
        campaign_event.c.fanned_out_at.is_(None),
        campaign_event.c.state == EventState.PLANNED,
    )
    done = connection.execute(
        update(campaign_event)
        .where(campaign_event.c.id.in_(planned.with_for_update(skip_locked=True)))
        .values(fanned_out_at=now, state=EventState.RUNNING)
    )
    return done.rowcount == 1


def raise_alarm(connection: Connection, event_id: int, *, alarm: str, now: datetime) -> None:
    """Stops a running event with a sentence for the operator."""
    connection.execute(
        update(campaign_event)
        .where(
            campaign_event.c.id == event_id,
            campaign_event.c.state.in_([EventState.RUNNING, EventState.PAUSED]),
        )
        .values(state=EventState.PAUSED, alarm=alarm, alarm_at=now)
    )


def note_alarm(connection: Connection, event_id: int, *, alarm: str, now: datetime) -> None:
    """A sentence for the operator about an event that goes on; an alarm that stopped it stays in sight."""
    connection.execute(
        update(campaign_event)
        .where(campaign_event.c.id == event_id, campaign_event.c.alarm.is_(None))
        .values(alarm=alarm, alarm_at=now)
    )


def clear_alarm(connection: Connection, event_id: int) -> None:
    """The operator resumes: the alarm is answered."""
    connection.execute(update(campaign_event).where(campaign_event.c.id == event_id).values(alarm=None, alarm_at=None))


def settle_finished(connection: Connection, *, now: datetime) -> list[int]:
    """Settles running events in which nobody waits any more; returns their ids."""
    waiting = select(recipient.c.id).where(recipient.c.event_id == campaign_event.c.id, recipient.c.state == "waiting")
    done = connection.execute(
        update(campaign_event)
        .where(
            campaign_event.c.state == EventState.RUNNING,
            campaign_event.c.fanned_out_at.is_not(None),
            ~waiting.exists(),
        )
        .values(state=EventState.SETTLED, settled_at=now)
        .returning(campaign_event.c.id)
    )
    return list(done.scalars())


def heat_day(
    connection: Connection, *, level_in: Iterable[str], since: datetime, until: datetime, timezone: str
) -> int:
    """On how many distinct local days since then an event of these levels was opened, this one included."""
    local_day = func.date(func.timezone(timezone, campaign_event.c.opened_at))
    return connection.execute(
        select(func.count(func.distinct(local_day))).where(
            campaign_event.c.level.in_(list(level_in)),
            campaign_event.c.opened_at >= since,
            campaign_event.c.opened_at <= until,
        )
    ).scalar_one()


def refresh_statistics(connection: Connection) -> None:
    """After thousands of rows arrived at once, the planner must not think the tables are empty."""
    connection.execute(text("ANALYZE recipient, message, household, dwelling, tenant, phone, callback_task"))
