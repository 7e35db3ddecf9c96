"""The callers' guide is walked through as it is written, and its pictures are taken on the way."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests.browser import pictures
from tests.browser.conftest import owed_calls, sign_in
from tests.integration.conftest import Town
from tests.integration.test_console import PASSWORD, account
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "caller.fr.md"
# In bold, but nothing to choose.
SAYINGS = {"Vous ne pouvez rien casser.", "Aucune n'est obligatoire."}
DRESSED = (
    (
        "UPDATE tenant SET civility = 'Mme', last_name = (ARRAY['GARNIER', 'BERTRAND', 'FAURE', 'ROUX'])[1 + id % 4], "
        "first_name = (ARRAY['Renée', 'Andrée', 'Odette', 'Paulette'])[1 + id % 4]"
    ),
    "UPDATE dwelling SET address = 12 + id || ' rue des Tilleuls', floor = '2'",
    "UPDATE household SET lives_alone = 'yes'",
    "UPDATE agency SET name = 'Agence Nord'",
)


def _dress(town: Town) -> None:
    """People and places that look like some, all invented."""
    with town.db.begin() as connection:
        for statement in DRESSED:
            connection.execute(text(statement))


def test_the_callers_guide_is_what_a_caller_does(town: Town, page: Page) -> None:
    chosen: set[str] = set()

    def choose(role: str, name: str) -> None:
        chosen.add(name)
        page.get_by_role(role, name=name).click()  # type: ignore[arg-type]

    owed_calls(town, 4)
    _dress(town)
    account(town, "lucie", Role.CALLER)
    page.goto("/login")
    page.get_by_label("Identifiant").fill("lucie")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    choose("button", "Se connecter")
    page.get_by_role("link", name="Lucie").click()
    page.get_by_label("Prénom, ou prénom et nom").fill("Lucie")
    choose("button", "Enregistrer")
    pictures.take(page, "caller-desk")

    choose("button", "Foyer suivant")
    expect(page.get_by_text("je suis Lucie")).to_be_visible()
    pictures.take(page, "caller-card")
    choose("radio", "Mal")
    expect(page.get_by_text("Restez en ligne, et faites appeler le 15.").first).to_be_visible()
    page.get_by_text("Comment allez-vous aujourd'hui").scroll_into_view_if_needed()
    pictures.take(page, "caller-danger")
    page.get_by_role("radio", name="Mal").scroll_into_view_if_needed()
    page.get_by_label("Note").fill("Demande un ventilateur.")

    page.context.set_offline(True)
    page.get_by_role("button", name="Joint, besoin repéré").click()
    expect(page.get_by_text("Rien n'est perdu")).to_be_visible()
    page.context.set_offline(False)
    choose("button", "Réessayer")
    expect(page.get_by_text("enregistré : Joint, besoin repéré")).to_be_visible()
    pictures.take(page, "caller-done")
    choose("button", "Annuler cet enregistrement")
    expect(page.get_by_label("Note")).to_have_value("Demande un ventilateur.")
    for ending in ("Joint, besoin repéré", "Joint, tout va bien", "Pas de réponse"):
        choose("button", ending)
        expect(page.get_by_text(f"enregistré : {ending}")).to_be_visible()
        page.get_by_role("button", name="Foyer suivant").click()
    chosen.add("Passer cette fiche")
    page.locator("summary", has_text="Passer cette fiche").click()
    page.get_by_role("button", name="Je connais cette personne").click()
    expect(page.get_by_role("heading", name="Mes appels")).to_be_visible()

    told = set(re.findall(r"\*\*([^*]+)\*\*", GUIDE.read_text(encoding="utf-8"))) - SAYINGS
    assert told == chosen


def test_what_an_operator_sees(town: Town, page: Page) -> None:
    owed_calls(town, 4)
    _dress(town)
    sign_in(page, account(town, "olga", Role.OPERATOR))
    expect(page.get_by_role("heading", name="Aujourd'hui")).to_be_visible()
    pictures.take(page, "operator-board")

    page.goto("/campaigns/canicule-orange")
    expect(page.get_by_role("heading", name="Ce que reçoivent les locataires")).to_be_visible()
    pictures.take(page, "operator-campaign")
