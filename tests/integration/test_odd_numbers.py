"""Numbers and days that are none, or beyond all measure: a sentence, and nothing that breaks later."""

from datetime import date

import pytest

from tests import commands
from tests.integration.conftest import DESK, SENDERS, Town
from worker.domain.errors import Refused
from worker.services import steering, summaries

HUGE = "99999999999999999999"


@pytest.mark.parametrize("per_s", [float("nan"), float("inf"), float("-inf"), -1, 1e300, 1e-300, 0.001])
def test_a_pace_is_none_or_within_reason(town: Town, per_s: float) -> None:
    town.household()
    event = town.open()

    with pytest.raises(Refused):
        steering.set_pace(town.db, event, per_s=per_s)

    assert steering.progress(town.db, event, senders=SENDERS, now=town.now).pace_per_s is None


@pytest.mark.parametrize("day", [date.min, date.max])
def test_a_report_is_about_a_day_that_may_have_been(day: date) -> None:
    with pytest.raises(Refused):
        summaries.span_of(day, None, DESK)


@pytest.mark.parametrize(
    "command",
    [("event", "show"), ("event", "pause"), ("event", "all-clear", "--no-text"), ("report",), ("task", "show")],
)
def test_a_number_that_no_row_can_have_names_nothing(database_url: str, command: tuple[str, ...]) -> None:
    done = commands.run(*command, HUGE, settings={"COURTOISIE_DATABASE_URL": database_url})

    assert done.returncode == 1
    assert "Erreur interne" not in done.stderr
    assert HUGE not in done.stdout


def test_a_preview_shows_as_many_as_there_are(database_url: str) -> None:
    settings = {"COURTOISIE_DATABASE_URL": database_url}
    done = commands.run("preview", "canicule-orange", "--households", "--limit", HUGE, settings=settings)

    assert "Erreur interne" not in done.stderr
