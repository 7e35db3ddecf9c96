"""Needs handed to partners, with consent, by a deadline, and followed."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from worker.domain.referrals import Consent, ReferralReason, ReferralState, SendingOutcome, Shared, Urgency, Via
from worker.mail import Mailer
from worker.paper import referrals as on_paper
from worker.services import auditing, referral_mail, referral_views, referring
from worker.services.auditing import Action
from worker.services.referring import Agreed, Need
from worker.web.api import answers, paging, problems
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, Refers
from worker.web.api.households import Id as HouseholdId
from worker.web.api.paging import ID_MOST, Cursor, Limit, Page
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN

router = APIRouter(tags=["referrals"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[7])]
Words = Annotated[str, Field(max_length=referring.WORDS_MOST, pattern=PLAIN)]
Number = Annotated[int, Field(ge=1, le=ID_MOST)]
Telling = Annotated[list[Shared], Field(max_length=len(Shared), description="beside the name and the need")]


class NewReferral(Asked):
    """A draft: nothing leaves before the consent. urgency: by default what the reasons ask for. task: the call in which
    the need was heard."""

    partner: Number = Field(examples=[12])
    reasons: list[ReferralReason] = Field(min_length=1, max_length=len(ReferralReason), examples=[["groceries"]])
    urgency: Urgency | None = None
    task: Number | None = None
    tenant: Number | None = None


class Agreement(Asked):
    """waived: vital danger, nobody could be asked; waiver says which."""

    consent: Literal["verbal", "waived"] = Field(examples=["verbal"])
    waiver: Words = ""
    shared: Telling = Field(default_factory=lambda: [Shared.PHONE], examples=[["phone"]])


class HandedOver(Asked):
    via: Literal["by_phone", "on_paper"] = Field(examples=["by_phone"])


class Answer(Asked):
    """What the partner did, or `withdrawn`."""

    to: Literal["acknowledged", "in_progress", "solved", "not_solved", "declined", "no_feedback", "withdrawn"] = Field(
        examples=["acknowledged"]
    )
    note: Words = Field(default="", description="facts, nothing about health")


class Made(BaseModel):
    id: int


class Referral(answers.FromRow):
    """due_at: by when the partner is to acknowledge. next_check: when somebody looks again; null once it is over.

    ring_back_at: from when the household is rung back.
    """

    id: int
    household_id: int
    partner_id: int
    partner: str
    agency: str
    task_id: int | None
    event_id: int | None
    state: ReferralState
    reasons: list[ReferralReason]
    urgency: Urgency
    consent: Consent
    consent_by: str | None
    consent_at: datetime | None
    shared: list[Shared]
    created_by: str
    created_at: datetime
    contact_used: Via | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    due_at: datetime | None
    next_check: datetime | None
    ring_back_at: datetime | None
    closed_at: datetime | None


class Moved(answers.FromRow):
    state: ReferralState
    by: str
    note: str
    moved_at: datetime


class Sending(answers.FromRow):
    """One hand-over. outcome null: under way."""

    via: Via
    by: str
    started_at: datetime
    outcome: SendingOutcome | None


class Whole(BaseModel):
    """A referral, how it came to be where it is, and what it may become."""

    referral: Referral
    moves: list[Moved]
    sendings: list[Sending]
    may_become: list[ReferralState]


class Mailed(BaseModel):
    """not_sent: it certainly did not leave. unknown_fate: it may have; it is not sent again."""

    outcome: SendingOutcome


@router.get("/referrals")
def list_referrals(
    person: Refers,
    at: AtHand,
    *,
    open_only: Annotated[bool, Query(alias="open", description="only those that are not over")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Referral]:
    """Referrals of the agencies of whoever asks, newest first."""
    before = paging.read(cursor, paging.whole)
    found = referral_views.page(
        at.db, person, open_only=open_only, before=before[0] if before else None, limit=limit + 1
    )
    page = paging.page(found, limit, show=Referral.model_validate, place=lambda r: (r.id,))
    auditing.record(at.db, person, Action.VIEWED, "referral", [r.id for r in page.items], now=at.now())
    return page


@router.get("/referrals/{referral}", responses=problems.responses("not_found"))
def show(referral: Id, person: Refers, at: AtHand) -> Whole:
    """One referral."""
    return _whole(referral_views.show(at.db, referral, by=person, now=at.now()))


@router.post("/households/{household}/referrals", status_code=201, openapi_extra=PARAMETER, responses=STEERED)
def draft(household: HouseholdId, wanted: NewReferral, person: Refers, at: AtHand) -> Made:
    """A need of this household for a partner. One that is open with the same partner is refused."""
    need = Need(household, wanted.partner, tuple(wanted.reasons), wanted.urgency, wanted.task, wanted.tenant)
    return Made(id=referring.draft(at.db, need, by=person, now=at.now()))


@router.post("/referrals/{referral}/consent", openapi_extra=PARAMETER, responses=STEERED)
def consent(referral: Id, given: Agreement, person: Refers, at: AtHand) -> Whole:
    """The person agreed, and to what."""
    agreed = Agreed(Consent(given.consent), given.waiver, tuple(given.shared))
    referring.consent(at.db, referral, agreed, by=person, now=at.now())
    return _whole(referral_views.show(at.db, referral, by=person, now=at.now()))


@router.post("/referrals/{referral}/sent", openapi_extra=PARAMETER, responses=STEERED)
def sent(referral: Id, said: HandedOver, person: Refers, at: AtHand) -> Whole:
    """A person told the partner; its delay runs."""
    referring.hand_over(at.db, referral, Via(said.via), by=person, desk=at.program.desk, now=at.now())
    return _whole(referral_views.show(at.db, referral, by=person, now=at.now()))


@router.post("/referrals/{referral}/mail", openapi_extra=PARAMETER, responses=STEERED)
def mail(referral: Id, person: Refers, at: AtHand) -> Mailed:
    """Sends the form to a partner that takes e-mail, once."""
    settings = at.program.settings
    outcome = referral_mail.send(
        at.db,
        Mailer(settings.smtp, at.now),
        referral,
        lambda letter, to: on_paper.mail(letter, to, settings),
        by=person,
        desk=at.program.desk,
        now=at.now(),
    )
    return Mailed(outcome=outcome)


@router.post("/referrals/{referral}/move", openapi_extra=PARAMETER, responses=STEERED)
def move(referral: Id, said: Answer, person: Refers, at: AtHand) -> Whole:
    """What the partner did, or that the referral is withdrawn. A move that the table has not is refused."""
    to, desk = ReferralState(said.to), at.program.desk
    referring.move(at.db, referral, to, note=said.note, by=person, desk=desk, now=at.now())
    return _whole(referral_views.show(at.db, referral, by=person, now=at.now()))


@router.get(
    "/referrals/{referral}/form.html",
    response_class=HTMLResponse,
    responses={
        200: {"content": {"text/html": {}}, "description": "a page to print, with what the consent covers"},
        **problems.responses("not_found", "refused"),
    },
)
def form(referral: Id, person: Refers, at: AtHand) -> HTMLResponse:
    """The form for the partner. It names a person: destroy it after use."""
    letter = referral_mail.letter(at.db, referral, by=person, now=at.now())
    return HTMLResponse(on_paper.page(letter, at.program.settings, now=at.now()))


def _whole(whole: referral_views.Whole) -> Whole:
    return Whole(
        referral=Referral.model_validate(whole.referral),
        moves=[Moved.model_validate(m) for m in whole.moves],
        sendings=[Sending.model_validate(s) for s in whole.sendings],
        may_become=list(whole.may_become),
    )
