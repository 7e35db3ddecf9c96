"""What can go wrong at a desk, and what the caller then reads: nothing that was typed is ever lost."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Windows, enter, owed_calls, press, sign_in, take_next
from tests.integration.conftest import Town
from tests.integration.console_visits import ROOT, account
from tests.integration.site import Site
from worker.domain.roles import Role
from worker.services import staffing

pytestmark = pytest.mark.e2e

NOTE = "Demande un ventilateur."
FOCUSED = """() => {
    const e = document.activeElement;
    const outlined = getComputedStyle(e.closest('.choice') || e).outlineStyle !== 'none' || e.matches('.skip, body');
    return [e.value || e.textContent.trim() || e.outerHTML.slice(0, 200), outlined];
}"""
LOOK = 9_000  # milliseconds; an open card looks for news every eight seconds


def _card(town: Town, page: Page, login: str = "lucie") -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, login, Role.CALLER))
    take_next(page)


def _type(page: Page, note: str = NOTE) -> None:
    """Types a note, and waits until the server has it."""
    page.get_by_label("Note").fill(note)
    page.clock.run_for(1_000)
    expect(page.get_by_text("Brouillon gardé.")).to_be_visible()


def test_two_callers_never_get_the_same_household(town: Town, windows: Windows) -> None:
    owed_calls(town, 2)
    taken = []
    for login in ("lucie", "marc"):
        page = windows.another()
        sign_in(page, account(town, login, Role.CALLER))
        take_next(page)
        taken.append(page.url)

    assert len(set(taken)) == 2


def test_a_late_answer_appears_on_the_open_card(town: Town, console: Site, page: Page) -> None:
    [home] = owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)
    page.get_by_label("Note").fill(NOTE)
    town.now += timedelta(minutes=2)
    town.reply(home.phone, "1")
    console.now = town.now + timedelta(minutes=2)

    page.clock.run_for(LOOK)

    expect(page.get_by_text("A répondu il y a 2 min")).to_be_visible()
    expect(page.get_by_text("Vous pouvez clore la fiche")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value(NOTE)


def test_an_emergency_word_appears_on_top_of_the_open_card(town: Town, console: Site, page: Page) -> None:
    [home] = owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)
    town.now += timedelta(minutes=1)
    town.reply(home.phone, "malaise")
    console.now = town.now

    page.clock.run_for(LOOK)

    expect(page.get_by_text("Mot d'urgence dans sa réponse.")).to_be_visible()


def test_a_lost_network_loses_nothing_and_a_button_tries_again(town: Town, page: Page) -> None:
    _card(town, page)
    page.get_by_label("Note").fill(NOTE)
    page.context.set_offline(True)

    page.get_by_role("button", name="Joint, tout va bien").click()
    expect(page.get_by_text("Rien n'est perdu, mais rien n'est enregistré")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Réessayer").click()

    expect(page.get_by_text("enregistré : Joint, tout va bien")).to_be_visible()
    assert [o["note"] for o in town.rows("call_outcome")] == [NOTE]


def test_an_answer_lost_on_the_way_is_not_a_second_call(town: Town, page: Page) -> None:
    _card(town, page)
    page.route("**/outcome", lambda route: (route.fetch(), route.abort()))
    page.get_by_role("button", name="Pas de réponse").click()
    expect(page.get_by_text("rien n'est enregistré")).to_be_visible()
    page.unroute("**/outcome")

    page.get_by_role("button", name="Réessayer").click()

    expect(page.get_by_text("enregistré : Pas de réponse")).to_be_visible()
    assert len(town.rows("call_outcome")) == 1


def test_after_an_expired_session_the_card_is_as_it_was(town: Town, console: Site, page: Page) -> None:
    _card(town, page)
    page.get_by_label("Fatigué(e)").check()
    page.get_by_label("Note").fill(NOTE)
    console.now += timedelta(hours=3)

    page.get_by_role("button", name="Joint, tout va bien").click()
    page.get_by_role("link", name="Se reconnecter et reprendre").click()
    enter(page, "lucie")

    expect(page.get_by_label("Note")).to_have_value(NOTE)
    expect(page.get_by_label("Fatigué(e)")).to_be_checked()
    page.get_by_role("button", name="Joint, tout va bien").click()
    expect(page.get_by_text("enregistré : Joint, tout va bien")).to_be_visible()


def test_what_one_typed_is_not_for_the_next_at_the_same_computer(town: Town, console: Site, page: Page) -> None:
    _card(town, page)
    card = page.url
    _type(page)
    console.now += timedelta(hours=3)
    account(town, "marc", Role.CALLER)

    page.goto(card)
    enter(page, "marc")

    assert page.url == card
    assert NOTE not in page.content()
    assert page.evaluate("JSON.stringify(sessionStorage)").count("draft:") == 0


def test_another_computer_shows_what_was_typed_here(town: Town, windows: Windows) -> None:
    here, there = windows.another(), windows.another()
    _card(town, here)
    _type(here)

    sign_in(there, "lucie")
    there.goto(here.url)

    expect(there.get_by_label("Note")).to_have_value(NOTE)


def test_who_was_slower_sees_what_was_recorded_beside_what_they_typed(
    town: Town, console: Site, windows: Windows
) -> None:
    slow, quick = windows.another(), windows.another()
    _card(town, slow)
    slow.get_by_label("Note").fill(NOTE)
    console.now += timedelta(minutes=16)  # the lease has run out
    sign_in(quick, account(town, "marc", Role.CALLER))
    take_next(quick)
    quick.get_by_label("Note").fill("Va bien, dit sa fille.")
    quick.get_by_role("button", name="Joint, tout va bien").click()
    expect(quick.get_by_text("enregistré")).to_be_visible()

    slow.get_by_role("button", name="Joint, besoin repéré").click()

    both = slow.locator(".conflict")
    expect(both).to_contain_text("Va bien, dit sa fille.")
    expect(both).to_contain_text("marc")
    expect(both).to_contain_text(NOTE)
    assert [o["code"] for o in town.rows("call_outcome")] == ["REACHED_OK"]


def test_a_colleague_who_takes_a_lost_card_is_named_on_it(town: Town, console: Site, windows: Windows) -> None:
    slow, quick = windows.another(), windows.another()
    _card(town, slow)
    _type(slow)
    console.now += timedelta(minutes=16)
    sign_in(quick, account(town, "marc", Role.CALLER))
    take_next(quick)

    slow.clock.run_for(LOOK)

    expect(slow.get_by_text("marc s'occupe de ce foyer en ce moment.")).to_be_visible()
    expect(slow.get_by_label("Note")).to_have_value(NOTE)


def test_a_heartbeat_keeps_the_card(town: Town, console: Site, page: Page) -> None:
    _card(town, page)
    console.now += timedelta(minutes=10)
    with page.expect_response("**/renew"):
        page.clock.run_for(61_000)

    [task] = town.rows("callback_task")
    assert task["claimed_until"] == console.now + timedelta(minutes=15)


def test_an_undo_says_how_long_it_is_possible_and_goes(town: Town, page: Page) -> None:
    _card(town, page)
    press(page, "1")

    expect(page.get_by_text(re.compile(r"encore possible \d+ s"))).to_be_visible()
    page.clock.run_for(61_000)
    expect(page.get_by_role("button", name="Annuler cet enregistrement")).to_have_count(0)


def test_an_hour_to_ring_again_is_one_press(town: Town, page: Page) -> None:
    _card(town, page)

    page.get_by_role("button", name=re.compile("^demain")).first.click()

    expect(page.get_by_text("enregistré : Rappeler plus tard")).to_be_visible()
    [task] = town.rows("callback_task")
    assert task["not_before"] > town.now + timedelta(hours=12)  # type: ignore[operator]


def test_a_bad_answer_shows_the_signs_and_the_emergency_number(town: Town, page: Page) -> None:
    _card(town, page)
    expect(page.get_by_text("faites appeler le 15.").first).to_be_hidden()

    page.get_by_label("Mal", exact=True).check()

    expect(page.get_by_text("Restez en ligne, et faites appeler le 15.").first).to_be_visible()


def test_the_keys_are_shown_over_the_card_and_can_be_switched_off(town: Town, page: Page) -> None:
    _card(town, page)
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Passer cette fiche")
    press(page, "1")  # not while the keys are explained
    page.get_by_role("button", name="Ne plus utiliser ces touches").click()

    page.go_back()
    press(page, "1")

    assert town.rows("call_outcome") == []


def test_the_whole_card_is_walked_with_the_tab_key_in_order_and_in_view(town: Town, page: Page) -> None:
    _card(town, page)
    seen: list[str] = []
    for _press in range(80):
        page.keyboard.press("Tab")
        said, outlined = page.evaluate(FOCUSED)
        assert outlined, f"no focus to be seen on {said}"
        seen.append(said)

    order = [next(i for i, text in enumerate(seen) if re.search(what, text)) for what in ("06 ", "^ok$", "REACHED_OK")]
    assert order == sorted(order)


def test_the_door_waits_after_wrong_tries(town: Town, page: Page) -> None:
    account(town, "lucie", Role.CALLER)
    page.goto("/login")
    for _try in range(12):
        page.get_by_label("Identifiant").fill("lucie")
        page.get_by_label("Mot de passe").fill("not the password")
        with page.expect_response("**/login"):
            page.keyboard.press("Enter")

    expect(page.get_by_text("Trop d'essais.")).to_be_visible()


def test_a_revoked_session_ends_with_the_next_click(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    staffing.disable(town.db, "lucie", by=ROOT, now=town.now)

    press(page, "n")

    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()


def test_another_agencys_call_is_not_there_by_its_address(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    [task] = town.rows("callback_task")
    town.household(agency="02")
    sign_in(page, account(town, "lucie", Role.CALLER, "02"))

    page.goto(f"/tasks/{task['id']}")

    expect(page.get_by_role("heading", name="Introuvable")).to_be_visible()


def test_a_day_without_scripts(town: Town, console: Site, windows: Windows) -> None:
    page = windows.another(java_script_enabled=False, viewport={"width": 360, "height": 740})
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER))
    page.get_by_role("button", name="Foyer suivant").click()
    page.get_by_label("Note").fill(NOTE)
    page.get_by_role("button", name="Garder le brouillon").click()
    expect(page.get_by_label("Note")).to_have_value(NOTE)
    page.get_by_label("Note").fill(NOTE + " Rappeler.")
    console.now += timedelta(hours=3)

    page.get_by_role("button", name="Joint, besoin repéré").click()  # the session has run out
    enter(page, "lucie")
    expect(page.get_by_label("Note")).to_have_value(NOTE + " Rappeler.")
    page.get_by_role("button", name="Joint, besoin repéré").click()

    expect(page.get_by_text("enregistré : Joint, besoin repéré")).to_be_visible()
    page.get_by_role("button", name="Annuler cet enregistrement").click()
    expect(page.get_by_label("Note")).to_have_value(NOTE + " Rappeler.")
