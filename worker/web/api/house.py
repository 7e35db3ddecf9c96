"""What every route of the interface has at hand: the program's parts, who asks, and the rights that are needed."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, ClassVar

import structlog
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from worker.domain.errors import NotAllowed, NotSignedIn, Unavailable
from worker.domain.roles import Person, Right
from worker.i18n import _
from worker.services import staffing
from worker.services.reporting import Report
from worker.services.steering import Progress
from worker.store.database import Database
from worker.web.parts import Parts, Program

log = structlog.get_logger()

STREAMS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Seen:
    """An event at one moment: its households, and how far its texts have come."""

    report: Report
    progress: Progress


@dataclass(frozen=True, slots=True)
class House:
    """One per application. streams: how many may be open at once. latest: accounts just taken, by event, with when."""

    parts: Parts
    streams: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(STREAMS_AT_ONCE))
    latest: dict[int, tuple[float, Seen]] = field(default_factory=dict)
    LATEST_MOST: ClassVar[int] = 20

    @property
    def db(self) -> Database:
        return self.parts.db

    @property
    def program(self) -> Program:
        return self.parts.program

    def now(self) -> datetime:
        return self.parts.clock()

    def wake(self, event: int) -> None:
        """Tells the workers of a new event. If the queue is away, their next tick finds it."""
        try:
            self.program.fan_out(event)
        except Unavailable:
            log.warning("wake_up_lost", event_id=event)


bearer = HTTPBearer(auto_error=False, description="A token made with `courtoisie user token LOGIN --name …`.")


def house(request: Request) -> House:
    """The parts behind a request."""
    found: House = request.app.state.house
    return found


def person(request: Request) -> Person:
    """Who asks, by the token of the request. Raises NotSignedIn. Looked up once per request."""
    known: Person | None = getattr(request.state, "person", None)
    if known is None:
        known = ask(house(request), request)
        request.state.person = known
    return known


def needs(right: Right) -> Callable[[Request, HTTPAuthorizationCredentials | None], Person]:
    """The person, if they have this right. Raises NotSignedIn, NotAllowed."""

    def allowed(
        request: Request, _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
    ) -> Person:
        found = person(request)
        if not found.may(right):
            raise NotAllowed(
                _("Le compte « {login} » n'a pas ce droit, ou pas pour toutes les agences.").format(login=found.login)
            )
        return found

    allowed.right = right  # type: ignore[attr-defined]  # the guard test reads it
    return allowed


def ask(at: House, request: Request) -> Person:
    """Who asks, looked up anew. Raises NotSignedIn."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and token.strip().startswith(staffing.TOKEN_MARK):
        found = staffing.of_token(at.db, token.strip(), now=at.now())
    if found is None:
        raise NotSignedIn(_("Donnez un jeton valable : « Authorization: Bearer cto_… »."))
    return found


def known(request: Request, _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Person:
    """Anybody with a token."""
    return person(request)


AtHand = Annotated[House, Depends(house)]
Known = Annotated[Person, Depends(known)]
SeesCampaigns = Annotated[Person, Depends(needs(Right.SEE_CAMPAIGNS))]
Previews = Annotated[Person, Depends(needs(Right.PREVIEW))]
Launches = Annotated[Person, Depends(needs(Right.LAUNCH))]
SeesEvents = Annotated[Person, Depends(needs(Right.SEE_EVENTS))]
Steers = Annotated[Person, Depends(needs(Right.STEER))]
SeesTasks = Annotated[Person, Depends(needs(Right.SEE_TASKS))]
Rings = Annotated[Person, Depends(needs(Right.RING))]
SeesHouseholds = Annotated[Person, Depends(needs(Right.SEE_HOUSEHOLDS))]
Refers = Annotated[Person, Depends(needs(Right.REFER))]
KeepsPartners = Annotated[Person, Depends(needs(Right.KEEP_PARTNERS))]
LiftsRefusals = Annotated[Person, Depends(needs(Right.LIFT_REFUSALS))]
Imports = Annotated[Person, Depends(needs(Right.IMPORT))]
FilesMessages = Annotated[Person, Depends(needs(Right.FILE_MESSAGES))]
ManagesUsers = Annotated[Person, Depends(needs(Right.MANAGE_USERS))]
SeesAudit = Annotated[Person, Depends(needs(Right.SEE_AUDIT))]
