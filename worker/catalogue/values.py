"""How durations, hours, days and counts are written in a campaign file, and what is said of what cannot be read."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from worker.i18n import _

# How weekdays are written, Monday first.
WEEKDAYS = ("lun", "mar", "mer", "jeu", "ven", "sam", "dim")

_DURATION = re.compile(r"(\d{1,4})\s*(s|min|h|d)\s*")
_UNIT_S = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_OWN = "courtoisie"
DAYS_APART_MOST = 366
TRIES_MOST = 9


def misread(wrong: str, remedy: str) -> PydanticCustomError:
    """What is wrong with a value and what to write instead, for catalogue.errors to tell."""
    return PydanticCustomError(_OWN, "{wrong} {remedy}", {"wrong": wrong, "remedy": remedy})


def _duration(value: object) -> object:
    """ "30min", "4h", "2d", "1h 30min"."""
    parts = _DURATION.findall(value) if isinstance(value, str) else []
    seconds = sum(int(number) * _UNIT_S[unit] for number, unit in parts)
    if not isinstance(value, str) or _DURATION.sub("", value.strip()) or not seconds:
        raise misread(
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
        raise misread(
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
        raise misread(
            _("« {value} » n'est pas une date.").format(value=value),
            _("Écrivez année, mois, jour, par exemple 2026-05-11."),
        )
    return value


def days_apart(value: object) -> object:
    """A number of days from one occasion to the next."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= DAYS_APART_MOST:
        raise misread(
            _("« {value} » n'est pas un nombre de jours, de 1 à {most}.").format(value=value, most=DAYS_APART_MOST),
            _("Écrivez par exemple 2 : un jour sur deux."),
        )
    return value


def tries(value: object) -> object:
    """How often somebody is rung."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= TRIES_MOST:
        raise misread(
            _("« {value} » n'est pas un nombre d'essais, de 1 à {most}.").format(value=value, most=TRIES_MOST),
            _("Écrivez par exemple 3."),
        )
    return value


def steps(value: object) -> object:
    """The sections [[ladder]], each still to be read."""
    if not isinstance(value, list) or not all(isinstance(step, dict) for step in value):
        raise misread(
            _("l'échelle est une suite d'étapes."),
            _('Écrivez chaque étape sous [[ladder]], entre deux crochets : step = "callback" after = "4h".'),
        )
    return value


def weekdays(value: object) -> object:
    """A list of days, as numbers from Monday = 1."""
    days = value if isinstance(value, list) else [value]
    unknown = [str(day) for day in days if day not in WEEKDAYS]
    if unknown or not days:
        raise misread(
            _("Jours inconnus : {days}.").format(days=", ".join(unknown)) if unknown else _("Aucun jour n'est donné."),
            _("Écrivez une liste parmi {known}.").format(known=", ".join(WEEKDAYS)),
        )
    return frozenset(WEEKDAYS.index(day) + 1 for day in days)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Day = Annotated[date, BeforeValidator(_date)]
LocalTime = Annotated[time, BeforeValidator(_time)]
Departement = Annotated[str, Field(pattern=r"^(\d{2,3}|2[AB])$")]
Code = Annotated[str, Field(min_length=1)]


class Strict(BaseModel):
    """A table of the file: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
