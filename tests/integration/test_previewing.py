"""Before a launch: whom, what, at what cost, and whether the callers can keep up; nothing is changed by looking."""

import json
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests import builders, deployments
from tests.integration.conftest import Town
from worker.catalogue import prices
from worker.cli import previews as screen
from worker.domain import pricing
from worker.domain.campaigns import AgeBand, Audience, Exclusions, Kind, Level, Remedy, SendWindow
from worker.rendering import Texts
from worker.services import preview_json, previewing
from worker.services.desk import of as desk_of
from worker.services.previewing import Preview, Rig

PARIS = ZoneInfo("Europe/Paris")
EVERY_TABLE = ("campaign_event", "recipient", "message", "callback_task")


@pytest.fixture
def deployment(tmp_path: Path) -> Path:
    return deployments.copy_to(tmp_path)


def rig(town: Town, deployment: Path, **changed: object) -> Rig:
    settings = deployments.settings_in(deployment, **changed)
    return Rig(town.db, desk_of(settings), Texts(settings.templates_dir), prices.load(settings.config_dir), settings)


def seen(town: Town, deployment: Path, *, settings: dict[str, object] | None = None, **campaign: object) -> Preview:
    return previewing.preview(rig(town, deployment, **settings or {}), builders.campaign(**campaign), now=town.now)


# ---- whom ---------------------------------------------------------------------------


def test_everybody_is_in_or_out_with_a_reason_and_the_sums_agree(town: Town, deployment: Path) -> None:
    town.household(agency="01")
    town.household(agency="02", mobiles=[], landlines=[builders.landline()])
    town.household(agency="02", mobiles=[])
    town.household(births=[date(1990, 1, 1)])

    made = seen(town, deployment)

    assert (made.households, made.texted, dict(made.excluded)) == (3, 1, {"landline_only": 1, "no_phone": 1})
    assert dict(made.by_agency) == {"01": 1, "02": 2}
    assert made.households == made.texted + sum(made.excluded.values())


def test_a_preview_says_what_the_launch_then_does(town: Town, deployment: Path) -> None:
    shared = builders.mobile()
    for what in ({}, {"mobiles": [shared]}, {"mobiles": [shared]}, {"mobiles": []}, {"language": "en"}):
        town.household(**what)
    made = seen(town, deployment)

    event = town.open()

    assert len(town.rows("recipient")) == made.households == 5
    assert len(town.rows("message")) == made.texts == 3
    assert town.account(event).recipients == {"waiting": 5}


def test_looking_changes_nothing(town: Town, deployment: Path) -> None:
    town.household()

    seen(town, deployment)
    previewing.households(rig(town, deployment), builders.campaign(), limit=10, now=town.now)

    assert [town.rows(table) for table in EVERY_TABLE] == [[], [], [], []]


def test_behind_the_figures_are_households_by_their_dwelling(town: Town, deployment: Path) -> None:
    town.household(agency="01")
    out = town.household(agency="02", mobiles=[])
    asked = rig(town, deployment)

    listed = previewing.households(asked, builders.campaign(), fate="no_phone", limit=10, now=town.now)

    assert [(h.household_id, h.agency, h.fate, h.age) for h in listed] == [(out.id, "02", "no_phone", 86)]
    assert previewing.names(asked, listed) == {out.id: "ESSAI Odette"}
    assert [
        h.agency for h in previewing.households(asked, builders.campaign(), agency="01", limit=10, now=town.now)
    ] == ["01"]


def test_a_household_written_to_today_names_the_other_event(town: Town, deployment: Path) -> None:
    town.household()
    morning = builders.campaign(key="ce-matin", level=Level.ORANGE)
    event = town.open(morning, occasion="matin")
    town.sent(event, morning)

    again = seen(town, deployment, level=Level.ORANGE)
    raised = seen(town, deployment, level=Level.RED)
    listed = previewing.households(rig(town, deployment), builders.campaign(), limit=10, now=town.now)

    assert dict(again.excluded) == {"contacted_today": 1}
    assert [(e.campaign, e.occasion, e.households, e.again) for e in again.elsewhere] == [("ce-matin", "matin", 1, 0)]
    assert [(e.households, e.again) for e in raised.elsewhere] == [(1, 1)]
    assert [(h.other_campaign, h.other_occasion) for h in listed] == [("ce-matin", "matin")]


# ---- what, at what cost ----------------------------------------------------------------


def test_the_cost_is_that_of_the_texts_that_then_leave(town: Town, deployment: Path) -> None:
    for language in ("fr", "fr", "en"):
        town.household(language=language)
    town.household(mobiles=["+262692000001"])

    made = seen(town, deployment)

    each = {r.language: r.rendered.measured.segments for r in made.rows if r.step == "first"}
    assert made.segments == 3 * each["fr"] + each["en"]
    assert made.cost.micro == 80_000 * (2 * each["fr"] + each["en"]) + 160_000 * each["fr"]
    assert made.reminders_at_most.micro > 0
    assert made.cost.unpriced == 0


