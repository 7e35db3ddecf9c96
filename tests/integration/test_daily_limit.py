"""At most one campaign text a day to a household, unless the level rises, however events meet."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Level
from worker.services import events


def first_texts(town: Town) -> int:
    return len([m for m in town.rows("message") if m["step"] == "first"])


def test_two_events_drawn_up_at_the_same_moment_write_to_nobody_twice(town: Town) -> None:
    for _n in range(40):
        town.household()
    made = [
        events.open_event(town.db, builders.campaign(), occasion=name, desk=DESK, now=town.now).event_id
        for name in ("one", "other")
    ]
    with town.db.begin() as held:
        # Both have begun and wait for the same row: neither sees what the other writes.
        held.execute(text("LOCK TABLE recipient IN SHARE MODE"))
        with ThreadPoolExecutor(2) as pool:
            drawn = [pool.submit(events.fan_out, town.db, event, desk=DESK, now=town.now) for event in made]
            waiting = text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            while True:
                with town.db.begin() as looking:
                    if looking.execute(waiting).scalar_one() == 2:
                        break
            held.commit()
            assert [one.result(timeout=30) for one in drawn] == [40, 40]

    assert first_texts(town) == 40


def test_two_reminders_that_fall_due_together_are_one_that_of_the_higher_level(town: Town) -> None:
    home = town.household()
    for level in (Level.NONE, Level.ORANGE):
        campaign = builders.campaign(level=level)
        town.sent(town.open(campaign, level))

    town.later(hours=2)

    [reminder] = town.texts(home, "reminder")
    assert reminder["event_id"] == max(m["event_id"] for m in town.rows("message"))  # type: ignore[type-var]


def test_a_reminder_that_another_event_has_sent_today_is_not_sent_again(town: Town) -> None:
    home = town.household()
    weekly = builders.campaign(level=Level.NONE, reminder_after=timedelta(hours=3))
    town.sent(town.open(weekly, "weekly"))
    town.sent(town.open(replace(weekly, key="orange", level=Level.ORANGE, ladder=()), "orange"))

    town.later(hours=3)
    town.sweep()
    town.later(hours=3)

    assert len(town.texts(home, "reminder")) == 1
