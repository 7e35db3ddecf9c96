"""A real browser on the console, with a town behind it."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.integration import site as sites
from tests.integration.conftest import Town, town
from tests.integration.site import Site
from tests.integration.test_console import PASSWORD, Console

__all__ = ["town"]

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's chromium; without it these tests are skipped.

    Closed with its module: while it is open, Playwright's event loop runs in this thread, and no test can run its own.
    """
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def console(town: Town) -> Iterator[Site]:
    with sites.running(Console(town.db, town.now)) as running:
        yield running


@pytest.fixture
def page(chromium: Browser, console: Site) -> Iterator[Page]:
    """One window of its own, on the town's day. A page that runs into an error in its script fails the test."""
    context = chromium.new_context(base_url=console.url, locale="fr-FR", viewport={"width": 1280, "height": 900})
    window = context.new_page()
    window.clock.install(time=console.now)
    broken: list[str] = []
    window.on("pageerror", lambda error: broken.append(str(error)))
    window.on("console", lambda said: broken.append(said.text) if "Content Security Policy" in said.text else None)
    yield window
    context.close()
    assert broken == []


def sign_in(page: Page, login: str) -> None:
    page.goto("/login")
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
