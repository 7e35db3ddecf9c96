"""What is promised of every page of the console, whoever adds it: each is visited as each role, in both colours."""

import re

import pytest
from playwright.sync_api import Page, expect
from starlette.routing import Route

from tests.browser.conftest import axe, owed_calls, press, sign_in, take_next
from tests.integration.conftest import Town
from tests.integration.console_visits import account
from tests.integration.referral_office import Office
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.web.console import application

pytestmark = pytest.mark.e2e

# What stands for the blanks in a path. A new page with another blank adds it here.
BLANKS = {
    "/tasks/{id}": "SELECT min(id) FROM callback_task",
    "/events/{id}": "SELECT min(id) FROM campaign_event",
    "/households/{id}": "SELECT min(id) FROM household",
    "/partners/{id}": "SELECT min(id) FROM partner",
    "/referrals/{id}": "SELECT min(id) FROM referral",
    "/users/{id}": "SELECT min(id) FROM staff_account",
    "/campaigns/{key}": "SELECT 'canicule-orange'",
    "/sheets/morning/{id}": "SELECT coalesce(min(id), 0) FROM morning_sheet",
}
PAGE_MOST = 100_000
NARROW, ZOOMED, WIDE = 360, 640, 1280


def _paths(site: Site, town: Town) -> list[str]:
    """Every page that can be asked for by its address; a stream of live figures has no end to wait for."""
    routes = [r for r in application.routes(site.parts()) if isinstance(r, Route) and "GET" in (r.methods or ())]
    routes = [route for route in routes if not route.path.endswith("/live")]
    return sorted({path for route in routes if (path := _filled(route.path, town)) is not None})


def _filled(path: str, town: Town) -> str | None:
    for prefix, query in BLANKS.items():
        if path.startswith(prefix):
            with town.db.begin() as connection:
                value = connection.exec_driver_sql(query).scalar()
            path = re.sub(r"^((?:/[a-z]+)+/){[a-z]+}", rf"\g<1>{value}", path)
    assert "{" not in path, f"say what stands for the blank of {path}, in BLANKS"
    return path


def _scrolls_sideways(page: Page) -> list[int]:
    too_wide = []
    for width in (NARROW, ZOOMED):
        page.set_viewport_size({"width": width, "height": 740})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            too_wide.append(width)
    page.set_viewport_size({"width": WIDE, "height": 900})
    return too_wide


def _wrong_with(page: Page, path: str) -> dict[str, object]:
    """Everything that is promised and not kept on this page; nothing for what is no page of this role."""
    asked = page.context.request.get(path)
    if asked.status != 200 or not asked.headers["content-type"].startswith("text/html"):
        return {}
    page.goto(path)
    if page.evaluate("document.querySelector('main') === null"):
        return {}  # a fragment, or a sheet for the printer
    light = axe(page)
    page.emulate_media(color_scheme="dark")
    dark = axe(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    found = {
        "axe": light,
        "axe in the dark": dark,
        "scrolls sideways at": _scrolls_sideways(page),
        "heavy": len(asked.body()) if len(asked.body()) > PAGE_MOST else 0,
        "a name in the title": page.title() if "ESSAI" in page.title() else "",
        "cached": asked.headers["cache-control"] if asked.headers["cache-control"] != "no-store" else "",
        "lax": [] if "unsafe" not in asked.headers.get("content-security-policy", "unsafe") else "policy",
    }
    return {what: said for what, said in found.items() if said}


@pytest.mark.parametrize("role", Role)
def test_every_page_is_accessible_light_narrow_and_discreet(town: Town, console: Site, page: Page, role: Role) -> None:
    [home, _other] = owed_calls(town, 2)
    Office(town).sent(home)
    town.reply("+33639990000", "qui êtes-vous ?")
    page.emulate_media(reduced_motion="reduce")
    found = {"/login": _wrong_with(page, "/login")}
    sign_in(page, account(town, str(role), role))
    if role is Role.CALLER:
        press(page, "n")
        page.wait_for_url("**/tasks/*")

    for path in _paths(console, town):
        found[path] = _wrong_with(page, path)

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


# Forms sent as no browser would let them go, by who sends them; and the button that sends them.
MISTAKES = [
    (Role.CALLER, "/households/{home}/refer", "Enregistrer l'orientation"),
    (Role.CALLER, "/sheets/results", "Vérifier les noms"),
    (Role.CALLER, "/me", "Changer"),
    (Role.OPERATOR, "/partners/new", "Enregistrer"),
    (Role.OPERATOR, "/import", "Examiner"),
    (Role.ADMIN, "/users", "Ajouter"),
]


@pytest.mark.parametrize(("role", "path", "button"), MISTAKES)
def test_a_page_that_says_what_is_wrong_is_accessible_too(
    town: Town, page: Page, role: Role, path: str, button: str
) -> None:
    home = town.household()
    Office(town).partner()
    page.emulate_media(reduced_motion="reduce")
    sign_in(page, account(town, str(role), role), at=path.format(home=home.id))
    page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    for number in page.get_by_label("N° d'appel").all()[:1]:
        number.fill("4711")

    page.get_by_role("button", name=re.compile(f"^{button}")).first.click()

    expect(page.locator(".error, .notice-danger").first).to_be_visible()
    assert axe(page) == []


def test_a_wrong_password_and_a_call_that_cannot_be_recorded_are_told_accessibly(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    login = account(town, "lucie", Role.CALLER)
    page.emulate_media(reduced_motion="reduce")
    page.goto("/login")
    page.get_by_label("Identifiant").fill(login)
    page.get_by_label("Mot de passe").fill("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert axe(page) == []

    sign_in(page, login)
    take_next(page)
    page.get_by_label("Une autre heure").fill("2020-01-01T10:00")
    page.get_by_role("button", name="Rappeler plus tard").click()

    expect(page.locator("#at-error, #outcome-error").first).to_be_visible()
    assert axe(page) == []


def test_the_script_and_the_style_are_small_too(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}) if answer.ok else None)
    sign_in(page, account(town, "lucie", Role.CALLER))
    press(page, "n")
    page.wait_for_url("**/tasks/*")
    page.wait_for_load_state("networkidle")

    assert sum(sizes.values()) < PAGE_MOST
