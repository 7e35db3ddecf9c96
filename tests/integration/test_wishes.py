"""What people told us holds: by channel and purpose, until a day, in their language and at their hours."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from worker.domain.campaigns import Kind, Level
from worker.domain.errors import NotFound, Refused
from worker.domain.outcomes import OutcomeCode
from worker.rendering import Texts
from worker.services import calls, claims, wishes
from worker.services.wishes import Hours, Wishes

BY = "odile"
ADVICE = builders.campaign(
    kind=Kind.ADVICE,
    level=Level.YELLOW,
    purpose="advice",
    text="heat_yellow_advice",
    reply_deadline=None,
    reminder_text=None,
    reminder_after=None,
)


@pytest.fixture(scope="module")
def texts() -> Texts:
    return Texts(Path(__file__).parent.parent.parent / "templates")


def dwelling_of(town: Town, home: builders.Household) -> str:
    with town.db.begin() as connection:
        query = text("SELECT d.code FROM dwelling d JOIN household h ON h.dwelling_id = d.id WHERE h.id = :id")
        return str(connection.execute(query, {"id": home.id}).scalar_one())


def _refuse(town: Town, who: str, *, channel: str = "sms", purpose: str = "all") -> int:
    return wishes.opt_out(town.db, who, channel=channel, purpose=purpose, by=BY, now=town.now)


# ---- refusals ----------------------------------------------------------------


def test_stopping_advice_does_not_stop_safety_checks(town: Town) -> None:
    home = town.household()
    _refuse(town, home.phone, purpose="advice")

    advice = town.open(ADVICE, "morning")
    check = town.open(occasion="noon")

    assert town.recipient(home, advice)["reason"] == "opted_out"
    assert (town.state(home, check), town.recipient(home, check)["reason"]) == ("waiting", None)


def test_a_stop_by_text_stops_every_text(town: Town) -> None:
    """The provider blocks the sender's texts anyway."""
    home = town.household()
    town.sent(town.open())
    town.reply(home.phone, "STOP")
    town.now += timedelta(days=1)

    assert town.recipient(home, town.open(ADVICE, "next"))["reason"] == "opted_out"


def test_a_text_that_has_not_left_is_not_sent_after_a_refusal_of_its_purpose(town: Town) -> None:
    home = town.household()
    town.open(ADVICE)

    _refuse(town, dwelling_of(town, home), purpose="advice")
    town.sweep()

    assert [m["state"] for m in town.texts(home, "first")] == ["suppressed"]


def test_a_refusal_keeps_who_wrote_it_down_and_who_took_it_back(town: Town) -> None:
    home = town.household()
    _refuse(town, home.phone, purpose="advice")
    town.now += timedelta(days=2)

    undone = wishes.opt_in(town.db, home.phone, channel="sms", purpose="advice", by="paul", now=town.now)

    assert (undone.lifted, undone.by_text) == (1, False)
    known = wishes.show(town.db, home.phone, now=town.now)
    assert known.refusals == []
    assert [(r.recorded_by, r.undone_by, r.undone_at) for r in known.taken_back] == [(BY, "paul", town.now)]
    assert town.recipient(home, town.open(ADVICE))["reason"] is None


def test_taking_back_a_stop_by_text_says_that_the_provider_still_blocks(town: Town) -> None:
    home = town.household()
    town.reply(home.phone, "stop")

    assert wishes.opt_in(town.db, home.phone, channel="all", purpose="all", by=BY, now=town.now).by_text


def test_a_wider_refusal_is_not_cut_in_two(town: Town) -> None:
    home = town.household()
    _refuse(town, home.phone)

    with pytest.raises(Refused, match="plus large"):
        wishes.opt_in(town.db, home.phone, channel="sms", purpose="advice", by=BY, now=town.now)

    assert len(wishes.show(town.db, home.phone, now=town.now).refusals) == 1


def test_nothing_refused_is_nothing_to_take_back(town: Town) -> None:
    with pytest.raises(Refused):
        wishes.opt_in(town.db, town.household().phone, channel="sms", purpose="all", by=BY, now=town.now)


def test_a_household_is_meant_by_its_dwelling_or_by_a_number_however_written(town: Town) -> None:
    home = town.household(mobiles=("+33612345678", "+33612345679"))

    assert _refuse(town, "06 12 34 56 78") == 1
    assert _refuse(town, dwelling_of(town, home), channel="voice") == 2


def test_a_number_of_several_households_does_not_say_which(town: Town) -> None:
    shared = builders.mobile()
    town.household(mobiles=(shared,))
    town.household(mobiles=(shared,))

    with pytest.raises(Refused, match="D-"):
        _refuse(town, shared)


def test_nobody_is_told(town: Town) -> None:
    with pytest.raises(NotFound):
        _refuse(town, "D-nowhere")


# ---- absences ----------------------------------------------------------------


def _away(town: Town, who: str, day: date, reason: str = "vacances") -> datetime:
    return wishes.hold(town.db, who, last_day=day, reason=reason, desk=DESK, now=town.now)


def test_a_hold_ends_by_itself_the_midnight_after_its_last_day(town: Town) -> None:
    home = town.household()

    until = _away(town, home.phone, date(2026, 7, 12))

    assert until == datetime(2026, 7, 12, 22, tzinfo=UTC)
    assert town.recipient(home, town.open(occasion="during"))["reason"] == "on_hold"
    town.now = until
    assert town.recipient(home, town.open(occasion="after"))["reason"] is None


def test_who_is_back_early_is_contacted_again(town: Town) -> None:
    home = town.household()
    _away(town, home.phone, date(2026, 8, 1))

    assert wishes.back(town.db, home.phone, now=town.now) is True
    assert wishes.back(town.db, home.phone, now=town.now) is False
    assert town.recipient(home, town.open())["reason"] is None


