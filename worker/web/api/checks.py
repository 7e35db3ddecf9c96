"""What is wrong with settings, campaigns and texts, as `courtoisie check` tells it."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from worker.domain.problems import Weight
from worker.services import checking
from worker.web.api.house import AtHand, SeesCampaigns

router = APIRouter(tags=["campaigns"])


class Text(BaseModel):
    """A text at its longest. offenders: signs that make it dearer."""

    key: str = Field(examples=["heat_orange_check"])
    language: str = Field(examples=["fr"])
    encoding: str = Field(examples=["GSM-7"])
    units: int
    segments: int
    offenders: list[str]
    text: str


class Script(BaseModel):
    """What a call of the machine says, and for how long."""

    key: str
    language: str
    seconds: float
    text: str


class Wrong(BaseModel):
    """One thing that is wrong, where, and what to do. An `error` must be mended before anything is sent."""

    weight: Weight
    file: str
    key: str
    wrong: str
    remedy: str


class Checked(BaseModel):
    """No server is asked for this. ok: there is no error."""

    ok: bool
    texts: list[Text]
    scripts: list[Script]
    campaigns: list[str] = Field(description="those that are sound")
    problems: list[Wrong]


@router.get("/check")
def check(_person: SeesCampaigns, at: AtHand) -> Checked:
    """Settings, campaigns and texts as they stand on disk now."""
    seen = checking.report(at.program.settings)
    return Checked.model_validate({"ok": not seen.errors} | checking.as_json(seen))
