"""Until when people say to be away."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import absence, replies
from worker.domain.replies import Intent
from worker.domain.reply_text import either

WEDNESDAY = date(2026, 7, 8)


@pytest.mark.parametrize(
    ("told", "until"),
    [
        ("jusqu'au 15 août", date(2026, 8, 15)),
        ("jusqu'au 15 aout", date(2026, 8, 15)),
        ("jusqu’au 15 AOÛT 2026", date(2026, 8, 15)),
        ("jusquau 15 aout", date(2026, 8, 15)),
        ("jusqu au 15 aout", date(2026, 8, 15)),
        ("jusqu'au samedi 15 août inclus", date(2026, 8, 15)),
        ("15/08", date(2026, 8, 15)),
        ("15/8", date(2026, 8, 15)),
        ("15-08", date(2026, 8, 15)),
        ("15.08.2026", date(2026, 8, 15)),
        ("15/08/26", date(2026, 8, 15)),
        ("2026-08-15", date(2026, 8, 15)),
        ("jusqu'au 15", date(2026, 7, 15)),
        ("jusqu'au 5", date(2026, 8, 5)),
        ("jusqu'au 8", date(2026, 7, 8)),
        ("jusqu'au 1er août", date(2026, 8, 1)),
        ("jusqu'au premier septembre", date(2026, 9, 1)),
        ("du 10 au 17 juillet", date(2026, 7, 17)),
        ("du 28 juillet au 17 août", date(2026, 8, 17)),
        ("du 10/07 au 25/07", date(2026, 7, 25)),
        ("du 10 au 25", date(2026, 7, 25)),
        ("depuis le 3 juillet jusqu'au 12", date(2026, 7, 12)),
        ("jusqu'à lundi", date(2026, 7, 13)),
        ("jusqu'à mercredi", date(2026, 7, 15)),
        ("jusqu'à dimanche soir", date(2026, 7, 12)),
        ("jusqua lundi prochain", date(2026, 7, 13)),
        ("jusqu'à demain", date(2026, 7, 9)),
        ("demain", date(2026, 7, 9)),
        ("après-demain", date(2026, 7, 10)),
        ("aujourd'hui", date(2026, 7, 8)),
        ("ce soir", date(2026, 7, 8)),
        ("à midi", date(2026, 7, 8)),
        ("cet après-midi", date(2026, 7, 8)),
        ("ce week-end", date(2026, 7, 12)),
        ("cette semaine", date(2026, 7, 12)),
        ("la semaine prochaine", date(2026, 7, 19)),
        ("jusqu'à la semaine prochaine", date(2026, 7, 13)),
        ("2 semaines", date(2026, 7, 22)),
        ("deux semaines", date(2026, 7, 22)),
        ("une semaine", date(2026, 7, 15)),
        ("pour 15 jours", date(2026, 7, 23)),
        ("quinze jours", date(2026, 7, 23)),
        ("pendant une quinzaine", date(2026, 7, 23)),
        ("huit jours", date(2026, 7, 16)),
        ("quelques jours", date(2026, 7, 13)),
        ("un mois", date(2026, 8, 7)),
        ("fin juillet", date(2026, 7, 31)),
        ("jusqu'à fin août", date(2026, 8, 31)),
        ("mi-août", date(2026, 8, 15)),
        ("tout le mois d'août", date(2026, 8, 31)),
        ("en août", date(2026, 8, 31)),
        ("jusqu'en septembre", date(2026, 9, 1)),
        ("fin du mois", date(2026, 7, 31)),
        ("le mois prochain", date(2026, 8, 31)),
        ("jusqu'au mois prochain", date(2026, 8, 1)),
        ("until monday", date(2026, 7, 13)),
        ("for two weeks", date(2026, 7, 22)),
        ("until august 15", date(2026, 8, 15)),
    ],
)
def test_the_last_day_away_is_understood(told: str, until: date) -> None:
    assert replies.read(f"absent {told}", on=WEDNESDAY) == replies.Reading(Intent.ABSENT, until)


@pytest.mark.parametrize(
    "told",
    [
        "",
        "31/02",
        "45/13",
        "00/00",
        "30 février",
        "depuis lundi",
        "depuis 2 semaines",
        "il y a 3 jours",
        "depuis lundi dernier",
        "01/07",
        "3 juillet",
        "15 mars",
        "jusqu'en mars",
        "15/08/2031",
        "15/08/1999",
        "six mois",
        "06.12.34.56.78",
        "06 12 34 56 78",
        "appelez le 0612345678",
        "12 rue des Lilas",
        "vers 10.30",
        "jusqu'à nouvel ordre",
    ],
)
def test_no_day_is_made_up(told: str) -> None:
    assert absence.until(f"absent {told}", on=WEDNESDAY) is None


@pytest.mark.parametrize(
    ("told", "on", "until"),
    [
        ("jusqu'au 3 janvier", date(2026, 12, 20), date(2027, 1, 3)),
        ("jusqu'au 3", date(2026, 12, 20), date(2027, 1, 3)),
        ("jusqu'au 31", date(2027, 1, 31), date(2027, 1, 31)),
        ("jusqu'au 30", date(2027, 1, 31), None),
        ("jusqu'au 29 février", date(2028, 2, 1), date(2028, 2, 29)),
        ("fin février", date(2028, 1, 5), date(2028, 2, 29)),
        ("2 semaines", date(2026, 12, 25), date(2027, 1, 8)),
        ("cette semaine", date(2026, 7, 12), date(2026, 7, 12)),
        ("jusqu'à dimanche", date(2026, 7, 12), date(2026, 7, 19)),
    ],
)
def test_the_turn_of_a_month_or_year_is_no_trap(told: str, on: date, until: date | None) -> None:
    assert absence.until(told, on=on) == until


@given(body=st.text(max_size=80), on=st.dates(date(2020, 1, 1), date(2100, 1, 1)))
def test_an_absence_never_lies_in_the_past_nor_outlasts_a_season(body: str, on: date) -> None:
    until = absence.until(body, on=on)

    assert until is None or on <= until <= on + absence.LONGEST


digits_and_words = st.lists(
    st.sampled_from(either("31|29|2|0|99|/|.|-|02|13|2026|août|fév|le|au|jusqu'au|jusqu'à|fin|mi|lundi|semaines|mois"))
).map(" ".join)


@given(body=digits_and_words, on=st.dates(date(2024, 1, 1), date(2032, 12, 31)))
def test_no_mixture_of_dates_breaks_the_reading(body: str, on: date) -> None:
    until = absence.until(body, on=on)

    assert until is None or on <= until <= on + absence.LONGEST


@pytest.mark.parametrize("told", ["à midi", "ce soir", "aujourd'hui"])
def test_a_lunch_with_family_keeps_callers_away_for_a_day_only(told: str) -> None:
    assert replies.read(f"je mange chez ma fille {told}", on=WEDNESDAY) == replies.Reading(Intent.ABSENT, WEDNESDAY)
