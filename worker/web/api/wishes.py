"""What a household told us: refusals by channel and purpose, absences, and what it would rather have."""

from datetime import date, datetime, time
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from worker.domain.errors import Refused
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing, wishes
from worker.services.auditing import Action
from worker.web.api import answers, problems
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, Rings, SeesHouseholds
from worker.web.api.households import Id, visible
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["wishes"], route_class=Repeatable)

Channel = Literal["sms", "voice", "all"]
Purpose = Literal["care", "advice", "all"]


class Refusal(Asked):
    """Stopping advice leaves the safety checks."""

    channel: Channel = "sms"
    purpose: Purpose = "all"


class Absence(Asked):
    until: date = Field(description="the last day", examples=["2026-07-31"])
    reason: str = Field(
        default="absent", min_length=1, max_length=wishes.REASON_MOST, description="nothing about health"
    )


class Hours(Asked):
    begins: time = Field(examples=["14:00"])
    ends: time = Field(examples=["16:00"])


class Preference(Asked):
    """What is not given stays; `none`, or `any_hour`, takes a wish back."""

    language: str | None = Field(default=None, max_length=5, examples=["en"])
    channel: Literal["sms", "call", "none"] | None = Field(default=None, examples=["call"])
    hours: Hours | None = None
    any_hour: bool = False


class Standing(answers.FromRow):
    """A refusal, and since when."""

    channel: str
    purpose: str
    since_at: datetime
    source: str
    numbers: int


class Wishes(answers.FromRow):
    """All that a household wishes."""

    household_id: int
    refused_at: datetime | None
    away_until: datetime | None
    language: str | None
    channel: str | None
    hours_from: time | None
    hours_until: time | None
    refusals: list[Standing]
    taken_back: list[Standing]


class Noted(BaseModel):
    """For how many of the household's numbers the refusal stands."""

    numbers: int


class Lifted(answers.FromRow):
    """by_text: a telephone had answered STOP; the provider blocks it until it answers START."""

    lifted: int
    by_text: bool


class Away(BaseModel):
    """Neither text nor check before then."""

    until: datetime


class Back(BaseModel):
    """was_away: an absence was noted."""

    was_away: bool


@router.get("/households/{household}/wishes", responses=problems.responses("not_found", "refused"))
def show(household: Id, person: SeesHouseholds, at: AtHand) -> Wishes:
    """What the household told us."""
    dwelling = _dwelling(at, household, person)
    auditing.record(at.db, person, Action.VIEWED, "household", [household], now=at.now())
    return Wishes.model_validate(wishes.show(at.db, dwelling, now=at.now()))


@router.post("/households/{household}/opt-out", openapi_extra=PARAMETER, responses=STEERED)
def opt_out(household: Id, said: Refusal, person: Rings, at: AtHand) -> Noted:
    """Notes a refusal for all numbers of the household."""
    dwelling, by = _to_change(at, household, person), person.login
    kinds = {"channel": said.channel, "purpose": said.purpose}
    return Noted(numbers=wishes.opt_out(at.db, dwelling, **kinds, by=by, now=at.now()))


@router.post("/households/{household}/opt-in", openapi_extra=PARAMETER, responses=STEERED)
def opt_in(household: Id, said: Refusal, person: Rings, at: AtHand) -> Lifted:
    """Takes a refusal back; it stays as history."""
    dwelling, by = _to_change(at, household, person), person.login
    kinds = {"channel": said.channel, "purpose": said.purpose}
    return Lifted.model_validate(wishes.opt_in(at.db, dwelling, **kinds, by=by, now=at.now()))


@router.post("/households/{household}/hold", openapi_extra=PARAMETER, responses=STEERED)
def hold(household: Id, said: Absence, person: Rings, at: AtHand) -> Away:
    """Notes an absence."""
    dwelling, desk = _to_change(at, household, person), at.program.desk
    until = wishes.hold(at.db, dwelling, last_day=said.until, reason=said.reason, desk=desk, now=at.now())
    return Away(until=until)


@router.post("/households/{household}/back", openapi_extra=PARAMETER, responses=STEERED)
def back(household: Id, person: Rings, at: AtHand) -> Back:
    """They are back before the date."""
    return Back(was_away=wishes.back(at.db, _to_change(at, household, person), now=at.now()))


@router.post("/households/{household}/prefer", openapi_extra=PARAMETER, responses=STEERED)
def prefer(household: Id, said: Preference, person: Rings, at: AtHand) -> Wishes:
    """Notes language, channel and hours that the household would rather have."""
    dwelling = _to_change(at, household, person)
    wished = wishes.Wishes(language=said.language, channel=said.channel, hours=_hours(said))
    wishes.prefer(at.db, dwelling, wished, texts=at.program.texts)
    return Wishes.model_validate(wishes.show(at.db, dwelling, now=at.now()))


def _hours(said: Preference) -> wishes.Hours | None:
    if said.any_hour:
        return wishes.ANY_HOUR
    return wishes.Hours(said.hours.begins, said.hours.ends) if said.hours else None


def _dwelling(at: House, household: int, person: Person) -> str:
    """The dwelling by which the household is meant. Raises NotFound for another's, Refused for one that has left."""
    home = visible(at, household, person)
    if home.gone_at is not None:
        raise Refused(_("Le foyer n° {id} a quitté le logement.").format(id=household))
    return home.dwelling


def _to_change(at: House, household: int, person: Person) -> str:
    dwelling = _dwelling(at, household, person)
    auditing.record(at.db, person, Action.EDITED, "household", [household], now=at.now())
    return dwelling
