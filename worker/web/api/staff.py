"""Oneself, the accounts, and who did what."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, SecretStr

from worker.domain import accounts
from worker.domain.roles import Right, Role
from worker.services import auditing, staffing
from worker.web.api import answers, paging
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, Known, ManagesUsers, SeesAudit
from worker.web.api.paging import Cursor, Limit, Page
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN

router = APIRouter(tags=["accounts"], route_class=Repeatable)

Login = Annotated[str, Path(max_length=64, pattern=r"^[^\x00-\x1f/]+$", examples=["odile"])]
Agencies = Annotated[list[str], Field(max_length=staffing.AGENCIES_MOST, examples=[["02"]])]
Filter = Annotated[str | None, Query(max_length=80, pattern=PLAIN)]


class Users(BaseModel):
    users: list[answers.User]


class NewUser(Asked):
    """An account to be made."""

    login: str = Field(max_length=64, examples=["odile"])
    password: SecretStr = Field(max_length=accounts.PASSWORD_MOST, examples=["quatre mots sans rapport"])
    role: Role
    agencies: Agencies = Field(default_factory=list)


class NewRole(Asked):
    role: Role
    agencies: Agencies = Field(default_factory=list)


class Added(BaseModel):
    login: str


@router.get("/me")
def me(person: Known) -> answers.Myself:
    """Who the token stands for, and what it may do."""
    rights = sorted(right for right in Right if person.may(right))
    return answers.Myself(
        login=person.login, role=person.role, agencies=list(person.agencies), rights=[str(r) for r in rights]
    )


@router.get("/users")
def list_users(_person: ManagesUsers, at: AtHand) -> Users:
    """Every account."""
    return Users(users=[answers.User.model_validate(u) for u in staffing.listed(at.db, now=at.now())])


@router.post("/users", status_code=201, responses=STEERED)
def add(wanted: NewUser, person: ManagesUsers, at: AtHand) -> Added:
    """A new account. Takes no Idempotency-Key: a login is taken once anyway, and no trace of a password is kept."""
    staffing.add(
        at.db,
        login=wanted.login,
        password=wanted.password.get_secret_value(),
        role=wanted.role,
        agencies=wanted.agencies,
        by=person,
        now=at.now(),
    )
    return Added(login=accounts.login(wanted.login))


@router.post("/users/{login}/disable", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def disable(login: Login, person: ManagesUsers, at: AtHand) -> None:
    """Its sessions and tokens end at once."""
    staffing.disable(at.db, login, by=person, now=at.now())


@router.post("/users/{login}/enable", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def enable(login: Login, person: ManagesUsers, at: AtHand) -> None:
    """It may sign in again."""
    staffing.enable(at.db, login, by=person, now=at.now())


@router.post("/users/{login}/role", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def set_role(login: Login, wanted: NewRole, person: ManagesUsers, at: AtHand) -> None:
    """Another role and other agencies, from the next request on."""
    staffing.set_role(at.db, login, wanted.role, wanted.agencies, by=person, now=at.now())


@router.get("/audit")
def audit(
    _person: SeesAudit,
    at: AtHand,
    *,
    who: Filter = None,
    kind: Filter = None,
    object_id: Filter = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[answers.AuditEntry]:
    """Who did what to which object, newest first."""
    before = paging.read(cursor, paging.whole)
    found = auditing.newest(
        at.db, before=before[0] if before else None, who=who, kind=kind, object_id=object_id, limit=limit + 1
    )
    return paging.page(found, limit, show=answers.AuditEntry.model_validate, place=lambda e: (e.id,))
