"""Until when somebody says to be away: dates as people write them in a text, in French and a little English."""

import calendar
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from worker.domain.reply_text import fold

# A date further off is more likely misread than meant; who is really away longer is asked again.
LONGEST = timedelta(days=92)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv january jan",
            "fevrier fevr fev february feb",
            "mars march",
            "avril avr april apr",
            "mai may",
            "juin june",
            "juillet juil july",
            "aout august aug",
            "septembre sept september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "lundi monday",
            "mardi tuesday",
            "mercredi wednesday",
            "jeudi thursday",
            "vendredi friday",
            "samedi saturday",
            "dimanche sunday",
        )
    )
    for name in names.split()
}
_NUMBERS = {
    "un": 1, "une": 1, "a": 1, "one": 1, "deux": 2, "two": 2, "trois": 3, "three": 3, "quatre": 4, "cinq": 5,
    "six": 6, "sept": 7, "huit": 8, "dix": 10, "quinze": 15, "vingt": 20, "trente": 30,
}  # fmt: skip
_UNITS = {
    "jour": 1, "jours": 1, "day": 1, "days": 1, "semaine": 7, "semaines": 7, "week": 7, "weeks": 7, "mois": 30,
    "month": 30, "months": 30,
}  # fmt: skip


def _either(words: object) -> str:
    return "|".join(sorted(map(str, words), key=len, reverse=True))  # type: ignore[call-overload]


