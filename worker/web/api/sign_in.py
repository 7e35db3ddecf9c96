"""What an account signs in with, and programs for it: password, one-time codes, telephone, tokens. Administrators only.

Answers and requests that hold a secret heed no Idempotency-Key, so that no trace of it is kept.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, SecretStr

from worker.domain import accounts
from worker.domain.errors import BadDefinition, Refused
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.signing_in import Rules
from worker.web.api import answers
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, House, ManagesUsers
from worker.web.api.paging import ID_MOST
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.staff import Login
from worker.web.api.tasks import PLAIN

router = APIRouter(tags=["accounts"], route_class=Repeatable)

TokenId = Annotated[int, Path(ge=1, le=ID_MOST, examples=[3])]
PHONE_MOST = 40
CODE_MOST = 12


class NewPassword(Asked):
    password: SecretStr = Field(max_length=accounts.PASSWORD_MOST, examples=["quatre mots sans rapport"])


class NewName(Asked):
    """As the person says it on the telephone; empty: the login stands for it."""

    name: str = Field(max_length=staffing.NAME_MOST, pattern=PLAIN, examples=["Odile Martin"])


class OwnPhone(Asked):
    """The person's own telephone, for bridged calls; null takes it away. It is never told again."""

    number: SecretStr | None = Field(max_length=PHONE_MOST, examples=["06 39 98 00 17"])


class ShownCode(Asked):
    code: SecretStr = Field(max_length=CODE_MOST, examples=["492039"])


class NewToken(Asked):
    """role: a lesser one than the account's; by default the account's."""

    name: str = Field(min_length=1, max_length=staffing.NAME_MOST, pattern=PLAIN, examples=["tableau de bord"])
    role: Role | None = None
    days: int = Field(default=90, ge=1, le=staffing.TOKEN_DAYS_MOST)


class Codes(answers.FromRow):
    """What an authenticator application needs, shown this once: to type, or as the content of a QR code."""

    secret: str
    address: str


class Issued(answers.FromRow):
    """A new token, shown this once."""

    id: int
    token: str = Field(examples=["cto_…"])
    prefix: str
    expires_at: datetime


class Token(answers.FromRow):
    """A token by its beginning, never whole."""

    id: int
    name: str
    role: Role
    prefix: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Tokens(BaseModel):
    tokens: list[Token]


@router.post("/users/{login}/password", status_code=204, responses=STEERED)
def set_password(login: Login, wanted: NewPassword, person: ManagesUsers, at: AtHand) -> None:
    """Another password; every session of the account ends. Takes no Idempotency-Key."""
    staffing.set_password(at.db, login, wanted.password.get_secret_value(), by=person, now=at.now())


@router.post("/users/{login}/name", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def set_name(login: Login, wanted: NewName, person: ManagesUsers, at: AtHand) -> None:
    """How the person is called on the telephone."""
    staffing.set_name(at.db, login, wanted.name, by=person, now=at.now())


@router.post("/users/{login}/phone", status_code=204, responses=STEERED)
def set_phone(login: Login, wanted: OwnPhone, person: ManagesUsers, at: AtHand) -> None:
    """The telephone that rings first in bridged calls. Takes no Idempotency-Key."""
    number = None if wanted.number is None else wanted.number.get_secret_value()
    staffing.set_phone(at.db, login, number, by=person, now=at.now())


@router.post("/users/{login}/code", responses=STEERED)
def start_codes(login: Login, person: ManagesUsers, at: AtHand) -> Codes:
    """A new secret for one-time codes; they are asked for once one of them was confirmed. Takes no Idempotency-Key."""
    issuer = f"Courtoisie {at.program.settings.landlord.name}"
    made = staffing.start_codes(at.db, login, rules=_rules(at), issuer=issuer, by=person, now=at.now())
    return Codes.model_validate(made)


@router.post("/users/{login}/code/confirm", status_code=204, responses=STEERED)
def confirm_codes(login: Login, shown: ShownCode, _person: ManagesUsers, at: AtHand) -> None:
    """The application shows this code: from now on the account asks for one. Takes no Idempotency-Key."""
    staffing.confirm_codes(at.db, login, shown.code.get_secret_value(), rules=_rules(at), now=at.now())


@router.post("/users/{login}/code/off", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def stop_codes(login: Login, person: ManagesUsers, at: AtHand) -> None:
    """No code is asked for any more: a lost telephone."""
    staffing.stop_codes(at.db, login, by=person, now=at.now())


@router.get("/users/{login}/tokens", responses=STEERED)
def list_tokens(login: Login, _person: ManagesUsers, at: AtHand) -> Tokens:
    """The tokens of an account, those that ended too."""
    return Tokens(tokens=[Token.model_validate(t) for t in staffing.tokens_of(at.db, login)])


@router.post("/users/{login}/tokens", status_code=201, responses=STEERED)
def issue(login: Login, wanted: NewToken, person: ManagesUsers, at: AtHand) -> Issued:
    """A token for a program. Takes no Idempotency-Key: revoke what you have no use for."""
    made = staffing.issue_token(
        at.db, login, name=wanted.name, role=wanted.role, days=wanted.days, by=person, now=at.now()
    )
    return Issued.model_validate(made)


@router.post("/users/{login}/tokens/{token}/revoke", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def revoke(login: Login, token: TokenId, person: ManagesUsers, at: AtHand) -> None:
    """The token is worth nothing from now on."""
    staffing.revoke_token(at.db, login, token, by=person, now=at.now())


def _rules(at: House) -> Rules:
    """Raises Refused where the deployment has no key to make codes with."""
    rules = Rules(at.program.settings.secret_key.get_secret_value())
    try:
        rules.checked_key()
    except BadDefinition as error:
        raise Refused(str(error)) from None
    return rules
