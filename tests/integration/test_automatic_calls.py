"""The machine rings who cannot be written to, or does not answer a text: what each ending of a call leads to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from tests import builders
from tests.integration.conftest import Town
from tests.integration.site import shipped
from tests.integration.switchboard import CALL_DESK, LINE, Switchboard, calling_campaign
from worker.domain.campaigns import Level
from worker.domain.messages import FoundCall, NumberFault, Outcome, OutgoingCall, Receipt, SendResult
from worker.domain.pricing import PriceTable
from worker.domain.voice import Word
from worker.paper import reports as printed
from worker.services import events, following, receipts, reconciling, steering, summaries
from worker.store import accounts
from worker.store.database import Database
from worker.twilio.calls import Place


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def landline_home(town: Switchboard) -> builders.Household:
    return town.household(mobiles=(), landlines=(builders.landline(),))


def test_a_household_with_a_landline_is_rung_and_one_is_fine(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    [call] = town.place()

    town.word(call, status="in-progress", sequence=2)
    town.press(call, "1")
    town.ends(call, "completed", duration_s=21)

    assert call.to == home.phone
    assert town.state(home) == "fine"
    assert town.call_row(home)["state"] == "delivered"


def test_a_number_is_not_rung_for_two_events_at_the_same_moment(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.open(calling_campaign(level=Level.RED), occasion="worse")
    town.climb()

    [first] = town.place()
    town.now += timedelta(seconds=10)
    meanwhile = town.place()
    town.ends(first, "busy")
    town.now += timedelta(minutes=1)
    then = town.place()

    assert (first.to, meanwhile) == (home.phone, [])
    assert [call.to for call in then] == [home.phone]


def test_two_makes_a_task_at_once(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    [call] = town.place()

    town.press(call, "2")

    assert town.state(home) == "callback"
    assert town.reasons(home) == ["asked_call"]


def called(town: Switchboard) -> tuple[builders.Household, OutgoingCall]:
    """A household with a landline whose call was just asked for."""
    home = landline_home(town)
    town.open()
    town.climb()
    [call] = town.place()
    return home, call


def after_a_while(town: Switchboard) -> None:
    town.later(seconds=30)


TOLD = {
    "heard out in silence": ({"heard_out": True}, "completed", {}, "call_no_key"),
    "hung up in the middle": ({"answered_by": "human"}, "completed", {}, "call_no_key"),
    "a key that means nothing": ({"key": "5"}, "completed", {}, "call_no_key"),
    "a fax": ({"answered_by": "fax"}, "completed", {}, "call_failed"),
    "declined by hand": ({}, "busy", {"sip_code": 603}, "call_failed"),
    "a dead number": ({}, "failed", {"sip_code": 404}, "call_failed"),
}


@pytest.mark.parametrize("what", TOLD)
def test_what_is_not_tried_again_goes_to_a_person_who_is_told_why(town: Switchboard, what: str) -> None:
    word, status, more, reason = TOLD[what]
    home, call = called(town)

    town.word(call, **word)
    town.ends(call, status, **more)
    after_a_while(town)

    assert town.state(home) == "callback"
    assert reason in town.reasons(home)
    assert town.place() == []


@pytest.mark.parametrize(
    ("status", "said", "minutes"), [("busy", 486, (10, 30)), ("no-answer", 487, (90, 120))], ids=["busy", "not taken"]
)
def test_who_does_not_pick_up_is_rung_three_times_and_then_by_a_person(
    town: Switchboard, status: str, said: int, minutes: tuple[int, int]
) -> None:
    home, call = called(town)
    gaps = []

    for _again in range(2):
        town.ends(call, status, sip_code=said)
        after_a_while(town)
        assert town.state(home) == "waiting"
        due = town.call_row(home)["due_at"]
        assert isinstance(due, datetime)
        gaps.append(due - town.now)
        assert town.place() == []  # not before its time
        town.now = due
        town.climb()
        [call] = town.place()
    town.ends(call, status, sip_code=said)
    after_a_while(town)

    assert town.reasons(home) == ["no_reply_orange", "call_unanswered"]
    earliest, latest = (timedelta(minutes=m) for m in minutes)
    assert all(earliest - timedelta(minutes=1) < gap <= latest for gap in gaps)


@pytest.mark.parametrize("last_word", ["busy", "ringing"])
def test_nobody_waits_beyond_the_time_to_answer_for_a_call_that_does_not_come(
    town: Switchboard, last_word: str
) -> None:
    """The second call finds no line, or the end of the first is never told."""
    home = landline_home(town)
    town.open(calling_campaign(void_after=timedelta(hours=20)))
    town.climb()
    [call] = town.place()
    town.word(call, status=last_word, sequence=1)

    town.later(hours=3, minutes=59)
    assert town.state(home) == "waiting"
    town.later(minutes=1, seconds=1)

    assert town.state(home) == "callback"
    assert town.place() == []


def test_who_came_to_rely_on_a_call_in_the_air_waits_no_longer_than_the_others(town: Switchboard) -> None:
    number = builders.landline()
    town.household(mobiles=(), landlines=(number,))
    event = town.open(calling_campaign(void_after=timedelta(hours=20)))
    town.climb()
    [call] = town.place()
    late = town.household(mobiles=(), landlines=(number,))
    dwelling = str(town.rows("dwelling")[-1]["code"])
    steering.add(town.db, event, dwelling=dwelling, desk=CALL_DESK, now=town.now)
    town.climb()
    town.ends(call, "busy")

    town.later(hours=4, seconds=1)

    assert town.state(late) == "callback"


def test_a_machine_never_counts_as_reached_and_is_tried_once_more(town: Switchboard) -> None:
    home, call = called(town)

    town.word(call, answered_by="machine_start")
    town.ends(call, "completed")
    due = town.call_row(home)["due_at"]
    assert isinstance(due, datetime)
    town.now = due
    [again] = town.place()
    town.word(again, answered_by="machine_start")
    town.ends(again, "completed")
    after_a_while(town)

    assert town.reasons(home) == ["no_reply_orange", "call_unanswered"]


def test_a_key_long_after_the_end_of_the_call_still_closes_the_task(town: Switchboard) -> None:
    home, call = called(town)
    town.word(call, heard_out=True)
    town.ends(call, "completed")
    after_a_while(town)
    assert town.state(home) == "callback"

    town.press(call, "1")

    assert town.state(home) == "fine"
    assert town.task(home) is None


def test_a_late_key_withdraws_the_next_try(town: Switchboard) -> None:
    home, call = called(town)
    town.word(call, answered_by="machine_start")
    town.ends(call, "completed")

    town.press(call, "1")
    town.later(hours=3)

    assert town.place() == []
    assert town.call_row(home)["state"] == "delivered"
    assert town.state(home) == "fine"


def test_two_after_one_asks_for_a_call(town: Switchboard) -> None:
    home, call = called(town)
    town.press(call, "1")

    town.press(call, "2", round_=1)

    assert town.state(home) == "callback"
    assert town.reasons(home) == ["asked_call"]


def test_the_same_key_told_twice_is_one_reply(town: Switchboard) -> None:
    _home, call = called(town)

    town.press(call, "2")
    town.press(call, "2")

    assert len(town.rows("inbound_message")) == 1


def test_nine_ends_calls_by_the_machine_and_a_person_asks_about_safety(town: Switchboard) -> None:
    home, call = called(town)

    town.press(call, "9")

    [refusal] = town.rows("opt_out")
    assert (refusal["e164"], refusal["channel"]) == (home.phone, "voice")
    assert town.reasons(home) == ["opted_out"]

    town.now += timedelta(days=1)
    town.open(occasion="tomorrow")
    town.climb()

    assert town.place() == []


def test_a_shared_landline_is_rung_once_for_two_households(town: Switchboard) -> None:
    number = builders.landline()
    homes = [town.household(mobiles=(), landlines=(number,)) for _ in range(2)]
    town.open()
    town.climb()

    [call] = town.place()
    town.ends(call, "completed")
    after_a_while(town)

    assert [town.reasons(home) for home in homes] == [["no_reply_orange", "call_no_key"]] * 2


def test_one_from_a_shared_landline_does_not_say_who_is_fine(town: Switchboard) -> None:
    number = builders.landline()
    homes = [town.household(mobiles=(), landlines=(number,)) for _ in range(2)]
    town.open()
    town.climb()
    [call] = town.place()

    town.press(call, "1")

    assert [town.reasons(home) for home in homes] == [["unclear"]] * 2


def test_a_text_that_a_landline_refuses_falls_to_a_call_of_the_same_number(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    [text_] = [m for m in town.rows("message") if m["channel"] == "sms"]

    receipts.record(
        town.db, [Receipt(text_["id"], text_["provider_sid"], "undelivered", 30006, town.now)], now=town.now
    )
    town.climb()
    [call] = town.place()

    assert call.to == home.phone
    town.press(call, "1")
    assert town.state(home) == "fine"


def test_a_text_that_does_not_arrive_falls_to_a_call_of_the_landline(town: Switchboard) -> None:
    home = town.household(landlines=(builders.landline(),))
    event = town.open()
    town.sent(event)
    [text_] = town.rows("message")

    receipts.record(
        town.db, [Receipt(text_["id"], text_["provider_sid"], "undelivered", 30003, town.now)], now=town.now
    )
    town.climb()
    [call] = town.place()
    town.ends(call, "completed")
    after_a_while(town)

    assert call.to == home.phones[1]
    assert town.reasons(home) == ["undelivered", "call_no_key"]


def test_who_does_not_answer_the_text_is_rung_in_its_turn(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)

    town.later(minutes=61)
    town.sent(event)
    town.later(minutes=28)
    assert town.place() == []
    town.later(minutes=2)
    [call] = town.place()
    town.ends(call, "completed")
    town.later(minutes=10)
    assert town.state(home) == "waiting"  # the text may still be answered
    town.later(hours=4)

    assert town.reasons(home) == ["no_reply_orange", "call_no_key"]


def test_a_reply_by_text_withdraws_the_call(town: Switchboard) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(minutes=91)
    town.later(seconds=1)
    town.reply(home.phone, "1")

    assert town.place() == []
    assert town.state(home) == "fine"


def test_without_a_line_the_call_is_a_person_s(db: Database, now: datetime) -> None:
    town = Town(db, now)
    home = town.household(mobiles=(), landlines=(builders.landline(),))
    town.open(calling_campaign())
    town.climb()

    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["no_mobile"]


def test_nobody_is_rung_outside_the_hours_of_the_line(town: Switchboard) -> None:
    town.now = town.now.replace(hour=17, minute=30)  # 19:30 in Paris: the alert's hours ended at 19:00
    landline_home(town)
    town.open(calling_campaign(void_after=timedelta(hours=20)))
    town.climb()
    assert town.place() == []

    town.now = datetime(2026, 7, 9, 6, 59, tzinfo=UTC)
    town.sweep()
    assert town.place() == []
    town.now += timedelta(minutes=1)  # 9:00

    assert len(town.place()) == 1


def test_a_call_that_no_hour_is_left_for_is_a_person_s(town: Switchboard) -> None:
    town.now = town.now.replace(hour=16, minute=58)
    home, call = called(town)

    town.ends(call, "busy")
    after_a_while(town)

    assert town.reasons(home) == ["no_reply_orange", "call_unanswered"]


def test_calls_left_over_from_hours_that_are_over_wait_for_the_next(town: Switchboard) -> None:
    landline_home(town)
    town.open(calling_campaign(level=Level.NONE, void_after=timedelta(hours=8)))
    town.now = town.now.replace(hour=10, minute=25)  # 12:25: five minutes are left before lunch
    town.climb()

    town.now += timedelta(minutes=10)
    assert town.place() == []
    town.sweep()
    town.now = town.now.replace(hour=12, minute=0)  # 14:00

    assert len(town.place()) == 1


def test_calls_keep_to_the_lines_there_are(town: Switchboard) -> None:
    for _ in range(4):
        landline_home(town)
    town.open()
    town.climb()

    placed = []
    for _second in range(6):
        placed += town.place()
        town.now += timedelta(seconds=2)
    assert len(placed) == 2

    town.ends(placed[0], "busy")
    town.now += timedelta(seconds=2)
    assert len(town.place()) == 1
    assert town.place() == []


def test_a_line_of_which_nothing_more_is_heard_is_free_again_in_the_end(town: Switchboard) -> None:
    for _ in range(3):
        landline_home(town)
    town.open()
    town.climb()
    for _second in range(3):
        town.place()
        town.now += timedelta(seconds=2)

    town.now += timedelta(minutes=7)

    assert len(town.place()) == 1


def test_one_call_a_second_leaves(town: Switchboard) -> None:
    for _ in range(3):
        landline_home(town)
    town.open()
    town.climb()

    wide = replace(LINE, calls_at_once=50)
    placed = []
    for _second in range(6):
        placed += town.place(wide)
        town.now += timedelta(milliseconds=500)

    leaving = sorted(call.leave_at for call in placed if call.leave_at)
    assert len(leaving) >= 2
    assert all(b - a >= timedelta(seconds=1) for a, b in pairwise(leaving))


def test_a_paused_event_rings_nobody_and_goes_on_when_resumed(town: Switchboard) -> None:
    landline_home(town)
    event = town.open()
    town.climb()
    events.pause(town.db, event)
    assert town.place() == []

    events.resume(town.db, event)

    assert len(town.place()) == 1


def test_a_cancelled_event_rings_nobody(town: Switchboard) -> None:
    home = landline_home(town)
    event = town.open()
    town.climb()
    events.cancel(town.db, event, now=town.now)

    assert town.place() == []
    assert town.state(home) == "cancelled"


def test_a_call_of_unknown_fate_is_found_in_the_provider_s_list(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    town.exchange.fates.append(SendResult(0, 0, Outcome.UNKNOWN))
    town.place()
    assert town.call_row(home)["state"] == "unknown"
    town.exchange.records.append(FoundCall("CA" + "f" * 32, home.phone, "completed", None, 12, town.now))

    town.now += timedelta(minutes=2)
    reconciling.settle_unknown(town.asking())
    after_a_while(town)

    assert town.reasons(home) == ["no_reply_orange", "call_no_key"]


def test_a_call_that_was_never_made_goes_to_a_person(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()

    town.gives_a_call_up()

    assert town.reasons(home) == ["no_mobile"]


def test_a_call_that_was_never_made_is_made_again_where_the_campaign_allows_it(town: Switchboard) -> None:
    owed_again_after_two_vain_looks(town)

    assert len(town.place()) == 1


def test_a_word_about_a_call_of_unknown_fate_settles_it(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    town.exchange.fates.append(SendResult(0, 0, Outcome.UNKNOWN))
    town.place()
    [attempt] = town.rows("attempt")
    at = Place(int(str(town.call_row(home)["id"])), int(str(attempt["id"])), "CA" + "e" * 32)

    following.hear(town.db, at, Word(status="ringing", sequence=1), desk=CALL_DESK, now=town.now)

    assert town.call_row(home)["state"] == "sent"


def test_an_end_that_never_came_is_asked_for(town: Switchboard) -> None:
    home, call = called(town)
    town.exchange.records.append(FoundCall(town.sid(call), home.phone, "no-answer", None, 0, town.now))

    town.now += timedelta(minutes=7)
    assert reconciling.fetch_lost_ends(town.asking()).done == 1

    row = town.call_row(home)
    assert row["state"] == "queued"  # it is tried again


def test_a_busy_word_before_the_answer_to_the_request_is_not_undone_by_it(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    quick = town.exchange.ring

    def ring_and_hear(owed: Sequence[OutgoingCall], **more: object) -> list[SendResult]:
        results = quick(owed, **more)  # type: ignore[arg-type]
        for one in owed:
            town.ends(one, "busy")
        return results

    town.exchange.ring = ring_and_hear  # type: ignore[assignment, method-assign]
    town.place()

    assert town.call_row(home)["state"] == "queued"
    assert len(town.rows("automatic_call")) == 1


def test_a_refused_number_goes_to_a_person_at_once(town: Switchboard) -> None:
    home = landline_home(town)
    town.open()
    town.climb()
    town.exchange.fates.append(
        SendResult(0, 0, Outcome.REFUSED_NUMBER, code=21217, http_status=400, fault=NumberFault.DEAD)
    )
    town.place()
    town.climb()

    assert town.state(home) == "callback"


def test_a_refused_caller_id_is_told_and_stops_no_text(town: Switchboard) -> None:
    landline_home(town)
    event = town.open()
    town.climb()
    town.exchange.fates.append(SendResult(0, 0, Outcome.CONFIGURATION, code=21210, http_status=400))
    town.place()

    found = events.get(town.db, event)
    assert found.state == "running"
    assert found.alarm is not None
    assert "21210" in found.alarm
    assert town.place() == []
    town.now += timedelta(minutes=6)
    assert len(town.place()) == 1


@pytest.mark.parametrize(("sip_code", "alarmed"), [(607, True), (608, True), (603, False), (403, False)])
def test_that_our_number_is_blocked_is_told_to_the_operator(town: Switchboard, sip_code: int, alarmed: bool) -> None:
    _home, call = called(town)

    town.ends(call, "failed", sip_code=sip_code)

    [event] = town.rows("campaign_event")
    assert (str(sip_code) in str(event["alarm"])) is alarmed
    assert event["state"] == "running"
    assert town.rows("automatic_call")[0]["came_to"] == "rejected"


def owed_again_after_two_vain_looks(town: Switchboard) -> tuple[builders.Household, Place]:
    """Its request was never answered, and the provider's list did not have it."""
    home = landline_home(town)
    town.open(calling_campaign(resend_after_unknown=True))
    town.climb()
    town.exchange.fates.append(SendResult(0, 0, Outcome.UNKNOWN))
    town.place()
    for _look in range(2):
        town.now += timedelta(minutes=2)
        reconciling.settle_unknown(town.asking())
    assert town.call_row(home)["state"] == "queued"
    [attempt] = town.rows("attempt")
    return home, Place(int(str(town.call_row(home)["id"])), int(str(attempt["id"])), "CA" + "e" * 32)


