"""Before a launch: the campaigns, and who would be reached by one today."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from worker.domain.campaigns import Campaign
from worker.domain.errors import NotFound
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import events
from worker.web.api import answers, problems
from worker.web.api.house import AtHand, House, Previews, SeesCampaigns

router = APIRouter(tags=["campaigns"])

TEXT = "text"
Key = Annotated[str, Path(max_length=80, pattern=r"^[^\x00-\x1f/]+$", examples=["canicule-orange"])]


class Campaigns(BaseModel):
    campaigns: list[answers.Campaign]


class Preview(BaseModel):
    """Who would be in and who out, and why; figures only. Restricted to the agencies of whoever asks."""

    campaign: str = Field(examples=["canicule-orange"])
    households: int = Field(examples=[253])
    texts: int = Field(examples=[202])
    excluded: answers.Counts = Field(examples=[{"landline_only": 51}])
    by_agency: answers.Counts = Field(examples=[{"01": 128, "02": 125}])


@router.get("/campaigns")
def list_campaigns(_person: SeesCampaigns, at: AtHand) -> Campaigns:
    """The campaigns as they are defined today."""
    return Campaigns(campaigns=[_described(c) for c in at.program.campaigns.values()])


@router.get("/campaigns/{campaign}/preview", responses=problems.responses("not_found"))
def preview(campaign: Key, person: Previews, at: AtHand) -> Preview:
    """Who would be written to now, who not, and why. Changes nothing."""
    return _preview(defined(at, campaign), person, at)


def defined(at: House, key: str) -> Campaign:
    """A campaign by its key. Raises NotFound."""
    if key not in at.program.campaigns:
        raise NotFound(_("Aucune campagne de ce nom ; voyez /api/v1/campaigns."))
    return at.program.campaigns[key]


def _preview(campaign: Campaign, person: Person, at: House) -> Preview:
    found = events.preview(at.db, campaign, desk=at.program.desk, now=at.now())
    fates = [f for f in found if person.sees(f.agency)]
    excluded: dict[str, int] = {}
    by_agency: dict[str, int] = {}
    for f in fates:
        by_agency[f.agency] = by_agency.get(f.agency, 0) + f.households
        if f.fate != TEXT:
            excluded[f.fate] = excluded.get(f.fate, 0) + f.households
    return Preview(
        campaign=campaign.key,
        households=sum(by_agency.values()),
        texts=sum(f.households for f in fates if f.fate == TEXT),
        excluded=excluded,
        by_agency=by_agency,
    )


def _described(campaign: Campaign) -> answers.Campaign:
    deadline = campaign.reply_deadline
    values: dict[str, Any] = {name: getattr(campaign, name) for name in ("key", "title", "kind", "level", "sender")}
    return answers.Campaign(
        **values,
        text=campaign.text,
        reply_deadline_s=deadline.total_seconds() if deadline else None,
        schedule=str(campaign.schedule) if campaign.schedule else None,
    )
