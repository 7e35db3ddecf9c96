"""Dates as exports and hands write them: 15/03/1938, 1/7/50, 1938-03-15, 12784, 00/00/1944, "2 nov. 1935"."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from worker.domain.folding import fold
from worker.domain.listings import UNKNOWN_BIRTH, Birth, Precision, ProblemCode
from worker.listing.rules import Rules

# Excel counts days from here, after its own belief that 1900 was a leap year.
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_OLDEST, _YOUNGEST = 110, 18
# Entry and exit dates lie around today: a two-digit year is the one in (today - 79, today + 20].
_YEARS_AHEAD = 20
_LAST_YEAR = 2150

_DAY_FIRST = re.compile(r"(\d{1,2})[\s/.\-]+(\d{1,2})[\s/.\-]+(\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})[\s/.\-]+(\d{1,2})[\s/.\-]+(\d{1,2})")
_NAMED_MONTH = re.compile(r"(\d{1,2})(?:er)?[\s/.\-]+([^\W\d_]{3,9})\.?[\s/.\-]+(\d{4}|\d{2})")
_DIGITS = re.compile(r"\d{4,8}")
_TIME = re.compile(r"[T ]\d{1,2}[:h]\d{2}.*$")
_LEADING_WORDS = re.compile(r"^(?:n[ée]+(?:\(e\))?\s+)?(?:(?:le|en)\s+)?", re.IGNORECASE)
_WHOLE = re.compile(r"(\d+)[.,]0+")

_MONTH_NAMES = (
    *("janvier", "fevrier", "mars", "avril", "mai", "juin"),
    *("juillet", "aout", "septembre", "octobre", "novembre", "decembre"),
)
# Any beginning of three letters or more; "jui" alone is June or July.
_MONTHS = {
    name[:length]: number
    for number, name in enumerate(_MONTH_NAMES, start=1)
    for length in range(3, len(name) + 1)
    if name[:length] != "jui"
}


@dataclass(frozen=True, slots=True)
class Parts:
    """A date taken apart. year may have two digits; day or month 0 means not known. serial: Excel's count."""

    day: int = 0
    month: int = 0
    year: int = 0
    two_digits: bool = False
    serial: int | None = None

    @property
    def is_nothing(self) -> bool:
        """00/00/0000, which is not the same as unreadable."""
        return not (self.day or self.month or self.year) and self.serial is None

    @property
    def is_year(self) -> bool:
        return self.serial is None and not (self.day and self.month)


Pivot = Callable[[int, int, int], int | None]


def birth(cell: str, *, rules: Rules, today: date) -> tuple[Birth, ProblemCode | None]:
    """A birth date and what is wrong with it. Always in the past; a filler such as 01/01/1900 is no date."""
    parts = None if rules.is_blank(cell) else take_apart(cell)
    if rules.is_blank(cell) or (parts and parts.is_nothing):
        return UNKNOWN_BIRTH, ProblemCode.BIRTH_MISSING
    born = _born(parts, today) if parts else None
    if born is None or born.on is None:
        return UNKNOWN_BIRTH, ProblemCode.BIRTH_UNREADABLE
    if _written(born.on, born.precision) in rules.dates.unknown_births:
        return UNKNOWN_BIRTH, ProblemCode.BIRTH_MISSING
    return (born, None) if _plausible(born, today) else (UNKNOWN_BIRTH, ProblemCode.BIRTH_IMPLAUSIBLE)


def day(cell: str, *, rules: Rules, today: date) -> tuple[date | None, bool]:
    """(an entry or exit date, whether the cell could be read). A filler is read, and is no date."""
    parts = None if rules.is_blank(cell) else take_apart(cell)
    if rules.is_blank(cell) or (parts and parts.is_nothing):
        return None, True
    found = None
    if parts and not parts.is_year:
        found = _day(parts, lambda yy, _month, _day: _near(yy, today))
    if found and _written(found, Precision.DAY) in rules.dates.unknown_births:
        return None, True
    return found, found is not None


