"""The campaigns of config/campaigns/*.toml: read, checked, frozen into the events they open, thawed again."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from worker.catalogue import errors, fitting
from worker.catalogue.files import CampaignFile
from worker.catalogue.fitting import Texts, asks_for_reply, file_of, problems_of
from worker.domain.campaigns import Campaign
from worker.domain.channels import Sender
from worker.domain.problems import Problem
from worker.i18n import _

__all__ = ["Catalogue", "Texts", "asks_for_reply", "file_of", "freeze", "problems_of", "read_all", "thaw"]

_FREEZER = TypeAdapter(Campaign)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the files hold: the campaigns that can be read, by key, which is the file's name, and all that is wrong."""

    campaigns: dict[str, Campaign] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def broken(self) -> dict[str, str]:
        """By key, what is wrong with a campaign that may not be used: file, key, what, what to do, a line each."""
        found: dict[str, list[str]] = {}
        for problem in self.problems:
            found.setdefault(fitting.key_of(problem.file), []).append(str(problem))
        return {key: "\n".join(lines) for key, lines in found.items()}

    @property
    def sound(self) -> dict[str, Campaign]:
        """The campaigns that may be used. One bad file takes nothing but its own campaign away."""
        broken = self.broken
        return {key: campaign for key, campaign in self.campaigns.items() if key not in broken}


def read_all(config_dir: Path, *, senders: Mapping[str, Sender], texts: Texts) -> Catalogue:
    """All campaigns and all problems; raises nothing for a bad file."""
    catalogue = Catalogue()
    for path in sorted((config_dir / "campaigns").glob("*.toml")):
        campaign, problems = _read(path, senders=senders, texts=texts)
        catalogue.problems.extend(problems)
        if campaign is not None:
            catalogue.campaigns[campaign.key] = campaign
    return catalogue


def freeze(campaign: Campaign) -> dict[str, Any]:
    """A campaign as JSON, to be kept with the event it opens."""
    frozen: dict[str, Any] = _FREEZER.dump_python(campaign, mode="json")
    return frozen


def thaw(frozen: Mapping[str, Any]) -> Campaign:
    """The campaign as it stood when the event was opened."""
    return _FREEZER.validate_python(dict(frozen))


def _read(path: Path, *, senders: Mapping[str, Sender], texts: Texts) -> tuple[Campaign | None, list[Problem]]:
    key, file = path.stem, fitting.file_of(path.stem)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        wrong = _("ce n'est pas un fichier TOML lisible ({error}).").format(error=error)
        return None, [Problem(file, "", wrong, _("Comparez avec les autres fichiers du dossier."))]
    try:
        campaign = CampaignFile.model_validate(raw).as_domain(key)
    except ValidationError as error:
        return None, [*errors.explained(file, error), *fitting.named(raw, key, senders=senders, texts=texts)]
    return campaign, problems_of(campaign, senders=senders, texts=texts)
