"""The values that texts are rendered with."""

from datetime import datetime, timedelta

from worker.domain import wording
from worker.domain.campaigns import URGENT_LEVELS, Campaign
from worker.services.desk import Desk


def common(desk: Desk, *, language: str, now: datetime, campaign: Campaign | None = None) -> dict[str, str]:
    """What every text may use: the landlord's name and number, the day, by when a person rings who gets no reply."""
    today = desk.local_date(now)
    return {
        "quand": wording.quand(_rung_by(desk, campaign, now), now, tz=desk.timezone, language=language),
        "bailleur": desk.landlord,
        "tel": desk.phone,
        "jour": wording.jour(today, language=language),
        "date": wording.date(today, language=language),
    }


def _rung_by(desk: Desk, campaign: Campaign | None, now: datetime) -> datetime:
    """The end of calling on the day on which silence is noticed."""
    urgent = campaign is not None and campaign.level in URGENT_LEVELS
    left = timedelta()
    if campaign is not None and campaign.calls_after:
        left = campaign.calls_after - (campaign.reminder.after if campaign.reminder else timedelta())
    return desk.due_at("P2", now + left, urgent=urgent)
