"""Silence and failures climb the ladder; every household stays in exactly one state."""

from datetime import time, timedelta

import pytest

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Exclusions, Kind, Level, Remedy, SendWindow
from worker.domain.messages import Receipt
from worker.services import events, receipts


def _advice(**more: object) -> object:
    return builders.campaign(kind=Kind.ADVICE, reply_deadline=None, reminder_text=None, reminder_after=None, **more)


def _receipt(town: Town, message: dict[str, object], status: str, code: int | None = None) -> None:
    word = Receipt(message["id"], message["provider_sid"], status, code, town.now)  # type: ignore[arg-type]
    receipts.record(town.db, [word], now=town.now)


def test_silence_is_reminded_at_half_time_and_rung_at_the_deadline(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)

    town.later(hours=2)
    reminded = [m["template"] for m in town.texts(home, "reminder")]
    town.sent(event)
    town.later(hours=1, minutes=59)
    before = town.task(home)
    town.later(minutes=1)

    assert reminded == ["heat_reminder"]
    assert before is None
    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["no_reply_orange"]


def test_climbing_twice_changes_nothing(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=5)

    town.climb()

    assert len(town.rows("callback_task", home)) == 1


def test_no_reminder_leaves_outside_the_send_window(town: Town) -> None:
    home = town.household()
    campaign = builders.campaign(window=SendWindow(time(9), time(11)))
    town.sent(town.open(campaign), campaign)

    town.later(hours=2)

    assert town.texts(home, "reminder") == []
    assert town.state(home) == "waiting"


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [("undelivered", 30005, "undelivered"), ("undelivered", 30003, "undelivered"), ("failed", 30036, "undelivered")],
)
def test_a_text_that_does_not_arrive_is_followed_by_a_call(town: Town, status: str, code: int, reason: str) -> None:
    home = town.household()
    town.sent(town.open())

    _receipt(town, town.texts(home, "first")[0], status, code)
    town.climb()

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == [reason]


def test_landlines_and_people_without_a_number_are_rung_at_once(town: Town) -> None:
    landline = town.household(mobiles=(), landlines=(builders.landline(),))
    nothing = town.household(mobiles=())

    event = town.open()
    town.climb()

    assert [town.state(h) for h in (landline, nothing)] == ["callback", "callback"]
    assert town.account(event).unaccounted == 0


def test_an_exclusion_that_is_only_recorded_is_final_at_once(town: Town) -> None:
    home = town.household(mobiles=(), landlines=(builders.landline(),))

    event = town.open(builders.campaign(exclusions=Exclusions(landline_only=Remedy.RECORD)))

    assert town.state(home) == "excluded"
    assert town.account(event).reasons == {"excluded": {"landline_only": 1}}


@pytest.mark.parametrize("purpose", ["care", "advice"])
def test_a_household_contacted_today_is_not_written_to_again_whatever_for(town: Town, purpose: str) -> None:
    home = town.household()
    town.sent(town.open())

    again = town.open(builders.campaign(purpose=purpose))

    assert town.recipient(home, again)["reason"] == "contacted_today"


def test_a_household_contacted_today_is_written_to_when_the_level_rises(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    red = town.open(builders.campaign(level=Level.RED))

    assert town.state(home, red) == "waiting"
    assert town.recipient(home, red)["reason"] is None


def _reminded(town: Town, home: builders.Household, *, yellow_after_h: int, orange_after_h: int) -> list[int]:
    """A check-in and, the level having risen, another one an hour later: which of the two reminded, in order."""
    mild = builders.campaign(
        level=Level.YELLOW, reply_deadline=timedelta(hours=9), reminder_after=timedelta(hours=yellow_after_h)
    )
    town.sent(town.open(mild), mild)
    town.later(hours=1)
    strong = builders.campaign(reply_deadline=timedelta(hours=8), reminder_after=timedelta(hours=orange_after_h))
    town.sent(town.open(strong, "risen"), strong)
    for _hour in range(6):
        town.later(hours=1)
    return [int(str(m["event_id"])) for m in town.texts(home, "reminder")]


def test_one_reminder_a_day_is_enough(town: Town) -> None:
    home = town.household()

    assert _reminded(town, home, yellow_after_h=4, orange_after_h=1) == [2]


def test_a_second_reminder_leaves_when_the_level_has_risen(town: Town) -> None:
    home = town.household()

    assert _reminded(town, home, yellow_after_h=1, orange_after_h=3) == [1, 2]


def test_advice_is_done_when_it_is_delivered(town: Town) -> None:
    home = town.household()
    event = town.open(_advice())  # type: ignore[arg-type]
    town.sent(event, _advice())  # type: ignore[arg-type]

    _receipt(town, town.texts(home, "first")[0], "delivered")

    assert town.recipient(home)["state"] == "informed"
    assert events.settle_finished(town.db, now=town.now) == [event]


def test_advice_whose_receipt_never_comes_ends_as_unconfirmed(town: Town) -> None:
    home = town.household()
    campaign = _advice(receipt_wait=timedelta(hours=2))
    town.sent(town.open(campaign), campaign)  # type: ignore[arg-type]

    town.later(hours=2)

    assert town.recipient(home)["reason"] == "unconfirmed"


def test_a_text_past_its_useful_time_is_never_sent_and_the_household_is_rung(town: Town) -> None:
    home = town.household()
    town.open()

    town.now += timedelta(hours=8)
    town.sweep()
    town.climb()

    assert [m["state"] for m in town.texts(home, "first")] == ["expired"]
    assert town.state(home) == "callback"


def test_an_event_is_settled_when_nobody_waits_any_more(town: Town) -> None:
    fine, silent = town.household(), town.household()
    event = town.open()
    town.sent(event)
    town.reply(fine.phone, "1")
    assert town.sweep().sending_events == []
    assert events.get(town.db, event).state == "running"

    town.later(hours=5)
    town.sweep()

    assert town.state(silent) == "callback"
    assert events.get(town.db, event).state == "settled"


def test_cancelling_takes_back_what_has_not_left_and_settles_everybody(town: Town) -> None:
    written, asked = town.household(), town.household()
    event = town.open()
    town.sent(event)
    town.reply(asked.phone, "2")

    events.cancel(town.db, event, now=town.now)

    assert town.state(written) == "cancelled"
    assert town.state(asked) == "callback"
    assert town.account(event).unaccounted == 0


def test_an_occasion_is_opened_once(town: Town) -> None:
    town.household()
    campaign = builders.campaign()

    first = events.open_event(town.db, campaign, occasion="2026-07-08", desk=DESK, now=town.now)
    second = events.open_event(town.db, campaign, occasion="2026-07-08", desk=DESK, now=town.now)

    assert (second.event_id, second.new) == (first.event_id, False)


def test_fanning_out_twice_writes_nobody_twice(town: Town) -> None:
    town.household()
    event = town.open()

    again = events.fan_out(town.db, event, desk=DESK, now=town.now)

    assert again == 0
    assert town.account(event).total == 1


def test_a_lease_that_runs_out_makes_the_fate_unknown_and_never_a_second_text(town: Town) -> None:
    home = town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'sending', lease_until = '2020-01-01Z', attempts = 1")

    town.sweep()

    assert [m["state"] for m in town.texts(home, "first")] == ["unknown"]
    assert town.recipient(home)["contacted_at"] == town.now


def test_a_reminder_that_has_not_left_is_taken_back_when_a_person_rings(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.later(hours=2)

    town.later(hours=2)

    assert town.state(home) == "callback"
    assert [m["state"] for m in town.texts(home, "reminder")] == ["cancelled"]
