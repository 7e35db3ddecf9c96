"""What a launch is refused for, wherever it comes from: the terminal, the console or another program."""

from datetime import datetime

from worker.domain.campaigns import Campaign
from worker.domain.errors import Refused
from worker.i18n import _
from worker.services import checking_settings, events
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store.database import Database


def allow(db: Database, campaign: Campaign, *, settings: Settings, desk: Desk, now: datetime) -> int:
    """How many households a launch concerns. Raises Refused when there are none, or when real tenants would be told the
    name and number that we ship as examples.
    """
    examples = checking_settings.examples_left(settings)
    if examples:
        raise Refused(
            _(
                "Les textes donneraient à de vrais locataires un nom ou un numéro d'exemple : écrivez les vôtres dans "
                "config/courtoisie.toml ({keys}), ou landlord.examples_allowed = true si c'est voulu."
            ).format(keys=", ".join(examples))
        )
    households = sum(fate.households for fate in events.preview(db, campaign, desk=desk, now=now))
    if not households:
        raise Refused(
            _("Aucun foyer n'est concerné par « {title} » : importez une liste ou revoyez le public.").format(
                title=campaign.title
            )
        )
    return households
