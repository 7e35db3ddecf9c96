"""After an event: every household is in the figures once, and the figures outlive the rows they were made from."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, Town
from worker import paper
from worker.domain.channels import Channel
from worker.domain.errors import NotFound
from worker.domain.outcomes import OutcomeCode
from worker.domain.pricing import Price, PriceTable
from worker.domain.reports import Figures, Happening, NextStep
from worker.paper import reports as printed
from worker.services import calls, events, reporting, spreadsheets, summaries
from worker.store import people
from worker.store import reports as rows

PRICES = PriceTable((Price("+33", "sms", 80_000, date(2026, 1, 1), "contract"),))
PARIS = ZoneInfo("Europe/Paris")


def report(town: Town, event: int, **only: Any) -> summaries.Report:
    return summaries.report(town.db, event, prices=PRICES, desk=DESK, now=town.now, **only)


def keep(town: Town) -> int:
    return summaries.keep_due(town.db, prices=PRICES, desk=DESK, now=town.now)


def rung(town: Town, home: builders.Household, outcome: OutcomeCode = OutcomeCode.REACHED_OK) -> None:
    task = town.task(home)
    assert task is not None
    calls.record_outcome(
        town.db, int(str(task["id"])), outcome=outcome, caller="anne", note="", desk=DESK, now=town.now
    )


def a_day(town: Town) -> tuple[int, dict[str, builders.Household]]:
    """Wednesday from 10:00: one answers, one is silent and rung, one silent and not rung yet, one without a number."""
    homes = {
        "answers": town.household(agency="01"),
        "rung": town.household(agency="01"),
        "silent": town.household(agency="02"),
        "no_phone": town.household(agency="02", mobiles=[]),
    }
    event = town.open()
    town.climb()
    town.sent(event)
    town.later(minutes=20)
    town.reply(homes["answers"].phone, "1")
    town.later(hours=4)
    town.now += timedelta(minutes=30)
    rung(town, homes["rung"])
    return event, homes


def _whole(f: Figures) -> tuple[int, ...]:
    return (f.excluded, f.replied, f.called, f.informed, f.unreached, f.cancelled, f.still_open)


def test_everybody_is_counted_once(town: Town) -> None:
    event, _homes = a_day(town)

    summary = report(town, event).summary

    assert (summary.whole.listed, _whole(summary.whole)) == (4, (0, 1, 1, 0, 0, 0, 2))
    assert {f.agency: (f.listed, f.still_open) for f in summary.agencies} == {"01": (2, 0), "02": (2, 2)}
    for figures in (summary.whole, *summary.agencies):
        assert sum(_whole(figures)) == figures.listed


def test_the_agencies_add_up_to_the_whole(town: Town) -> None:
    event, _homes = a_day(town)

    summary = report(town, event).summary

    for name in ("listed", "texted", "replied", "called", "still_open", "texts", "segments", "cost_micro"):
        assert sum(getattr(f, name) for f in summary.agencies) == getattr(summary.whole, name), name


def test_the_times_are_medians_over_what_happened(town: Town) -> None:
    event, _homes = a_day(town)

    whole = report(town, event).summary.whole

    assert (whole.median_first_text_s, whole.median_reply_s) == (0.0, 20 * 60.0)
    assert whole.median_call_s == 30 * 60.0


def test_a_median_of_the_whole_is_not_a_median_of_medians(town: Town) -> None:
    homes = [town.household(agency=code) for code in ("01", "01", "01", "02")]
    event = town.open()
    town.sent(event)
    for home in homes:
        town.later(minutes=10)
        town.reply(home.phone, "1")

    summary = report(town, event).summary

    assert [f.median_reply_s for f in (*summary.agencies, summary.whole)] == [20 * 60, 40 * 60, 25 * 60]


def test_what_was_spent_is_counted_with_reminders_and_answers(town: Town) -> None:
    event, _homes = a_day(town)
    with town.db.begin() as connection:
        connection.execute(
            text("UPDATE message SET sent_at = :now, segments = 2, state = 'sent' WHERE step = 'reminder'"),
            {"now": town.now},
        )

    whole = report(town, event).summary.whole

    reminders = [m for m in town.rows("message") if m["step"] == "reminder"]
    assert whole.segments == 3 + 2 * len(reminders)
    assert whole.cost_micro == 80_000 * whole.segments


def test_hour_by_hour_shows_when_people_were_reached(town: Town) -> None:
    event, _homes = a_day(town)

    hours = {(h.hour, h.agency, h.what): h.households for h in report(town, event).summary.hours}

    assert hours[(10, "01", Happening.TEXTED)] == 2
    assert hours[(10, "01", Happening.REPLIED)] == 1
    assert hours[(14, "01", Happening.CALLED)] == 1
    assert hours[(14, "01", Happening.CALL_MADE)] == 1


def test_whoever_was_not_reached_has_a_last_try_and_a_next_step(town: Town) -> None:
    event, homes = a_day(town)
    rung(town, homes["silent"], OutcomeCode.NO_ANSWER)

    tried = {h.reason: h for h in report(town, event).unreached}

    assert set(tried) == {"no_reply_orange", "no_mobile"}
    silent = tried["no_reply_orange"]
    assert (silent.last_attempt, silent.last_result, silent.calls) == ("call", "NO_ANSWER", 1)
    assert silent.next_at is not None
    assert silent.next_at > town.now
    assert printed.following(silent) is NextStep.CALL
    assert tried["no_mobile"].last_attempt is None


def test_a_day_counts_what_happened_on_it(town: Town) -> None:
    event, homes = a_day(town)
    town.now += timedelta(days=1)
    rung(town, homes["no_phone"])

    wednesday, thursday, friday = (report(town, event, day=date(2026, 7, day)).summary.whole for day in (8, 9, 10))

    assert (wednesday.listed, wednesday.replied, wednesday.called, wednesday.still_open) == (4, 1, 1, 2)
    assert (thursday.listed, thursday.texted, thursday.called, thursday.still_open) == (2, 0, 1, 1)
    assert (friday.listed, friday.still_open) == (1, 1)


def test_a_day_is_a_local_day(town: Town) -> None:
    town.now = datetime(2026, 7, 8, 22, 30, tzinfo=UTC)  # half past midnight on Thursday in Paris
    town.household()
    event = town.open()
    town.sent(event)

    assert report(town, event, day=date(2026, 7, 8)).summary.whole.texted == 0
    assert report(town, event, day=date(2026, 7, 9)).summary.whole.texted == 1


def test_one_agency_is_the_whole_of_its_own_report(town: Town) -> None:
    event, _homes = a_day(town)

    made = report(town, event, agency="02")

    assert (made.summary.whole.listed, [f.agency for f in made.summary.agencies]) == (2, ["02"])
    assert {h.agency for h in made.unreached} == {"02"}


def test_a_refusal_is_counted_where_it_came_from(town: Town) -> None:
    home = town.household(agency="01")
    town.household(agency="02")
    before = town.household(agency="02")
    with town.db.begin() as connection:
        people.opt_out(connection, [before.phone], channel=Channel.SMS, source="reply", now=town.now - timedelta(1))
    event = town.open()
    town.sent(event)
    town.later(minutes=1)
    town.reply(home.phone, "STOP")

    summary = report(town, event).summary

    assert (summary.whole.opt_outs, {f.agency: f.opt_outs for f in summary.agencies}) == (1, {"01": 1, "02": 0})


def test_a_text_of_unknown_fate_is_counted(town: Town) -> None:
    town.household()
    event = town.open()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE message SET state = 'unknown', attempts = 1"))

    assert report(town, event).summary.whole.unknown_fates == 1


def test_an_outcome_taken_back_reached_nobody(town: Town) -> None:
    event, homes = a_day(town)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE call_outcome SET undone_at = ended_at"))
        connection.execute(
            text("UPDATE recipient SET state = 'callback' WHERE household_id = :home"), {"home": homes["rung"].id}
        )

    summary = report(town, event).summary

    assert (summary.whole.called, summary.whole.still_open) == (0, 3)
    assert summary.whole.median_call_s is None
    assert Happening.CALL_MADE not in {h.what for h in summary.hours}


def test_an_unknown_event_is_told(town: Town) -> None:
    with pytest.raises(NotFound):
        report(town, 4711)


def test_an_event_without_a_household_has_a_report_of_zeros(town: Town) -> None:
    event = town.open()

    made = report(town, event)

    assert (made.summary.whole.listed, made.summary.agencies, made.unreached) == (0, (), [])


# ---- what is kept ---------------------------------------------------------------------


def _erase(town: Town) -> None:
    """What a purge will do to the rows of an event."""
    with town.db.begin() as connection:
        connection.execute(
            text(
                "TRUNCATE recipient, message, attempt, automatic_call, callback_task, call_outcome, task_move, "
                "outcome_undo, reply, inbound_message CASCADE"
            )
        )


def test_an_event_that_settles_leaves_a_copy_that_survives_erasure(town: Town) -> None:
    event, _homes = a_day(town)
    town.sweep()
    before = report(town, event).summary

    assert keep(town) == 1
    _erase(town)

    after = report(town, event)
    assert after.from_copy
    assert (after.summary.whole, after.summary.agencies, after.summary.hours) == (
        before.whole,
        before.agencies,
        before.hours,
    )
    assert report(town, event, agency="01").summary.whole == before.agencies[0]


def test_an_event_under_way_is_not_kept_yet(town: Town) -> None:
    town.household()
    town.open()

    assert keep(town) == 0


def test_calls_after_settling_reach_the_copy_and_then_it_is_final(town: Town) -> None:
    event, homes = a_day(town)
    town.sweep()
    keep(town)
    assert keep(town) == 0  # not again at the next tick

    town.now += timedelta(hours=2)
    rung(town, homes["silent"])
    rung(town, homes["no_phone"])
    assert keep(town) == 1
    town.now += timedelta(days=6)
    assert keep(town) == 1
    town.now += timedelta(days=6)

    assert keep(town) == 0
    (copy,) = town.rows("event_summary")
    assert (copy["final"], copy["figures"]["whole"]["called"]) == (True, 3)  # type: ignore[index]
    assert copy["event_id"] == event


def test_a_copy_never_shrinks_to_what_erasure_left(town: Town) -> None:
    event, _homes = a_day(town)
    town.sweep()
    keep(town)
    _erase(town)

    town.now += timedelta(hours=2)
    keep(town)

    assert report(town, event).summary.whole.listed == 4


def test_the_copy_names_nobody(town: Town) -> None:
    _event, homes = a_day(town)
    town.sweep()
    keep(town)

    copy = json.dumps(town.rows("event_summary"), default=str)

    assert "ESSAI" not in copy
    for word in (*(str(d["code"]) for d in town.rows("dwelling")), *(h.phone for h in homes.values() if h.phones)):
        assert word not in copy


def test_figures_come_back_from_json_as_they_went(town: Town) -> None:
    event, _homes = a_day(town)
    summary = report(town, event).summary

    assert summaries.from_json(json.loads(json.dumps(summaries.as_json(summary)))) == summary


def test_a_cancelled_event_is_kept_too(town: Town) -> None:
    town.household()
    event = town.open()
    events.cancel(town.db, event, now=town.now)

    assert keep(town) == 1
    assert report(town, event).summary.whole.cancelled == 1


# ---- as a file -------------------------------------------------------------------------


def test_a_line_per_household_for_the_spreadsheet_without_names_or_numbers(town: Town) -> None:
    event, homes = a_day(town)

    lines = reporting.rows(town.db, event)

    assert len(lines) == 4
    assert [line["reached_by"] for line in lines].count("reached_by_call") == 1
    assert {line["next_step"] for line in lines} == {"nothing_more", "call_to_make"}
    written = spreadsheets.csv_of(lines).decode("utf-8-sig")
    assert written.splitlines()[0].startswith("agency;dwelling;commune;state;reason;")
    assert "ESSAI" not in written
    assert not any(number in written for home in homes.values() for number in home.phones)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_no_cell_of_a_report_is_a_formula(town: Town, first: str) -> None:
    town.household()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE dwelling SET commune = :commune"), {"commune": f'{first}HYPERLINK("x")'})
    event = town.open()

    written = spreadsheets.csv_of(reporting.rows(town.db, event)).decode("utf-8-sig")

    assert f"'{first}HYPERLINK" in written
    assert f";{first}HYPERLINK" not in written
    assert f';"{first}HYPERLINK' not in written


def _page(town: Town, event: int) -> str:
    made = report(town, event)
    return paper.render(
        "report.html",
        timezone=PARIS,
        language="fr",
        now=town.now,
        report=made,
        agency=None,
        unreached=[(home, printed.following(home)) for home in made.unreached],
    )


def test_the_printed_report_escapes_what_a_listing_says_and_loads_nothing(town: Town) -> None:
    event, _homes = a_day(town)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE dwelling SET commune = '<script>alert(1)</script>'"))

    page = _page(town, event)

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert not any(word in page for word in ("http://", "https://", "src=", "<link", "@import", "url("))


def test_the_printed_report_says_what_the_screen_says(town: Town) -> None:
    event, _homes = a_day(town)

    page = _page(town, event)

    for words in ("Canicule orange", "Joints par leur réponse", "mercredi 08/07 à 10", "Pas encore joints", "0,24"):
        assert words in page


def test_the_span_of_a_day_in_which_clocks_change_is_that_local_day() -> None:
    autumn = summaries.span_of(date(2026, 10, 25), None, DESK)
    spring = summaries.span_of(date(2026, 3, 29), None, DESK)

    assert _hours(autumn) == 25
    assert _hours(spring) == 23


def _hours(span: rows.Span) -> float:
    assert span.since is not None
    assert span.until is not None
    return (span.until.astimezone(UTC) - span.since.astimezone(UTC)) / timedelta(hours=1)
