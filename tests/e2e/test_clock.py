"""Days that are not like others, lived by the real processes: two schedulers at once, and a clock that is moved.

The stories follow each other in time: the clock only goes forward.
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox import stack
from tests import deployments
from tests.e2e.conftest import QUICK, City, District, inhabited
from tests.waiting import until

pytestmark = pytest.mark.e2e

PARIS = ZoneInfo("Europe/Paris")
EVE = datetime(2026, 10, 24, 12, 0, tzinfo=PARIS)

# key: agency, cron line, first and last day, window, further keys
ROUNDS = {
    "automne": ("A1", "30 2 * * *", "2026-10-25", "2026-10-26", ("00:00", "23:59"), ""),
    "silvestre": ("A2", "0 10 * * *", "2026-12-31", "2026-12-31", ("09:00", "19:00"), ""),
    "printemps": ("A3", "30 2 * * *", "2027-03-28", "2027-03-28", ("00:00", "23:59"), ""),
    "fete": ("A4", "0 10 * * *", "2027-07-14", "2027-07-14", ("09:00", "19:00"), ""),
    "dimanche": ("A5", "0 15 * * *", "2027-07-17", "2027-07-17", ("09:00", "19:00"), "reminder_after = '20h'"),
}
CAMPAIGN = """
title = "{key}"
kind = "check_in"
level = "none"
purpose = "care"
sender = "court"
text = "weekly_check"
reminder_text = "reminder"
reply_deadline = "24h"
void_after = "2d"
schedule = "{line}"
{more}
[audience]
agencies = ["{agency}"]
[window]
opens = "{opens}"
closes = "{closes}"
weekdays = ["lun", "mar", "mer", "jeu", "ven", "sam"{sunday}]
on_holidays = false
[recurrence]
starts_on = {first}
ends_on = {last}
"""


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A town of its own, on the Saturday before the autumn night, with two schedulers."""
    config = deployments.copy_to(tmp_path_factory.mktemp("rounds")) / "config"
    for key in ROUNDS:
        _write(config / "campaigns", key)
    changes = QUICK | {"CONFIG_DIR": str(config)}
    with stack.running(seed="clock", changes=changes, starts_at=EVE) as running:
        running.start_product()
        running.launch("scheduler", "scheduler-2")
        with inhabited(running) as city:
            until(lambda: _looked(city) == set(ROUNDS), why="the schedulers to take note of every campaign")
            yield city


def _write(folder: Path, key: str) -> None:
    agency, line, first, last, (opens, closes), more = ROUNDS[key]
    values = {"key": key, "agency": agency, "line": line, "first": first, "last": last, "opens": opens}
    # The nights of the clock change are Sundays.
    sunday = ', "dim"' if opens == "00:00" else ""
    more = more or "reminder_after = '12h'"
    text = CAMPAIGN.format(**values, closes=closes, more=more, sunday=sunday)
    (folder / f"{key}.toml").write_text(text, encoding="utf-8")


def _looked(city: City, since: datetime = EVE) -> set[str]:
    """The campaigns of which a scheduler has opened all that was due by then."""
    rows = District(city, "").all("SELECT campaign FROM schedule_done WHERE until_at >= :since", since=since)
    return {row["campaign"] for row in rows}


class Street(District):
    """One agency, with one campaign that comes round there."""

    def at(self, *moment: int, fold: int = 0) -> datetime:
        """Moves the clock to that local time, and waits until a scheduler has looked at it."""
        at = datetime(*moment, tzinfo=PARIS, fold=fold)  # type: ignore[arg-type,misc]
        self.city.stack.move_to(at)
        until(lambda: _looked(self.city, at) == set(ROUNDS), why=f"the schedulers to look at {at}")
        return at

    @property
    def occasions(self) -> list[str]:
        rows = self.all("SELECT occasion FROM campaign_event WHERE campaign = :key ORDER BY id", key=self.campaign_key)
        return [row["occasion"] for row in rows]

    @property
    def campaign_key(self) -> str:
        return next(key for key, (agency, *_rest) in ROUNDS.items() if agency == self.code)

    def texts_reach(self, home: Any, number: int) -> bool:
        """Whether so many have, and every one is written down as sent: only then may the clock be moved."""
        under_way = "SELECT 1 FROM message WHERE e164 = :number AND state IN ('queued', 'sending')"
        return len(self.received(home)) == number and not self.all(under_way, number=home.phone)


def test_the_hour_that_comes_twice_in_autumn_opens_one_event(city: City) -> None:
    street = Street(city, "A1")
    home = street.household()

    street.at(2026, 10, 25, 2, 31)
    until(lambda: street.texts_reach(home, 1), why="the text of the first half past two")
    street.at(2026, 10, 25, 2, 31, fold=1)

    assert street.occasions == ["2026-10-25"]
    street.at(2026, 10, 26, 2, 31)
    assert street.occasions == ["2026-10-25", "2026-10-26"]


def test_the_silence_of_new_years_eve_is_to_be_rung_on_the_first_working_day(city: City) -> None:
    street = Street(city, "A2")
    home = street.household()

    street.at(2026, 12, 31, 10, 1)
    until(lambda: street.texts_reach(home, 1), why="the text of the last day of the year")
    street.at(2027, 1, 1, 10, 5)
    task = until(lambda: street.task(home), why="a call for a household that did not answer")

    assert street.occasions == ["2026-12-31"]
    assert _local_day(task["due_at"]) == date(2027, 1, 4)


def test_the_hour_that_spring_skips_opens_its_event_all_the_same(city: City) -> None:
    street = Street(city, "A3")
    home = street.household()

    street.at(2027, 3, 28, 1, 59)
    assert street.occasions == []
    street.at(2027, 3, 28, 3, 31)
    until(lambda: street.texts_reach(home, 1), why="the text of the hour that was skipped")

    assert street.occasions == ["2027-03-28"]


def test_nothing_leaves_on_the_fourteenth_of_july_that_can_wait_for_the_fifteenth(city: City) -> None:
    street = Street(city, "A4")
    home = street.household()

    street.at(2027, 7, 14, 10, 1)
    waiting = until(lambda: _first_text(street, home), why="the text to be written down")
    street.at(2027, 7, 14, 18, 59)

    assert (waiting["state"], street.received(home)) == ("queued", [])
    street.at(2027, 7, 15, 9, 1)
    until(lambda: street.texts_reach(home, 1), why="the text of the day after")


def test_a_reminder_that_would_fall_on_a_sunday_is_not_sent_and_a_person_rings_on_monday(city: City) -> None:
    street = Street(city, "A5")
    home = street.household()

    street.at(2027, 7, 17, 15, 1)
    until(lambda: street.texts_reach(home, 1), why="the text of Saturday")
    street.at(2027, 7, 18, 12, 0)
    street.at(2027, 7, 18, 15, 5)
    task = until(lambda: street.task(home), why="a call for a household that did not answer")

    assert len(street.received(home)) == 1
    assert _local_day(task["due_at"]) == date(2027, 7, 19)


def _first_text(street: Street, home: Any) -> dict[str, Any] | None:
    found = street.all("SELECT * FROM message WHERE e164 = :number AND step = 'first'", number=home.phone)
    return found[0] if found else None


def _local_day(at: datetime) -> date:
    return at.astimezone(PARIS).date()
