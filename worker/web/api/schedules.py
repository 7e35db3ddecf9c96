"""When campaigns open by themselves, what was missed, and the operator's word on it."""

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from worker.domain.roles import Person
from worker.services import auditing, timetable
from worker.services.auditing import Action
from worker.services.timetable import Line
from worker.web.api import answers, problems
from worker.web.api.campaigns import Key, defined
from worker.web.api.house import AtHand, House, SeesEvents, Steers
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["schedules"], route_class=Repeatable)

STEERED = problems.responses("not_found", "refused")


class Until(BaseModel):
    """until: the last day, included."""

    model_config = ConfigDict(extra="forbid")

    until: date = Field(examples=["2027-05-11"])


class Schedules(BaseModel):
    """missed: of whatever campaign, also of those that are scheduled no more."""

    schedules: list[answers.Schedule]
    missed: list[answers.Missed]


class Seen(BaseModel):
    """Of how many missed occasions somebody took note now."""

    occasions: int


@router.get("/schedules")
def list_schedules(person: SeesEvents, at: AtHand) -> Schedules:
    """The scheduled campaigns with their next occasions, and what was missed."""
    lines = timetable.lines(at.db, at.program.campaigns, desk=at.program.desk, now=at.now())
    missed = timetable.missed(at.db, now=at.now())
    return Schedules(
        schedules=[_shown(line, person) for line in lines],
        missed=[answers.Missed(**timetable.missed_as_json(one)) for one in missed],
    )


@router.post("/schedules/{campaign}/extend", openapi_extra=PARAMETER, responses=STEERED)
def extend(campaign: Key, wanted: Until, person: Steers, at: AtHand) -> answers.Schedule:
    """A later last day than the file's."""
    timetable.extend(at.db, defined(at, campaign), until=wanted.until, desk=at.program.desk, now=at.now())
    return _steered(at, campaign, person)


@router.post("/schedules/{campaign}/pause", openapi_extra=PARAMETER, responses=STEERED)
def pause(campaign: Key, person: Steers, at: AtHand) -> answers.Schedule:
    """Nothing opens by itself until it is resumed; events under way go on."""
    timetable.pause(at.db, defined(at, campaign), now=at.now())
    return _steered(at, campaign, person)


@router.post("/schedules/{campaign}/resume", openapi_extra=PARAMETER, responses=STEERED)
def resume(campaign: Key, person: Steers, at: AtHand) -> answers.Schedule:
    """Opens again what comes due from now on, nothing of the pause."""
    timetable.resume(at.db, defined(at, campaign), now=at.now())
    return _steered(at, campaign, person)


@router.post("/schedules/{campaign}/seen", openapi_extra=PARAMETER, responses=STEERED)
def seen(campaign: Key, person: Steers, at: AtHand) -> Seen:
    """Somebody has seen what was missed of a campaign: its alarm ends."""
    number = timetable.take_note(at.db, campaign, now=at.now())
    if number:
        auditing.record(at.db, person, Action.STEERED, "schedule", [campaign], now=at.now())
    return Seen(occasions=number)


def _steered(at: House, campaign: str, person: Person) -> answers.Schedule:
    auditing.record(at.db, person, Action.STEERED, "schedule", [campaign], now=at.now())
    return _shown(timetable.line(at.db, defined(at, campaign), desk=at.program.desk, now=at.now()), person)


def _shown(line: Line, person: Person) -> answers.Schedule:
    """The days of a round by agency are those of the person's agencies; its total is the landlord's."""
    values: dict[str, Any] = timetable.as_json(line)
    if values["round"] is not None:
        week = values["round"]
        week["days"] = [day for day in week["days"] if person.sees(day["agency"])]
        week["beyond"] = {agency: calls for agency, calls in week["beyond"].items() if person.sees(agency)}
    return answers.Schedule(**values)
