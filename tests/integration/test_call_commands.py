"""A caller tells at the terminal how a call ended; an operator sees who wants no more calls, and takes one back."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import builders, commands
from tests.integration.conftest import Town

Run = Callable[..., commands.Done]


@pytest.fixture
def run(database_url: str) -> Run:
    """`courtoisie …` as a process of its own."""
    return partial(commands.run, settings={"COURTOISIE_DATABASE_URL": database_url})


def done(run: Run, task: dict[str, Any] | None, outcome: str, *more: str) -> commands.Done:
    assert task is not None
    return run("task", "done", str(task["id"]), "--outcome", outcome, "--caller", "odile", *more)


def owed(town: Town, **what: object) -> builders.Household:
    home = town.household(**what)
    town.reply(home.phone, "2")
    return home


def test_an_hour_at_which_nobody_rings_is_moved_and_said_so(run: Run, town: Town) -> None:
    home = owed(town)
    early = (datetime.now(UTC) + timedelta(days=1)).astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m-%d 05:00")

    ended = done(run, town.task(home), "CALL_LATER", "--at", early)

    assert ended.returncode == 0
    assert "Rappeler plus tard. Personne n'appelle le" in ended.stdout
    task = town.task(home)
    assert task is not None
    assert f"pas avant le {task['not_before'].astimezone(ZoneInfo('Europe/Paris')):%d/%m %H:%M}" in " ".join(  # type: ignore[attr-defined]
        run("tasks").stdout.split()
    )


def test_a_couple_is_asked_about_and_answered(run: Run, town: Town) -> None:
    home = owed(town, births=(date(1938, 3, 1), date(1941, 9, 1)))

    asked = done(run, town.task(home), "DECEASED")
    told = done(run, town.task(home), "deceased", "--tenant", "2", "--json")

    assert asked.returncode == 1
    assert "De qui s'agit-il ? Le foyer compte 2 locataires : 1. ESSAI Odette ; 2. ESSAI Odette." in asked.stderr
    assert json.loads(told.stdout)["closed"] is True


def test_the_number_that_was_dialled_is_never_repeated(run: Run, town: Town) -> None:
    home = owed(town, landlines=("+33536491234",))

    refused = done(run, town.task(home), "WRONG_NUMBER", "--number", "05 36 49 99 99")
    kept = done(run, town.task(home), "WRONG_NUMBER", "--number", "05 36 49 12 34")

    assert refused.returncode == 1
    assert "n'est pas l'un des 2 numéros de ce foyer" in refused.stderr
    assert "49 99 99" not in refused.stdout + refused.stderr
    assert kept.returncode == 0
    assert "36491234" not in kept.stdout + kept.stderr


def test_a_refusal_is_listed_and_lifted(run: Run, town: Town) -> None:
    home = owed(town)
    done(run, town.task(home), "REFUSED_ALWAYS")

    listed = json.loads(run("refusals", "--json").stdout)["refusals"]
    lifted = run("refusal", "lift", str(home.id))
    again = run("refusal", "lift", str(home.id))

    assert [household["household_id"] for household in listed] == [home.id]
    assert f"Le foyer n° {home.id} sera de nouveau contacté" in lifted.stdout
    assert (lifted.returncode, again.returncode) == (0, 1)
    assert json.loads(run("refusals", "--json").stdout) == {"refusals": []}
