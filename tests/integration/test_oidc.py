"""Signing in through the organisation's identity provider, over HTTP, by the real pages."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from tests.integration import identity_provider
from tests.integration import site as sites
from tests.integration.conftest import Town
from tests.integration.console_visits import Browser, Console, account
from tests.integration.identity_provider import CLIENT, SECRET, IdentityProvider
from worker.domain.roles import Role
from worker.services import auditing, staffing
from worker.settings_tables import Oidc

NO_ACCOUNT = "aucun compte n&#39;est ouvert pour vous ici"
NOT_DONE = "n&#39;a pas abouti"


@pytest.fixture
def provider(town: Town) -> Iterator[IdentityProvider]:
    with identity_provider.running(IdentityProvider(town.now)) as running:
        yield running


class Elsewhere(Console):
    """A console that knows a provider."""

    def __init__(self, town: Town, provider: IdentityProvider, **more: object) -> None:
        super().__init__(town.db, town.now)
        values = {"issuer": provider.url, "client_id": CLIENT, "client_secret": SecretStr(SECRET), "timeout_s": 2}
        self.oidc = Oidc(**values | more)  # type: ignore[arg-type]

    def _program(self):  # type: ignore[no-untyped-def]
        program = super()._program()
        return replace(program, settings=program.settings.model_copy(update={"oidc": self.oidc}))


@contextmanager
def console(town: Town, provider: IdentityProvider, **more: object) -> Iterator[Browser]:
    with sites.running(Elsewhere(town, provider, **more)) as running:
        yield Browser(running.url)


def _go(browser: Browser, next_: str = "/") -> str:
    """To the provider and back; returns the address it sent the browser back to, on our own host."""
    out = browser.session.get(f"{browser.url}/login/oidc?next={next_}", allow_redirects=False, timeout=10)
    assert out.status_code == 303, out.text
    there = browser.session.get(out.headers["Location"], allow_redirects=False, timeout=10)
    parts = urlsplit(there.headers["Location"])
    return f"{parts.path}?{parts.query}"


def _enter(browser: Browser, next_: str = "/") -> Browser:
    return browser.get(_go(browser, next_))


# ---- in ------------------------------------------------------------------------


def test_who_has_an_account_here_gets_in_and_out(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with console(town, provider) as browser:
        assert "/login/oidc" in browser.get("/login").page

        _enter(browser, "/households")
        assert (browser.status, browser.path) == (200, "/households")
        assert "courtoisie-oidc" not in browser.session.cookies
        browser.send("/logout")

        assert browser.path == "/login?out=1"
        assert browser.get("/desk").path.startswith("/login?next")
    assert auditing.newest(town.db, who="lucie", limit=50)[-1].action == "signed_in"


def test_an_account_is_made_by_nobody_unless_the_landlord_says_so(town: Town, provider: IdentityProvider) -> None:
    with console(town, provider) as browser:
        _enter(browser)

    assert (browser.status, NO_ACCOUNT in browser.page) == (401, True)
    assert town.rows("staff_account") == []


def test_by_configuration_a_first_sign_in_makes_the_account_with_role_and_agencies(
    town: Town, provider: IdentityProvider
) -> None:
    provider.who |= {"groups": ["autres", "appelants"], "agences": ["02"]}
    more = {"create_accounts": True, "role_claim": "groups", "agencies_claim": "agences"}
    with console(town, provider, roles={"appelants": "caller"}, **more) as browser:
        _enter(browser)
        assert browser.status == 200
        provider.who["agences"] = ["01"]
        _enter(browser)

    [account] = town.rows("staff_account")
    assert (account["login"], account["role"], account["agencies"]) == ("lucie", "caller", ["01"])


@pytest.mark.parametrize("missing", [{"groups": ["inconnus"]}, {"agences": []}])
def test_without_a_known_role_or_an_agency_nobody_gets_in(
    town: Town, provider: IdentityProvider, missing: dict[str, object]
) -> None:
    account(town, "lucie", Role.CALLER, "02")
    provider.who |= {"groups": ["appelants"], "agences": ["02"], **missing}
    more = {"role_claim": "groups", "agencies_claim": "agences"}
    with console(town, provider, roles={"appelants": "caller"}, **more) as browser:
        assert _enter(browser).status == 401


def test_a_role_that_the_provider_takes_away_is_gone_at_the_next_sign_in(
    town: Town, provider: IdentityProvider
) -> None:
    provider.who["groups"] = ["operateurs"]
    more = {"create_accounts": True, "role_claim": "groups"}
    roles = {"appelants": "caller", "operateurs": "operator"}
    with console(town, provider, roles=roles, **more) as browser:
        assert _enter(browser, "/board").path == "/board"
        provider.who["groups"] = ["appelants"]
        _enter(browser, "/board")
        assert browser.status == 403

        provider.who["groups"] = []
        assert _enter(browser).status == 401
    assert [a["role"] for a in town.rows("staff_account")] == ["caller"]


def test_nobody_gets_an_account_by_taking_over_its_login(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with console(town, provider) as browser:
        assert _enter(browser).status == 200
        provider.who = {"sub": "s-2", "preferred_username": "lucie"}
        assert _enter(browser).status == 401

        provider.who = {"sub": "s-1", "preferred_username": "lucie.martin"}
        assert _enter(browser).status == 200


def test_an_address_that_nobody_verified_names_nobody(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie@tilleuls.example", Role.CALLER)
    provider.who = {"sub": "s-1", "email": "lucie@tilleuls.example", "email_verified": False}
    with console(town, provider, login_claim="email") as browser:
        assert _enter(browser).status == 401
        provider.who["email_verified"] = True
        assert _enter(browser).status == 200


def test_a_disabled_account_stays_out(town: Town, provider: IdentityProvider) -> None:
    staffing.disable(town.db, account(town, "lucie", Role.CALLER), by=staffing.TERMINAL, now=town.now)
    with console(town, provider) as browser:
        assert _enter(browser).status == 401


def test_passwords_of_ours_may_be_switched_off(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with console(town, provider, passwords_allowed=False) as browser:
        assert 'name="password"' not in browser.get("/login").page
        token = browser.session.get(browser.url + "/login", timeout=10)
        assert token.status_code == 200
        assert _enter(browser).status == 200


# ---- what does not hold ----------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        *({"nonce": "another"}, {"nonce": None}, {"aud": "another"}, {"iss": "https://elsewhere.example"}),
        *({"exp": 1}, {"iat": 9_999_999_999}, {"azp": "another"}, {"sub": ""}),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_try_lets_nobody_in(
    town: Town, provider: IdentityProvider, wrong: dict[str, object]
) -> None:
    account(town, "lucie", Role.CALLER)
    provider.wrong = wrong
    with console(town, provider) as browser:
        _enter(browser)

    assert (browser.status, NOT_DONE in browser.page) == (401, True)


@pytest.mark.parametrize("key", ["another", "shared"])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    town: Town, provider: IdentityProvider, key: str
) -> None:
    account(town, "lucie", Role.CALLER)
    provider.sign_with = key
    with console(town, provider) as browser:
        assert _enter(browser).status == 401


def test_an_answer_counts_in_the_browser_that_asked_alone_and_once(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with sites.running(Elsewhere(town, provider)) as site:
        mine, theirs = Browser(site.url), Browser(site.url)
        address = _go(mine)

        assert theirs.get(address).status == 401
        assert mine.get(address).status == 200
        assert mine.get(address).status == 401


def test_an_answer_that_comes_too_late_does_not_count(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    site = Elsewhere(town, provider)
    with sites.running(site):
        browser = Browser(site.url)
        address = _go(browser)
        site.now = site.now.replace(minute=11)

        assert browser.get(address).status == 401


def test_what_the_provider_says_of_an_error_is_not_shown(town: Town, provider: IdentityProvider) -> None:
    with console(town, provider) as browser:
        state = parse_qs(urlsplit(_go(browser)).query)["state"][0]
        browser.get(f"/login/oidc/callback?state={state}&error=access_denied&error_description=secret+words")

    assert browser.status == 401
    assert "secret words" not in browser.page


def test_nobody_is_sent_to_another_site(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with console(town, provider) as browser:
        assert _enter(browser, "//elsewhere.example/").path == "/desk"


def test_a_provider_that_changes_its_keys_is_asked_again(town: Town, provider: IdentityProvider) -> None:
    account(town, "lucie", Role.CALLER)
    with console(town, provider) as browser:
        assert _enter(browser).status == 200
        provider.key = RSAKey.generate_key(2048, {"kid": "two"})
        provider.key = RSAKey.import_key(provider.key.as_dict(private=True) | {"kid": "one"})

        assert _enter(browser).status == 200


def test_a_provider_that_is_another_or_away_is_told_and_the_page_stays(town: Town, provider: IdentityProvider) -> None:
    provider.issuer_said = "https://elsewhere.example"
    with console(town, provider) as browser:
        browser.get("/login/oidc")
        assert (browser.status, NOT_DONE in browser.page) == (503, True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        deaf = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with console(town, provider, issuer=deaf, timeout_s=0.3) as browser:
            browser.get("/login/oidc")
            assert (browser.status, "ne répond pas" in browser.page) == (503, True)
            assert 'name="password"' in browser.page


def test_the_word_of_a_provider_over_plain_http_elsewhere_is_not_taken(town: Town, provider: IdentityProvider) -> None:
    with console(town, provider, issuer="http://connexion.example") as browser:
        assert browser.get("/login/oidc").status == 503
