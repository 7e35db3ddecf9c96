"""Households: found by what somebody at the counter says, each with its history; and those that want nothing more."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from worker.domain.errors import NotFound
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing, files, next_steps, refusing
from worker.services.auditing import Action
from worker.store.histories import Home
from worker.web.api import accounts, answers, problems
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, LiftsRefusals, SeesHouseholds
from worker.web.api.paging import ID_MOST
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN

router = APIRouter(tags=["households"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[1204])]


class Search(Asked):
    """The beginning of a name or of a dwelling's code, or the digits of a number. In the body: never in an address."""

    words: str = Field(min_length=2, max_length=80, pattern=PLAIN, examples=["DURAND"])


class Found(answers.FromRow):
    """A household that a search found."""

    id: int
    dwelling: str
    address: str
    commune: str
    agency: str
    gone_at: datetime | None
    names: str | None


class Households(BaseModel):
    """At most 30: say more to find fewer."""

    households: list[Found]


class Happened(answers.FromRow):
    """One line of a household's history; code in that kind's own words."""

    at: datetime
    kind: str = Field(examples=["reply"])
    code: str = Field(examples=["ok"])
    words: str
    detail: str
    who: str
    title: str | None


class Household(answers.FromRow):
    """A household with the people, numbers and place behind it, and what happened with it, newest first."""

    id: int
    dwelling: str
    address: str
    postcode: str
    commune: str
    residence: str | None
    agency: str
    lives_alone: str
    gone_at: datetime | None
    away_until: datetime | None
    tenants: list[dict[str, Any]]
    phones: list[dict[str, Any]]
    next_steps: list[accounts.NextStep] = Field(description="soonest first")
    history: list[Happened]


class Refusals(BaseModel):
    households: list[answers.Refusing]


@router.post("/households/search")
def search(wanted: Search, person: SeesHouseholds, at: AtHand) -> Households:
    """Households of the agencies of whoever asks."""
    found = files.search(at.db, wanted.words, agencies=person.scope)
    auditing.record(at.db, person, Action.SEARCHED, "household", [h.id for h in found], now=at.now())
    return Households(households=[Found.model_validate(h) for h in found])


@router.get("/households/{household}", responses=problems.responses("not_found"))
def show(household: Id, person: SeesHouseholds, at: AtHand) -> Household:
    """One household with its history."""
    home = visible(at, household, person)
    auditing.record(at.db, person, Action.VIEWED, "household", [household], now=at.now())
    values = {name: getattr(home, name) for name in Household.model_fields if name not in {"history", "next_steps"}}
    history = [Happened.model_validate(h) for h in files.history(at.db, household)]
    coming = next_steps.as_json(next_steps.of_household(at.db, household))
    more = {"tenants": home.tenants or [], "phones": home.phones or [], "next_steps": coming}
    return Household(**values | more, history=history)


@router.get("/refusals")
def list_refusals(person: SeesHouseholds, at: AtHand) -> Refusals:
    """Households that want neither texts nor calls."""
    found = [r for r in refusing.listed(at.db) if person.sees(r.agency)]
    return Refusals(households=[answers.Refusing.model_validate(r) for r in found])


@router.post("/refusals/{household}/lift", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def lift(household: Id, person: LiftsRefusals, at: AtHand) -> None:
    """The household wishes to hear from us again. A STOP from its own telephone stays."""
    visible(at, household, person)
    refusing.lift(at.db, household, now=at.now())
    auditing.record(at.db, person, Action.EDITED, "household", [household], now=at.now())


def visible(at: House, household: int, person: Person) -> Home:
    """A household of the person's agencies. Raises NotFound for any other."""
    home = files.home(at.db, household, now=at.now())
    if home is None or not person.sees(home.agency):
        raise NotFound(_("Aucun foyer n° {id}.").format(id=household))
    return home
