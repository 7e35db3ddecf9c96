"""Words for days and times in texts. Plain letters only: no character may force a text into UCS-2, and none may be
longer than "aujourd'hui avant 18h", "mercredi" or "mer. 24/09", which the French texts are measured with."""

import datetime as dt
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

T = TypeVar("T")
_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT = {
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_SOON = {"fr": "dans l'heure", "en": "within the hour"}
_TODAY = {"fr": "aujourd'hui avant {hour}h", "en": "today before {hour}:00"}
_TONIGHT = {"fr": "ce soir", "en": "this evening"}
_TOMORROW = {"fr": ("demain matin", "demain après-midi"), "en": ("tomorrow morning", "tomorrow afternoon")}
_HALVES = {"fr": ("matin", "après-midi"), "en": ("morning", "afternoon")}
_LATER = {"fr": "avant le {date}", "en": "before {date}"}
LUNCH = dt.time(13)
EVENING = 20
ONE_HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)


def jour(day: dt.date, *, language: str = "fr") -> str:
    """The name of a day: "mercredi"."""
    return _in(_DAYS, language)[day.weekday()]


def date(day: dt.date, *, language: str = "fr") -> str:
    """A short date: "mer. 24/09"."""
    return f"{_in(_SHORT, language)[day.weekday()]} {day:%d/%m}"


_CIVILITIES = {"M.": "Monsieur", "Mme": "Madame", "Mlle": "Madame"}


def greeted(tenants: Sequence[Mapping[str, object]]) -> str:
    """How a caller addresses a household, to be read aloud: "Madame Essai et Monsieur Essai"."""
    names = [
        f"{_CIVILITIES.get(str(t.get('civility') or ''), 'Madame ou Monsieur')} {str(t['last_name']).title()}"
        for t in tenants
    ]
    return " et ".join(dict.fromkeys(names)) or "Madame ou Monsieur"


_TITLES = {"fr": _CIVILITIES, "en": {"M.": "Mr", "Mme": "Mrs", "Mlle": "Ms"}}
_AND = {"fr": "et", "en": "and"}


def together(tenants: Sequence[Mapping[str, object]], *, language: str = "fr") -> str:
    """Whom a call concerns, said aloud where they are several: "Madame Essai et Monsieur Essai". Empty for one."""
    if len(tenants) < 2:
        return ""
    titles = _in(_TITLES, language)
    names = [f"{titles.get(str(t.get('civility') or ''), '')} {str(t['last_name']).title()}".strip() for t in tenants]
    *first, last = names
    return f"{', '.join(first)} {_in(_AND, language)} {last}"


def several(people: int) -> str:
    """Whether a text speaks to more than one, as `{% if plusieurs %}` asks it: a word, or nothing."""
    return "plusieurs" if people > 1 else ""


def longest_together(language: str) -> str:
    """As long as we expect it: a couple."""
    return together(
        [{"civility": "Mme", "last_name": "Martin-Dupont"}, {"civility": "M.", "last_name": "Martin"}],
        language=language,
    )


def quand(due_at: dt.datetime, now: dt.datetime, *, tz: ZoneInfo, language: str = "fr") -> str:
    """By when a person rings: "aujourd'hui avant 18h", "demain matin", "lundi après-midi", "avant le mer. 24/09".

    Never promises a moment that has passed.
    """
    due, today = max(due_at, now + timedelta(minutes=1)).astimezone(tz), now.astimezone(tz).date()
    if due.date() == today:
        return _today(due, language)
    if due - now <= ONE_HOUR:
        return _in(_SOON, language)
    if due.date() - today >= WEEK:
        day_after = due.date() + timedelta(days=1)
        return _in(_LATER, language).format(date=date(day_after, language=language))
    half = int(due.time() > LUNCH)
    if due.date() - today == timedelta(days=1):
        return _in(_TOMORROW, language)[half]
    return f"{jour(due.date(), language=language)} {_in(_HALVES, language)[half]}"


def _today(due: dt.datetime, language: str) -> str:
    full_hour = due.hour + (1 if due.minute or due.second else 0)
    return _in(_TONIGHT if full_hour > EVENING else _TODAY, language).format(hour=full_hour)


def _in(words: Mapping[str, T], language: str) -> T:
    return words.get(language, words["fr"])