def test_a_call_that_turns_up_late_is_not_made_once_more(town: Switchboard) -> None:
    home, at = owed_again_after_two_vain_looks(town)

    following.hear(town.db, at, Word(status="ringing", sequence=1), desk=CALL_DESK, now=town.now)

    assert town.call_row(home)["state"] == "sent"
    assert town.place() == []
    assert town.rows("automatic_call")[0]["ended_at"] is None  # a line is taken


def test_a_late_word_of_a_call_that_is_over_does_not_hold_back_the_next(town: Switchboard) -> None:
    home, call = called(town)
    town.ends(call, "busy")

    town.word(call, status="ringing", sequence=1)
    town.word(call, answered_by="unknown")

    assert town.call_row(home)["state"] == "queued"


def test_the_report_tells_of_the_machines_last_call(town: Switchboard) -> None:
    home, call = called(town)
    town.word(call, heard_out=True)
    town.ends(call, "completed", duration_s=31)
    after_a_while(town)
    [event] = town.rows("campaign_event")

    made = summaries.report(town.db, int(str(event["id"])), prices=PriceTable(()), desk=CALL_DESK, now=town.now)

    [unreached] = made.unreached
    assert (unreached.last_attempt, unreached.last_result) == ("machine", "no_input")
    assert made.summary.whole.machine_calls == 1
    page = printed.page(made, shipped().settings)
    assert "appel automatique, " in page
    assert "Appels automatiques : 1, " in page
    assert town.task(home) is not None


def test_nobody_is_outside_the_account_while_calls_go_on(town: Switchboard) -> None:
    for _ in range(3):
        landline_home(town)
    event = town.open()
    ends = iter(["busy", "completed", "failed"])
    for _minute in range(12):
        town.later(minutes=1)
        town.sweep()
        for call in town.place():
            town.ends(call, next(ends, "completed"))
        with town.db.begin() as connection:
            account = accounts.of_event(connection, event)
        assert account.unaccounted == 0
        assert sum(account.recipients.values()) == 3
