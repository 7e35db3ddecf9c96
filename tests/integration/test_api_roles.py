"""Every role at every route: who may, who may not, and that no route was forgotten."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox import servers
from tests.integration import site as sites
from tests.integration.api_client import Program, hire
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.staffing import TERMINAL
from worker.store.database import connect

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
ALL, OPERATORS, ADMINS = set(Role), {Role.OPERATOR, Role.ADMIN}, {Role.ADMIN}
# Operators of some agencies only: what reaches every agency is not theirs.
WHOLE = "whole"

ROUTES: dict[tuple[str, str], tuple[set[Role], str]] = {
    ("GET", "/me"): (ALL, ""),
    ("GET", "/campaigns"): (OPERATORS, ""),
    ("GET", "/campaigns/{campaign}/preview"): (OPERATORS, ""),
    ("GET", "/campaigns/{campaign}/households"): (OPERATORS, ""),
    ("POST", "/campaigns/{campaign}/test"): (OPERATORS, WHOLE),
    ("GET", "/check"): (OPERATORS, ""),
    ("GET", "/events"): (OPERATORS, ""),
    ("POST", "/events"): (OPERATORS, WHOLE),
    ("GET", "/events/{event}"): (OPERATORS, ""),
    ("GET", "/events/{event}/report"): (OPERATORS, ""),
    ("GET", "/events/{event}/report.csv"): (OPERATORS, ""),
    ("GET", "/events/{event}/report.html"): (OPERATORS, ""),
    ("GET", "/events/{event}/stream"): (OPERATORS, ""),
    ("POST", "/events/{event}/pause"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/resume"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/cancel"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/pace"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/extend"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/households"): (OPERATORS, WHOLE),
    ("POST", "/events/{event}/all-clear"): (OPERATORS, WHOLE),
    ("GET", "/schedules"): (OPERATORS, ""),
    ("POST", "/schedules/{campaign}/extend"): (OPERATORS, WHOLE),
    ("POST", "/schedules/{campaign}/pause"): (OPERATORS, WHOLE),
    ("POST", "/schedules/{campaign}/resume"): (OPERATORS, WHOLE),
    ("POST", "/schedules/{campaign}/seen"): (OPERATORS, WHOLE),
    ("GET", "/tasks"): (ALL, ""),
    ("GET", "/tasks/sheets.html"): (ALL, ""),
    ("GET", "/tasks/sheets.pdf"): (ALL, ""),
    ("GET", "/tasks/held"): (ALL, ""),
    ("GET", "/tasks/{task}"): (ALL, ""),
    ("POST", "/tasks/next"): (ALL, ""),
    ("POST", "/tasks/leave"): (ALL, ""),
    ("POST", "/tasks/{task}/claim"): (ALL, ""),
    ("POST", "/tasks/{task}/renew"): (ALL, ""),
    ("POST", "/tasks/{task}/release"): (ALL, ""),
    ("POST", "/tasks/{task}/skip"): (ALL, ""),
    ("POST", "/tasks/{task}/bridge"): (ALL, ""),
    ("GET", "/tasks/{task}/bridge"): (ALL, ""),
    ("POST", "/tasks/{task}/reschedule"): (ALL, ""),
    ("POST", "/tasks/{task}/outcome"): (ALL, ""),
    ("POST", "/tasks/{task}/undo"): (ALL, ""),
    ("POST", "/households/search"): (ALL, ""),
    ("GET", "/households/{household}"): (ALL, ""),
    ("GET", "/households/{household}/wishes"): (ALL, ""),
    ("POST", "/households/{household}/opt-out"): (ALL, ""),
    ("POST", "/households/{household}/opt-in"): (ALL, ""),
    ("POST", "/households/{household}/hold"): (ALL, ""),
    ("POST", "/households/{household}/back"): (ALL, ""),
    ("POST", "/households/{household}/prefer"): (ALL, ""),
    ("GET", "/households/{household}/partners"): (ALL, ""),
    ("POST", "/households/{household}/referrals"): (ALL, ""),
    ("GET", "/partners"): (ALL, ""),
    ("POST", "/partners"): (OPERATORS, WHOLE),
    ("POST", "/partners/import/dry-run"): (OPERATORS, WHOLE),
    ("POST", "/partners/import"): (OPERATORS, WHOLE),
    ("POST", "/partners/{partner}"): (OPERATORS, WHOLE),
    ("POST", "/partners/{partner}/close"): (OPERATORS, WHOLE),
    ("POST", "/partners/{partner}/reopen"): (OPERATORS, WHOLE),
    ("GET", "/referrals"): (ALL, ""),
    ("GET", "/referrals/{referral}"): (ALL, ""),
    ("GET", "/referrals/{referral}/form.html"): (ALL, ""),
    ("POST", "/referrals/{referral}/consent"): (ALL, ""),
    ("POST", "/referrals/{referral}/sent"): (ALL, ""),
    ("POST", "/referrals/{referral}/mail"): (ALL, ""),
    ("POST", "/referrals/{referral}/move"): (ALL, ""),
    ("GET", "/refusals"): (ALL, ""),
    ("POST", "/refusals/{household}/lift"): (OPERATORS, ""),
    ("POST", "/imports/dry-run"): (OPERATORS, WHOLE),
    ("POST", "/imports"): (OPERATORS, WHOLE),
    ("GET", "/messages/to-file"): (OPERATORS, ""),
    ("POST", "/messages/{message}/file"): (OPERATORS, ""),
    ("GET", "/users"): (ADMINS, WHOLE),
    ("POST", "/users"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/disable"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/enable"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/role"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/password"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/name"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/phone"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/code"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/code/confirm"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/code/off"): (ADMINS, WHOLE),
    ("GET", "/users/{login}/tokens"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/tokens"): (ADMINS, WHOLE),
    ("POST", "/users/{login}/tokens/{token}/revoke"): (ADMINS, WHOLE),
    ("GET", "/audit"): (ADMINS, WHOLE),
}


@pytest.fixture(scope="module")
def site(postgres: servers.Postgres, template_database: str) -> Iterator[Site]:
    db = connect(postgres.create_database("test_api_roles", template_database))
    with sites.running(Site(db, NOW)) as running:
        yield running
    db.close()


@pytest.fixture(scope="module")
def programs(site: Site) -> dict[Role, Program]:
    return {role: hire(site, role) for role in Role}


@pytest.fixture(scope="module")
def scoped(site: Site) -> Program:
    return hire(site, Role.OPERATOR, "02")


def _place(path: str) -> str:
    """Objects that are not there: what counts is whether one gets as far as looking for them."""
    names = {"campaign": "nothing", "login": "nobody"}
    parts = [p.strip("{}") if p.startswith("{") else p for p in path.split("/")]
    return "/".join(names.get(p, "999999") if f"{{{p}}}" in path else p for p in parts)


def _body(path: str) -> dict[str, Any]:
    if "/import" in path:
        return {"data": b"x", "params": {"kind": "csv"}, "headers": {"Content-Type": "application/octet-stream"}}
    return {"json": {}}


def _try(program: Program, method: str, path: str) -> int:
    return program.ask(method, _place(path), **(_body(path) if method == "POST" else {})).status_code


def test_no_route_is_forgotten_here(site: Site) -> None:
    described = Program(site).get("/openapi.json")["paths"]

    assert {(m.upper(), path) for path, methods in described.items() for m in methods} == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_without_a_token_nobody_gets_in(site: Site, method: str, path: str) -> None:
    answer = Program(site).ask(method, _place(path), **(_body(path) if method == "POST" else {}))

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_role_gets_as_far_as_its_rights(programs: dict[Role, Program], method: str, path: str, role: Role) -> None:
    status = _try(programs[role], method, path)

    assert (status == 403) == (role not in ROUTES[method, path][0])
    assert status not in {401, 500, 503}


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_an_operator_of_some_agencies_does_nothing_that_reaches_all(scoped: Program, method: str, path: str) -> None:
    roles, reach = ROUTES[method, path]

    assert (_try(scoped, method, path) == 403) == (Role.OPERATOR not in roles or reach == WHOLE)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer cto_",
        "Bearer nonsense",
        "Basic b2RpbGU6eA==",
        "Bearer cto_" + "x" * 43,
        "Bearer é",
    ],
)
def test_a_token_nobody_issued_is_worth_nothing(site: Site, header: str) -> None:
    answer = Program(site).ask("GET", "/me", headers={"Authorization": header.encode()})

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


def test_a_token_ends_with_its_day_its_revocation_and_its_account(site: Site) -> None:
    expired, revoked, disabled = (hire(site, Role.CALLER) for _n in range(3))
    site.now = NOW + timedelta(days=31)
    expired.refused("GET", "/me", 401, "not_signed_in")
    site.now = NOW
    assert expired.get("/me")["login"] == expired.login

    [token] = staffing.tokens_of(site.db, revoked.login)
    staffing.revoke_token(site.db, revoked.login, token.id, by=TERMINAL, now=NOW)
    revoked.refused("GET", "/me", 401, "not_signed_in")

    staffing.disable(site.db, disabled.login, by=TERMINAL, now=NOW)
    disabled.refused("GET", "/me", 401, "not_signed_in")


def test_a_lesser_token_of_an_administrator_is_a_lesser_person(site: Site, programs: dict[Role, Program]) -> None:
    login = programs[Role.ADMIN].login
    token = staffing.issue_token(site.db, login, name="x", role=Role.CALLER, days=1, by=TERMINAL, now=NOW).token
    lesser = Program(site, token)

    assert lesser.get("/me") == {
        "login": login,
        "role": "caller",
        "agencies": [],
        "rights": ["refer", "ring", "see_households", "see_tasks"],
    }
    lesser.refused("GET", "/audit", 403, "not_allowed")