def test_without_a_price_nothing_is_taken_for_free(town: Town, deployment: Path) -> None:
    town.household()
    (deployment / "config" / "prices.toml").unlink()

    made = seen(town, deployment)

    assert (made.cost.micro, made.cost.unpriced) == (0, made.segments)


def test_the_longest_text_is_shown_with_the_character_that_makes_it_dear(town: Town, deployment: Path) -> None:
    town.household(language="fr")
    there = town.household(language="en")
    text_file = deployment / "templates" / "sms" / "en" / "heat_orange_check.txt"
    text_file.write_text("Reply 1 = fine, 2 = call me. Keep cool in the forêt " + "x" * 40, encoding="utf-8")

    longest = seen(town, deployment).longest

    assert longest is not None
    assert (longest.language, longest.texts, longest.example) == ("en", 1, _dwelling(town, there))
    assert (str(longest.rendered.measured.encoding), longest.rendered.measured.offenders) == ("UCS-2", ("ê",))


def test_a_sender_that_takes_no_answer_is_told_before_the_launch(town: Town, deployment: Path) -> None:
    town.household()

    made = seen(town, deployment, sender="alpha")

    assert made.sender is not None
    assert not made.sender.takes_replies
    assert any("n'en reçoit pas" in str(problem) for problem in made.problems)


def test_a_slow_sender_ends_in_the_next_window(town: Town, deployment: Path) -> None:
    for _ in range(4):
        town.household()
    senders = {"court": {"address": "38000", "capability": "two_way", "segments_per_s": 0.001}}
    window = SendWindow(time(9), time(10, 30))

    made = seen(town, deployment, settings={"senders": senders}, window=window, void_after=timedelta(days=3))

    # 10:00 on Wednesday; half an hour is left, then an hour and a half each day, at a segment in 1000 seconds
    assert made.segments >= 4
    assert made.ends_at == made.starts_at + timedelta(seconds=1000 * made.segments) + _nights(made)


def _nights(made: Preview) -> timedelta:
    return timedelta(hours=22, minutes=30) * (made.ends_at.date() - made.starts_at.date()).days


def _dwelling(town: Town, household: builders.Household) -> str:
    with town.db.begin() as connection:
        return str(
            connection.execute(
                text("SELECT d.code FROM dwelling d JOIN household h ON h.dwelling_id = d.id WHERE h.id = :id"),
                {"id": household.id},
            ).scalar_one()
        )


# ---- who rings whom, until when -----------------------------------------------------------


def test_calls_to_come_are_those_at_once_and_a_share_of_the_others(town: Town, deployment: Path) -> None:
    for _ in range(10):
        town.household(agency="01")
    for _ in range(3):
        town.household(agency="01", mobiles=[])

    (load,) = [a.load for a in seen(town, deployment).outlook.agencies]

    assert (load.queued, load.at_once, load.later) == (0, 3, 4)  # 35 in a hundred, rounded up


def test_whom_the_campaign_only_records_is_not_rung(town: Town, deployment: Path) -> None:
    town.household(mobiles=[])

    made = seen(town, deployment, exclusions=Exclusions(no_phone=Remedy.RECORD))

    assert (made.callbacks_at_once, [a.load.own for a in made.outlook.agencies]) == (0, [0])
    assert made.outlook.fits


def test_who_is_on_the_list_already_is_rung_once(town: Town, deployment: Path) -> None:
    town.household(mobiles=[])
    town.open()
    town.climb()

    (load,) = [a.load for a in seen(town, deployment).outlook.agencies]

    assert (load.queued, load.at_once) == (1, 0)


def test_past_events_of_the_kind_tell_how_many_must_be_rung(town: Town, deployment: Path) -> None:
    homes = [town.household() for _ in range(4)]
    for day in range(3):
        event = town.open(occasion=f"day {day}")
        town.sent(event)
        for home in homes[: 3 - day]:
            town.reply(home.phone, "1")
        town.later(hours=5)
        _settle(town, event)
        town.now += timedelta(days=1)
    _close_tasks(town)

    made = seen(town, deployment)

    # of twelve who were asked, six answered
    assert (made.outlook.basis.rate, made.outlook.basis.rate_measured) == (0.5, True)
    assert [a.load.later for a in made.outlook.agencies] == [2]


