"""A day at the desk and at the board, as people live it: by keyboard, by mouse, on a narrow screen."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import builders
from tests.browser.conftest import sign_in
from tests.integration.conftest import Town
from tests.integration.test_console import _account
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e


def _take_next(page: Page) -> None:
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="ESSAI")).to_be_visible()
    page.wait_for_load_state("load")  # the script is there too


def _calls(town: Town, homes: int) -> list[builders.Household]:
    made = [town.household(landlines=[builders.landline()]) for _ in range(homes)]
    town.sent(town.open())
    for home in made:
        town.reply(home.phone, "2")
    return made


def test_a_caller_takes_three_households_by_keyboard_alone(town: Town, page: Page) -> None:
    homes = _calls(town, 3)
    sign_in(page, _account(town, "lucie", Role.CALLER))

    for key in ("1", "2", "7"):
        _take_next(page)
        page.keyboard.press(key)
        expect(page.get_by_text("enregistré")).to_be_visible()

    codes = sorted(o["code"] for o in town.rows("call_outcome"))  # type: ignore[type-var]
    assert codes == ["NO_ANSWER", "REACHED_NEED", "REACHED_OK"]
    assert sum(town.task(home) is None for home in homes) == 2


def test_a_key_pressed_while_writing_a_note_is_a_letter(town: Town, page: Page) -> None:
    _calls(town, 1)
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)

    page.get_by_label("Note").press_sequentially("1 ventilateur demandé")

    assert town.rows("call_outcome") == []


def test_what_was_typed_survives_a_lost_page(town: Town, page: Page) -> None:
    _calls(town, 1)
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)
    page.get_by_label("Note").fill("Demande un ventilateur.")

    page.reload()

    expect(page.get_by_label("Note")).to_have_value("Demande un ventilateur.")


def test_a_slip_of_the_hand_is_undone_with_one_key(town: Town, page: Page) -> None:
    [home] = _calls(town, 1)
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)
    page.keyboard.press("1")
    expect(page.get_by_text("enregistré")).to_be_visible()

    page.keyboard.press("z")

    expect(page.get_by_role("heading", name="ESSAI")).to_be_visible()
    assert town.task(home) is not None


def test_the_countdown_of_a_card_runs(town: Town, page: Page) -> None:
    _calls(town, 1)
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)

    expect(page.get_by_text(re.compile(r"Fiche réservée encore 1[0-9] min"))).to_be_visible()
    expect(page.get_by_text("ne vous est plus réservée")).to_be_hidden()
    page.clock.fast_forward("20:00")
    expect(page.get_by_text("ne vous est plus réservée")).to_be_visible()


def test_an_operator_previews_launches_pauses_and_cancels(town: Town, page: Page) -> None:
    home = town.household()
    sign_in(page, _account(town, "olga", Role.OPERATOR))

    page.get_by_role("link", name="Lancer une campagne").click()
    page.get_by_role("link", name="Canicule : prise de nouvelles (orange)").click()
    page.get_by_role("button", name="Lancer l'opération").click()
    page.get_by_role("button", name="Suspendre").click()
    page.get_by_role("button", name="Annuler l'opération").click()
    page.get_by_role("button", name="Oui, annuler").click()

    expect(page.get_by_text("annulée").first).to_be_visible()
    assert town.state(home) == "cancelled"


PAGES = {
    Role.CALLER: ("/desk", "/households"),
    Role.ADMIN: ("/board", "/campaigns", "/campaigns/canicule-orange", "/events/1", "/inbox", "/users", "/audit"),
}


def _finds_nothing(page: Page, where: str) -> None:
    found = Axe().run(page).response["violations"]
    assert [(v["id"], [n["target"] for n in v["nodes"]]) for v in found] == [], where


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(town: Town, page: Page, scheme: str) -> None:
    _calls(town, 2)
    town.reply("+33639990000", "qui êtes-vous ?")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto("/login")
    _finds_nothing(page, "/login")
    for role, paths in PAGES.items():
        sign_in(page, _account(town, str(role), role))
        for path in paths:
            page.goto(path)
            _finds_nothing(page, path)
        if role is Role.CALLER:
            page.goto("/desk")
            _take_next(page)
            _finds_nothing(page, "the card")
        page.context.clear_cookies()


def test_the_whole_card_fits_a_narrow_phone(town: Town, page: Page) -> None:
    _calls(town, 1)
    page.set_viewport_size({"width": 360, "height": 740})
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_pages_are_small(town: Town, page: Page) -> None:
    _calls(town, 1)
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}) if answer.ok else None)
    sign_in(page, _account(town, "lucie", Role.CALLER))
    _take_next(page)
    page.wait_for_load_state("networkidle")

    assert sum(sizes.values()) < 100_000
