"""Callers and operators at the terminal: taking calls, steering an event, noting what a household wishes."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from tests import builders, commands
from tests.integration.conftest import Town
from worker.domain.campaigns import Attempts
from worker.domain.rungs import LadderStep, Rung

Run = Callable[..., commands.Done]


@pytest.fixture
def run(database_url: str) -> Run:
    """`courtoisie …` as a process of its own."""
    settings = {"COURTOISIE_DATABASE_URL": database_url, "COURTOISIE_PUBLIC_URL": "https://chalets.example"}
    return partial(commands.run, settings=settings)


@pytest.fixture
def today(db: Any) -> Town:
    """Commands read the real clock, so this town lives now."""
    return Town(db, datetime.now(UTC))


def said(done: commands.Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _dwelling(town: Town, home: builders.Household) -> str:
    with town.db.begin() as connection:
        query = text("SELECT d.code FROM dwelling d JOIN household h ON h.dwelling_id = d.id WHERE h.id = :id")
        return str(connection.execute(query, {"id": home.id}).scalar_one())


def test_a_caller_takes_skips_ends_and_takes_back(run: Run, today: Town) -> None:
    home = today.household()
    today.reply(home.phone, "2")

    task = said(run("task", "next", "--caller", "anne", "--agency", "01", "--json"))["task"]
    refused = run("task", "done", str(task["id"]), "--outcome", "REACHED_OK", "--caller", "bruno")
    done = run("task", "done", str(task["id"]), "--outcome", "REACHED_OK", "--caller", "anne")
    undone = run("task", "undo", str(task["id"]), "--caller", "anne")
    skipped = run("task", "skip", str(task["id"]), "--caller", "anne", "--reason", "ma voisine")
    nothing = said(run("task", "next", "--caller", "anne", "--json"))

    assert (task["household_id"], task["band"]) == (home.id, "P1")
    assert (refused.returncode, "anne" in refused.stderr) == (1, True)
    assert (done.returncode, undone.returncode, skipped.returncode) == (0, 0, 0)
    assert "Joint, tout va bien" in undone.stdout
    assert nothing == {"task": None}


def test_the_card_says_why_this_call_and_until_when_it_is_ones_own(run: Run, today: Town) -> None:
    home = today.household(lives_alone="yes")
    today.reply(home.phone, "2")

    card = run("task", "next", "--caller", "anne").stdout

    assert "demande un appel +60" in card
    assert "vit seul +15" in card
    assert "Entre vos mains jusqu'au" in card


def test_an_operator_sees_the_progress_and_steers(run: Run, today: Town) -> None:
    today.household()
    event = str(today.open())
    late = today.household()

    added = said(run("event", "add", event, _dwelling(today, late), "--json"))
    paced = run("event", "pace", event, "2.5")
    extended = run("event", "extend", event, "--by", "2h")
    shown = said(run("event", "show", event, "--json"))
    plain = run("event", "show", event).stdout

    assert (added["new"], added["state"]) == (True, "waiting")
    assert (paced.returncode, extended.returncode) == (0, 0)
    assert (shown["progress"]["waiting"], shown["progress"]["pace_per_s"]) == (2, 2.5)
    assert "0 partis · 2 en attente" in plain
    assert "2.5 segments par seconde" in plain


def test_an_all_clear_opens_the_end_of_heatwave_campaign(run: Run, today: Town) -> None:
    home = today.household()
    event = today.open()
    today.sent(event)

    cleared = said(run("event", "all-clear", str(event), "--json"))
    watched = run("event", "show", str(event), "--watch")

    end = next(e for e in today.rows("campaign_event") if e["id"] == cleared["end_event_id"])
    assert (cleared["checks_stopped"], cleared["new"]) == (1, True)
    assert (end["campaign"], end["definition"]["audience"]["contacted_in"]) == ("canicule-fin", [event])  # type: ignore[index]
    assert (watched.returncode, today.state(home, event)) == (0, "cancelled")


@pytest.mark.parametrize("by", ["soon", "0h", "9d"])
def test_an_extension_that_cannot_be_read_is_told(run: Run, today: Town, by: str) -> None:
    done = run("event", "extend", str(today.open()), "--by", by)

    assert (done.returncode, done.stderr.startswith("Erreur")) == (1, True)
    assert "Traceback" not in done.stderr


def test_what_a_household_wishes_is_noted_shown_and_taken_back(run: Run, today: Town) -> None:
    home = today.household()
    who = _dwelling(today, home)

    for command in (
        ("opt-out", who, "--by", "odile", "--purpose", "advice"),
        ("hold", who, "--until", f"{datetime.now(UTC):%Y-%m-%d}", "--reason", "vacances"),
        ("prefer", who, "--language", "en", "--channel", "call", "--hours", "14:00-16:00"),
    ):
        assert run("person", *command).returncode == 0
    shown = said(run("person", "show", home.phone, "--json"))
    for command in (
        ("opt-in", who, "--by", "paul", "--purpose", "advice"),
        ("back", who),
        ("prefer", who, "--language", "none", "--channel", "none", "--hours", "none"),
    ):
        assert run("person", *command).returncode == 0
    after = said(run("person", "show", who, "--json"))

    assert [(r["channel"], r["purpose"], r["recorded_by"]) for r in shown["refusals"]] == [("sms", "advice", "odile")]
    assert (shown["language"], shown["channel"], shown["hours_from"]) == ("en", "call", "14:00:00")
    assert shown["away_until"] is not None
    assert (after["refusals"], after["away_until"], after["language"], after["hours_from"]) == ([], None, None, None)


def test_hours_that_cannot_be_read_are_told(run: Run, today: Town) -> None:
    done = run("person", "prefer", today.household().phone, "--hours", "le matin")

    assert (done.returncode, "14:00-16:00" in done.stderr) == (1, True)


def test_what_comes_next_is_told_of_a_household_an_event_and_a_call(run: Run, today: Town) -> None:
    campaign = builders.campaign(
        reply_deadline=None,
        reminder_text=None,
        reminder_after=None,
        ladder=(LadderStep(Rung.CALLBACK, timedelta(hours=4)), LadderStep(Rung.TRUSTED_CONTACT)),
        attempts=Attempts(1),
    )
    waiting, asking = today.household(), today.household()
    relative = builders.landline()
    builders.add_phone(today.db, asking, relative, label="child")
    event = today.open(campaign)
    today.sent(event)
    today.reply(asking.phone, "2")
    task = str(today.task(asking)["id"])  # type: ignore[index]

    person = said(run("person", "show", _dwelling(today, waiting), "--json"))["next_steps"]
    account = {n["step"]: n["households"] for n in said(run("event", "show", str(event), "--json"))["next_steps"]}
    ended = run("task", "done", task, "--outcome", "NO_ANSWER", "--caller", "anne")
    shown, listed = run("task", "show", task), said(run("task", "show", task, "--json"))["task"]

    due = (today.now + timedelta(hours=4)).isoformat()
    assert [(n["event"], n["step"], n["at"]) for n in person] == [(str(event), "callback", due)]
    assert account == {"callback": 2}
    assert "Ensuite : appeler un proche" in ended.stdout
    assert f"appelez un proche, {relative} (enfant)" in shown.stdout
    assert "Prochaine étape : appeler un proche" in shown.stdout
    assert listed["step"] == "trusted_contact"
    assert "Aucun appel n° 999" in run("task", "show", "999").stderr
    assert "Prochaine étape : appeler un proche, 1 foyer, à partir du" in run("event", "show", str(event)).stdout
