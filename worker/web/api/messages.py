"""Messages that a person has to file: from numbers nobody has, or of unclear meaning."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from worker.services import auditing, filing
from worker.services.auditing import Action
from worker.web.api import answers, paging
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, FilesMessages
from worker.web.api.paging import ID_MOST, Cursor, Limit, Page
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["messages"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[88])]


class Message(answers.FromRow):
    """A message that waits. households: those it may be from; none: nobody has this number."""

    id: int
    received_at: datetime
    e164: str = Field(examples=["+33639980001"])
    body: str = Field(examples=["c'est pour la chaudiere"])
    intent: str | None
    households: list[int]


class Filing(Asked):
    """household_id: whose message it is; without it, nothing more is done. call: somebody rings them."""

    household_id: int | None = Field(default=None, ge=1, le=ID_MOST, examples=[1204])
    call: bool = True


class Filed(BaseModel):
    """The call that is owed now, if any."""

    task: int | None


@router.get("/messages/to-file")
def to_file(person: FilesMessages, at: AtHand, limit: Limit = 50, cursor: Cursor = None) -> Page[Message]:
    """What waits, oldest first: unclear messages of one's own agencies, and those from numbers nobody has."""
    after = paging.read(cursor, paging.whole)
    found = filing.to_file(at.db, agencies=person.scope, after=after[0] if after else None, limit=limit + 1)
    page = paging.page(found, limit, show=Message.model_validate, place=lambda m: (m.id,))
    auditing.record(at.db, person, Action.VIEWED, "message", [m.id for m in page.items], now=at.now())
    return page


@router.post("/messages/{message}/file", openapi_extra=PARAMETER, responses=STEERED)
def file(message: Id, wanted: Filing, person: FilesMessages, at: AtHand) -> Filed:
    """Puts a message where it belongs; each is filed once."""
    household, desk = wanted.household_id, at.program.desk
    task = filing.file(at.db, message, household=household, call=wanted.call, by=person, desk=desk, now=at.now())
    return Filed(task=task)
