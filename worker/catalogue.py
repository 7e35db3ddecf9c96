"""The campaigns of config/campaigns/*.toml: read, checked, frozen into events and thawed again."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from worker.domain.campaigns import AgeBand, Audience, Campaign, Exclusions, Kind, Level, Remedy, SendWindow
from worker.domain.channels import Sender
from worker.domain.errors import BadDefinition
from worker.i18n import _
from worker.rendering import Texts

WEEKDAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")
_DURATION = re.compile(r"(\d+)\s*(s|min|h|d)")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
# What a text that asks for a reply says, in the languages there are.
_ASKS = re.compile(r"\b(répondez|reply)\b|\b1 =", re.IGNORECASE)


def _duration(value: object) -> object:
    """ "4h", "30min", "2d", "1h 30min"."""
    if not isinstance(value, str):
        return value
    parts = _DURATION.findall(value)
    if not parts or _DURATION.sub("", value).strip():
        raise ValueError(_("une durée s'écrit 30min, 4h ou 2d"))
    return timedelta(seconds=sum(int(number) * _UNIT_S[unit] for number, unit in parts))


def _weekdays(value: object) -> object:
    if not isinstance(value, list):
        return value
    unknown = [day for day in value if day not in WEEKDAYS]
    if unknown:
        raise ValueError(_("jours inconnus : {days} ; écrivez {known}").format(days=unknown, known=", ".join(WEEKDAYS)))
    return {WEEKDAYS.index(day) + 1 for day in value}


def _schedule(value: object) -> object:
    if isinstance(value, str):
        try:
            CronTrigger.from_crontab(value)
        except ValueError as error:
            raise ValueError(
                _("« {cron} » n'est pas une ligne cron ({error})").format(cron=value, error=error)
            ) from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), Field(gt=timedelta())]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _AgeBand(_Strict):
    from_age: int = Field(ge=0, le=120)
    upto_age: int | None = Field(default=None, ge=0, le=120)


class _Audience(_Strict):
    age_bands: tuple[_AgeBand, ...] = (_AgeBand(from_age=70),)
    include_unknown_age: bool = False
    agencies: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    residences: tuple[str, ...] = ()
    adapted_dwelling: bool | None = None
    senior_residence: bool | None = None
    lives_alone: bool | None = None


class _Window(_Strict):
    opens: time
    closes: time
    weekdays: Annotated[frozenset[int], BeforeValidator(_weekdays)] = frozenset(range(1, 8))
    on_holidays: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> "_Window":
        if self.opens >= self.closes or not self.weekdays:
            raise ValueError(_("la plage doit ouvrir avant de fermer, au moins un jour par semaine"))
        return self


class _Exclusions(_Strict):
    opted_out: Remedy = Remedy.CALLBACK
    on_hold: Remedy = Remedy.RECORD
    no_phone: Remedy = Remedy.CALLBACK
    landline_only: Remedy = Remedy.CALLBACK
    contacted_today: Remedy = Remedy.RECORD
    undelivered: Remedy = Remedy.CALLBACK
    expired: Remedy = Remedy.CALLBACK


class _Campaign(_Strict):
    title: str = Field(min_length=1)
    kind: Kind
    level: Level = Level.NONE
    purpose: Literal["care", "advice"]
    sender: str
    text: str
    audience: _Audience = _Audience()
    window: _Window
    void_after: Duration
    reply_deadline: Duration | None = None
    reminder_text: str | None = None
    reminder_after: Duration | None = None
    replies_accepted_for: Duration = timedelta(hours=72)
    receipt_wait: Duration = timedelta(hours=2)
    resend_after_unknown: bool = False
    exclusions: _Exclusions = _Exclusions()
    schedule: Annotated[str | None, BeforeValidator(_schedule)] = None

    @model_validator(mode="after")
    def _ladder_fits(self) -> "_Campaign":
        if self.kind is Kind.CHECK_IN and self.reply_deadline is None:
            raise ValueError(_("un check_in demande reply_deadline (le délai de réponse, par exemple 4h)"))
        if (self.reminder_text is None) != (self.reminder_after is None):
            raise ValueError(_("reminder_text et reminder_after vont ensemble"))
        if self.reminder_after and self.reply_deadline and self.reminder_after >= self.reply_deadline:
            raise ValueError(_("reminder_after doit être plus court que reply_deadline"))
        return self


_FREEZER = TypeAdapter(Campaign)


def load(config_dir: Path, *, senders: Mapping[str, Sender], texts: Texts) -> dict[str, Campaign]:
    """All campaigns by key, which is the file's name.

    Raises BadDefinition with every problem of every file: file, key, what is wrong, what to do.
    """
    campaigns: dict[str, Campaign] = {}
    problems: list[str] = []
    for path in sorted((config_dir / "campaigns").glob("*.toml")):
        try:
            campaign = read(path)
        except BadDefinition as error:
            problems.append(str(error))
            continue
        problems += [f"{path.name} : {problem}" for problem in problems_of(campaign, senders=senders, texts=texts)]
        campaigns[campaign.key] = campaign
    if problems:
        raise BadDefinition("\n".join(problems))
    return campaigns


def read(path: Path) -> Campaign:
    """One campaign file. Raises BadDefinition with all that is wrong in it."""
    try:
        defined = _Campaign.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDefinition(
            _("{file} : fichier TOML illisible ({error})").format(file=path.name, error=error)
        ) from None
    except ValidationError as error:
        listed = error.errors(include_input=False, include_url=False)
        raise BadDefinition("\n".join(_problem(path.name, dict(e)) for e in listed)) from None
    return _as_domain(path.stem, defined)


def problems_of(campaign: Campaign, *, senders: Mapping[str, Sender], texts: Texts) -> list[str]:
    """What does not fit between a campaign, its sender and its texts."""
    sender = senders.get(campaign.sender)
    if sender is None:
        known = ", ".join(sorted(senders)) or "-"
        return [
            _("sender : « {key} » n'existe pas ; émetteurs définis : {known}").format(key=campaign.sender, known=known)
        ]
    found = []
    for name, key in (("text", campaign.text), ("reminder_text", campaign.reminder_text)):
        if key is not None:
            found += _text_problems(name, key, sender, texts)
    if campaign.wants_reply and not sender.takes_replies:
        found.append(
            _("sender : « {key} » ne reçoit pas de réponse ; un check_in demande un émetteur two_way").format(
                key=sender.key
            )
        )
    return found


def asks_for_reply(texts: Texts, key: str) -> bool:
    """Whether a text asks its reader to answer."""
    return any(_ASKS.search(_sample(texts, key, language)) for language in texts.languages(key))


def freeze(campaign: Campaign) -> dict[str, Any]:
    """A campaign as JSON, to be kept with the event it opens."""
    frozen: dict[str, Any] = _FREEZER.dump_python(campaign, mode="json")
    return frozen


def thaw(frozen: Mapping[str, Any]) -> Campaign:
    """The campaign as it stood when the event was opened."""
    return _FREEZER.validate_python(dict(frozen))


def _text_problems(name: str, key: str, sender: Sender, texts: Texts) -> list[str]:
    if not texts.languages(key):
        close = difflib.get_close_matches(key, sorted(texts.keys()), n=1)
        hint = _(" ; vouliez-vous « {key} » ?").format(key=close[0]) if close else ""
        return [_("{name} : le texte « {key} » n'existe pas{hint}").format(name=name, key=key, hint=hint)]
    if asks_for_reply(texts, key) and not sender.takes_replies:
        return [
            _("{name} : « {key} » demande une réponse, l'émetteur « {sender} » n'en reçoit pas").format(
                name=name, key=key, sender=sender.key
            )
        ]
    return []


def _sample(texts: Texts, key: str, language: str) -> str:
    names = texts.variables(key, language)
    return texts.render(key, language=language, variables={name: "x" for name in names}).text


def _as_domain(key: str, defined: _Campaign) -> Campaign:
    values = dict(defined)
    values |= {
        "audience": Audience(
            **dict(defined.audience) | {"age_bands": tuple(AgeBand(**dict(b)) for b in defined.audience.age_bands)}
        ),
        "window": SendWindow(**dict(defined.window)),
        "exclusions": Exclusions(**dict(defined.exclusions)),
    }
    return Campaign(key=key, **values)


def _problem(file: str, error: Mapping[str, Any]) -> str:
    key = ".".join(str(part) for part in error["loc"]) or _("(fichier)")
    if error["type"] == "extra_forbidden":
        name = str(error["loc"][-1])
        close = difflib.get_close_matches(name, _known_keys(), n=1)
        hint = _("vouliez-vous « {key} » ?").format(key=close[0]) if close else _("retirez-la")
        return _("{file} : {key} : clé inconnue ; {hint}").format(file=file, key=key, hint=hint)
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "missing":
        message = _("clé obligatoire, absente")
    return f"{file} : {key} : {message}"


def _known_keys() -> list[str]:
    models = (_Campaign, _Audience, _AgeBand, _Window, _Exclusions)
    return sorted({name for model in models for name in model.model_fields})
