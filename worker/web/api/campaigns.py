"""Before a launch: the campaigns, what one would do today, and a test to the staff."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from worker.catalogue import prices
from worker.domain.campaigns import Campaign
from worker.domain.errors import NotFound, Refused
from worker.i18n import _
from worker.services import auditing, guests, preview_json, previewing
from worker.services.auditing import Action
from worker.web.api import answers, problems
from worker.web.api.house import AtHand, House, Launches, Previews, SeesCampaigns
from worker.web.api.paging import MOST, Limit
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["campaigns"], route_class=Repeatable)

Fate = Annotated[str | None, Query(max_length=40, pattern="^[a-z_]+$", examples=["landline_only"])]
Agency = Annotated[
    str | None, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$", description="only this agency's, by its code")
]
Key = Annotated[str, Path(max_length=80, pattern=r"^[^\x00-\x1f/]+$", examples=["canicule-orange"])]


class Campaigns(BaseModel):
    campaigns: list[answers.Campaign]


class MachineCalls(BaseModel):
    """Calls by the machine to whom no text can reach. ends_at: when everybody was rung once, null without any."""

    households: int
    calls: int
    ends_at: datetime | None


class Channels(BaseModel):
    """How many are reached how. call: tasks that open at once."""

    sms: answers.Counts = Field(examples=[{"households": 202, "texts": 198}])
    voice: MachineCalls
    call: int


class Cost(BaseModel):
    """In euros, as exact text."""

    texts_eur: str = Field(examples=["15.800400"])
    reminders_at_most_eur: str
    segments_without_price: int
    calls_eur: str = Field(description="a minute for each first call by the machine")
    calls_without_price: int


class Preview(BaseModel):
    """What a launch would do now. Totals are the landlord's; what names an agency is of those of whoever asks.

    rows: each text as it would leave; capacity: the calls to expect and when the last is made. Both in the form of
    `courtoisie preview --json`.
    """

    campaign: str = Field(examples=["canicule-orange"])
    title: str
    households: int = Field(examples=[253])
    texts: int = Field(examples=[202])
    segments: int = Field(examples=[404])
    excluded: answers.Counts = Field(examples=[{"landline_only": 51}])
    callbacks_at_once: int = Field(examples=[51])
    by_agency: answers.Counts = Field(examples=[{"01": 128, "02": 125}])
    channels: Channels
    cost: Cost
    starts_at: datetime
    ends_at: datetime
    void_at: datetime
    unknown_age: int
    problems: list[str]
    rows: list[dict[str, Any]]
    capacity: dict[str, Any]


class Home(answers.FromRow):
    """A household of the audience, by its dwelling. fate: `text`, `voice` (the machine rings), or why neither."""

    household_id: int
    dwelling: str
    agency: str
    commune: str
    fate: str = Field(examples=["landline_only"])
    language: str


class Homes(BaseModel):
    households: list[Home]


class Tested(BaseModel):
    """The event of a test, and to how many guests it goes."""

    event: str = Field(examples=["42"])
    guests: int = Field(examples=[2])


@router.get("/campaigns")
def list_campaigns(_person: SeesCampaigns, at: AtHand) -> Campaigns:
    """The campaigns as they are defined today."""
    return Campaigns(campaigns=[_described(c) for c in at.program.campaigns.values()])


@router.get("/campaigns/{campaign}/preview", responses=problems.responses("not_found"))
def preview(campaign: Key, person: Previews, at: AtHand) -> Preview:
    """Who would be written to now, who not and why, at what cost, and when the last call would be made."""
    seen = preview_json.as_json(previewing.preview(_rig(at), defined(at, campaign), now=at.now()))
    seen["by_agency"] = {code: n for code, n in seen["by_agency"].items() if person.sees(code)}
    seen["capacity"]["agencies"] = [row for row in seen["capacity"]["agencies"] if person.sees(row["agency"])]
    for row in seen["rows"]:
        del row["example"]  # a dwelling, perhaps of another agency
    return Preview(**{name: seen[name] for name in Preview.model_fields})


@router.get("/campaigns/{campaign}/households", responses=problems.responses("not_found"))
def households(
    campaign: Key, person: Previews, at: AtHand, *, fate: Fate = None, agency: Agency = None, limit: Limit = MOST
) -> Homes:
    """The households behind the figures, by dwelling and without a name. fate, agency: only these."""
    rig, chosen, codes = _rig(at), defined(at, campaign), person.agencies or (None,)
    if agency is not None:
        codes = (agency,) if person.sees(agency) else ()
    found = [
        home
        for code in codes
        for home in previewing.households(rig, chosen, fate=fate, agency=code, limit=limit, now=at.now())
    ][:limit]
    auditing.record(at.db, person, Action.VIEWED, "household", [h.household_id for h in found], now=at.now())
    return Homes(households=[Home.model_validate(h) for h in found])


@router.post(
    "/campaigns/{campaign}/test",
    status_code=201,
    openapi_extra=PARAMETER,
    responses=problems.responses("not_found", "refused"),
)
def test(campaign: Key, person: Launches, at: AtHand) -> Tested:
    """Sends the campaign's text to the guests of the settings, by the real path, and to nobody else.

    It leaves with the workers' next tick, within seconds.
    """
    chosen, settings, now = defined(at, campaign), at.program.settings, at.now()
    occasion = guests.occasion_of(now.astimezone(at.program.desk.timezone))
    tested = guests.send_test(at.db, chosen, numbers=settings.guests, occasion=occasion, desk=at.program.desk, now=now)
    auditing.record(at.db, person, Action.LAUNCHED, "event", [tested.event_id], now=now)
    return Tested(event=str(tested.event_id), guests=tested.guests)


def defined(at: House, key: str) -> Campaign:
    """A campaign by its key. Raises NotFound; Refused, saying what is wrong with its file."""
    if key in at.program.broken:
        raise Refused(at.program.broken[key])
    if key not in at.program.campaigns:
        raise NotFound(_("Aucune campagne de ce nom ; voyez /api/v1/campaigns."))
    return at.program.campaigns[key]


def _rig(at: House) -> previewing.Rig:
    program = at.program
    return previewing.Rig(
        at.db, program.desk, program.texts, prices.load(program.settings.config_dir), program.settings
    )


def _described(campaign: Campaign) -> answers.Campaign:
    deadline = campaign.calls_after
    values: dict[str, Any] = {name: getattr(campaign, name) for name in ("key", "title", "kind", "level", "sender")}
    return answers.Campaign(
        **values,
        priority=campaign.rank,
        text=campaign.text,
        reply_deadline_s=deadline.total_seconds() if deadline else None,
        schedule=str(campaign.schedule) if campaign.schedule else None,
    )
