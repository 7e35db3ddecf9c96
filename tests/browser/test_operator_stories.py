"""A day at the board: a list comes in, an operation is launched and ended, calls go on paper and come back."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests import listings
from tests.browser.conftest import axe, enter, owed_calls, ready, sign_in
from tests.integration.conftest import DESK, Town
from tests.integration.console_visits import account
from tests.integration.site import Site
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e


def test_an_operator_previews_launches_pauses_and_cancels_with_a_second_thought(town: Town, page: Page) -> None:
    home = town.household()
    sign_in(page, account(town, "olga", Role.OPERATOR))

    page.get_by_role("link", name="Lancer une campagne").click()
    page.get_by_role("link", name="Canicule : prise de nouvelles (orange)").click()
    expect(page.get_by_role("heading", name="Ce que reçoivent les locataires")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Lancer l'opération").click()
    page.get_by_role("button", name="Suspendre").click()
    expect(page.get_by_role("button", name="Reprendre")).to_be_visible()
    expect(page.get_by_text("suspendue").first).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Reprendre").click()
    page.get_by_role("button", name="Annuler l'opération").click()
    expect(page.get_by_role("heading", name="Annuler l'opération ?")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("link", name="Non, revenir").click()
    assert town.state(home) == "waiting"
    page.get_by_role("button", name="Annuler l'opération").click()
    page.get_by_role("button", name="Oui, annuler").click()

    expect(page.get_by_text("annulée").first).to_be_visible()
    assert town.state(home) == "cancelled"


def test_a_list_with_mistakes_is_looked_at_before_it_counts(town: Town, page: Page) -> None:
    sign_in(page, account(town, "olga", Role.OPERATOR), at="/import")
    file = page.get_by_label("Le fichier du logiciel de gestion")

    file.set_input_files({"name": "liste.csv", "mimeType": "text/csv", "buffer": b"ceci n'est pas une liste"})
    page.get_by_role("button", name="Examiner").click()
    expect(file).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_be_visible()
    assert axe(page) == []

    file.set_input_files(listings.SAMPLES / "difficile.csv")
    page.get_by_role("button", name="Examiner").click()
    expect(page.get_by_role("heading", name="Ce que la liste changerait")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Ce qui ne va pas").first).to_be_visible()
    expect(page.get_by_text("Rien n'est encore changé.")).to_be_visible()
    assert axe(page) == []
    assert town.rows("household") == []

    page.get_by_role("button", name="Enregistrer cette liste").click()
    expect(page.get_by_text("Liste enregistrée.")).to_be_visible()
    assert axe(page) == []
    assert len(town.rows("household")) > 0


def test_results_being_typed_survive_a_session_that_ran_out(town: Town, console: Site, page: Page) -> None:
    owed_calls(town, 1)
    sign_in(page, account(town, "lucie", Role.CALLER), at="/sheets/results?agency=01")
    ready(page)
    page.get_by_label("Note").first.fill("Demande un ventilateur.")
    console.now += timedelta(hours=3)

    page.get_by_role("button", name="Noter ces résultats").click()
    enter(page, "lucie")

    expect(page.get_by_role("group", name="Ligne 1").get_by_label("Note")).to_have_value("Demande un ventilateur.")


def test_calls_go_on_paper_and_their_results_come_back(town: Town, console: Site, page: Page) -> None:
    called, not_called = owed_calls(town, 2)
    at = town.now + timedelta(minutes=10)
    console.now = at + timedelta(hours=1)
    sign_in(page, account(town, "lucie", Role.CALLER), at="/sheets")
    assert axe(page) == []

    sheet = page.context.request.get(str(page.get_by_role("link", name="PDF").first.get_attribute("href")))
    assert sheet.body().startswith(b"%PDF")
    page.get_by_role("link", name="Page à imprimer").click()
    expect(page.get_by_text("ESSAI").first).to_be_visible()
    assert axe(page) == []

    page.go_back()
    page.get_by_role("link", name="Saisir les résultats").click()
    first = page.get_by_role("group", name="Ligne 1")
    first.get_by_label("Résultat").select_option("Joint, tout va bien")
    page.get_by_role("button", name="Noter ces résultats").click()
    expect(page.get_by_text("1 ligne n'est pas notée")).to_be_visible()
    expect(first.get_by_label("N° d'appel")).to_have_attribute("aria-invalid", "true")
    assert axe(page) == []
    first.get_by_label("Heure").fill(f"{at.astimezone(DESK.timezone):%H:%M}")
    page.get_by_role("button", name="Noter ces résultats").click()

    expect(page.get_by_text("1 résultat noté.")).to_be_visible()
    assert [o["code"] for o in town.rows("call_outcome")] == ["REACHED_OK"]
    assert sorted(town.task(home) is None for home in (called, not_called)) == [False, True]
