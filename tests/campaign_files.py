"""Campaign files to spoil, and what reads them: for the tests of the catalogue."""

from pathlib import Path

from worker import catalogue
from worker.domain.channels import Capability, Sender
from worker.rendering import Texts

ROOT = Path(__file__).parents[1]
TEXTS = Texts(ROOT / "templates")
SENDERS = {
    "court": Sender("court", "38000", Capability.TWO_WAY),
    "alpha": Sender("alpha", "Les Chalets", Capability.ONE_WAY),
    "voix": Sender("voix", "+33162000000", Capability.VOICE),
}
GOOD = """
title = "Essai"
kind = "check_in"
level = "orange"
purpose = "care"
sender = "court"
text = "heat_orange_check"
reply_deadline = "4h"
reminder_text = "heat_reminder"
reminder_after = "2h"
void_after = "6h"
[audience]
age_bands = [{ from_age = 70, upto_age = 79 }]
[window]
opens = "08:30"
closes = "20:00"
[exclusions]
no_phone = "record"
"""
ADVICE = """
title = "Essai"
kind = "advice"
purpose = "advice"
sender = "alpha"
text = "heat_yellow_advice"
void_after = "6h"
window = { opens = "09:00", closes = "19:00" }
"""


def read(folder: Path, toml: str, name: str = "essai") -> catalogue.Catalogue:
    """Writes one campaign file and reads all that are in the folder."""
    campaigns = folder / "campaigns"
    campaigns.mkdir(exist_ok=True)
    (campaigns / f"{name}.toml").write_text(toml, encoding="utf-8")
    return catalogue.read_all(folder, senders=SENDERS, texts=TEXTS)
