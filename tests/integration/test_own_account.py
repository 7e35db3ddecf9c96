"""What people do with their own account, and administrators with those of others, in the console."""

import base64
import re

import pytest

from tests.integration.conftest import Town
from tests.integration.console_visits import PASSWORD, Browser, account
from tests.integration.site import Site
from worker.domain import one_time_codes
from worker.domain.roles import Role
from worker.services import auditing

NEW = "quatre mots bien differents"


@pytest.fixture
def browser(town: Town, browser: Browser) -> Browser:
    return browser.sign_in(account(town, "lucie", Role.CALLER))


def _code(browser: Browser, console: Site) -> str:
    """What an application shows that was given the key on the page."""
    secret = re.search(r"<code>([A-Z2-7]+)</code>", browser.page)
    assert secret is not None
    return one_time_codes.code(base64.b32decode(secret[1]), one_time_codes.step_of(console.now))


def test_a_new_password_ends_the_other_sessions_and_opens_the_next(town: Town, console: Site, browser: Browser) -> None:
    other = Browser(console.url).sign_in("lucie")
    browser.get("/me").send("/me/password", old=PASSWORD, new=NEW)

    assert "Mot de passe changé" in browser.page
    assert browser.get("/desk").path == "/desk"
    assert other.get("/desk").path.startswith("/login")
    assert Browser(console.url).sign_in("lucie").path.startswith("/login")
    assert Browser(console.url).sign_in("lucie", NEW).path == "/desk"
    assert "changed_account" in [e.action for e in auditing.newest(town.db, who="lucie")]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [("another one altogether", NEW, "old"), (PASSWORD, "court", "new"), (PASSWORD, "lucie lucie lucie", "new")],
)
def test_without_the_old_password_or_with_a_weak_one_nothing_changes_and_the_field_says_so(
    console: Site, browser: Browser, old: str, new: str, field: str
) -> None:
    browser.get("/me").send("/me/password", old=old, new=new)

    assert (browser.status, f'id="{field}-error"' in browser.page) == (422, True)
    assert Browser(console.url).sign_in("lucie").path == "/desk"


def test_guessing_the_old_password_is_slowed_down_like_signing_in(browser: Browser) -> None:
    browser.get("/me")
    tries = 0
    while browser.status != 429 and tries < 20:
        browser.get("/me").send("/me/password", old="a guess of somebody", new=NEW)
        tries += 1

    assert 1 < tries < 20


def test_codes_are_asked_for_once_one_of_them_was_typed_and_no_more_when_switched_off(
    console: Site, browser: Browser
) -> None:
    browser.get("/me").send("/me/codes", codes_password=PASSWORD)
    assert Browser(console.url).sign_in("lucie").path == "/desk"  # prepared only

    browser.send("/me/codes/confirm", code=_code(browser, console))
    assert "Un code sera demandé" in browser.page
    assert Browser(console.url).sign_in("lucie").path.startswith("/login")

    browser.get("/me").send("/me/codes/off", codes_password=PASSWORD)
    assert Browser(console.url).sign_in("lucie").path == "/desk"


def test_a_wrong_code_switches_nothing_on_and_without_the_password_there_is_no_key(
    console: Site, browser: Browser
) -> None:
    browser.get("/me").send("/me/codes", codes_password="another one altogether")
    assert "<code>" not in browser.page

    browser.get("/me").send("/me/codes", codes_password=PASSWORD)
    browser.send("/me/codes/confirm", code="000000")

    assert 'id="code-error"' in browser.page
    assert Browser(console.url).sign_in("lucie").path == "/desk"


def test_sessions_are_listed_and_ended_one_by_one_or_all_but_this(console: Site, browser: Browser) -> None:
    second, third = Browser(console.url).sign_in("lucie"), Browser(console.url).sign_in("lucie")
    ends = re.findall(r'action="(/me/sessions/\d+/end)"', browser.get("/me").page)
    assert len(ends) == 2

    browser.send(ends[0])
    assert sorted(w.get("/desk").path.startswith("/login") for w in (second, third)) == [False, True]
    browser.get("/me").send("/me/sessions/end")

    assert all(w.get("/desk").path.startswith("/login") for w in (second, third))
    assert browser.get("/desk").path == "/desk"


def test_nobody_ends_a_session_of_somebody_else(town: Town, console: Site, browser: Browser) -> None:
    other = Browser(console.url).sign_in(account(town, "marc", Role.CALLER))
    [theirs] = [s["id"] for s in town.rows("staff_session") if s["account_id"] != 1][:1]

    browser.get("/me").send(f"/me/sessions/{theirs}/end")

    assert browser.status == 404
    assert other.get("/desk").path == "/desk"


# ---- administrators ---------------------------------------------------------------


@pytest.fixture
def admin(town: Town, console: Site) -> Browser:
    return Browser(console.url).sign_in(account(town, "anne", Role.ADMIN))


@pytest.fixture
def lucie(town: Town, browser: Browser) -> str:
    """Where the caller's account is; an address names nobody."""
    [number] = [row["id"] for row in town.rows("staff_account") if row["login"] == "lucie"]
    return f"/users/{number}"


def test_a_lost_password_is_replaced_and_sessions_end(
    console: Site, browser: Browser, admin: Browser, lucie: str
) -> None:
    admin.get(lucie).send(f"{lucie}/password", password=NEW)

    assert browser.get("/desk").path.startswith("/login")
    assert Browser(console.url).sign_in("lucie", NEW).path == "/desk"


def test_the_key_of_the_codes_is_a_square_for_the_telephones_camera_too(browser: Browser) -> None:
    browser.get("/me").send("/me/codes", codes_password=PASSWORD)

    assert '<svg class="qr"' in browser.page
    assert "otpauth://" in browser.page


def test_a_lost_telephone_ends_the_codes(console: Site, browser: Browser, admin: Browser, lucie: str) -> None:
    browser.get("/me").send("/me/codes", codes_password=PASSWORD)
    browser.send("/me/codes/confirm", code=_code(browser, console))

    admin.get(lucie).send(f"{lucie}/codes")

    assert Browser(console.url).sign_in("lucie").path == "/desk"


def test_an_account_is_signed_out_everywhere_closed_and_opened_again(
    console: Site, browser: Browser, admin: Browser, lucie: str
) -> None:
    admin.get(lucie).send(f"{lucie}/sessions")
    assert browser.get("/desk").path.startswith("/login")

    admin.get(lucie).send(f"{lucie}/disable")
    assert Browser(console.url).sign_in("lucie").path.startswith("/login")
    admin.get(lucie).send(f"{lucie}/enable")

    assert Browser(console.url).sign_in("lucie").path == "/desk"


def test_only_administrators_come_to_accounts(browser: Browser, lucie: str) -> None:
    browser.get("/me")
    for what in ("role", "password", "codes", "sessions", "disable"):
        assert browser.send(f"{lucie}/{what}", password=NEW, role="admin").status == 403, what
        browser.get("/me")


def test_what_one_person_did_is_asked_for_without_a_name_in_any_address(lucie: str, admin: Browser) -> None:
    number = lucie.removeprefix("/users/")

    assert f'href="{lucie}"' in admin.get("/users").page
    assert admin.send(f"{lucie}/phone", phone="06 12 34 56 78").status == 200
    assert "/users/lucie" not in admin.page
    page = admin.get(f"/audit?account={number}").page
    assert "<td>lucie</td>" in page
    assert "<td>anne</td>" not in page
    assert "<td>" not in admin.get("/audit?account=4711").page
    assert admin.get("/users/lucie").status == 404
