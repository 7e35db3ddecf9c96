"""The values that texts are rendered with."""

from datetime import datetime

from worker.domain import wording
from worker.services.desk import Desk


def common(desk: Desk, *, language: str, now: datetime) -> dict[str, str]:
    """What every text may use: the landlord's name and number, the day."""
    today = desk.local_date(now)
    return {
        "bailleur": desk.landlord,
        "tel": desk.phone,
        "jour": wording.jour(today, language=language),
        "date": wording.date(today, language=language),
    }
