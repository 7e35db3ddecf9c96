"""A real browser on the console, with a town behind it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import builders
from tests.integration.conftest import Town, console, town
from tests.integration.console_visits import PASSWORD
from tests.integration.site import Site

__all__ = ["console", "town"]

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


@dataclass
class Windows:
    """Opens windows of separate people on the town's day, and notes what goes wrong in their scripts."""

    browser: Browser
    site: Site
    broken: list[str] = field(default_factory=list)
    open: list[BrowserContext] = field(default_factory=list)

    def another(self, **options: Any) -> Page:
        """A window with its own cookies."""
        context = self.browser.new_context(
            base_url=self.site.url, locale="fr-FR", **{"viewport": {"width": 1280, "height": 900}, **options}
        )
        self.open.append(context)
        window = context.new_page()
        window.clock.install(time=self.site.now)
        window.on("pageerror", lambda error: self.broken.append(str(error)))
        window.on("console", lambda said: self._said(said.text))
        return window

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text:
            self.broken.append(text)


@pytest.fixture
def windows(chromium: Browser, console: Site) -> Iterator[Windows]:
    made = Windows(chromium, console)
    yield made
    for context in made.open:
        context.close()
    assert made.broken == []


@pytest.fixture
def page(windows: Windows) -> Page:
    """One window of its own. A page that runs into an error in its script fails the test."""
    return windows.another()


def sign_in(page: Page, login: str, *, at: str = "/login") -> None:
    page.goto(at)
    enter(page, login)


def enter(page: Page, login: str, password: str = PASSWORD) -> None:
    """Fills in the sign-in form that is shown."""
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def axe(page: Page, *rules: str) -> list[object]:
    """What axe-core finds wrong with the page as it is; rules: these alone."""
    options = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else None
    found = Axe().run(page, options=options).response["violations"]
    return [(v["id"], [n["target"] for n in v["nodes"]]) for v in found]


def ready(page: Page) -> None:
    """The page that is shown answers to keys, and its other scripts are there too."""
    expect(page.locator("html[data-keys=ready]")).to_be_attached()


def press(page: Page, key: str) -> None:
    """A single key, once the page answers to keys."""
    ready(page)
    page.keyboard.press(key)


def take_next(page: Page) -> None:
    press(page, "n")
    expect(page.get_by_role("heading", name="ESSAI")).to_be_visible()
    ready(page)


def owed_calls(town: Town, homes: int) -> list[builders.Household]:
    """Households that were asked how they are and want to be rung."""
    made = [town.household(landlines=[builders.landline()]) for _ in range(homes)]
    town.sent(town.open())
    for home in made:
        town.reply(home.phone, "2")
    return made
