"""Every look at a tenant's record, every change and every export is written down, without a name or a number."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from tests.builders import Household
from tests.integration.api_client import Program, hire, open_to
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role

LAUNCH = {"campaign": "canicule-orange", "confirm": True}


@pytest.fixture
def home(town: Town) -> Household:
    return town.household()


@pytest.fixture
def site(town: Town, home: Household) -> Iterator[Site]:
    town.open()
    town.reply(home.phone, "appelez moi")
    with open_to(town) as running:
        yield running


@pytest.fixture
def operator(site: Site) -> Program:
    return hire(site, login="odile")


def written(site: Site) -> list[tuple[str, str, str]]:
    """(action, kind, object) of what odile did, in order."""
    with site.db.begin() as connection:
        rows = connection.execute(
            text("SELECT action, kind, object_id FROM audit_entry WHERE who = 'odile' ORDER BY id")
        )
        return [(r.action, r.kind, r.object_id) for r in rows]


def _paths(home: Household, task: int) -> list[tuple[str, str, Any, tuple[str, str, str]]]:
    household = str(home.id)
    return [
        ("GET", "/tasks", None, ("viewed", "household", household)),
        ("GET", "/tasks/sheets.html", None, ("exported", "household", household)),
        ("GET", f"/tasks/{task}", None, ("viewed", "household", household)),
        ("GET", f"/households/{home.id}", None, ("viewed", "household", household)),
        ("GET", f"/households/{home.id}/wishes", None, ("viewed", "household", household)),
        ("GET", "/campaigns/canicule-orange/households", None, ("viewed", "household", household)),
        ("POST", "/households/search", {"words": "ESSAI"}, ("searched", "household", household)),
        ("POST", f"/tasks/{task}/claim", None, ("viewed", "household", household)),
        ("GET", "/tasks/held", None, ("viewed", "household", household)),
        ("POST", f"/households/{home.id}/hold", {"until": "2026-07-31"}, ("edited", "household", household)),
        ("POST", f"/tasks/{task}/outcome", {"outcome": "NO_ANSWER"}, ("edited", "household", household)),
        ("GET", "/events/1/report.csv", None, ("exported", "event", "1")),
        ("POST", "/events/1/pause", None, ("steered", "event", "1")),
        ("POST", "/events", LAUNCH, ("launched", "event", "2")),
    ]


def test_every_look_change_and_export_is_written_down(
    operator: Program, site: Site, home: Household, town: Town
) -> None:
    task = town.task(home)
    assert task is not None
    for method, path, body, entry in _paths(home, int(str(task["id"]))):
        before = len(written(site))

        assert operator.ask(method, path, json=body).ok, path

        assert entry in written(site)[before:], path


def test_figures_are_looked_at_without_a_trace(operator: Program, site: Site) -> None:
    for path in ("/me", "/campaigns", "/campaigns/canicule-orange/preview", "/events", "/events/1", "/events/1/report"):
        operator.get(path)

    assert written(site) == []


def test_what_was_refused_was_not_seen(operator: Program, site: Site) -> None:
    operator.refused("GET", "/households/999999", 404, "not_found")
    operator.refused("GET", "/events/999999/report.csv", 404, "not_found")

    assert written(site) == []


def test_a_message_that_is_read_and_filed_is_written_down(operator: Program, site: Site, town: Town) -> None:
    town.reply("+33612345678", "qui etes vous ?")
    [message] = operator.get("/messages/to-file")["items"]
    operator.done(f"/messages/{message['id']}/file", {})

    assert written(site) == [(action, "message", str(message["id"])) for action in ("viewed", "filed")]


def test_nothing_written_down_names_anybody(operator: Program, site: Site, home: Household) -> None:
    operator.done("/households/search", {"words": home.phone})
    operator.get(f"/households/{home.id}")

    with site.db.begin() as connection:
        log = str(connection.execute(text("SELECT jsonb_agg(a) FROM audit_entry a")).scalar())
    assert not any(secret in log for secret in (home.phone, home.phone[3:], "ESSAI", "Odette"))


def test_an_administrator_reads_who_saw_whom(operator: Program, site: Site, home: Household) -> None:
    operator.get(f"/households/{home.id}")
    admin = hire(site, Role.ADMIN)

    [entry] = admin.get(f"/audit?kind=household&object_id={home.id}")["items"]

    assert (entry["who"], entry["action"]) == ("odile", "viewed")
    assert entry["via"].startswith("token ")
    assert admin.get("/audit?who=nobody")["items"] == []


def test_what_cannot_be_written_down_is_not_shown(operator: Program, site: Site, home: Household) -> None:
    with site.db.begin() as connection:
        connection.execute(text("ALTER TABLE audit_entry RENAME TO audit_entry_away"))

    answer = operator.ask("GET", f"/households/{home.id}")

    assert answer.status_code == 503
    assert "ESSAI" not in answer.text
