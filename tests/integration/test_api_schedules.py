"""Schedules for other programs and at the command line: what comes, what was missed, and the operator's word on it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import builders, commands, deployments
from tests.integration import site as sites
from tests.integration.api_client import Program, hire
from tests.integration.conftest import DESK, Town
from tests.integration.site import Site
from tests.unit.test_occasions import MONDAY_TO_SATURDAY
from worker.domain.recurring import Recurrence
from worker.domain.roles import Role
from worker.services import schedules
from worker.settings import Settings
from worker.web.parts import Program as WebProgram

WEEKLY = builders.campaign(
    key="tournee",
    title="Tournée",
    schedule="0 10 * * mon",
    window=MONDAY_TO_SATURDAY,
    recurrence=Recurrence(spread=True, ends_on=date(2026, 7, 15)),
)
DAILY = builders.campaign(key="visite", title="Visite", schedule="0 9 * * *", window=MONDAY_TO_SATURDAY)
NEVER = builders.campaign(key="jamais")


class Scheduled(Site):
    """A site whose campaigns come round."""

    def _program(self) -> WebProgram:
        return replace(super()._program(), campaigns={c.key: c for c in (WEEKLY, DAILY, NEVER)})


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    """A Monday noon, the first day of the week is open; the day before yesterday was missed."""
    for code in ("01", "02"):
        for _n in range(8):
            town.household(agency=code)
    for now in (datetime(2026, 7, 3, 12, tzinfo=UTC), datetime(2026, 7, 6, 10, tzinfo=UTC)):
        schedules.open_due(town.db, [WEEKLY, DAILY], desk=DESK, settings=Settings(), now=now)
    with sites.running(Scheduled(town.db, datetime(2026, 7, 6, 10, tzinfo=UTC))) as running:
        yield running


@pytest.fixture
def odile(site: Site) -> Program:
    return hire(site, Role.OPERATOR)


def _schedule(program: Program, key: str) -> Any:
    return next(one for one in program.get("/schedules")["schedules"] if one["campaign"] == key)


def test_a_program_sees_what_comes_and_what_was_missed(odile: Program) -> None:
    seen = odile.get("/schedules")
    daily = next(one for one in seen["schedules"] if one["campaign"] == "visite")

    assert [one["campaign"] for one in seen["schedules"]] == ["tournee", "visite"]
    assert daily["coming"][0] == {"occasion": "2026-07-07", "at": "2026-07-07T07:00:00Z"}
    # Sunday's would leave on Monday, when it was opened late.
    assert {(one["campaign"], one["occasion"]) for one in seen["missed"]} == {
        ("tournee", "2026-07-04"),
        ("visite", "2026-07-04"),
    }
    assert (daily["state"], daily["ends_on"], daily["extended"], daily["round"]) == ("active", None, False, None)


def test_the_week_is_shown_by_the_agencies_of_whoever_asks(site: Site, odile: Program) -> None:
    theirs = hire(site, Role.OPERATOR, "02")

    whole, part = (_schedule(program, "tournee")["round"] for program in (odile, theirs))

    assert (whole["week"], whole["households"], part["households"]) == ("2026-07-06", 16, 16)
    assert sum(day["households"] for day in whole["days"]) == 16
    assert {day["agency"] for day in part["days"]} == {"02"}


def test_a_schedule_is_extended_paused_and_resumed_and_the_same_request_is_done_once(odile: Program) -> None:
    before = _schedule(odile, "tournee")
    first = odile.post("/schedules/tournee/extend", {"until": "2026-07-31"}, key="extend-1")
    again = odile.post("/schedules/tournee/extend", {"until": "2026-07-31"}, key="extend-1")
    paused = odile.done("/schedules/tournee/pause")
    resumed = odile.done("/schedules/tournee/resume")

    assert (before["ends_on"], before["coming"][-1]["occasion"]) == ("2026-07-15", "2026-07-15")
    assert (first.json()["ends_on"], first.json()["extended"]) == ("2026-07-31", True)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert (paused["state"], paused["coming"]) == ("paused", [])
    assert (resumed["state"], len(resumed["coming"])) == ("active", 8)


def test_a_missed_occasion_rings_until_somebody_has_seen_it(site: Site, odile: Program) -> None:
    rung = _missed_gauge(site)
    counts = [odile.done("/schedules/visite/seen")["occasions"] for _again in range(2)]

    assert (rung, _missed_gauge(site)) == ("2.0", "1.0")
    assert counts == [1, 0]
    assert odile.get("/schedules")["missed"][0]["seen_at"] is not None


def _missed_gauge(site: Site) -> str:
    lines = site.ask("GET", "/metrics").text.splitlines()
    return next(line.split()[1] for line in lines if line.startswith("courtoisie_missed_occasions "))


def test_what_cannot_be_done_to_a_schedule_is_told(odile: Program) -> None:
    body = {"json": {"until": "2026-07-01"}}

    assert "2026" in odile.refused("POST", "/schedules/tournee/extend", 409, "refused", **body)
    assert "fin" in odile.refused("POST", "/schedules/visite/extend", 409, "refused", **body)
    odile.refused("POST", "/schedules/jamais/pause", 404, "not_found")
    odile.refused("POST", "/schedules/inconnue/pause", 404, "not_found")
    odile.refused("POST", "/schedules/visite/extend", 422, "invalid", json={"until": "demain"})


Run = Callable[..., commands.Done]


@pytest.fixture
def run(database_url: str, tmp_path: Path) -> Run:
    """`courtoisie …` as a process of its own, with a configuration in which the weekly campaign comes round."""
    folder = deployments.copy_to(tmp_path)
    weekly = folder / "config" / "campaigns" / "appel-courtoisie.toml"
    written = weekly.read_text(encoding="utf-8")
    for key in ("schedule", "[recurrence]", "skip_holidays", "spread"):
        assert f"# {key}" in written
        written = written.replace(f"# {key}", key)
    weekly.write_text(f"{written}ends_on = {datetime.now(UTC).date() + timedelta(days=30)}\n", encoding="utf-8")
    settings = {
        "COURTOISIE_DATABASE_URL": database_url,
        "COURTOISIE_PUBLIC_URL": "https://chalets.example",
        "COURTOISIE_CONFIG_DIR": str(folder / "config"),
    }
    return partial(commands.run, settings=settings)


def test_an_operator_lists_extends_pauses_and_resumes_at_the_command_line(run: Run, town: Town) -> None:
    day = datetime.now(UTC).date() + timedelta(days=60)
    listed = run("schedule", "--json", "--next", "3")
    extended = run("schedule", "extend", "appel-courtoisie", "--until", day.isoformat())
    paused = run("schedule", "pause", "appel-courtoisie")
    shown = run("schedule")
    resumed = run("schedule", "resume", "appel-courtoisie")
    seen = run("schedule", "seen", "appel-courtoisie")
    wrong = run("schedule", "extend", "appel-courtoisie", "--until", "demain")

    (weekly,) = json.loads(listed.stdout)["schedules"]
    assert (weekly["campaign"], weekly["state"], weekly["spread"], len(weekly["coming"])) == (
        "appel-courtoisie",
        "active",
        True,
        3,
    )
    assert f"{day:%d/%m/%Y}" in extended.stdout
    assert "Prochaine occasion" in extended.stdout
    assert paused.returncode == 0
    assert ("suspendue" in shown.stdout, "(prolongée)" in shown.stdout) == (True, True)
    assert "Prochaine occasion" in resumed.stdout
    assert "0 occasion" in seen.stdout
    assert (wrong.returncode, "« demain » n'est pas une date" in wrong.stderr) == (1, True)