def take_apart(cell: str) -> Parts | None:
    """The parts of a date in any form we know, before the year is settled; None when it is none."""
    if plain := _day_first(cell):  # nearly every cell
        return plain
    text = _LEADING_WORDS.sub("", _TIME.sub("", " ".join(cell.split())).strip())
    whole = _WHOLE.fullmatch(text)
    text = whole[1] if whole else text
    return next((parts for form in _FORMS if (parts := form(text)) is not None), None)


def _day_first(text: str) -> Parts | None:
    found = _DAY_FIRST.fullmatch(text)
    return Parts(int(found[1]), int(found[2]), int(found[3]), len(found[3]) == 2) if found else None


def _year_first(text: str) -> Parts | None:
    found = _YEAR_FIRST.fullmatch(text)
    return Parts(int(found[3]), int(found[2]), int(found[1])) if found else None


def _named_month(text: str) -> Parts | None:
    found = _NAMED_MONTH.fullmatch(text)
    month = _MONTHS.get(fold(found[2])) if found else None
    return Parts(int(found[1]), month, int(found[3]), len(found[3]) == 2) if found and month else None


def _digits(text: str) -> Parts | None:
    """1944 is a year, 12784 counts days, 19380315 and 15031938 are dates."""
    if not _DIGITS.fullmatch(text):
        return None
    return {4: _year_only, 5: _serial, 8: _eight}.get(len(text), lambda _text: None)(text)


def _year_only(text: str) -> Parts:
    """Four digits past any year count the days to a birth before 1928."""
    return Parts(year=int(text)) if int(text) <= _LAST_YEAR else _serial(text)


def _serial(text: str) -> Parts:
    return Parts(serial=int(text))


def _eight(text: str) -> Parts:
    if 1850 <= int(text[:4]) <= _LAST_YEAR and int(text[4:6]) <= 12:
        return Parts(int(text[6:]), int(text[4:6]), int(text[:4]))
    return Parts(int(text[:2]), int(text[2:4]), int(text[4:]))


_FORMS: tuple[Callable[[str], Parts | None], ...] = (_day_first, _year_first, _named_month, _digits)


def _born(parts: Parts, today: date) -> Birth | None:
    if parts.is_year:
        year = _pivot(parts, lambda yy: _past(yy, 12, 31, today))
        return Birth(date(year, 12, 31), Precision.YEAR) if year else None
    found = _day(parts, lambda yy, month, day: _past(yy, month, day, today))
    return Birth(found, Precision.DAY) if found else None


def _day(parts: Parts, pivot: Pivot) -> date | None:
    if parts.serial is not None:
        return _EXCEL_DAY_ZERO + timedelta(days=parts.serial)
    year = _pivot(parts, lambda yy: pivot(yy, parts.month, parts.day))
    return _date(year, parts.month, parts.day) if year else None


def _pivot(parts: Parts, choose: Callable[[int], int | None]) -> int | None:
    return choose(parts.year) if parts.two_digits else parts.year


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _past(yy: int, month: int, day: int, today: date) -> int | None:
    """The one year with these digits in which somebody now of age 18 to 110 was born."""
    for year in (1800 + yy, 1900 + yy, 2000 + yy):
        born = _date(year, month, day)
        if born and _YOUNGEST <= _age(born, today) <= _OLDEST:
            return year
    return None


def _near(yy: int, today: date) -> int:
    latest = today.year + _YEARS_AHEAD
    return latest - (latest - yy) % 100


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _plausible(born: Birth, today: date) -> bool:
    """Not in the future, not older than 110. A child of the household keeps its date."""
    if born.on is None:
        return False
    if born.precision is Precision.YEAR:
        return 0 <= today.year - born.on.year <= _OLDEST + 1
    return born.on <= today and _age(born.on, today) <= _OLDEST


def _written(found: date, precision: Precision) -> str:
    day_month = "00/00" if precision is Precision.YEAR else f"{found.day:02}/{found.month:02}"
    return f"{day_month}/{found.year:04}"
