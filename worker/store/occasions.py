"""Up to when each scheduled campaign has been opened, or noted as missed."""

from datetime import datetime

from sqlalchemy import Connection, text

# A campaign seen for the first time has no past: nothing of before then is opened.
_SEEN = text(
    """
INSERT INTO schedule_done (campaign, until_at) VALUES (:campaign, :now)
ON CONFLICT (campaign) DO UPDATE SET campaign = excluded.campaign
RETURNING until_at
"""
)

_DONE = text("UPDATE schedule_done SET until_at = greatest(until_at, :until) WHERE campaign = :campaign")


def done_until(connection: Connection, campaign: str, *, now: datetime) -> datetime:
    """What was due up to then has been dealt with; now, for a campaign never seen before."""
    until: datetime = connection.execute(_SEEN, {"campaign": campaign, "now": now}).scalar_one()
    return until


def note_done(connection: Connection, campaign: str, until: datetime) -> None:
    """What was due up to then is dealt with; never goes back."""
    connection.execute(_DONE, {"campaign": campaign, "until": until})
