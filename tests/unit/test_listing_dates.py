"""Dates of a listing, in every form exports and hands write them."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.domain.listings import Birth, Precision, ProblemCode
from worker.listing import dates, rules

RULES = rules.load(Path(__file__).parents[2] / "config")
TODAY = date(2026, 7, 8)
MISSING, UNREADABLE, IMPLAUSIBLE = (
    ProblemCode.BIRTH_MISSING,
    ProblemCode.BIRTH_UNREADABLE,
    ProblemCode.BIRTH_IMPLAUSIBLE,
)


def born(cell: str) -> tuple[Birth, ProblemCode | None]:
    return dates.birth(cell, rules=RULES, today=TODAY)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("15/03/1938", date(1938, 3, 15)),
        ("15.03.1938", date(1938, 3, 15)),
        ("15-03-1938", date(1938, 3, 15)),
        ("15 03 1938", date(1938, 3, 15)),
        (" 15/03/1938 ", date(1938, 3, 15)),
        ("15/03/1938 00:00", date(1938, 3, 15)),
        ("1/7/50", date(1950, 7, 1)),
        ("29/02/40", date(1940, 2, 29)),
        ("15.03.38", date(1938, 3, 15)),
        ("05/07/08", date(2008, 7, 5)),
        ("05/07/18", date(1918, 7, 5)),
        ("1938-03-15", date(1938, 3, 15)),
        ("1938-03-15 00:00:00", date(1938, 3, 15)),
        ("1938-03-15T00:00:00Z", date(1938, 3, 15)),
        ("1938/3/15", date(1938, 3, 15)),
        ("19380315", date(1938, 3, 15)),
        ("15031938", date(1938, 3, 15)),
        ("12784", date(1934, 12, 31)),
        ("12784.0", date(1934, 12, 31)),
        ("9500", date(1926, 1, 3)),
        ("2 nov. 1935", date(1935, 11, 2)),
        ("1er mars 1938", date(1938, 3, 1)),
        ("15 février 1938", date(1938, 2, 15)),
        ("15-août-38", date(1938, 8, 15)),
        ("3 juil 1941", date(1941, 7, 3)),
        ("née le 12/05/1938", date(1938, 5, 12)),
        ("né(e) le 12/05/1938", date(1938, 5, 12)),
        ("le 12/05/1938", date(1938, 5, 12)),
        ("31/12/2015", date(2015, 12, 31)),
    ],
)
def test_a_day_is_read_in_every_form(cell: str, day: date) -> None:
    assert born(cell) == (Birth(day, Precision.DAY), None)


@pytest.mark.parametrize("cell", ["00/00/1944", "1944", "00/05/1944", "00/00/44", "1944.0", "né en 1944", "0/0/1944"])
def test_a_year_alone_stands_for_its_last_day(cell: str) -> None:
    assert born(cell) == (Birth(date(1944, 12, 31), Precision.YEAR), None)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "01/01/1900",
        "1/1/1900",
        "1900-01-01",
        "01/01/1901",
        "31/12/1899",
        "00/00/0000",
        "néant",
        "-",
        "NC",
        "#N/A",
        "inconnue",
    ],
)
def test_a_filler_is_an_unknown_birth_and_never_an_age(cell: str) -> None:
    assert born(cell) == (Birth(None, Precision.UNKNOWN), MISSING)


@pytest.mark.parametrize(
    "cell", ["03/15/1938", "29/02/1939", "abc", "0", "1/7", "12/1938", "15/03/19 38", "193", "123456", "3 jui 1941"]
)
def test_what_is_no_date_is_not_guessed(cell: str) -> None:
    assert born(cell) == (Birth(None, Precision.UNKNOWN), UNREADABLE)


@pytest.mark.parametrize(
    "cell", ["12/12/2030", "01/07/1850", "31/12/9999", "1899", "09/07/2026", "01/07/1915", "99999"]
)
def test_nobody_is_born_tomorrow_nor_older_than_110(cell: str) -> None:
    assert born(cell) == (Birth(None, Precision.UNKNOWN), IMPLAUSIBLE)


def test_a_two_digit_year_gives_nobody_an_age_below_18_or_above_110() -> None:
    assert born("01/01/10") == (Birth(None, Precision.UNKNOWN), UNREADABLE)


@settings(deadline=None)  # the machine may be busy
@given(st.dates(min_value=TODAY - timedelta(days=109 * 365), max_value=TODAY - timedelta(days=19 * 366)))
def test_all_forms_of_a_birthday_say_the_same_day(day: date) -> None:
    serial = str((day - date(1899, 12, 30)).days)
    forms = [
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day.year % 100:02}",
        day.isoformat(),
        f"{day:%d%m%Y}",
        f"{day:%Y%m%d}",
        serial if len(serial) == 5 else day.isoformat(),
    ]

    assert {born(form)[0] for form in forms} == {Birth(day, Precision.DAY)}


@settings(deadline=None)  # the machine may be busy
@given(st.text(max_size=25))
def test_no_cell_breaks_the_reader(cell: str) -> None:
    birth, problem = born(cell)
    dates.day(cell, rules=RULES, today=TODAY)

    assert (birth.on is None) == (problem is not None)


@pytest.mark.parametrize(
    ("cell", "day", "readable"),
    [
        ("31/05/2026", date(2026, 5, 31), True),
        ("31/05/26", date(2026, 5, 31), True),
        ("01/04/03", date(2003, 4, 1), True),
        ("01/04/46", date(2046, 4, 1), True),
        ("01/04/47", date(1947, 4, 1), True),
        ("46173", date(2026, 5, 31), True),
        ("31/12/9999", date(9999, 12, 31), True),
        ("", None, True),
        ("01/01/1900", None, True),
        ("00/00/0000", None, True),
        ("néant", None, True),
        ("bientôt", None, False),
        ("00/00/2026", None, False),
    ],
)
def test_entry_and_exit_lie_around_today(cell: str, day: date | None, readable: bool) -> None:
    assert dates.day(cell, rules=RULES, today=TODAY) == (day, readable)
