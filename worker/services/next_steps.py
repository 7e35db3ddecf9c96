"""What comes next and when: for one household, and for all of an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from worker import catalogue
from worker.domain import rungs
from worker.domain.next_steps import Coming, Place, coming
from worker.domain.recipients import RecipientState
from worker.store import events, second_numbers
from worker.store import next_steps as rows
from worker.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Next:
    """A step to come. campaign: its title, None for a call that no event asked for. at: when, at the earliest.

    households: how many it awaits.
    """

    event_id: int | None
    campaign: str | None
    step: str
    at: datetime
    households: int = 1


def of_event(connection: Connection, event_id: int) -> list[Next]:
    """The steps that an event's households await, the soonest first, each with how many and from when.

    Whether each has another number is not looked up: who has none goes on to the step after that one.
    """
    found = _told(connection, rows.of_event(connection, event_id), others=None)
    return sorted(_summed(found), key=lambda one: (one.at, one.step))


def of_household(db: Database, household: int) -> list[Next]:
    """What one household can expect, the soonest first: a step for each event in which it waits, and its call."""
    with db.begin() as connection:
        waiting = [s for s in rows.of_household(connection, household) if s.state == RecipientState.WAITING]
        others = set(second_numbers.best(connection, [s.recipient_id for s in waiting]))
        found = [*_told(connection, waiting, others=others), *_call(connection, household)]
    return sorted(found, key=lambda one: (one.at, one.step))


def as_json(found: Sequence[Next]) -> list[dict[str, Any]]:
    """In the form other programs rely on."""
    return [
        {
            "event": None if n.event_id is None else str(n.event_id),
            "campaign": n.campaign,
            "step": n.step,
            "at": n.at.isoformat(),
            "households": n.households,
        }
        for n in found
    ]


def _call(connection: Connection, household: int) -> list[Next]:
    owed = rows.call_of(connection, household)
    if owed is None:
        return []
    title = _title(connection, owed.event_id) if owed.event_id is not None else None
    return [Next(owed.event_id, title, str(rungs.on_the_line(owed.reasons)), owed.due_at)]


def _title(connection: Connection, event_id: int) -> str | None:
    event = events.get(connection, event_id)
    return catalogue.thaw(event.definition).title if event else None


def _told(connection: Connection, standings: Sequence[rows.Standing], *, others: set[int] | None) -> list[Next]:
    """others: who has another number to write to; None: everybody, as far as is known."""
    campaigns = {}
    for event_id in {s.event_id for s in standings}:
        event = events.get(connection, event_id)
        assert event is not None  # noqa: S101  # recipients refer to it by foreign key
        campaigns[event_id] = catalogue.thaw(event.definition)
    told = [(s, campaigns[s.event_id], _place(s, others)) for s in standings]
    steps = [(s, campaign, coming(campaign, place)) for s, campaign, place in told]
    return [_next(s, campaign.title, step) for s, campaign, step in steps if step is not None]


def _place(standing: rows.Standing, others: set[int] | None) -> Place:
    return Place(
        state=RecipientState(standing.state),
        due_at=standing.due_at,
        contacted_at=standing.contacted_at,
        reminded=standing.reminded,
        second=standing.second,
        called=standing.called,
        call_due_at=standing.call_due_at if standing.state == RecipientState.WAITING else None,
        has_other=others is None or standing.recipient_id in others,
        reasons=standing.reasons or (),
    )


def _next(standing: rows.Standing, title: str, step: Coming) -> Next:
    return Next(standing.event_id, title, str(step.step), step.at, standing.households)


def _summed(found: Sequence[Next]) -> list[Next]:
    """One line for each step, from its earliest time on."""
    by_step: dict[str, list[Next]] = {}
    for one in found:
        by_step.setdefault(one.step, []).append(one)
    return [
        Next(ones[0].event_id, ones[0].campaign, step, min(n.at for n in ones), sum(n.households for n in ones))
        for step, ones in by_step.items()
    ]
