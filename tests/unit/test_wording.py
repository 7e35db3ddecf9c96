"""Words for days and times, as they stand in texts."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import segments, wording

PARIS = ZoneInfo("Europe/Paris")
NOW = "2026-07-08 10:00"  # a Wednesday


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("due", "now", "french", "english"),
    [
        ("2026-07-08 18:00", NOW, "aujourd'hui avant 18h", "today before 18:00"),
        ("2026-07-08 18:30", NOW, "aujourd'hui avant 19h", "today before 19:00"),
        ("2026-07-08 12:00", NOW, "aujourd'hui avant 12h", "today before 12:00"),
        ("2026-07-08 09:00", NOW, "aujourd'hui avant 11h", "today before 11:00"),  # overdue: never an hour gone by
        ("2026-07-08 10:00", NOW, "aujourd'hui avant 11h", "today before 11:00"),
        ("2026-07-08 20:00", NOW, "aujourd'hui avant 20h", "today before 20:00"),
        ("2026-07-08 20:15", NOW, "ce soir", "this evening"),
        ("2026-07-08 23:50", NOW, "ce soir", "this evening"),
        ("2026-07-09 00:05", "2026-07-08 23:50", "dans l'heure", "within the hour"),
        ("2026-07-09 09:00", NOW, "demain matin", "tomorrow morning"),
        ("2026-07-09 13:00", NOW, "demain matin", "tomorrow morning"),
        ("2026-07-09 18:30", NOW, "demain après-midi", "tomorrow afternoon"),
        ("2026-07-13 12:30", NOW, "lundi matin", "Monday morning"),
        ("2026-07-14 18:30", NOW, "mardi après-midi", "Tuesday afternoon"),
        ("2026-07-15 12:30", NOW, "avant le jeu. 16/07", "before Thu 16/07"),
    ],
)
def test_when_a_person_rings_is_said_as_people_say_it(due: str, now: str, french: str, english: str) -> None:
    said = [wording.quand(paris(due), paris(now), tz=PARIS, language=language) for language in ("fr", "en")]

    assert said == [french, english]


def test_tomorrow_is_counted_in_local_days() -> None:
    late_evening = datetime(2026, 7, 8, 21, 30, tzinfo=UTC)  # 23:30 in Paris

    assert wording.quand(datetime(2026, 7, 9, 7, tzinfo=UTC), late_evening, tz=PARIS) == "demain matin"
    assert wording.quand(datetime(2026, 7, 9, 7, tzinfo=UTC), late_evening + timedelta(hours=1), tz=PARIS) == (
        "aujourd'hui avant 9h"
    )


def test_days_are_named_in_the_language_of_the_text_and_in_french_otherwise() -> None:
    day = date(2026, 7, 8)

    assert [wording.jour(day, language=x) for x in ("fr", "en", "ar")] == ["mercredi", "Wednesday", "mercredi"]
    assert [wording.date(day, language=x) for x in ("fr", "en", "ar")] == ["mer. 08/07", "Wed 08/07", "mer. 08/07"]


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds without a zone, as hypothesis wants them


@given(now=moments, ahead=st.timedeltas(timedelta(days=-2), timedelta(days=30)), language=st.sampled_from(["fr", "en"]))
def test_no_wording_is_longer_than_the_texts_were_measured_with(now: datetime, ahead: timedelta, language: str) -> None:
    said = wording.quand(now + ahead, now, tz=PARIS, language=language)
    day = wording.date((now + ahead).date(), language=language)

    assert len(said) <= len("aujourd'hui avant 18h")
    assert len(day) <= len("mer. 24/09")
    assert segments.measure(said + day).encoding == "GSM-7"


@given(day=st.dates())
def test_a_french_day_is_never_longer_than_wednesday(day: date) -> None:
    assert len(wording.jour(day)) <= len("mercredi")


MME, M = {"civility": "Mme", "last_name": "ESSAI"}, {"civility": "M.", "last_name": "ESSAI"}


@pytest.mark.parametrize(
    ("tenants", "french", "english"),
    [
        ([MME], "", ""),
        ([MME, M], "Madame Essai et Monsieur Essai", "Mrs Essai and Mr Essai"),
        (
            [MME, M, {"civility": "", "last_name": "PETIT"}],
            "Madame Essai, Monsieur Essai et Petit",
            "Mrs Essai, Mr Essai and Petit",
        ),
    ],
    ids=["one", "a couple", "three"],
)
def test_several_people_are_called_by_name(tenants: list[dict[str, object]], french: str, english: str) -> None:
    assert [wording.together(tenants, language=language) for language in ("fr", "en")] == [french, english]
