"""By text or by voice: what a number takes, what became of the last text, what the household has answered lately."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.switchboard import Switchboard, calling_campaign
from worker.domain.campaigns import Level
from worker.domain.channels import Sender
from worker.domain.messages import Outcome, OutgoingText, Receipt, SendResult
from worker.services import receipts, sending
from worker.store.database import Database
from worker.twilio import errors


@pytest.fixture
def town(db: Database, now: datetime) -> Switchboard:
    return Switchboard(db, now)


def refuse_texts(town: Switchboard, event: int, code: int) -> None:
    """Every text of the event is refused with this code, as the table of codes reads it."""
    verdict = errors.classify(400, code)
    assert verdict.outcome is Outcome.REFUSED_NUMBER

    def send(texts: Sequence[OutgoingText], *, senders: Mapping[str, Sender], in_flight: int) -> list[SendResult]:
        del senders, in_flight
        refused = (verdict.outcome, None, code, 400)
        return [SendResult(t.message_id, t.attempt_id, *refused, fault=verdict.fault) for t in texts]

    town.exchange.send = send  # type: ignore[attr-defined]
    sending.send_batch(town.texting, event)


def do_not_arrive(town: Switchboard, event: int, code: int) -> None:
    """Every text of the event leaves, and its receipt says that it did not arrive."""
    town.sent(event)
    texts = [m for m in town.rows("message") if m["event_id"] == event and m["channel"] == "sms"]
    said = [Receipt(m["id"], m["provider_sid"], "undelivered", code, town.now) for m in texts]  # type: ignore[arg-type]
    receipts.record(town.db, said, now=town.now)


def rung(town: Switchboard) -> list[str]:
    town.climb()
    return [call.to for call in town.place()]


@pytest.mark.parametrize("code", [21614, 21635])
def test_a_number_that_takes_no_text_is_rung_itself(town: Switchboard, code: int) -> None:
    home = town.household()
    refuse_texts(town, town.open(), code)

    assert rung(town) == [home.phone]
    assert [p["kind"] for p in town.rows("phone")] == ["fixed"]
    assert town.task(home) is None


def test_so_is_one_of_which_the_receipt_says_that_it_is_a_landline(town: Switchboard) -> None:
    home = town.household()
    do_not_arrive(town, town.open(), 30006)

    assert rung(town) == [home.phone]
    assert [p["kind"] for p in town.rows("phone")] == ["fixed"]


def test_a_handset_that_is_off_leads_to_the_landline_and_without_one_is_rung_itself(town: Switchboard) -> None:
    both, alone = town.household(landlines=(builders.landline(),)), town.household()
    do_not_arrive(town, town.open(), 30003)
    first = rung(town)
    town.later(seconds=5)

    assert {*first, *rung(town)} == {both.phones[1], alone.phone}


def test_a_number_that_does_not_exist_is_not_rung_its_household_is(town: Switchboard) -> None:
    both, alone = town.household(landlines=(builders.landline(),)), town.household()
    do_not_arrive(town, town.open(), 30005)

    assert rung(town) == [both.phones[1]]
    assert town.reasons(alone) == ["undelivered"]


@pytest.mark.parametrize("code", [21614, 21635, 30003, 30005, 30006])
def test_without_a_call_in_the_campaign_a_person_rings(town: Switchboard, code: int) -> None:
    home = town.household(landlines=(builders.landline(),))
    event = town.open(builders.campaign())
    (refuse_texts if code < 30000 else do_not_arrive)(town, event, code)

    assert rung(town) == []
    assert town.task(home) is not None


# ---- what the household has answered lately --------------------------------------------


def day(town: Switchboard, home: builders.Household, *, key: str = "", body: str = "") -> None:
    """A day on which the household was asked: it answers by text, else is rung and may press a key."""
    event = town.open(occasion=str(town.now))
    town.sent(event)
    if body:
        town.reply(home.phone, body)
    town.later(hours=1)
    town.later(minutes=31)
    for call in town.place():
        if key:
            town.press(call, key)
        town.ends(call, "completed")
    town.now += timedelta(days=1) - timedelta(minutes=91)


def asked_today(town: Switchboard, home: builders.Household) -> tuple[object, list[str]]:
    """(why it gets no text, the numbers that are rung at once)."""
    town.open(occasion=str(town.now))
    return town.recipient(home)["reason"], rung(town)


def with_both(town: Switchboard) -> builders.Household:
    return town.household(landlines=(builders.landline(),))


def test_who_never_answers_texts_and_presses_keys_is_rung_at_once(town: Switchboard) -> None:
    home = with_both(town)
    for key in ("1", "", "1"):
        day(town, home, key=key)

    assert asked_today(town, home) == ("answers_calls", [home.phones[1]])
    assert [m["channel"] for m in town.rows("message", home)][-1] == "voice"


@pytest.mark.parametrize(
    ("why", "days"),
    [
        ("too little is known", [{"key": "1"}, {"key": "1"}]),
        ("it answered a text lately", [{"key": "1"}, {"body": "1"}, {"key": "1"}]),
        ("it answers nothing at all", [{}, {}, {}]),
        ("its last answers were by text", [{"key": "1"}, {"body": "1"}, {"body": "1"}, {"body": "1"}]),
    ],
)
def test_else_it_is_written_to_first(town: Switchboard, why: str, days: Sequence[dict[str, str]]) -> None:
    home = with_both(town)
    for answers in days:
        day(town, home, **answers)

    assert asked_today(town, home) == (None, []), why


def test_an_answer_of_long_ago_is_outweighed_by_the_last_ones(town: Switchboard) -> None:
    home = with_both(town)
    for answers in ({"body": "1"}, {"key": "1"}, {"key": "1"}, {"key": "1"}):
        day(town, home, **answers)

    assert asked_today(town, home) == ("answers_calls", [home.phones[1]])


def test_the_rule_holds_only_where_the_campaign_rings(town: Switchboard) -> None:
    home = with_both(town)
    for _ in range(3):
        day(town, home, key="1")
    town.open(builders.campaign(), occasion="texts only")

    assert town.recipient(home)["reason"] is None
    assert [m["channel"] for m in town.rows("message", home)][-1] == "sms"


def test_who_refused_calls_by_the_machine_is_written_to(town: Switchboard) -> None:
    home = with_both(town)
    for key in ("1", "1", "9"):
        day(town, home, key=key)

    assert asked_today(town, home) == (None, [])


def test_a_wish_for_a_persons_call_comes_before_any_habit(town: Switchboard) -> None:
    home = with_both(town)
    for _ in range(3):
        day(town, home, key="1")
    with town.db.begin() as connection:
        connection.execute(text("UPDATE household SET preferred_channel = 'call'"))

    assert asked_today(town, home) == ("prefers_call", [])


# ---- at what time of day ------------------------------------------------------------

MONDAY = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)  # two in the afternoon at the landlord's
THURSDAY_MORNING = datetime(2026, 7, 9, 8, 0, tzinfo=UTC)


def pressed(town: Switchboard, *, days: int, morning: bool = False) -> builders.Household:
    """A household with a landline alone that pressed 1 at the same time of day on so many days."""
    home = town.household(mobiles=(), landlines=(builders.landline(),))
    for number in range(days):
        town.now = MONDAY + timedelta(days=number) - morning * timedelta(hours=4)
        town.open(occasion=str(town.now))
        town.climb()
        [call] = town.place()
        town.press(call, "1")
        town.ends(call, "completed")
    town.now = THURSDAY_MORNING
    return home


def rung_on_thursday(town: Switchboard, level: Level, **more: object) -> datetime:
    """When the machine means to ring first, on a morning."""
    town.open(calling_campaign(level=level, **more), occasion="thursday")
    town.climb()
    [call] = [m for m in town.rows("message") if m["state"] == "queued"]
    assert isinstance(call["due_at"], datetime)
    return call["due_at"]


def test_on_a_quiet_day_who_answers_in_the_afternoon_is_rung_then(town: Switchboard) -> None:
    pressed(town, days=3)

    assert rung_on_thursday(town, Level.NONE) == THURSDAY_MORNING + timedelta(hours=4)
    assert town.place() == []


@pytest.mark.parametrize(
    ("why", "days", "morning", "level", "more"),
    [
        ("in an alert nobody waits for the afternoon", 3, False, Level.ORANGE, {}),
        ("too little is known", 2, False, Level.NONE, {}),
        ("they answer in the morning, and it is morning", 3, True, Level.NONE, {}),
        ("the afternoon would be too late", 3, False, Level.NONE, {"void_after": timedelta(hours=4, minutes=30)}),
    ],
)
def test_else_they_are_rung_at_once(
    *, town: Switchboard, why: str, days: int, morning: bool, level: Level, more: dict[str, object]
) -> None:
    pressed(town, days=days, morning=morning)

    assert rung_on_thursday(town, level, **more) == THURSDAY_MORNING, why


# ---- several at one line --------------------------------------------------------------


def shared(town: Switchboard) -> list[builders.Household]:
    """Two households with one landline, rung once."""
    number = builders.landline()
    homes = [town.household(mobiles=(), landlines=(number,)) for _ in range(2)]
    town.open()
    assert rung(town) == [number]
    return homes


@pytest.mark.parametrize(("key", "reason"), [("1", "unclear"), ("2", "asked_call"), ("9", "opted_out")])
def test_a_line_of_two_households_is_rung_once_and_both_are_cared_for(town: Switchboard, key: str, reason: str) -> None:
    homes = shared(town)

    town.press(town.exchange.rung[-1][0], key)

    assert [town.reasons(home) for home in homes] == [[reason]] * 2


def test_a_couple_answers_with_one_key_that_all_is_well_or_that_one_needs_help(town: Switchboard) -> None:
    births = (builders.date(1938, 3, 15), builders.date(1935, 11, 2))
    fine, help_wanted = (town.household(mobiles=(), landlines=(builders.landline(),), births=births) for _ in range(2))
    town.open(calling_campaign())
    town.climb()
    calls = town.place()
    town.later(seconds=3)
    calls += town.place()
    for call in calls:
        town.press(call, "1" if call.to == fine.phone else "2")

    assert (town.state(fine), town.state(help_wanted)) == ("fine", "callback")
    assert town.reasons(help_wanted) == ["asked_call"]
