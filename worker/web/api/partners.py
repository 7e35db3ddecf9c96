"""The directory of partners: everybody who refers reads it, operators of the whole landlord keep it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from worker.domain.partners import PartnerKind, Place
from worker.domain.referrals import ReferralReason
from worker.services import partnering
from worker.store.partners import Entry
from worker.web.api import answers, problems
from worker.web.api.events import STEERED, Asked
from worker.web.api.house import AtHand, KeepsPartners, Refers
from worker.web.api.households import Id as HouseholdId
from worker.web.api.households import visible
from worker.web.api.paging import ID_MOST
from worker.web.api.repeating import PARAMETER, Repeatable
from worker.web.api.tasks import PLAIN

router = APIRouter(tags=["partners"], route_class=Repeatable)

Id = Annotated[int, Path(ge=1, le=ID_MOST, examples=[12])]
Words = Annotated[str, Field(max_length=partnering.WORDS_MOST, pattern=PLAIN)]
Code = Annotated[str, Field(max_length=partnering.NAME_MOST, pattern=PLAIN)]
Codes = Annotated[list[Code], Field(max_length=partnering.PLACES_MOST)]
Reasons = Annotated[list[ReferralReason], Query(description="what is needed: who helps with it comes first")]


class Partner(answers.FromRow):
    """Where it works is said by three lists; all empty: everywhere. email_ok: it agreed to get referrals by e-mail."""

    id: int
    kind: PartnerKind
    name: str = Field(examples=["CCAS de Villeneuve-les-Tilleuls"])
    phone: str
    email: str
    email_ok: bool
    hours: str
    out_of_hours: str
    insee_codes: list[str]
    postcodes: list[str]
    communes: list[str]
    is_closed: bool


class Partners(BaseModel):
    partners: list[Partner]


class Described(Asked):
    """A partner, whole: what is not given is empty."""

    kind: PartnerKind
    name: Code = Field(examples=["CCAS de Villeneuve-les-Tilleuls"])
    phone: Words = Field(default="", examples=["05 36 49 00 21"])
    email: Words = Field(default="", examples=["accueil@ccas.example"])
    email_ok: bool = False
    hours: Words = Field(default="", examples=["lundi-vendredi 9 h-12 h"])
    out_of_hours: Words = ""
    insee_codes: Codes = Field(default_factory=list, examples=[["31555"]])
    postcodes: Codes = Field(default_factory=list)
    communes: Codes = Field(default_factory=list, examples=[["Villeneuve-les-Tilleuls"]])

    def entry(self) -> Entry:
        """As the directory takes it."""
        values = {name: getattr(self, name) for name in Described.model_fields}
        return Entry(**values | {n: tuple(values[n]) for n in ("insee_codes", "postcodes", "communes")})


class Made(BaseModel):
    id: int


@router.get("/partners")
def list_partners(_person: Refers, at: AtHand) -> Partners:
    """The whole directory, those that are closed last."""
    return Partners(partners=[Partner.model_validate(p) for p in partnering.listed(at.db)])


@router.get("/households/{household}/partners", responses=problems.responses("not_found"))
def suggest(household: HouseholdId, person: Refers, at: AtHand, reason: Reasons = []) -> Partners:  # noqa: B006  # FastAPI copies it
    """Those who serve where the household lives, the likeliest to help first."""
    home = visible(at, household, person)
    place = Place(home.insee_code, home.postcode, home.commune)
    return Partners(partners=[Partner.model_validate(p) for p in partnering.suggested(at.db, place, reason)])


@router.post("/partners", status_code=201, openapi_extra=PARAMETER, responses=STEERED)
def add(described: Described, person: KeepsPartners, at: AtHand) -> Made:
    """A new partner; its kind and name are taken once."""
    return Made(id=partnering.add(at.db, described.entry(), by=person, now=at.now()))


@router.post("/partners/{partner}", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def change(partner: Id, described: Described, person: KeepsPartners, at: AtHand) -> None:
    """Replaces what is known of a partner."""
    partnering.change(at.db, partner, described.entry(), by=person, now=at.now())


@router.post("/partners/{partner}/close", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def close(partner: Id, person: KeepsPartners, at: AtHand) -> None:
    """Is not proposed any more; its referrals go on."""
    partnering.close(at.db, partner, by=person, now=at.now())


@router.post("/partners/{partner}/reopen", status_code=204, openapi_extra=PARAMETER, responses=STEERED)
def reopen(partner: Id, person: KeepsPartners, at: AtHand) -> None:
    """Is proposed again."""
    partnering.reopen(at.db, partner, by=person, now=at.now())
