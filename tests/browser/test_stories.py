"""A day at the desk, as callers live it: by keyboard, and with the slips of every day."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import owed_calls, press, sign_in, take_next
from tests.integration.conftest import Town
from tests.integration.console_visits import account
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e


def test_a_caller_takes_three_households_by_keyboard_alone(town: Town, page: Page) -> None:
    homes = owed_calls(town, 3)
    sign_in(page, account(town, "lucie", Role.CALLER))

    for key in ("1", "2", "7"):
        take_next(page)
        press(page, key)
        expect(page.get_by_text("enregistré")).to_be_visible()

    codes = sorted(o["code"] for o in town.rows("call_outcome"))  # type: ignore[type-var]
    assert codes == ["NO_ANSWER", "REACHED_NEED", "REACHED_OK"]
    assert sum(town.task(home) is None for home in homes) == 2


def test_a_key_pressed_while_writing_a_note_is_a_letter(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)

    page.get_by_label("Note").press_sequentially("1 ventilateur demandé")

    assert town.rows("call_outcome") == []


def test_what_was_typed_survives_a_lost_page(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)
    page.get_by_label("Note").fill("Demande un ventilateur.")

    page.reload()

    expect(page.get_by_label("Note")).to_have_value("Demande un ventilateur.")


def test_a_slip_of_the_hand_is_undone_with_one_key(town: Town, page: Page) -> None:
    [home] = owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)
    press(page, "1")
    expect(page.get_by_text("enregistré")).to_be_visible()

    press(page, "z")

    expect(page.get_by_role("heading", name="ESSAI")).to_be_visible()
    assert town.task(home) is not None


def test_a_key_pressed_while_the_page_still_arrives_acts_when_it_is_there(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    late: list[Route] = []
    page.route("**/console.js*", lambda route: late.append(route))  # noqa: PLW0108  # no builtin can be wrapped
    page.goto("/desk", wait_until="commit")
    expect(page.get_by_role("button", name="Foyer suivant")).to_be_visible()

    page.keyboard.press("n")
    late.pop().continue_()

    expect(page.get_by_role("heading", name="ESSAI")).to_be_visible()


def test_the_countdown_of_a_card_runs(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)

    expect(page.get_by_text(re.compile(r"Fiche réservée encore 1[0-9] min"))).to_be_visible()
    expect(page.get_by_text("ne vous est plus réservée")).to_be_hidden()
    page.clock.fast_forward("20:00")
    expect(page.get_by_text("ne vous est plus réservée")).to_be_visible()
