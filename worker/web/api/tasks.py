"""The callers' list, and how a call ended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from worker.domain.errors import NotFound
from worker.domain.outcomes import OutcomeCode
from worker.domain.roles import Person
from worker.domain.routing import holder
from worker.i18n import _
from worker.paper import lists
from worker.services import auditing, call_sheets, calls, reporting, undoing
from worker.services.auditing import Action
from worker.services.call_sheets import AgencySheets
from worker.store.tasks import Task
from worker.web.api import answers, paging, problems
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, Rings, SeesTasks
from worker.web.api.paging import ID_MOST, Cursor, Limit, Page
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["tasks"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[310])]
PDF = "application/pdf"
PLAIN = r"^[^\x00-\x08\x0b-\x1f]*$"


class Outcome(Asked):
    """How the call ended. number, at, tenant: what some outcomes ask for beside their code."""

    outcome: OutcomeCode = Field(examples=["REACHED_OK"])
    note: str = Field(default="", max_length=calls.NOTE_MOST, pattern=PLAIN, description="facts, nothing about health")
    number: str | None = Field(
        default=None, max_length=40, pattern=PLAIN, description="the one dialled, if it is wrong or dead"
    )
    at: str | None = Field(
        default=None,
        max_length=40,
        pattern=PLAIN,
        description="when to ring again, local time",
        examples=["2026-07-14 10:00"],
    )
    tenant: str | None = Field(
        default=None,
        max_length=80,
        pattern=PLAIN,
        description="who moved or died: place in the list, or name",
        examples=["1"],
    )


@router.get("/tasks")
def list_tasks(
    person: SeesTasks,
    at: AtHand,
    agency: Annotated[str | None, Query(max_length=80, pattern=PLAIN, description="only this agency's")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[answers.Task]:
    """The calls that are owed, most urgent first, of the agencies of whoever asks."""
    after = paging.read(cursor, paging.small, paging.moment, paging.whole)
    found = reporting.tasks_page(at.db, agencies=_asked(person, agency), after=after, limit=limit + 1)
    page = paging.page(found, limit, show=answers.task, place=lambda t: (t.priority, t.due_at, t.id))
    auditing.record(at.db, person, Action.VIEWED, "household", [t.household_id for t in page.items], now=at.now())
    return page


@router.get(
    "/tasks/sheets.html",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}, "description": "a page to print, a sheet for each household"}},
)
def sheets(
    person: SeesTasks,
    at: AtHand,
    agency: Annotated[str | None, Query(max_length=80, pattern=PLAIN, description="only this agency's")] = None,
) -> HTMLResponse:
    """The calls that are owed, for the day on which the machines are down. It names people: destroy it after use."""
    return HTMLResponse(lists.calls(_exported(at, person, agency), at.program.settings, now=at.now()))


@router.get(
    "/tasks/sheets.pdf",
    response_class=Response,
    responses={
        200: {
            "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
            "description": "the same sheets as a PDF",
        }
    },
)
def sheets_pdf(
    person: SeesTasks,
    at: AtHand,
    agency: Annotated[str | None, Query(max_length=80, pattern=PLAIN, description="only this agency's")] = None,
) -> Response:
    """The same as a PDF."""
    made = lists.calls_pdf(_exported(at, person, agency), at.program.settings, now=at.now())
    return Response(made, media_type=PDF, headers={"Content-Disposition": 'attachment; filename="appels.pdf"'})


@router.get("/tasks/{task}", responses=problems.responses("not_found"))
def show(task: Id, person: SeesTasks, at: AtHand) -> answers.Task:
    """One call with all that a person needs before dialling."""
    return shown(at, visible(at, task, person), person)


@router.post("/tasks/{task}/outcome", openapi_extra=PARAMETER, responses=STEERED)
def record_outcome(task: Id, said: Outcome, person: Rings, at: AtHand) -> answers.Ended:
    """Records how a call ended and does what follows. May be taken back for a minute."""
    found = visible(at, task, person)
    ended = calls.record_outcome(
        at.db,
        task,
        outcome=said.outcome,
        caller=person.login,
        note=said.note,
        desk=at.program.desk,
        now=at.now(),
        said=calls.Said(said.number, said.at, said.tenant),
    )
    auditing.record(at.db, person, Action.EDITED, "household", [found.household_id], now=at.now())
    return answers.Ended.model_validate(ended)


@router.post("/tasks/{task}/undo", openapi_extra=PARAMETER, responses=STEERED)
def undo(task: Id, person: Rings, at: AtHand) -> answers.Undone:
    """Takes back one's own latest outcome, within a minute."""
    found = visible(at, task, person)
    code = undoing.undo(at.db, task, caller=person.login, now=at.now())
    auditing.record(at.db, person, Action.EDITED, "household", [found.household_id], now=at.now())
    return answers.Undone(outcome=code)


def visible(at: House, task: int, person: Person) -> Task:
    """A task of the person's agencies, or one that was given to them when theirs had to help another.

    Raises NotFound for any other: whether it exists is not theirs to know.
    """
    found = reporting.task(at.db, task)
    if found is None or not _is_theirs(found, person, at):
        raise NotFound(_("Aucun appel n° {id}.").format(id=task))
    return found


def shown(at: House, task: Task, person: Person) -> answers.Task:
    """The task in its outer form, the look at it written down."""
    auditing.record(at.db, person, Action.VIEWED, "household", [task.household_id], now=at.now())
    return answers.task(task)


def _exported(at: House, person: Person, agency: str | None) -> list[AgencySheets]:
    """The sheets of the person's agencies, each household written down as having left on paper."""
    return call_sheets.for_person(
        at.db, at.program.forms, person, landlord=at.program.settings.landlord.name, agency=agency, now=at.now()
    )


def _is_theirs(task: Task, person: Person, at: House) -> bool:
    holds = holder(task.claimed_by, task.claimed_until, now=at.now()) == person.login
    return person.sees(task.agency) or holds


def _asked(person: Person, agency: str | None) -> tuple[str, ...] | None:
    """The agencies to list; an agency that is not theirs lists nothing."""
    if agency is None:
        return person.scope
    return (agency,) if person.sees(agency) else ()