_MONTH = _either(_MONTHS)
_DAY = r"(?P<day>\d{1,2}|1er|premier)"
_ISO = re.compile(r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b")
_NUMERIC = re.compile(
    r"(?<![\d/.-])(?P<day>\d{1,2}) ?[/.-] ?(?P<month>\d{1,2})(?: ?[/.-] ?(?P<year>\d{4}|\d{2}))?(?!\d|[/.-]\d)"
)
_NAMED = re.compile(rf"\b{_DAY} ?(?P<name>{_MONTH})\b\.?(?: (?P<year>20\d\d))?")
_MONTH_FIRST = re.compile(rf"\b(?P<name>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\d)")
_DAY_ONLY = re.compile(
    rf"\b(?:(?:jusqu)?au|le|the) {_DAY}(?:th|st|nd|rd)?\b(?! ?(?:h\b|heures?|rue|{_MONTH}|[/.-] ?\d))"
)
_PART_OF_MONTH = re.compile(
    rf"\b(?P<part>fin|mi|debut|jusqu'en|jusqu'a|en|mois de|mois d'|tout)[ -]?(?P<name>{_MONTH})\b"
)
_LASTING = re.compile(
    rf"(?P<past>depuis |il y a )?\b(?P<count>\d{{1,2}}|{_either(_NUMBERS)}) (?P<unit>{_either(_UNITS)})\b"
)
_WEEKDAY = re.compile(rf"(?P<past>depuis )?\b(?P<name>{_either(_WEEKDAYS)})\b(?P<last> dernier| passe)?")


def until(body: str, *, on: date) -> date | None:
    """The last day of an absence told on a day, or None when the text tells none that can be believed.

    Without a year the nearest such date is meant; of several dates the last one, unless one follows "jusqu'au".
    """
    text = re.sub(r"\s+", " ", fold(body))
    return _latest(_after_until(text), on) or _latest(text, on)


def _after_until(text: str) -> str:
    place = max(text.rfind("jusqu"), text.rfind("until"))
    return text[place:] if place >= 0 else ""


def _latest(text: str, on: date) -> date | None:
    told = (day for reader in _READERS for day in reader(text, on))
    return max((day for day in told if on <= day <= on + LONGEST), default=None)


def _explicit(text: str, on: date) -> Iterator[date]:
    for match in _ISO.finditer(text):
        yield from _dated(match["day"], int(match["month"]), match["year"], on)
    for match in _NUMERIC.finditer(_ISO.sub(" ", text)):
        yield from _dated(match["day"], int(match["month"]), match["year"], on)
    for match in _NAMED.finditer(text):
        yield from _dated(match["day"], _MONTHS[match["name"]], match["year"], on)
    for match in _MONTH_FIRST.finditer(text):
        yield from _dated(match["day"], _MONTHS[match["name"]], None, on)


def _dated(day: str, month: int, year: str | None, on: date) -> Iterator[date]:
    """The date if it exists; without a year the nearest one before or after."""
    number = 1 if day in {"1er", "premier"} else int(day)
    years = [on.year - 1, on.year, on.year + 1] if year is None else [int(year) % 100 + 2000]
    found = [date(y, month, number) for y in years if _exists(y, month, number)]
    if found:
        yield min(found, key=lambda d: abs(d - on))


def _exists(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def _day_only(text: str, on: date) -> Iterator[date]:
    """ "Jusqu'au 20": in this month, or the next if it has passed."""
    for match in _DAY_ONLY.finditer(text):
        number = 1 if match["day"] in {"1er", "premier"} else int(match["day"])
        month = on if number >= on.day else _month_after(on)
        if _exists(month.year, month.month, number):
            yield month.replace(day=number)


def _part_of_month(text: str, on: date) -> Iterator[date]:
    for match in _PART_OF_MONTH.finditer(text):
        month = next(_dated("1", _MONTHS[match["name"]], None, on))
        ends = {"mi": 15, "debut": 1, "jusqu'en": 1, "jusqu'a": 1}
        yield month.replace(day=ends.get(match["part"], _last_day(month)))


def _lasting(text: str, on: date) -> Iterator[date]:
    for match in _LASTING.finditer(text):
        if not match["past"]:
            count = match["count"]
            yield on + timedelta(days=(_NUMBERS.get(count) or int(count)) * _UNITS[match["unit"]])


def _weekday(text: str, on: date) -> Iterator[date]:
    for match in _WEEKDAY.finditer(text):
        if not match["past"] and not match["last"]:
            yield _next_weekday(on, _WEEKDAYS[match["name"]])


def _in_words(text: str, on: date) -> Iterator[date]:
    for wording, day in _WORDINGS:
        if wording.search(text):
            yield day(on)


def _next_weekday(on: date, weekday: int) -> date:
    return on + timedelta(days=(weekday - on.weekday() - 1) % 7 + 1)


def _sunday(on: date) -> date:
    return on + timedelta(days=6 - on.weekday())


def _month_after(on: date) -> date:
    return (on.replace(day=28) + timedelta(days=4)).replace(day=1)


def _last_day(month: date) -> int:
    return calendar.monthrange(month.year, month.month)[1]


def _end_of(month: date) -> date:
    return month.replace(day=_last_day(month))


_WORDINGS: tuple[tuple[re.Pattern[str], Callable[[date], date]], ...] = tuple(
    (re.compile(wording), day)
    for wording, day in (
        (
            r"aujourd'?hui|\bce (?:soir|midi|matin)\b|\ba midi\b|cet(?:te)? apres-?.?midi|cette nuit|\btoday\b|tonight",
            lambda on: on,
        ),
        (r"(?<!apres )(?<!apres-)\bdemain|tomorrow", lambda on: on + timedelta(days=1)),
        (r"apres.demain", lambda on: on + timedelta(days=2)),
        (r"quelques jours|few days", lambda on: on + timedelta(days=5)),
        (r"une huitaine", lambda on: on + timedelta(days=8)),
        (r"une quinzaine", lambda on: on + timedelta(days=15)),
        (r"week-?.?end|cette semaine|fin de (?:la )?semaine|this week", _sunday),
        (r"(?<!jusqu'a la )semaine prochaine|semaine pro\b|next week", lambda on: _sunday(on) + timedelta(days=7)),
        (r"jusqu'a la semaine prochaine|until next week", lambda on: _next_weekday(on, 0)),
        (r"fin du mois", _end_of),
        (r"(?<!jusqu'au )mois prochain|next month", lambda on: _end_of(_month_after(on))),
        (r"jusqu'au mois prochain", _month_after),
    )
)

_READERS = (_explicit, _day_only, _part_of_month, _lasting, _weekday, _in_words)
