"""A caller takes calls one by one: next, claim, renew, release, skip, put off."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import AwareDatetime, BaseModel, Field

from worker.domain.roles import Person
from worker.domain.routing import Rules
from worker.services import claims
from worker.services.claims import Held
from worker.web.api import answers
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, Rings
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN, Id, shown, visible

router = APIRouter(tags=["tasks"], route_class=Repeatable)

Why = Annotated[str, Field(min_length=1, max_length=claims.REASON_MOST, pattern=PLAIN, examples=["parle portugais"])]


class Skip(Asked):
    reason: Why


class Later(Asked):
    at: AwareDatetime = Field(examples=["2026-07-09T10:00:00+02:00"])
    reason: Why


class InHand(BaseModel):
    tasks: list[answers.Task]


class Left(BaseModel):
    """How many calls went back to the queue."""

    released: int


@router.get("/tasks/held")
def held(person: Rings, at: AtHand) -> InHand:
    """The calls one has in hand."""
    found = claims.held(at.db, caller=person.login)
    return InHand(tasks=[shown(at, task, person) for task in found])


@router.post(
    "/tasks/next",
    openapi_extra=PARAMETER,
    response_model=answers.Held,
    responses={204: {"description": "Nobody is to be rung now"}, **STEERED},
)
def take_next(person: Rings, at: AtHand) -> answers.Held | Response:
    """Takes the most needed call: of one's own agencies, or of one that needs help. 204 when there is none."""
    taken = claims.next_task(at.db, caller=person.login, agencies=person.agencies, rules=_rules(at), now=at.now())
    if taken is None:
        return Response(status_code=204)
    return _held(at, taken, person)


@router.post("/tasks/leave", openapi_extra=PARAMETER)
def leave(person: Rings, at: AtHand) -> Left:
    """One goes home: what one has in hand goes back to the others."""
    return Left(released=claims.leave(at.db, caller=person.login, now=at.now()))


@router.post("/tasks/{task}/claim", openapi_extra=PARAMETER, responses=STEERED)
def claim(task: Id, person: Rings, at: AtHand) -> answers.Held:
    """Takes this call, picked from the list."""
    visible(at, task, person)
    agencies = person.agencies
    return _held(
        at, claims.claim(at.db, task, caller=person.login, agencies=agencies, rules=_rules(at), now=at.now()), person
    )


@router.post("/tasks/{task}/renew", openapi_extra=PARAMETER, responses=STEERED)
def renew(task: Id, person: Rings, at: AtHand) -> answers.HeldUntil:
    """A heartbeat: the call stays in hand for another lease."""
    visible(at, task, person)
    until = claims.renew(at.db, task, caller=person.login, rules=_rules(at), now=at.now())
    return answers.HeldUntil(held_until=until)


@router.post("/tasks/{task}/release", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def release(task: Id, person: Rings, at: AtHand) -> None:
    """Back to the queue as it was, for anybody."""
    visible(at, task, person)
    claims.release(at.db, task, caller=person.login, now=at.now())


@router.post("/tasks/{task}/skip", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def skip(task: Id, wanted: Skip, person: Rings, at: AtHand) -> None:
    """Back to the queue for the others, with the reason."""
    visible(at, task, person)
    claims.skip(at.db, task, caller=person.login, reason=wanted.reason, rules=_rules(at), now=at.now())


@router.post("/tasks/{task}/reschedule", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def reschedule(task: Id, wanted: Later, person: Rings, at: AtHand) -> None:
    """Nobody is offered it before then."""
    visible(at, task, person)
    claims.reschedule(at.db, task, caller=person.login, at=wanted.at, reason=wanted.reason, now=at.now())


def _held(at: House, taken: Held, person: Person) -> answers.Held:
    return answers.Held(task=shown(at, taken.task, person), held_until=taken.until)


def _rules(at: House) -> Rules:
    return claims.rules_of(at.program.settings)
