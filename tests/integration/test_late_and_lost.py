"""Words that come late, early, or after somebody died: each counts for what had been asked by then."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import Town
from worker.domain.campaigns import EventState, Kind, Level, SendWindow
from worker.domain.messages import Inbound, MessageState, Receipt
from worker.services import events, inbound, receipts
from worker.store import fates, leaving, outbox
from worker.store import inbound as inbound_rows

ADVICE = {"kind": Kind.ADVICE, "reply_deadline": None, "reminder_text": None, "reminder_after": None}


def _under_way(town: Town) -> None:
    """The first requests have been made, and nobody wrote down what came of them."""
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE message SET state = 'sending', attempts = 1, lease_until = CAST(:now AS timestamptz)"),
            {"now": town.now + timedelta(minutes=1)},
        )
        connection.execute(
            text("INSERT INTO attempt (message_id, started_at) SELECT id, :now FROM message"), {"now": town.now}
        )


# ---- replies answer what was asked ------------------------------------------


def test_fine_does_not_settle_a_check_in_whose_text_has_not_left(town: Town) -> None:
    home = town.household()
    advice = builders.campaign(purpose="advice", level=Level.YELLOW, **ADVICE)
    town.sent(town.open(advice), advice)
    check_in = town.open(occasion="afternoon")

    town.reply(home.phone, "tout va bien merci")

    assert town.state(home, check_in) == "waiting"
    assert [m["state"] for m in town.texts(home, "first") if m["event_id"] == check_in] == ["queued"]


def test_a_bare_yes_to_advice_is_unclear_although_a_check_in_waits_to_leave(town: Town) -> None:
    home = town.household()
    advice = builders.campaign(purpose="advice", level=Level.YELLOW, **ADVICE)
    town.sent(town.open(advice), advice)
    town.open(occasion="afternoon")

    town.reply(home.phone, "oui")

    assert [m["intent"] for m in town.rows("inbound_message")] == ["unclear"]


def test_an_answer_that_is_faster_than_our_own_record_settles_the_household(town: Town) -> None:
    home = town.household()
    town.open()
    _under_way(town)

    town.reply(home.phone, "1")

    assert town.state(home) == "fine"


def test_a_reply_read_late_says_nothing_about_what_was_asked_since(town: Town) -> None:
    home = town.household()
    first = town.open(builders.campaign())
    town.sent(first)
    town.now += timedelta(minutes=5)
    stored = inbound.store(town.db, Inbound("SM" + "7" * 32, home.phone, "38000", "1", town.now), now=town.now)
    town.now += timedelta(minutes=5)
    second = town.open(builders.campaign(level=Level.RED), occasion="evening")
    town.sent(second)

    assert stored is not None
    inbound.handle(town.reading, stored, now=town.now + timedelta(minutes=1))

    assert (town.state(home, first), town.state(home, second)) == ("fine", "waiting")


def test_ok_beneath_a_picture_goes_to_a_person(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "ok", media_count=1)

    assert town.state(home) == "callback"


def test_who_has_a_wrong_number_cannot_say_fine_for_the_household(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "vous vous trompez de numéro")

    town.reply(home.phone, "1")

    assert town.state(home) == "callback"
    assert [m["match"] for m in town.rows("inbound_message")] == ["household", "unknown_sender"]


def test_who_asked_who_writes_and_then_calls_for_help_is_heard(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "C'est qui ?")

    town.reply(home.phone, "Ah c'est le bailleur, je suis tombée")

    task = town.task(home)
    assert task is not None
    assert set(task["reasons"]) == {"wrong_number", "emergency_word"}
    assert task["priority"] >= 100
    assert town.texts(home, "ack")[-1]["template"] == "ack_emergency"


def test_absent_today_heard_just_before_midnight_ends_with_the_day(town: Town) -> None:
    home = town.household()
    town.now = datetime(2026, 7, 8, 23, 59, 40, tzinfo=ZoneInfo("Europe/Paris"))
    town.sent(town.open())
    town.now += timedelta(seconds=10)

    town.reply(home.phone, "absente aujourd'hui")

    assert town.state(home) == "absent"
    assert [h["until_at"] for h in town.rows("hold")] == [datetime(2026, 7, 9, tzinfo=ZoneInfo("Europe/Paris"))]


def test_an_absence_that_is_over_when_it_is_read_goes_to_a_person(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    stored = inbound.store(
        town.db, Inbound("SM" + "7" * 32, home.phone, "38000", "absente aujourd'hui", town.now), now=town.now
    )

    assert stored is not None
    inbound.handle(town.reading, stored, now=town.now + timedelta(days=1))

    assert town.state(home) == "callback"
    assert town.rows("hold") == []


def test_an_answer_does_not_take_back_the_text_a_neighbour_with_the_same_number_waits_for(town: Town) -> None:
    number = builders.mobile()
    ours = town.household(mobiles=[builders.mobile(), number])
    theirs = town.household(mobiles=[number])
    event = town.open()
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE recipient SET e164 = :number, state = 'fine' WHERE household_id = :id"),
            {"number": number, "id": ours.id},
        )
        withdrawn = inbound_rows.withdraw_texts(
            connection, [town.recipient(ours)["id"]], state=MessageState.CANCELLED, now=town.now
        )

    assert withdrawn == 0
    assert [m["state"] for m in town.rows("message", theirs) if m["event_id"] == event] == ["queued"]


def test_words_that_cannot_be_read_reach_a_person_in_the_end(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    with town.db.begin() as connection:  # as a mistake of ours in what follows "fine" would
        connection.exec_driver_sql(
            "ALTER TABLE recipient ADD CONSTRAINT broken CHECK (state <> 'fine')",
        )

    stored = town.reply(home.phone, "1")
    assert stored is not None
    for _again in range(inbound.READ_TRIES - 1):
        inbound.handle(town.reading, stored, now=town.now)

    assert town.state(home) == "callback"
    assert [m["intent"] for m in town.rows("inbound_message")] == ["unclear"]


# ---- receipts after somebody died -------------------------------------------


@pytest.mark.parametrize("status", ["sent", "delivered"])
def test_a_receipt_starts_the_clock_of_a_text_whose_worker_died(town: Town, status: str) -> None:
    home = town.household()
    town.open()
    _under_way(town)
    [message] = town.texts(home, "first")

    receipts.record(town.db, [Receipt(message["id"], "SM" + "f" * 32, status, None, town.now)], now=town.now)  # type: ignore[arg-type]
    town.now += timedelta(minutes=2)
    town.sweep()
    town.later(hours=2)
    reminded = town.texts(home, "reminder")
    town.later(hours=2)

    assert len(reminded) == 1
    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["no_reply_orange"]


@pytest.mark.parametrize("code", [30002, 30018, 30450])
def test_a_wrong_set_up_told_by_a_receipt_stops_the_event_with_an_alarm(town: Town, code: int) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    [message] = town.texts(home, "first")

    sid = str(message["provider_sid"])
    receipts.record(town.db, [Receipt(message["id"], sid, "undelivered", code, town.now)], now=town.now)  # type: ignore[arg-type]

    stopped = events.get(town.db, event)
    assert stopped.state is EventState.PAUSED
    assert stopped.alarm is not None
    assert str(code) in stopped.alarm


def test_a_text_filtered_for_its_wording_is_shown_and_the_event_goes_on(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    [message] = town.texts(home, "first")

    sid = str(message["provider_sid"])
    receipts.record(town.db, [Receipt(message["id"], sid, "undelivered", 30007, town.now)], now=town.now)  # type: ignore[arg-type]
    town.climb()

    shown = events.get(town.db, event)
    assert shown.state is EventState.RUNNING
    assert "30007" in (shown.alarm or "")
    assert town.state(home) == "callback"


# ---- results of an attempt that is not the latest ---------------------------


def _change(town: Town, change: outbox.Change) -> str:
    with town.db.begin() as connection:
        [moved] = outbox.change(connection, [change], now=town.now)
    return moved.state


def test_what_an_older_attempt_came_to_does_not_touch_the_one_under_way(town: Town) -> None:
    home = town.household()
    town.open()
    _under_way(town)
    [message] = town.texts(home, "first")
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET attempts = 2")

    state = _change(town, outbox.Change(message["id"], MessageState.QUEUED, due_at=town.now, attempt=1))  # type: ignore[arg-type]

    assert state == "sending"
    assert [m["lease_until"] for m in town.texts(home, "first")] != [None]


def test_an_older_attempt_that_was_accepted_after_all_takes_the_second_one_back(town: Town) -> None:
    home = town.household()
    town.open()
    [message] = town.texts(home, "first")
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET attempts = 1")

    state = _change(town, outbox.Change(message["id"], MessageState.SENT, sid="SM" + "a" * 32, attempt=1))  # type: ignore[arg-type]

    assert state == "sent"


def test_two_who_look_for_a_text_at_the_same_time_have_looked_once(town: Town) -> None:
    home = town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'unknown'")
        [message] = town.texts(home, "first")

        counted = [fates.count_miss(connection, int(str(message["id"])), seen=0, now=town.now) for _ in range(2)]

    assert counted == [True, False]


# ---- cancelling, and opening again ------------------------------------------


def test_who_was_asked_by_a_cancelled_event_is_not_asked_twice_and_not_forgotten(town: Town) -> None:
    asked, other = town.household(), town.household()
    first = town.open()
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE message SET due_at = due_at + interval '1 hour' WHERE household_id = :id"), {"id": other.id}
        )
    _send_due(town, first)
    events.cancel(town.db, first, now=town.now)
    town.now += timedelta(minutes=10)

    second = town.open(builders.campaign(), occasion="again")
    town.sent(second)
    town.later(hours=4)

    assert [len(town.texts(home, "first")) for home in (asked, other)] == [1, 2]
    assert [m["state"] for m in town.texts(other, "first")] == ["cancelled", "sent"]
    assert town.state(asked, second) == "callback"
    assert town.account(second).unaccounted == 0


def _send_due(town: Town, event: int) -> None:
    """What is due now leaves; the rest stays queued."""
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE message SET state = 'sent', sent_at = :now WHERE event_id = :id AND due_at <= :now"),
            {"id": event, "now": town.now},
        )
        connection.execute(
            text(
                "UPDATE recipient r SET contacted_at = :now FROM message m "
                "WHERE m.recipient_id = r.id AND m.state = 'sent' AND r.event_id = :id"
            ),
            {"id": event, "now": town.now},
        )


def test_an_answer_to_the_question_of_a_cancelled_event_counts_for_the_next(town: Town) -> None:
    home = town.household()
    first = town.open()
    town.sent(first)
    events.cancel(town.db, first, now=town.now)
    town.now += timedelta(minutes=10)
    second = town.open(builders.campaign(), occasion="again")

    town.reply(home.phone, "1")

    assert town.state(home, second) == "fine"


def test_cancelling_twice_is_harmless_and_ends_what_came_back_meanwhile(town: Town) -> None:
    home = town.household()
    event = town.open()
    events.cancel(town.db, event, now=town.now)
    with town.db.begin() as connection:  # a request that was under way and was refused
        connection.exec_driver_sql("UPDATE message SET state = 'queued', settled_at = NULL")

    events.cancel(town.db, event, now=town.now)

    assert [m["state"] for m in town.texts(home, "first")] == ["cancelled"]


def test_a_text_that_comes_back_to_a_cancelled_event_is_taken_back_by_the_sweep(town: Town) -> None:
    home = town.household()
    event = town.open()
    events.cancel(town.db, event, now=town.now)
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'queued', settled_at = NULL")

    town.sweep()

    assert [m["state"] for m in town.texts(home, "first")] == ["cancelled"]


def test_who_waits_in_a_cancelled_event_is_counted_as_unaccounted(town: Town) -> None:
    town.household()
    event = town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE campaign_event SET state = 'cancelled'")

    assert town.account(event).unaccounted == 1


# ---- once a day -------------------------------------------------------------


def test_two_events_opened_before_one_window_write_once(town: Town) -> None:
    home = town.household()
    morning = SendWindow(builders.ALL_DAY.opens.replace(hour=9), builders.ALL_DAY.closes.replace(hour=19))
    town.now = datetime(2026, 7, 8, 19, 30, tzinfo=UTC)
    town.open(builders.campaign(window=morning, void_after=timedelta(hours=20)))

    second = town.open(builders.campaign(window=morning, void_after=timedelta(hours=20)), occasion="again")

    assert len(town.texts(home, "first")) == 1
    assert town.recipient(home, second)["reason"] == "contacted_today"


def test_an_event_opened_in_the_evening_for_tomorrow_does_not_leave_out_those_written_to_today(town: Town) -> None:
    home = town.household()
    morning = SendWindow(builders.ALL_DAY.opens.replace(hour=9), builders.ALL_DAY.closes.replace(hour=19))
    town.sent(town.open(builders.campaign(window=morning)))
    town.now = datetime(2026, 7, 8, 19, 30, tzinfo=UTC)
    town.climb()

    town.open(builders.campaign(window=morning, void_after=timedelta(hours=20)), occasion="tomorrow")

    assert len(town.texts(home, "first")) == 2


def test_a_higher_level_writes_again_on_the_same_day(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.open(builders.campaign(level=Level.RED), occasion="red")

    assert len(town.texts(home, "first")) == 2


def test_nothing_stays_unknown_for_ever(town: Town) -> None:
    home = town.household()
    event = town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'unknown', sender = 'gone'")
    town.later(days=2)

    town.sweep()
    town.climb()

    assert [m["state"] for m in town.texts(home, "first")] == ["failed"]
    assert town.state(home, event) == "callback"


def test_the_day_of_an_absence_is_the_day_it_was_written(town: Town) -> None:
    home = town.household()
    town.sent(town.open())

    town.reply(home.phone, "absente jusqu'au 20/07")

    assert [h["until_at"] for h in town.rows("hold")] == [
        datetime.combine(date(2026, 7, 21), datetime.min.time(), tzinfo=ZoneInfo("Europe/Paris"))
    ]


def test_a_text_that_comes_back_after_its_household_was_let_go_does_not_leave(town: Town) -> None:
    home = town.household()
    event = town.open()
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE recipient SET state = 'absent', settled_at = :now WHERE household_id = :id"),
            {"now": town.now, "id": home.id},
        )

        claimed = leaving.claim(connection, event, purpose="care", limit=10, now=town.now).texts

    assert claimed == []


def test_a_number_found_dead_in_one_event_is_not_written_to_in_another(town: Town) -> None:
    home = town.household()
    town.sent(town.open())
    second = town.open(builders.campaign(level=Level.RED), occasion="red")
    [first_text, _] = town.texts(home, "first")

    sid = str(first_text["provider_sid"])
    receipts.record(town.db, [Receipt(first_text["id"], sid, "undelivered", 30005, town.now)], now=town.now)  # type: ignore[arg-type]
    town.sweep()
    town.climb()

    assert [m["state"] for m in town.texts(home, "first")] == ["undelivered", "failed"]
    assert town.state(home, second) == "callback"


def test_two_receipts_before_its_dead_worker_is_missed_start_the_clock_too(town: Town) -> None:
    home = town.household()
    town.open()
    _under_way(town)
    [message] = town.texts(home, "first")

    for status in ("sent", "delivered"):
        receipts.record(town.db, [Receipt(message["id"], "SM" + "f" * 32, status, None, town.now)], now=town.now)  # type: ignore[arg-type]
    town.now += timedelta(minutes=2)
    town.sweep()

    assert town.recipient(home)["contacted_at"] == town.now
