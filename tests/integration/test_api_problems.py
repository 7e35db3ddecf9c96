"""What is refused is refused in one form, in French, with a stable code, and shows nothing of the inside."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from sandbox import servers
from tests.integration import site as sites
from tests.integration.api_client import Program, hire
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.store.database import connect
from worker.web.api import problems
from worker.web.api.sizes import JSON_MOST, LISTING_MOST

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(postgres: servers.Postgres, template_database: str) -> Iterator[Site]:
    db = connect(postgres.create_database("test_api_problems", template_database))
    with sites.running(Site(db, NOW)) as running:
        yield running
    db.close()


@pytest.fixture(scope="module")
def admin(site: Site) -> Program:
    return hire(site, Role.ADMIN)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("DELETE", "/events", 405, "wrong_method"),
        ("GET", "/events/999999", 404, "not_found"),
        ("GET", "/events/0", 422, "invalid"),
        ("GET", "/events/x", 422, "invalid"),
        ("GET", "/events/99999999999999999999", 422, "invalid"),
        ("GET", "/campaigns/nothing/preview", 404, "not_found"),
        ("POST", "/events/999999/pause", 404, "not_found"),
        ("POST", "/users/nobody/disable", 404, "not_found"),
        ("GET", "/households/999999", 404, "not_found"),
    ],
)
def test_each_refusal_has_its_code(admin: Program, method: str, path: str, status: int, code: str) -> None:
    assert admin.refused(method, path, status, code)


def test_every_code_has_a_status_and_a_title_of_its_own() -> None:
    titles = [title for _status, title in problems.KNOWN.values()]

    assert len(titles) == len(set(titles))
    assert all(400 <= status <= 503 for status, _title in problems.KNOWN.values())


@pytest.mark.parametrize(
    ("path", "body", "where", "what"),
    [
        ("/events", {}, "body.campaign", "manque"),
        ("/events", {"campaign": 3, "confirm": True}, "body.campaign", "doit être un texte"),
        ("/events", {"campaign": "x", "confirm": True, "ocasion": "x"}, "body.ocasion", "n'est pas prévu"),
        ("/events", {"campaign": "x", "confirm": "peut-être"}, "body.confirm", "doit être vrai ou faux"),
        ("/events/1/pace", {"per_s": -1}, "body.per_s", "est trop petit"),
        ("/events/1/extend", {"minutes": 10**9}, "body.minutes", "est trop grand"),
        ("/tasks/1/outcome", {"outcome": "FINE"}, "body.outcome", "n'est pas une des valeurs prévues"),
        ("/tasks/1/outcome", {"outcome": "REACHED_OK", "note": "x" * 301}, "body.note", "est trop long"),
        ("/tasks/1/outcome", {"outcome": "REACHED_OK", "note": "a\u0000b"}, "body.note", "n'a pas une valeur possible"),
        (
            "/tasks/1/reschedule",
            {"at": "2026-07-08T10:00", "reason": "x"},
            "body.at",
            "doit être une date et une heure avec fuseau",
        ),
        ("/households/search", {"words": "a"}, "body.words", "est trop court"),
    ],
)
def test_what_is_wrong_is_said_field_by_field(admin: Program, path: str, body: Any, where: str, what: str) -> None:
    answer = admin.post(path, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert {"where": where, "what": what} in answer.json()["errors"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 50_000, b'{"words": "\\ud800"}', b"", b"null", b'"x"'])
def test_what_is_no_json_is_refused_in_the_same_form(admin: Program, body: bytes) -> None:
    admin.refused("POST", "/households/search", 422, "invalid", data=body, headers={"Content-Type": "application/json"})


def test_a_refusal_does_not_repeat_what_was_typed(admin: Program) -> None:
    answer = admin.post("/households/search", {"words": "+33639980001" * 20, "name": "Durand"})

    assert answer.status_code == 422
    assert "33639980001" not in answer.text
    assert "Durand" not in answer.text


@pytest.mark.parametrize(
    ("path", "most"), [("/households/search", JSON_MOST), ("/imports/dry-run?kind=csv", LISTING_MOST)]
)
@pytest.mark.parametrize("chunked", [False, True])
def test_too_much_is_refused(admin: Program, path: str, most: int, chunked: bool) -> None:
    body = b"x" * (most + 1)
    sent: Any = iter([body[: most // 2], body[most // 2 :]]) if chunked else body

    admin.refused("POST", path, 413, "too_large", data=sent, headers={"Content-Type": "application/octet-stream"})


def test_a_crash_shows_nothing_of_itself(site: Site, admin: Program) -> None:
    def broken() -> datetime:
        raise RuntimeError("Madame Durand, +33639980001")

    with capture_logs() as events, sites.running(Site(site.db, NOW), replace(site.parts(), clock=broken)) as other:
        answer = Program(other, admin.token).ask("GET", "/me")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "Durand" not in answer.text + repr(events)
    assert "RuntimeError" not in answer.text
    assert [(e["event"], e["error"]) for e in events] == [("request_crashed", "RuntimeError")]


def test_without_the_database_the_answer_asks_for_patience_and_names_no_host(admin: Program) -> None:
    lost = connect("postgresql://nobody@127.0.0.1:9/nowhere")
    with sites.running(Site(lost, NOW)) as other:
        answer = Program(other, admin.token).ask("GET", "/me")
    lost.close()

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "5"
    assert "127.0.0.1" not in answer.text


def test_every_answer_of_the_interface_tells_browsers_to_be_careful(admin: Program) -> None:
    for path in ("/me", "/nowhere", "/openapi.json"):
        headers = admin.ask("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


# ---- pages ------------------------------------------------------------------


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10", "bnVsbA", "eyJhIjoxfQ", "WyJhIl0", "W1tbXV1d", "WzEsMiwzXQ", "é", "WzldLg==", "WzFlNDAwXQ"],
)
@pytest.mark.parametrize("path", ["/events", "/tasks", "/messages/to-file"])
def test_a_cursor_of_ones_own_making_is_refused(admin: Program, path: str, cursor: str) -> None:
    admin.refused("GET", path, 400, "bad_cursor", params={"cursor": cursor})


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many", "1e9", "9" * 30])
def test_a_page_has_its_limits(admin: Program, limit: str) -> None:
    admin.refused("GET", "/tasks", 422, "invalid", params={"limit": limit})
