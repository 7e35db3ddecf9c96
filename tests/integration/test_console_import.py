"""The tenants' list brought through the console: looked at, applied once, refused in words, and gone."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests import listings
from tests.integration.conftest import Town
from tests.integration.console_visits import Browser, account
from tests.integration.site import Site
from worker.domain.roles import Role

SAMPLE = next((listings.ROOT / "tests" / "samples" / "listings").glob("*.csv"))


@pytest.fixture
def browser(town: Town, browser: Browser) -> Browser:
    return browser.sign_in(account(town, "olga", Role.OPERATOR))


def _bring(browser: Browser, content: bytes, name: str = "liste.csv") -> Browser:
    browser.get("/import")
    token = re.search(r'name="csrf" value="([^"]+)"', browser.page)
    assert token is not None
    answer = browser.session.post(
        browser.url + "/import", data={"csrf": token[1]}, files={"file": (name, content)}, timeout=20
    )
    return browser._came(answer)  # a form with a file


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(upload|digest)" value="([^"]+)"', page))


def test_a_list_is_looked_at_first_then_applied_once_and_deleted(town: Town, browser: Browser) -> None:
    _bring(browser, SAMPLE.read_bytes())
    assert "Ce que la liste changerait" in browser.page
    assert town.rows("household") == []
    assert town.rows("listing_upload")[0]["file"] is not None

    fields = _hidden(browser.page)
    browser.send("/import/apply", **fields)
    assert "Liste enregistrée." in browser.page
    tenants = len(town.rows("tenant"))
    assert tenants > 0
    browser.get("/import").send("/import/apply", **fields)

    assert "déjà enregistrée" in browser.page
    assert len(town.rows("tenant")) == tenants
    assert town.rows("listing_upload")[0]["file"] is None
    assert len(town.rows("listing_import")) == 1
    assert [e["action"] for e in town.rows("audit_entry") if e["kind"] == "listing"] == ["viewed", "imported"]


def test_what_was_looked_at_too_long_ago_is_gone_and_says_so(town: Town, console: Site, browser: Browser) -> None:
    _bring(browser, SAMPLE.read_bytes())
    fields = _hidden(browser.page)
    console.now = town.now = town.now + timedelta(minutes=31)

    browser.get("/import").send("/import/apply", **fields)

    assert browser.status == 409
    assert "a expiré" in browser.page
    assert town.rows("tenant") == []
    assert [u["file"] for u in town.rows("listing_upload")] == [None]


def test_another_file_is_not_applied_in_place_of_the_one_that_was_looked_at(town: Town, browser: Browser) -> None:
    _bring(browser, SAMPLE.read_bytes())

    browser.send("/import/apply", **(_hidden(browser.page) | {"digest": "0" * 64}))

    assert browser.status == 409
    assert town.rows("tenant") == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photo.png", b"\x89PNG", "Ce fichier ne se lit pas"),
        ("liste.csv", b"", "Ce fichier est vide"),
        ("liste.csv", b"rien;du;tout\n1;2;3\n", "Colonnes attendues"),
        ("liste.xlsx", b"this is no workbook", "Colonnes attendues"),
    ],
)
def test_a_file_that_is_no_list_is_told_in_words(
    town: Town, browser: Browser, name: str, content: bytes, said: str
) -> None:
    _bring(browser, content, name)

    assert browser.status == 409
    assert said in browser.page
    assert 'aria-invalid="true"' in browser.page
    assert "courtoisie-" not in browser.page  # the folder it was read in
    assert town.rows("listing_upload") == []


def test_half_a_list_needs_somebody_who_insists(town: Town, browser: Browser) -> None:
    for _ in range(5):
        town.household()
    _bring(browser, SAMPLE.read_bytes())
    assert "Est-ce bien la liste complète ?" in browser.page
    fields = _hidden(browser.page)

    browser.send("/import/apply", **fields)
    assert browser.status == 409
    refused = len([t for t in town.rows("tenant") if t["status"] == "active"])
    browser.send("/import/apply", **fields, shrink="yes")

    assert refused == 5
    assert "Liste enregistrée." in browser.page


def test_a_file_that_is_too_large_is_refused_before_it_is_read(browser: Browser) -> None:
    _bring(browser, b"x" * (33 * 1024 * 1024))

    assert browser.status == 413
    assert "32" in browser.page


def test_a_caller_brings_no_list(town: Town, console: Site) -> None:
    browser = Browser(console.url)
    browser.sign_in(account(town, "lucie", Role.CALLER))

    assert browser.get("/import").status == 403
    answer = browser.session.post(console.url + "/import", files={"file": ("liste.csv", b"a;b")}, timeout=10)
    assert answer.status_code == 403


def test_nothing_of_the_file_is_left_on_the_disk(
    town: Town, browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    _bring(browser, SAMPLE.read_bytes())

    assert list(tmp_path.iterdir()) == []
