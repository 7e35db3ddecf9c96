"""A call between a caller and a household, put together by the system."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from worker.domain.bridges import PROPOSED, BridgeEnd
from worker.domain.errors import NotFound
from worker.domain.outcomes import OutcomeCode
from worker.i18n import _
from worker.services import bridging
from worker.store.bridges import Bridge
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, Rings
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN, Id, visible

router = APIRouter(tags=["tasks"], route_class=Repeatable)

Number = Annotated[str, Field(max_length=40, pattern=PLAIN, examples=["05 36 49 00 01"])]


class Wanted(Asked):
    """number: one of the household's; without it, its first."""

    number: Number = ""


class Bridged(BaseModel):
    """A bridged call. came_to: None while under way. proposed: how it may be recorded, for a person to confirm."""

    id: int
    opened_at: datetime
    connected_at: datetime | None
    ended_at: datetime | None
    came_to: BridgeEnd | None
    talked_s: int | None = Field(examples=[204])
    proposed: OutcomeCode | None


@router.post("/tasks/{task}/bridge", status_code=202, openapi_extra=PARAMETER, responses=STEERED)
def ring(task: Id, wanted: Wanted, person: Rings, at: AtHand) -> Bridged:
    """Rings one's own phone, then, by a key, the household, which sees the landlord's number. The task is in hand."""
    visible(at, task, person)
    program = at.program
    rig = bridging.Rig(at.db, program.settings, program.desk, program.place_bridge)
    bridging.start(rig, task, caller=person, number=wanted.number, now=at.now())
    return _latest(at, task)


@router.get("/tasks/{task}/bridge", responses=STEERED)
def show(task: Id, person: Rings, at: AtHand) -> Bridged:
    """The last call that was put together for this task."""
    visible(at, task, person)
    return _latest(at, task)


def _latest(at: House, task: int) -> Bridged:
    found = bridging.latest(at.db, task)
    if found is None:
        raise NotFound(_("Aucun appel relié pour l'appel n° {id}.").format(id=task))
    return _shown(found)


def _shown(bridge: Bridge) -> Bridged:
    end = BridgeEnd(bridge.came_to) if bridge.came_to else None
    return Bridged(
        id=bridge.id,
        opened_at=bridge.opened_at,
        connected_at=bridge.connected_at,
        ended_at=bridge.ended_at,
        came_to=end,
        talked_s=bridge.talked_s,
        proposed=PROPOSED.get(end) if end else None,
    )
