"""A ladder written as data is climbed step by step, by machine and then by people; nobody falls off it."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import builders
from tests.campaign_files import GOOD, read
from tests.integration.conftest import DESK, Town
from worker import catalogue
from worker.domain import rungs
from worker.domain.campaigns import Attempts, Audience, Campaign
from worker.domain.errors import Refused
from worker.domain.messages import Receipt
from worker.domain.outcomes import OutcomeCode
from worker.domain.rungs import LadderStep, Rung, When
from worker.services import calls, events, next_steps, receipts, reporting, steering, undoing

HOUR = timedelta(hours=1)
REMINDER = LadderStep(Rung.REMINDER, HOUR, When.SILENT, "heat_reminder")
SECOND = LadderStep(Rung.SECOND_NUMBER, 2 * HOUR, When.ALWAYS, "heat_orange_check")
LADDER = (
    REMINDER,
    LadderStep(Rung.VOICE, 90 * timedelta(minutes=1)),
    SECOND,
    LadderStep(Rung.CALLBACK, 3 * HOUR),
    LadderStep(Rung.TRUSTED_CONTACT),
    LadderStep(Rung.PARTNER, HOUR),
)


def laddered(*steps: LadderStep, **more: object) -> Campaign:
    """A check-in that writes its ladder; all the steps there are, when none are given."""
    said = {"reply_deadline": None, "reminder_text": None, "reminder_after": None, "ladder": steps or LADDER}
    return builders.campaign(**said | {"attempts": Attempts(2, timedelta(minutes=20))} | more)


def two_mobiles(town: Town) -> builders.Household:
    return town.household(mobiles=(builders.mobile(), builders.mobile()))


def undelivered(town: Town, message: dict[str, object]) -> None:
    word = Receipt(message["id"], message["provider_sid"], "undelivered", 30005, town.now)  # type: ignore[arg-type]
    receipts.record(town.db, [word], now=town.now)
    town.climb()


def rung(town: Town, home: builders.Household, outcome: OutcomeCode, **said: str) -> calls.Ended:
    """Somebody rings, at the hour at which the call is owed."""
    task = town.task(home)
    assert task is not None
    later = task["not_before"]
    town.now = max(town.now, later) if isinstance(later, datetime) else town.now
    return calls.record_outcome(
        town.db,
        int(str(task["id"])),
        outcome=outcome,
        caller="odile",
        note="",
        desk=DESK,
        now=town.now,
        said=calls.Said(**said),
    )


def reasons(town: Town, home: builders.Household) -> list[str]:
    task = town.task(home)
    return [] if task is None else list(task["reasons"])  # type: ignore[call-overload]


def test_silence_climbs_every_step_by_machine_and_then_by_people(town: Town) -> None:
    home = two_mobiles(town)
    builders.add_phone(town.db, home, builders.landline(), label="child")
    event = town.open(laddered())
    town.sent(event)
    seen: list[str] = []

    town.later(hours=1)
    seen += [f"{m['step']} {m['e164'] == home.phones[0]}" for m in town.rows("message", home)]
    town.sent(event)
    town.later(hours=1)
    seen += [f"{m['step']} {m['e164'] == home.phones[1]}" for m in town.texts(home, "second_number")]
    town.sent(event)
    town.later(hours=1)
    for _call in range(6):
        seen += [rungs.on_the_line(reasons(town, home))]
        rung(town, home, OutcomeCode.NO_ANSWER)

    assert seen == [
        *("first True", "reminder True", "second_number True"),
        *("callback", "callback", "trusted_contact", "trusted_contact", "partner", "partner"),
    ]
    assert (town.state(home), town.task(home)) == ("unreached", None)


def test_no_step_is_taken_twice_however_often_somebody_looks(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered())
    town.sent(event)

    for _look in range(40):
        town.later(minutes=5)
        town.sent(event)
        town.climb()

    assert [m["step"] for m in town.rows("message", home)] == ["first", "reminder", "second_number"]
    assert len(town.rows("callback_task", home)) == 1


def test_a_text_that_does_not_arrive_goes_to_the_other_number_at_once(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered())
    town.sent(event)

    undelivered(town, town.texts(home, "first")[0])
    elsewhere = [m["e164"] for m in town.texts(home, "second_number")]
    town.sent(event)
    town.later(hours=2, minutes=59)
    waiting = town.state(home)
    town.later(minutes=1)

    assert (elsewhere, waiting) == ([home.phones[1]], "waiting")
    assert town.texts(home, "reminder") == []
    assert reasons(town, home) == ["no_reply_orange"]


def test_where_neither_number_takes_the_text_a_person_rings_at_once(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered())
    town.sent(event)

    undelivered(town, town.texts(home, "first")[0])
    town.sent(event)
    undelivered(town, town.texts(home, "second_number")[0])

    assert reasons(town, home) == ["undelivered"]


def test_without_another_number_the_step_falls_through(town: Town) -> None:
    silent, unreached = town.household(), town.household()
    event = town.open(laddered())
    town.sent(event)

    undelivered(town, town.texts(unreached, "first")[0])
    town.later(hours=2)

    assert reasons(town, unreached) == ["undelivered"]
    assert (town.state(silent), town.texts(silent, "second_number")) == ("waiting", [])
    town.later(hours=1)
    assert reasons(town, silent) == ["no_reply_orange"]


@pytest.mark.parametrize(("when", "written"), [(When.SILENT, False), (When.UNDELIVERED, True), (When.ALWAYS, True)])
def test_a_step_is_only_for_whom_it_names(town: Town, when: When, written: bool) -> None:
    home = two_mobiles(town)
    event = town.open(laddered(replace(SECOND, when=when), LadderStep(Rung.CALLBACK, 3 * HOUR)))
    town.sent(event)

    undelivered(town, town.texts(home, "first")[0])

    assert bool(town.texts(home, "second_number")) == written


def test_a_reply_from_the_other_number_answers_for_the_household(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered())
    town.sent(event)
    town.later(hours=2)
    town.sent(event)

    town.reply(home.phones[1], "1")
    town.later(hours=4)

    assert (town.state(home), town.task(home)) == ("fine", None)


def test_a_reply_counts_also_when_the_other_number_has_left_the_listing_meanwhile(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered(SECOND, LadderStep(Rung.CALLBACK, 3 * HOUR)))
    town.sent(event)
    town.later(hours=2)
    town.sent(event)
    with town.db.begin() as connection:
        connection.execute(text("UPDATE phone SET removed_at = now() WHERE rank = 2"))

    town.reply(home.phones[1], "1")

    assert town.state(home) == "fine"


@pytest.mark.parametrize("end", ["answers", "cancels", "refuses"])
def test_a_text_to_the_other_number_that_has_not_left_is_taken_back(town: Town, end: str) -> None:
    home = two_mobiles(town)
    event = town.open(laddered(SECOND, LadderStep(Rung.CALLBACK, 3 * HOUR)))
    town.sent(event)
    town.later(hours=2)

    if end == "cancels":
        events.cancel(town.db, event, now=town.now)
    else:
        town.reply(home.phones[0], {"answers": "1", "refuses": "STOP"}[end])
    town.sweep()

    assert [m["state"] for m in town.texts(home, "second_number")] != []
    assert {m["state"] for m in town.texts(home, "second_number")} <= {"cancelled", "suppressed"}


def test_two_households_with_one_other_number_have_one_text_there_and_both_are_rung(town: Town) -> None:
    shared = builders.mobile()
    homes = [town.household(mobiles=(builders.mobile(), shared)) for _ in range(2)]
    event = town.open(laddered())
    town.sent(event)

    town.later(hours=1)
    town.later(hours=1)
    texts = [len(town.texts(home, "second_number")) for home in homes]
    town.later(hours=1)

    assert sorted(texts) == [0, 1]
    assert [town.state(home) for home in homes] == ["callback", "callback"]


def test_editing_a_campaign_changes_nothing_in_an_event_that_runs(town: Town, tmp_path: Path) -> None:
    home = two_mobiles(town)
    steps = '[[ladder]]\nstep = "second_number"\nafter = "1h"\ntext = "heat_orange_check"\n'
    call = '[[ladder]]\nstep = "callback"\nafter = "{after}"\n'
    bare = "\n".join(line for line in GOOD.splitlines() if not line.startswith(("reply_deadline", "reminder_")))
    before = read(tmp_path, bare + "\n" + steps + call.format(after="2h")).campaigns["essai"]
    event = town.open(replace(before, window=builders.ALL_DAY, audience=Audience()))
    town.sent(event)

    after = read(tmp_path, bare + "\n" + call.format(after="30min")).campaigns["essai"]
    town.later(hours=1)

    assert (after.calls_after, before.calls_after) == (HOUR / 2, 2 * HOUR)
    assert [m["template"] for m in town.texts(home, "second_number")] == ["heat_orange_check"]
    assert town.state(home) == "waiting"
    town.later(hours=1)
    assert town.state(home) == "callback"


def test_an_event_frozen_before_there_were_ladders_goes_on_as_it_was(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE campaign_event SET definition = definition - 'ladder' - 'attempts'"))
    town.sent(event)

    town.later(hours=2)
    town.sent(event)
    town.later(hours=2)

    assert [m["step"] for m in town.rows("message", home)] == ["first", "reminder"]
    assert reasons(town, home) == ["no_reply_orange"]


def test_more_time_to_answer_moves_the_call_and_no_other_step(town: Town) -> None:
    home = two_mobiles(town)
    event = town.open(laddered())
    town.sent(event)

    steering.extend(town.db, event, by=2 * HOUR, now=town.now)
    town.later(hours=2)
    town.later(hours=2)

    definition = next(e["definition"] for e in town.rows("campaign_event"))
    assert catalogue.thaw(definition).calls_after == 5 * HOUR  # type: ignore[arg-type]
    assert len(town.texts(home, "second_number")) == 1
    assert town.state(home) == "waiting"


@pytest.mark.parametrize("most", [1, 3])
def test_a_campaign_caps_the_tries(town: Town, most: int) -> None:
    home = town.household()
    town.sent(town.open(laddered(LadderStep(Rung.CALLBACK, HOUR), attempts=Attempts(most, timedelta(minutes=5)))))
    town.later(hours=1)

    ends = [rung(town, home, OutcomeCode.BUSY).closed for _ in range(most)]

    assert ends == [False] * (most - 1) + [True]
    assert town.state(home) == "unreached"


def test_without_anybody_to_ask_the_call_goes_to_the_partner(town: Town) -> None:
    home = town.household()
    town.sent(town.open(laddered(attempts=Attempts(1))))
    town.later(hours=3)

    ended = rung(town, home, OutcomeCode.NO_ANSWER)

    assert (ended.closed, ended.then) == (False, "partner")
    assert ended.next_call_at == town.now + HOUR


def test_a_dead_number_of_a_relative_leads_on_and_the_household_keeps_its_own(town: Town) -> None:
    home = town.household()
    relative = builders.landline()
    builders.add_phone(town.db, home, relative, label="neighbour")
    town.sent(town.open(laddered(attempts=Attempts(1))))
    town.later(hours=3)
    rung(town, home, OutcomeCode.NO_ANSWER)

    rung(town, home, OutcomeCode.NOT_IN_SERVICE)

    assert "partner" in reasons(town, home)
    assert {p["e164"] for p in town.rows("phone", home) if p["bad_since"]} == {relative}


def test_a_caller_who_gives_up_hands_on_as_well(town: Town) -> None:
    home = town.household()
    town.sent(town.open(laddered()))
    town.later(hours=3)

    ended = rung(town, home, OutcomeCode.UNREACHABLE)

    assert (ended.closed, town.state(home)) == (False, "callback")


def test_a_relative_gives_news_and_cannot_refuse_for_the_household(town: Town) -> None:
    home = town.household()
    builders.add_phone(town.db, home, builders.landline(), label="child")
    town.sent(town.open(laddered(attempts=Attempts(1))))
    town.later(hours=3)
    rung(town, home, OutcomeCode.NO_ANSWER)

    with pytest.raises(Refused, match="foyer lui-même"):
        rung(town, home, OutcomeCode.REFUSED_ALWAYS)
    ended = rung(town, home, OutcomeCode.REACHED_OK_PROXY)

    assert (ended.closed, town.state(home)) == (True, "reached")


def test_a_call_handed_on_by_a_slip_is_taken_back_with_its_tries(town: Town) -> None:
    home = town.household()
    town.sent(town.open(laddered(attempts=Attempts(1))))
    town.later(hours=3)
    before = town.task(home)
    assert before is not None
    rung(town, home, OutcomeCode.NO_ANSWER)

    undoing.undo(town.db, int(str(before["id"])), caller="odile", now=town.now)

    after = town.task(home)
    assert after is not None
    assert (after["reasons"], after["tried_before"], after["calls"]) == (before["reasons"], 0, 0)


def steps(town: Town, home: builders.Household) -> list[tuple[str, datetime]]:
    return [(n.step, n.at) for n in next_steps.of_household(town.db, home.id)]


def test_the_next_step_of_a_household_is_always_told_with_its_time(town: Town) -> None:
    home, opened = two_mobiles(town), town.now
    event = town.open(laddered(attempts=Attempts(1)))
    seen = [steps(town, home)]
    town.sent(event)
    seen.append(steps(town, home))
    for _step in range(3):
        town.later(hours=1)
        town.sent(event)
        seen.append(steps(town, home))
    rung(town, home, OutcomeCode.NO_ANSWER)
    seen.append(steps(town, home))
    rung(town, home, OutcomeCode.NO_ANSWER)
    seen.append(steps(town, home))

    told = [step[0] if step else None for step in seen]
    assert [one[0] if one else None for one in told] == [
        *("text_to_send", "reminder", "second_number", "callback", "callback", "partner", None),
    ]
    assert [one[1] - opened if one else None for one in told[:4]] == [timedelta(), HOUR, 2 * HOUR, 3 * HOUR]
    assert told[5] == ("partner", town.now)


def test_who_has_no_other_number_is_not_told_of_one(town: Town) -> None:
    home = town.household()
    event = town.open(laddered(SECOND, LadderStep(Rung.CALLBACK, 3 * HOUR)))
    town.sent(event)

    assert steps(town, home) == [("callback", town.now + 3 * HOUR)]


def test_an_event_tells_how_many_await_which_step(town: Town) -> None:
    homes = [town.household() for _ in range(3)]
    asking = town.household()
    event = town.open(laddered())
    town.sent(event)
    town.reply(asking.phone, "2")

    told = {
        n["step"]: (n["households"], n["at"]) for n in reporting.as_json(reporting.report(town.db, event))["next_steps"]
    }

    assert told["reminder"] == (len(homes), (town.now + HOUR).isoformat())
    assert told["callback"][0] == 1
