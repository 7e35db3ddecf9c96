"""Campaign events: opening one, watching it, steering it, and its account."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from worker.domain.campaigns import occasion_of
from worker.domain.errors import Refused
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing, events, launching, reporting, steering
from worker.services.auditing import Action
from worker.store.events import Event
from worker.web.api import accounts, answers, paging, problems
from worker.web.api.campaigns import defined
from worker.web.api.house import AtHand, House, Launches, Seen, SeesEvents, Steers
from worker.web.api.paging import ID_MOST, Cursor, Limit, Page
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["events"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[41])]
THERE = problems.responses("not_found")
STEERED = problems.responses("not_found", "refused")
EXTENSION_MOST_MIN = 7 * 24 * 60


class Asked(BaseModel):
    """What a request may say; a field nobody knows is a slip."""

    model_config = ConfigDict(extra="forbid")


class Launch(Asked):
    """confirm: must be true; a preview comes first. occasion: by default the local date."""

    campaign: str = Field(max_length=80, examples=["canicule-orange"])
    occasion: str | None = Field(
        default=None, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$", examples=["2026-07-08"]
    )
    confirm: bool = Field(examples=[True])


class Pace(Asked):
    per_s: float = Field(
        ge=0, le=10_000, allow_inf_nan=False, description="segments a second; 0: the sender's own", examples=[5]
    )


class Extension(Asked):
    minutes: int = Field(ge=1, le=EXTENSION_MOST_MIN, examples=[120])


class Late(Asked):
    dwelling: str = Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$", examples=["L-00417"])


class AllClear(Asked):
    end_campaign: str | None = Field(default=None, max_length=80, examples=["canicule-fin"])


class Cancelled(BaseModel):
    """How many households no longer wait."""

    households: int


class Extended(BaseModel):
    """A text that has not left by then never will."""

    void_at: datetime


class Added(answers.FromRow):
    """Where the household stands in the event now."""

    household_id: int
    state: str
    reason: str | None
    new: bool


class Cleared(answers.FromRow):
    """What the all clear ended, and the event of the last text."""

    checks_stopped: int
    texts_stopped: int
    tasks_closed: int
    end_event_id: int | None
    new: bool


@router.get("/events")
def list_events(_person: SeesEvents, at: AtHand, limit: Limit = 50, cursor: Cursor = None) -> Page[accounts.Event]:
    """Events, newest first."""
    after = paging.read(cursor, paging.whole)
    found = events.page(at.db, before=after[0] if after else None, limit=limit + 1)
    return paging.page(found, limit, show=_listed, place=lambda e: (e.id,))


@router.post(
    "/events",
    status_code=201,
    openapi_extra=PARAMETER,
    responses={200: {"model": accounts.Launched, "description": "It was open already"}, **STEERED},
)
def launch(wanted: Launch, person: Launches, at: AtHand, response: Response) -> accounts.Launched:
    """Opens a campaign event: one per campaign and occasion, so the same request twice is the same event."""
    campaign = defined(at, wanted.campaign)
    if not wanted.confirm:
        raise Refused(_("Un lancement se confirme : « confirm » doit être vrai."))
    program = at.program
    launching.allow(at.db, campaign, settings=program.settings, desk=program.desk, now=at.now())
    occasion = wanted.occasion or occasion_of(at.now().astimezone(ZoneInfo(at.program.settings.timezone)))
    opened = events.open_event(at.db, campaign, occasion=occasion, desk=at.program.desk, now=at.now())
    auditing.record(at.db, person, Action.LAUNCHED, "event", [opened.event_id], now=at.now())
    if opened.new:
        at.wake(opened.event_id)
    response.status_code = 201 if opened.new else 200
    return accounts.Launched(
        event=str(opened.event_id),
        campaign=campaign.key,
        occasion=occasion,
        new=opened.new,
        state=events.get(at.db, opened.event_id).state,
    )


@router.get("/events/{event}", responses=THERE)
def show(event: Id, person: SeesEvents, at: AtHand) -> accounts.Account:
    """Where an event stands: every household in exactly one state."""
    return account(at, event, person)


@router.post("/events/{event}/pause", openapi_extra=PARAMETER, responses=STEERED)
def pause(event: Id, person: Steers, at: AtHand) -> accounts.Account:
    """No further text of this event leaves."""
    events.pause(at.db, event)
    return _steered(at, event, person)


@router.post("/events/{event}/resume", openapi_extra=PARAMETER, responses=STEERED)
def resume(event: Id, person: Steers, at: AtHand) -> accounts.Account:
    """Texts leave again; an alarm counts as answered."""
    events.resume(at.db, event)
    return _steered(at, event, person)


@router.post("/events/{event}/cancel", openapi_extra=PARAMETER, responses=STEERED)
def cancel(event: Id, person: Steers, at: AtHand) -> Cancelled:
    """Ends an event; calls already owed stay owed."""
    households = events.cancel(at.db, event, now=at.now())
    _steered(at, event, person)
    return Cancelled(households=households)


@router.post("/events/{event}/pace", openapi_extra=PARAMETER, responses=STEERED)
def pace(event: Id, wanted: Pace, person: Steers, at: AtHand) -> accounts.Account:
    """Slower or faster, felt within a second."""
    steering.set_pace(at.db, event, per_s=wanted.per_s)
    return _steered(at, event, person)


@router.post("/events/{event}/extend", openapi_extra=PARAMETER, responses=STEERED)
def extend(event: Id, wanted: Extension, person: Steers, at: AtHand) -> Extended:
    """More time to answer, and for texts to leave."""
    void_at = steering.extend(at.db, event, by=timedelta(minutes=wanted.minutes), now=at.now())
    _steered(at, event, person)
    return Extended(void_at=void_at)


@router.post("/events/{event}/households", openapi_extra=PARAMETER, responses=STEERED)
def add(event: Id, wanted: Late, person: Steers, at: AtHand) -> Added:
    """Adds the household of a dwelling to an event under way; said again, it changes nothing."""
    added = steering.add(at.db, event, dwelling=wanted.dwelling, desk=at.program.desk, now=at.now())
    _steered(at, event, person)
    auditing.record(at.db, person, Action.EDITED, "household", [added.household_id], now=at.now())
    return Added.model_validate(added)


@router.post("/events/{event}/all-clear", openapi_extra=PARAMETER, responses=STEERED)
def all_clear(event: Id, wanted: AllClear, person: Steers, at: AtHand) -> Cleared:
    """The alert is over: pending checks stop; the last text goes only to those who got the alert."""
    end = defined(at, wanted.end_campaign) if wanted.end_campaign else None
    cleared = steering.all_clear(at.db, event, end=end, desk=at.program.desk, now=at.now())
    _steered(at, event, person)
    if cleared.new and cleared.end_event_id:
        at.wake(cleared.end_event_id)
    return Cleared.model_validate(cleared)


def look(at: House, event: int) -> Seen:
    """Where an event stands. Raises NotFound."""
    progress = steering.progress(at.db, event, senders=at.program.settings.sender_table, now=at.now())
    return Seen(reporting.report(at.db, event), progress)


def account(at: House, event: int, person: Person) -> accounts.Account:
    """The account of an event, its agencies those of the person. Raises NotFound."""
    return account_of(look(at, event), person)


def account_of(seen: Seen, person: Person) -> accounts.Account:
    """The same in its outer form."""
    values: dict[str, Any] = reporting.as_json(seen.report)
    return accounts.Account(
        **values,
        progress=accounts.Progress(**steering.as_json(seen.progress)),
        by_agency=[accounts.AgencyCount(**row) for row in seen.report.by_agency if person.sees(row["agency"])],
    )


def _steered(at: House, event: int, person: Person) -> accounts.Account:
    auditing.record(at.db, person, Action.STEERED, "event", [event], now=at.now())
    return account(at, event, person)


def _listed(event: Event) -> accounts.Event:
    return accounts.Event(
        event=str(event.id),
        campaign=event.campaign,
        occasion=event.occasion,
        state=event.state,
        opened_at=event.opened_at,
        settled_at=event.settled_at,
        alarm=event.alarm,
    )
