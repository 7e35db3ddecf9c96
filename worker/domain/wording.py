"""Words for days and times in texts. Plain letters only: no character may force a text into UCS-2."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_DAYS = {
    "fr": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_SHORT = {
    "fr": ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_TODAY = {"fr": "aujourd'hui avant {hour}h", "en": "today before {hour}:00"}
_TOMORROW = {"fr": ("demain matin", "demain après-midi"), "en": ("tomorrow morning", "tomorrow afternoon")}
_HALVES = {"fr": ("matin", "après-midi"), "en": ("morning", "afternoon")}
NOON = 12


def jour(day: Date, *, language: str = "fr") -> str:
    """The name of a day: "mercredi"."""
    return _table(_DAYS, language)[day.weekday()]


def date(day: Date, *, language: str = "fr") -> str:
    """A short date: "mer. 24/09"."""
    return f"{_table(_SHORT, language)[day.weekday()]} {day:%d/%m}"


def quand(due_at: datetime, now: datetime, *, tz: ZoneInfo, language: str = "fr") -> str:
    """By when a person rings: "aujourd'hui avant 18h", "demain matin", "lundi matin"."""
    due, today = due_at.astimezone(tz), now.astimezone(tz).date()
    half = int(due.hour >= NOON)
    if due.date() <= today:
        full_hour = due.hour + (1 if due.minute or due.second else 0)
        return _of(_TODAY, language).format(hour=full_hour)
    if due.date() == today + timedelta(days=1):
        return _table(_TOMORROW, language)[half]
    return f"{jour(due.date(), language=language)} {_table(_HALVES, language)[half]}"


def _table(words: Mapping[str, tuple[str, ...]], language: str) -> tuple[str, ...]:
    return words.get(language, words["fr"])


def _of(words: Mapping[str, str], language: str) -> str:
    return words.get(language, words["fr"])
