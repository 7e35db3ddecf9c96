"""What belongs to another agency does not exist: looked at, changed, listed, found, or exported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.builders import Household
from tests.integration.api_client import Program, hire, open_to
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role


@dataclass
class Place:
    """Two agencies, a household to be rung in each, and somebody who works for the second only."""

    town: Town
    site: Site
    first: Household
    second: Household

    def __post_init__(self) -> None:
        self.event = self.town.open()
        for home in (self.first, self.second):
            self.town.reply(home.phone, "appelez moi")
        self.caller = hire(self.site, Role.CALLER, "02")
        self.operator = hire(self.site, Role.OPERATOR, "02")
        self.everywhere = hire(self.site, Role.OPERATOR)

    def task(self, home: Household) -> int:
        task = self.town.task(home)
        assert task is not None
        return int(str(task["id"]))


@pytest.fixture
def place(town: Town) -> Iterator[Place]:
    first, second = town.household(agency="01"), town.household(agency="02")
    with open_to(town) as site:
        yield Place(town, site, first, second)


def test_the_list_holds_ones_own_agencies_only(place: Place) -> None:
    def seen(program: Program, query: str = "") -> set[str]:
        return {task["agency"] for task in program.get("/tasks" + query)["items"]}

    assert seen(place.caller) == {"02"}
    assert seen(place.caller, "?agency=01") == set()
    assert seen(place.everywhere) == {"01", "02"}
    assert seen(place.everywhere, "?agency=01") == {"01"}


LOOKS = [
    ("GET", "/tasks/{task}", None),
    ("POST", "/tasks/{task}/claim", None),
    ("POST", "/tasks/{task}/renew", None),
    ("POST", "/tasks/{task}/release", None),
    ("POST", "/tasks/{task}/skip", {"reason": "x"}),
    ("POST", "/tasks/{task}/reschedule", {"reason": "x", "at": "2026-07-08T14:00:00+02:00"}),
    ("POST", "/tasks/{task}/outcome", {"outcome": "REACHED_OK"}),
    ("POST", "/tasks/{task}/undo", None),
    ("GET", "/households/{household}", None),
    ("GET", "/households/{household}/wishes", None),
    ("POST", "/households/{household}/opt-out", {}),
    ("POST", "/households/{household}/opt-in", {}),
    ("POST", "/households/{household}/hold", {"until": "2026-07-31"}),
    ("POST", "/households/{household}/back", None),
    ("POST", "/households/{household}/prefer", {"language": "en"}),
]


@pytest.mark.parametrize(("method", "path", "body"), LOOKS)
def test_anothers_task_or_household_is_not_there(place: Place, method: str, path: str, body: Any) -> None:
    theirs = path.format(task=place.task(place.first), household=place.first.id)
    nothing = path.format(task=999_999, household=999_999)
    before = place.town.rows("callback_task")

    said = place.caller.refused(method, theirs, 404, "not_found", json=body)

    assert said.replace(theirs.split("/")[2], "999999") == place.caller.refused(
        method, nothing, 404, "not_found", json=body
    )
    assert place.town.rows("callback_task") == before


def test_lifting_anothers_refusal_is_refused_and_changes_nothing(place: Place) -> None:
    with place.site.db.begin() as connection:
        connection.execute(text("UPDATE household SET refused_at = now()"))

    place.operator.refused("POST", f"/refusals/{place.first.id}/lift", 404, "not_found")

    assert {r["agency"] for r in place.operator.get("/refusals")["households"]} == {"02"}
    assert {r["agency"] for r in place.everywhere.get("/refusals")["households"]} == {"01", "02"}


@pytest.mark.parametrize("words", ["ESSAI", "essai ode", "D-"])
def test_a_search_finds_ones_own_households_only(place: Place, words: str) -> None:
    def found(program: Program) -> set[int]:
        return {h["id"] for h in program.done("/households/search", {"words": words})["households"]}

    assert found(place.caller) == {place.second.id}
    assert found(place.everywhere) == {place.first.id, place.second.id}


def test_a_search_by_number_finds_ones_own_only(place: Place) -> None:
    search = {"words": place.first.phone}

    assert place.caller.done("/households/search", search)["households"] == []
    assert [h["id"] for h in place.everywhere.done("/households/search", search)["households"]] == [place.first.id]


def test_an_account_names_ones_own_agencies_and_its_totals_are_figures(place: Place) -> None:
    mine, all_of_it = (p.get(f"/events/{place.event}") for p in (place.operator, place.everywhere))

    assert mine["recipients"] == all_of_it["recipients"]
    assert {row["agency"] for row in mine["by_agency"]} == {"02"}
    assert {row["agency"] for row in all_of_it["by_agency"]} == {"01", "02"}


def test_a_report_names_ones_own_agencies_and_dwellings(place: Place) -> None:
    mine, all_of_it = (p.get(f"/events/{place.event}/report") for p in (place.operator, place.everywhere))

    for part in ("agencies", "by_hour", "unreached"):
        assert {row["agency"] for row in mine[part]} <= {"02"}
        assert mine[part] == [row for row in all_of_it[part] if row["agency"] == "02"]
    assert mine["figures"] == all_of_it["figures"]


def test_an_export_has_ones_own_households_only(place: Place) -> None:
    def lines(program: Program) -> list[str]:
        answer = program.ask("GET", f"/events/{place.event}/report.csv")
        assert answer.headers["Content-Type"].startswith("text/csv")
        return [line.split(";")[0] for line in answer.content.decode("utf-8-sig").splitlines()]

    assert lines(place.operator) == ["agency", "02"]
    assert lines(place.everywhere) == ["agency", "01", "02"]


def test_the_sheets_to_print_are_of_ones_own_agencies(place: Place) -> None:
    def sheets(program: Program) -> list[str]:
        page = program.ask("GET", "/tasks/sheets.html").text
        return [name for name in ("Agence 01", "Agence 02") if name in page]

    assert sheets(place.operator) == ["Agence 02"]
    assert sheets(place.everywhere) == ["Agence 01", "Agence 02"]


def test_a_preview_counts_ones_own_households_only(place: Place) -> None:
    path = "/campaigns/canicule-orange/preview"

    mine, all_of_it = place.operator.get(path), place.everywhere.get(path)

    assert mine["by_agency"] == {"02": 1}
    assert [a["agency"] for a in mine["capacity"]["agencies"]] == ["02"]
    assert all_of_it["by_agency"] == {"01": 1, "02": 1}


def test_the_households_of_a_preview_are_ones_own(place: Place) -> None:
    path = "/campaigns/canicule-orange/households"

    assert [h["household_id"] for h in place.operator.get(path)["households"]] == [place.second.id]
    assert len(place.everywhere.get(path)["households"]) == 2
    assert len(place.everywhere.get(path + "?limit=1")["households"]) == 1
    assert place.everywhere.get(path + "?fate=landline_only")["households"] == []


def test_an_unclear_message_is_filed_by_its_agency_and_an_unknown_one_by_any(place: Place) -> None:
    place.town.reply(place.first.phone, "la chaudiere de mon voisin siffle")
    place.town.reply("+33612345678", "qui etes vous ?")
    unclear, unknown = (m["id"] for m in place.everywhere.get("/messages/to-file")["items"])

    assert [m["id"] for m in place.operator.get("/messages/to-file")["items"]] == [unknown]
    place.operator.refused("POST", f"/messages/{unclear}/file", 404, "not_found", json={})
    place.operator.refused("POST", f"/messages/{unknown}/file", 404, "not_found", json={"household_id": place.first.id})
    assert place.operator.done(f"/messages/{unknown}/file", {"household_id": place.second.id})["task"] is not None


def test_a_call_given_to_a_caller_of_another_agency_is_theirs_while_they_hold_it(place: Place) -> None:
    """Agency 01 has nobody present, so its calls go to whoever asks next."""
    for _call in range(2):
        place.caller.done("/tasks/next")
    other = place.task(place.first)
    assert {held["agency"] for held in place.caller.get("/tasks/held")["tasks"]} == {"01", "02"}

    assert place.caller.get(f"/tasks/{other}")["id"] == other
    place.caller.done(f"/tasks/{other}/release")
    place.caller.refused("GET", f"/tasks/{other}", 404, "not_found")


def test_a_lease_that_ran_out_shows_nothing_any_more(place: Place) -> None:
    for _call in range(2):
        place.caller.done("/tasks/next")
    other = place.task(place.first)

    place.site.now += timedelta(minutes=16)

    place.caller.refused("GET", f"/tasks/{other}", 404, "not_found")


def test_another_scope_counts_from_the_next_request(place: Place) -> None:
    task = place.task(place.first)
    place.caller.refused("GET", f"/tasks/{task}", 404, "not_found")

    hire(place.site, Role.ADMIN).done(f"/users/{place.caller.login}/role", {"role": "caller", "agencies": ["01"]})

    assert place.caller.get(f"/tasks/{task}")["agency"] == "01"
