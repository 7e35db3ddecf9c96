"""More landlines than lines: who needs it most is rung first, and nobody waits for a line longer than for an answer."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.switchboard import HOUR, Switchboard, calling_campaign
from worker.domain.campaigns import Campaign, Level
from worker.domain.rungs import LadderStep, Rung
from worker.services import events
from worker.store.database import Database


def red() -> Campaign:
    """A red alert: two hours to answer, the machine rings at once whom it cannot write to."""
    steps = (LadderStep(Rung.VOICE, HOUR, script="heat_orange_check"), LadderStep(Rung.CALLBACK, 2 * HOUR))
    return calling_campaign(level=Level.RED, ladder=steps, void_after=24 * HOUR)


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def landline(town: Switchboard, **more: object) -> builders.Household:
    return town.household(mobiles=(), landlines=(builders.landline(),), **more)


def opened(town: Switchboard) -> int:
    event = town.open(red())
    town.climb()
    return event


def test_two_hours_without_a_line_bring_a_person_in_a_red_alert(town: Switchboard) -> None:
    home, written_to = landline(town), town.household()
    event = town.open(red())
    town.sent(event)
    town.climb()

    town.later(hours=1, minutes=59)
    assert (town.state(home), town.state(written_to)) == ("waiting", "waiting")
    town.later(minutes=2)

    assert (town.state(home), town.state(written_to)) == ("callback", "callback")
    assert town.reasons(home) == town.reasons(written_to) == ["no_reply_red"]
    assert town.call_row(home)["state"] == "cancelled"
    assert town.place() == []
    assert town.account(event).unaccounted == 0


def test_who_is_rung_at_last_has_the_whole_time_to_answer(town: Switchboard) -> None:
    home = landline(town)
    opened(town)
    town.later(hours=1, minutes=50)
    town.place()

    town.later(minutes=15)
    assert town.state(home) == "waiting"
    town.later(hours=1, minutes=50)

    assert town.state(home) == "callback"


def test_the_time_runs_from_the_first_hour_at_which_a_line_may_ring(town: Switchboard) -> None:
    """Opened at 21:00; the machine may ring from 9:00 on."""
    town.now = datetime(2026, 7, 8, 19, tzinfo=UTC)
    home = landline(town)
    opened(town)

    town.later(hours=13)
    assert town.state(home) == "waiting"
    town.later(hours=1, minutes=1)

    assert town.state(home) == "callback"


def test_nobody_waits_for_a_line_while_the_event_is_paused(town: Switchboard) -> None:
    home = landline(town)
    event = opened(town)
    town.now += HOUR
    events.pause(town.db, event)

    town.later(hours=2)
    assert town.state(home) == "waiting"
    events.resume(town.db, event)
    town.later(hours=2)

    assert town.state(home) == "callback"


def test_the_oldest_alone_and_fragile_are_rung_first(town: Switchboard) -> None:
    couple = landline(town, births=(date(1955, 1, 1),), lives_alone="no")
    old = landline(town, births=(date(1944, 1, 1),), lives_alone="no")
    fragile = landline(town, births=(date(1944, 1, 1),), lives_alone="no")
    with town.db.begin() as connection:
        connection.execute(text("UPDATE household SET fragile = true WHERE id = :id"), {"id": fragile.id})
    alone = landline(town, births=(date(1938, 1, 1),), lives_alone="yes")
    opened(town)

    rung = []
    for _round in range(4):
        for call in town.place():
            rung.append(call.to)
            town.ends(call, "completed", sip_code=200)
        town.now += timedelta(seconds=2)

    assert rung == [home.phone for home in (alone, fragile, old, couple)]