def test_the_newest_word_about_an_absence_counts(town: Town) -> None:
    home = town.household()
    _away(town, home.phone, date(2026, 8, 1))

    until = _away(town, home.phone, date(2026, 7, 10))

    assert wishes.show(town.db, home.phone, now=town.now).away_until == until


def test_an_absence_stops_the_wait_and_the_call_for_silence(town: Town) -> None:
    waiting, silent = town.household(), town.household()
    first = town.open()
    town.sent(first)
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE recipient SET contacted_at = :then, due_at = :now WHERE household_id = :id"),
            {"then": town.now - timedelta(hours=4), "now": town.now, "id": silent.id},
        )
    town.climb()

    for home in (waiting, silent):
        _away(town, home.phone, date(2026, 7, 20))

    assert [(town.state(h), town.recipient(h)["reason"]) for h in (waiting, silent)] == [("absent", "on_hold")] * 2
    assert town.task(silent) is None
    assert town.account(first).unaccounted == 0


@pytest.mark.parametrize("day", [date(2026, 7, 7), date(2028, 1, 1)])
def test_an_absence_is_to_come_and_within_a_year(town: Town, day: date) -> None:
    with pytest.raises(Refused):
        _away(town, town.household().phone, day)


# ---- language, channel, hours ------------------------------------------------


def test_the_preferred_language_is_written(town: Town, texts: Texts) -> None:
    home = town.household(language="fr")
    wishes.prefer(town.db, home.phone, Wishes(language="en"), texts=texts)

    town.open()

    assert [m["language"] for m in town.texts(home, "first")] == ["en"]


def test_who_prefers_a_call_is_rung_instead_of_being_asked_by_text(town: Town, texts: Texts) -> None:
    home = town.household()
    wishes.prefer(town.db, home.phone, Wishes(channel="call"), texts=texts)

    event = town.open()
    town.climb()

    assert town.texts(home, "first") == []
    assert town.state(home, event) == "callback"
    task = town.task(home)
    assert task is not None
    assert task["reasons"] == ["prefers_call"]


def test_advice_reaches_even_those_who_prefer_a_call(town: Town, texts: Texts) -> None:
    home = town.household()
    wishes.prefer(town.db, home.phone, Wishes(channel="call"), texts=texts)

    town.open(ADVICE)

    assert len(town.texts(home, "first")) == 1


def _silent_task(town: Town, home: builders.Household, level: Level) -> dict[str, object]:
    campaign = builders.campaign(level=level)
    town.sent(town.open(campaign), campaign)
    town.later(hours=2)
    town.later(hours=2)
    task = town.task(home)
    assert task is not None
    return task


def test_a_call_waits_for_the_hours_the_household_prefers(town: Town, texts: Texts) -> None:
    """14:00 in Paris: the deadline was at 14:00, the household likes to be rung from 16:00 on."""
    home = town.household(births=(date(1955, 1, 1),), lives_alone="no")
    wishes.prefer(town.db, home.phone, Wishes(hours=Hours(time(16), time(18))), texts=texts)

    task = _silent_task(town, home, Level.NONE)

    assert task["not_before"] == datetime(2026, 7, 8, 14, tzinfo=UTC)
    assert claims.next_task(town.db, caller=BY, now=town.now) is None
    town.now += timedelta(hours=2)
    assert claims.next_task(town.db, caller=BY, now=town.now) is not None


def test_the_next_try_is_made_in_the_hours_they_prefer_too(town: Town, texts: Texts) -> None:
    home = town.household()
    wishes.prefer(town.db, home.phone, Wishes(hours=Hours(time(16), time(18))), texts=texts)
    task = _silent_task(town, home, Level.NONE)

    ended = calls.record_outcome(
        town.db, int(str(task["id"])), outcome=OutcomeCode.NO_ANSWER, caller=BY, note="", desk=DESK, now=town.now
    )

    assert ended.next_call_at == datetime(2026, 7, 9, 14, tzinfo=UTC)


def test_a_need_that_cannot_wait_goes_before_the_hours_they_prefer(town: Town, texts: Texts) -> None:
    home = town.household(lives_alone="yes")
    wishes.prefer(town.db, home.phone, Wishes(hours=Hours(time(9), time(10))), texts=texts)

    assert _silent_task(town, home, Level.RED)["not_before"] is None


def test_who_asks_for_a_call_is_rung_at_once(town: Town, texts: Texts) -> None:
    home = town.household()
    wishes.prefer(town.db, home.phone, Wishes(hours=Hours(time(16), time(18))), texts=texts)
    town.sent(town.open())

    town.reply(home.phone, "2")

    task = town.task(home)
    assert task is not None
    assert task["not_before"] is None


def test_a_wish_can_be_taken_back(town: Town, texts: Texts) -> None:
    home = town.household()
    wishes.prefer(
        town.db, home.phone, Wishes(language="en", channel="call", hours=Hours(time(9), time(10))), texts=texts
    )

    wishes.prefer(town.db, home.phone, Wishes(language="none", channel="none", hours=wishes.ANY_HOUR), texts=texts)

    known = wishes.show(town.db, home.phone, now=town.now)
    assert (known.language, known.channel, known.hours_from, known.hours_until) == (None, None, None, None)


@pytest.mark.parametrize(
    "wished",
    [Wishes(), Wishes(language="xx"), Wishes(channel="pigeon"), Wishes(hours=Hours(time(10), time(9)))],
)
def test_what_we_do_not_have_is_refused(town: Town, texts: Texts, wished: Wishes) -> None:
    with pytest.raises(Refused):
        wishes.prefer(town.db, town.household().phone, wished, texts=texts)
