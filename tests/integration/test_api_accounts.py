"""What an administrator's program does for accounts, and a directory of partners from a file."""

import base64
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.integration import site as sites
from tests.integration.api_client import Program, hire
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain import one_time_codes
from worker.domain.roles import Role
from worker.services import signing_in, staffing
from worker.services.signing_in import CodeWanted, Rules, Tried
from worker.web.parts import Program as Parts

KEY = "a secret key for tests, long enough to count"
PASSWORD = "quatre mots sans rapport"
CSV = "kind;name;phone;communes\nccas;CCAS de Toulouse;05 36 49 00 21;Toulouse\n"


class Keyed(Site):
    """A site whose deployment has a key for one-time codes."""

    def _program(self) -> Parts:
        made = super()._program()
        return replace(made, settings=made.settings.model_copy(update={"secret_key": SecretStr(KEY)}))


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    with sites.running(Keyed(town.db, town.now)) as running:
        yield running


@pytest.fixture
def admin(site: Site) -> Program:
    return hire(site, Role.ADMIN)


@pytest.fixture
def odile(site: Site, admin: Program) -> str:
    admin.done("/users", {"login": "odile", "password": PASSWORD, "role": "caller"})
    return "odile"


def enters(site: Site, password: str, code: str = "") -> str:
    return signing_in.sign_in(site.db, Tried("odile", password, code), rules=Rules(KEY), now=site.now).person.called


def test_a_password_and_a_name_are_changed(site: Site, admin: Program, odile: str) -> None:
    admin.done(f"/users/{odile}/password", {"password": "cinq autres mots sans rapport"})
    admin.done(f"/users/{odile}/name", {"name": "Odile Martin"}, key="one")

    with site.db.begin() as connection:
        assert connection.execute(text("SELECT name FROM staff_account WHERE login = 'odile'")).scalar_one() == (
            "Odile Martin"
        )
    assert enters(site, "cinq autres mots sans rapport") == "Odile"
    admin.refused("POST", f"/users/{odile}/password", 409, "refused", json={"password": "court"})
    admin.refused("POST", "/users/nobody/password", 404, "not_found", json={"password": PASSWORD})


def test_codes_are_asked_for_once_one_was_shown_and_no_more_after_a_loss(
    site: Site, admin: Program, odile: str
) -> None:
    made = admin.done(f"/users/{odile}/code")
    assert enters(site, PASSWORD) == "Odile"
    admin.refused("POST", f"/users/{odile}/code/confirm", 409, "refused", json={"code": "000000"})

    code = one_time_codes.code(base64.b32decode(made["secret"]), one_time_codes.step_of(site.now))
    admin.done(f"/users/{odile}/code/confirm", {"code": code})

    assert made["secret"] in made["address"]
    with pytest.raises(CodeWanted):
        enters(site, PASSWORD)
    admin.done(f"/users/{odile}/code/off", key="lost")
    assert enters(site, PASSWORD) == "Odile"


def test_a_telephone_is_kept_and_never_told(admin: Program, odile: str) -> None:
    admin.done(f"/users/{odile}/phone", {"number": "06 12 34 56 78"})
    [known] = [u for u in admin.get("/users")["users"] if u["login"] == odile]
    admin.done(f"/users/{odile}/phone", {"number": None})
    [forgotten] = [u for u in admin.get("/users")["users"] if u["login"] == odile]

    assert (known["has_phone"], forgotten["has_phone"]) == (True, False)
    assert "12345678" not in str(known)
    admin.refused("POST", f"/users/{odile}/phone", 409, "refused", json={"number": "3631"})


def test_a_token_is_made_shown_once_and_revoked(site: Site, admin: Program, odile: str) -> None:
    made = admin.done(f"/users/{odile}/tokens", {"name": "tableau", "days": 3})
    program = Program(site, made["token"])
    assert program.get("/me")["login"] == odile

    [listed] = admin.get(f"/users/{odile}/tokens")["tokens"]
    assert (listed["prefix"], listed["role"], listed["revoked_at"]) == (made["prefix"], "caller", None)
    assert made["token"] not in str(listed)

    admin.done(f"/users/{odile}/tokens/{made['id']}/revoke")
    program.refused("GET", "/me", 401, "not_signed_in")
    admin.refused("POST", f"/users/{odile}/tokens/{made['id']}/revoke", 404, "not_found")


def test_a_token_is_worth_no_more_than_its_account(admin: Program, odile: str) -> None:
    admin.refused("POST", f"/users/{odile}/tokens", 409, "refused", json={"name": "x", "role": "admin"})


def test_no_trace_of_a_secret_is_kept_for_a_repetition(site: Site, admin: Program, odile: str) -> None:
    for path, body in (("tokens", {"name": "x"}), ("code", None), ("password", {"password": PASSWORD})):
        admin.post(f"/users/{odile}/{path}", body, key="again")

    with site.db.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM kept_answer")).scalar_one() == 0
    assert len(staffing.tokens_of(site.db, odile)) == 1


def _send(program: Program, path: str, content: str, kind: str = "csv") -> object:
    headers = {"Content-Type": "application/octet-stream"}
    return program.post(path, None, data=content.encode(), params={"kind": kind}, headers=headers)


def test_a_directory_is_looked_at_then_taken_over(admin: Program) -> None:
    seen = _send(admin, "/partners/import/dry-run", CSV).json()  # type: ignore[attr-defined]
    assert admin.get("/partners")["partners"] == []

    taken = _send(admin, "/partners/import", CSV).json()  # type: ignore[attr-defined]
    again = _send(admin, "/partners/import", CSV).json()  # type: ignore[attr-defined]

    assert seen == {"applied": False, "new": 1, "changed": 0, "unchanged": 0, "problems": []}
    assert (taken["applied"], taken["new"], again["unchanged"]) == (True, 1, 1)
    assert [p["name"] for p in admin.get("/partners")["partners"]] == ["CCAS de Toulouse"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("kind;name\nccas;A\nclub;B\n", "csv"),
        ("[[partner]]\nkind = 'ccas'\nname = \"A\\u0000B\"\n", "toml"),
        ("[[partner]\n", "toml"),
    ],
)
def test_a_directory_with_a_mistake_changes_nothing(admin: Program, content: str, kind: str) -> None:
    answer = _send(admin, "/partners/import", content, kind)

    assert answer.status_code == 409, answer.text  # type: ignore[attr-defined]
    assert admin.get("/partners")["partners"] == []


def test_a_directory_of_more_than_a_megabyte_is_refused(admin: Program) -> None:
    assert _send(admin, "/partners/import", CSV + " " * 1024 * 1024).status_code == 413  # type: ignore[attr-defined]
