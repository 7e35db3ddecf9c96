"""The form of a campaign file: which keys there are, how durations, hours and days are written."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, Self

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from worker.domain.campaigns import AgeBand, Audience, Campaign, Exclusions, Kind, Level, Remedy, SendWindow
from worker.domain.recurring import Recurrence
from worker.i18n import _

# How weekdays are written, Monday first.
WEEKDAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")

_DURATION = re.compile(r"(\d{1,4})\s*(s|min|h|d)\s*")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_OWN = "courtoisie"
DAYS_APART_MOST = 366


def _wrong(wrong: str, remedy: str) -> PydanticCustomError:
    return PydanticCustomError(_OWN, "{wrong} {remedy}", {"wrong": wrong, "remedy": remedy})


def _duration(value: object) -> object:
    """ "30min", "4h", "2d", "1h 30min"."""
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    seconds = sum(int(number) * _UNIT_S[unit] for number, unit in parts)
    if not isinstance(value, str) or _DURATION.sub("", value.strip()) or not seconds:
        raise _wrong(
            _("« {value} » n'est pas une durée positive.").format(value=value),
            _('Écrivez par exemple "30min", "4h" ou "2d".'),
        )
    return timedelta(seconds=seconds)


def _time(value: object) -> object:
    """ "09:00", or TOML's own 09:00:00."""
    if isinstance(value, time):
        return value
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise _wrong(
            _("« {value} » n'est pas une heure.").format(value=value),
            _('Écrivez par exemple "09:00" ; la plus tardive est "23:59".'),
        )
    return time(int(found[1]), int(found[2]))


def _date(value: object) -> object:
    """TOML's own 2026-05-11, or the same between quotes."""
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        pass
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong(
            _("« {value} » n'est pas une date.").format(value=value),
            _("Écrivez année, mois, jour, par exemple 2026-05-11."),
        )
    return value


def _days_apart(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= DAYS_APART_MOST:
        raise _wrong(
            _("« {value} » n'est pas un nombre de jours, de 1 à {most}.").format(value=value, most=DAYS_APART_MOST),
            _("Écrivez par exemple 2 : un jour sur deux."),
        )
    return value


def _weekdays(value: object) -> object:
    days = value if isinstance(value, list) else [value]
    unknown = [str(day) for day in days if day not in WEEKDAYS]
    if unknown or not days:
        raise _wrong(
            _("Jours inconnus : {days}.").format(days=", ".join(unknown)) if unknown else _("Aucun jour n'est donné."),
            _("Écrivez une liste parmi {known}.").format(known=", ".join(WEEKDAYS)),
        )
    return frozenset(WEEKDAYS.index(day) + 1 for day in days)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Day = Annotated[date, BeforeValidator(_date)]
LocalTime = Annotated[time, BeforeValidator(_time)]
Departement = Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB])$")]
Code = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class AgeBandTable(_Strict):
    from_age: int = Field(ge=0, le=120)
    upto_age: int | None = Field(default=None, ge=0, le=120)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upto_age is not None and self.upto_age < self.from_age:
            raise _wrong(
                _("La tranche finit ({upto}) avant de commencer ({start}).").format(
                    upto=self.upto_age, start=self.from_age
                ),
                _("Les deux âges sont compris : { from_age = 70, upto_age = 79 }."),
            )
        return self


class AudienceTable(_Strict):
    age_bands: tuple[AgeBandTable, ...] = (AgeBandTable(from_age=70),)
    include_unknown_age: bool = False
    agencies: tuple[Code, ...] = ()
    departements: tuple[Departement, ...] = ()
    residences: tuple[Code, ...] = ()
    adapted_dwelling: bool | None = None
    senior_residence: bool | None = None
    lives_alone: bool | None = None

    def as_domain(self) -> Audience:
        bands = tuple(AgeBand(band.from_age, band.upto_age) for band in self.age_bands)
        return Audience(**dict(self) | {"age_bands": bands})


class WindowTable(_Strict):
    opens: LocalTime
    closes: LocalTime
    weekdays: Annotated[frozenset[int], BeforeValidator(_weekdays)] = frozenset(range(1, 8))
    on_holidays: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise _wrong(
                _("La plage ferme ({closes:%H:%M}) avant d'ouvrir ({opens:%H:%M}).").format(
                    opens=self.opens, closes=self.closes
                ),
                _("Écrivez opens avant closes, le même jour."),
            )
        return self


class ExclusionsTable(_Strict):
    opted_out: Remedy = Remedy.CALLBACK
    on_hold: Remedy = Remedy.RECORD
    no_phone: Remedy = Remedy.CALLBACK
    landline_only: Remedy = Remedy.CALLBACK
    prefers_call: Remedy = Remedy.CALLBACK
    contacted_today: Remedy = Remedy.RECORD
    undelivered: Remedy = Remedy.CALLBACK
    expired: Remedy = Remedy.CALLBACK


class RecurrenceTable(_Strict):
    starts_on: Day | None = None
    ends_on: Day | None = None
    every_days: Annotated[int, BeforeValidator(_days_apart)] = 1
    skip_holidays: bool = False
    spread: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_on is not None and self.ends_on is not None and self.ends_on < self.starts_on:
            raise _wrong(
                _("La récurrence finit ({end}) avant de commencer ({start}).").format(
                    end=self.ends_on, start=self.starts_on
                ),
                _("Les deux jours sont compris : écrivez starts_on avant ends_on."),
            )
        return self


class CampaignFile(_Strict):
    """One file of config/campaigns/, key by key as worker.domain.campaigns.Campaign explains them."""

    title: str = Field(min_length=1)
    kind: Kind
    level: Level = Level.NONE
    purpose: Literal["care", "advice"]
    sender: str = Field(min_length=1)
    text: str = Field(min_length=1)
    audience: AudienceTable = AudienceTable()
    window: WindowTable
    void_after: Duration
    reply_deadline: Duration | None = None
    reminder_text: str | None = None
    reminder_after: Duration | None = None
    replies_accepted_for: Duration = timedelta(hours=72)
    receipt_wait: Duration = timedelta(hours=2)
    resend_after_unknown: bool = False
    exclusions: ExclusionsTable = ExclusionsTable()
    schedule: str | None = None
    recurrence: RecurrenceTable = RecurrenceTable()
    priority: int | None = Field(default=None, ge=1, le=9)

    @field_validator("schedule")
    @classmethod
    def _cron(cls, line: str | None) -> str | None:
        try:
            if line is not None:
                CronTrigger.from_crontab(line)
        except ValueError as error:
            raise _wrong(
                _("« {line} » n'est pas une ligne cron ({error}).").format(line=line, error=error),
                _('Écrivez minute, heure, jour, mois, jour de semaine : "0 10 * * mon".'),
            ) from None
        # APScheduler counts weekdays from Monday = 0, cron from Sunday = 0: one of them would be a day off.
        if line is not None and re.search(r"\d", line.split()[4]):
            raise _wrong(
                _("« {line} » désigne un jour de semaine par un chiffre.").format(line=line),
                _("Écrivez mon, tue, wed, thu, fri, sat ou sun."),
            )
        return line

    def as_domain(self, key: str) -> Campaign:
        """The campaign of that key, which is the file's name."""
        parts = {
            "audience": self.audience.as_domain(),
            "window": SendWindow(**dict(self.window)),
            "exclusions": Exclusions(**dict(self.exclusions)),
            "recurrence": Recurrence(**dict(self.recurrence)),
        }
        return Campaign(key=key, **dict(self) | parts)