def test_a_test_and_another_kind_say_nothing_about_how_many_must_be_rung(town: Town, deployment: Path) -> None:
    for day in range(3):
        event = town.open(builders.campaign(level=Level.NONE), occasion=f"day {day}")
        town.sent(event)
        _settle(town, event)

    assert not seen(town, deployment, level=Level.ORANGE).outlook.basis.rate_measured


def test_past_calls_tell_how_long_one_takes(town: Town, deployment: Path) -> None:
    for _ in range(20):
        home = town.household()
        _called(town, home, minutes=(2, 3))
    _called(town, town.household(), minutes=(600,))  # a claim that somebody forgot

    basis = seen(town, deployment).outlook.basis

    assert (basis.minutes, basis.minutes_measured) == (5.0, True)


def test_the_last_person_is_rung_late_and_something_is_proposed(town: Town, deployment: Path) -> None:
    for year in (1930, 1940, 1950):
        for _ in range(10):
            town.household(agency="07", mobiles=[], births=[date(year, 1, 1)])
    crew = {"agencies": {"07": {"callers": 1, "alert": [["09:00", "12:00"]]}}}

    made = seen(
        town, deployment, settings=crew, reply_deadline=timedelta(hours=1), reminder_after=None, reminder_text=None
    )

    outlook = made.outlook
    assert not outlook.fits
    # 30 calls of 11.4 minutes: Wednesday from 10:00 to noon, then Thursday, and 42 minutes of Friday
    assert outlook.last_at is not None
    assert outlook.last_at.astimezone(PARIS).strftime("%A %H:%M") == "Friday 09:42"
    assert outlook.proposal is not None
    assert outlook.proposal.from_age is not None
    assert outlook.proposal.more_callers == {"07": 2}


def test_what_is_shown_and_what_programs_get_say_the_same(
    town: Town, deployment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        town.household(agency="01")
    town.household(agency="01", mobiles=[])
    made = seen(town, deployment)

    screen.show(made, timezone="Europe/Paris")
    told = json.loads(json.dumps(preview_json.as_json(made)))

    shown = capsys.readouterr().out
    assert "4 foyers concernés" in shown
    assert pricing.euros(made.cost.micro) in shown
    assert "11,4 min par appel" in shown
    assert "La dernière personne sera appelée" in shown
    assert "ESSAI" not in shown + str(told)
    assert _numbers(town) & set(shown.split()) == set()
    assert (told["households"], told["texts"], told["excluded"]) == (4, 3, {"no_phone": 1})
    assert told["capacity"]["expected_callbacks"] == 3
    assert told["cost"]["texts_eur"] == pricing.plain(made.cost.micro)


def _numbers(town: Town) -> set[object]:
    return {row["e164"] for row in town.rows("phone")}


def test_an_empty_audience_is_shown_without_a_fault(
    town: Town, deployment: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = seen(town, deployment, audience=Audience(age_bands=(AgeBand(120),)), kind=Kind.CHECK_IN)

    screen.show(made, timezone="Europe/Paris")

    assert "0 foyers concernés" in capsys.readouterr().out
    assert (made.longest, made.outlook.fits, made.cost.micro) == (None, True, 0)


def _settle(town: Town, event: int) -> None:
    with town.db.begin() as connection:
        connection.execute(text("UPDATE campaign_event SET state = 'settled' WHERE id = :id"), {"id": event})


def _close_tasks(town: Town) -> None:
    with town.db.begin() as connection:
        connection.execute(text("UPDATE callback_task SET state = 'done', closed_at = now() WHERE state = 'open'"))


def _called(town: Town, home: builders.Household, *, minutes: tuple[int, ...]) -> None:
    """Calls of one task, each taken and ended so many minutes later."""
    with town.db.begin() as connection:
        task = connection.execute(
            text(
                "INSERT INTO callback_task (household_id, agency_id, state, reasons, priority, score, created_at, "
                "due_at, closed_at) SELECT h.id, d.agency_id, 'done', '{manual}', 40, '[]', :now, :now, :now "
                "FROM household h JOIN dwelling d ON d.id = h.dwelling_id WHERE h.id = :home RETURNING id"
            ),
            {"home": home.id, "now": town.now},
        ).scalar_one()
        for number, took in enumerate(minutes):
            taken = town.now - timedelta(hours=20 - number)
            values = {"task": task, "home": home.id, "taken": taken, "ended": taken + timedelta(minutes=took)}
            connection.execute(
                text(
                    "INSERT INTO task_move (task_id, caller, move, moved_at) VALUES (:task, 'anne', 'claimed', :taken)"
                ),
                values,
            )
            connection.execute(
                text(
                    "INSERT INTO call_outcome (task_id, household_id, caller, code, ended_at) "
                    "VALUES (:task, :home, 'anne', 'NO_ANSWER', :ended)"
                ),
                values,
            )
