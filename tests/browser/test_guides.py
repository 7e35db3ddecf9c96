"""The guides are walked through as they are written, and their pictures are taken on the way."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from tests import builders, listings
from tests.browser import pictures
from tests.browser.conftest import owed_calls, sign_in
from tests.integration.conftest import Town
from tests.integration.console_visits import PASSWORD, account
from tests.integration.site import Site
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e

OPERATORS = Path(__file__).parents[2] / "docs" / "guides" / "operator.fr.md"
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
    "UPDATE agency SET name = 'Agence ' || (ARRAY['Nord', 'Ouest', 'Sud', 'Est'])[1 + (id - 1) % 4]",
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


def test_the_operators_day_in_the_console_is_what_an_operator_does(town: Town, console: Site, page: Page) -> None:
    chosen: set[str] = set()

    def choose(role: str, name: str) -> None:
        chosen.add(name)
        page.get_by_role(role, name=name, exact=True).first.click()  # type: ignore[arg-type]

    sign_in(page, account(town, "olga", Role.OPERATOR))
    choose("link", "Import")
    page.get_by_label("Le fichier du logiciel de gestion").set_input_files(listings.SAMPLES / "difficile.csv")
    choose("button", "Examiner")
    expect(page.get_by_role("heading", name="Ce que la liste changerait")).to_be_visible()
    pictures.take(page, "operator-import")
    choose("button", "Enregistrer cette liste")
    expect(page.get_by_text("Liste enregistrée.")).to_be_visible()
    homes = [town.household(agency=f"0{1 + n % 2}") for n in range(12)]
    _dress(town)

    choose("link", "Campagnes")
    choose("link", "Canicule : prise de nouvelles (orange)")
    expect(page.get_by_role("heading", name="Ce que reçoivent les locataires")).to_be_visible()
    pictures.take(page, "operator-campaign")
    choose("button", "Lancer l'opération")
    event = page.url.partition("?")[0]
    console.now += timedelta(seconds=5)  # figures of a moment ago are shared among all who watch
    choose("button", "Suspendre")
    expect(page.locator("#state").get_by_text("suspendue")).to_be_visible()
    pictures.take(page, "operator-event")
    choose("button", "Reprendre")
    choose("button", "Annuler l'opération")
    choose("link", "Non, revenir")

    town.sent(int(event.rsplit("/", 1)[1]))
    _replies_come(town, homes)
    town.reply("+33639990000", "c'est Mme Garnier, rappelez-moi")
    console.now = town.now
    choose("link", "Aujourd'hui")
    expect(page.get_by_role("heading", name="Appels à faire")).to_be_visible()
    pictures.take(page, "operator-board")

    choose("link", "Foyers")
    page.get_by_label("Nom, téléphone ou code de logement").fill("garnier")
    choose("button", "Chercher")
    page.locator(f'a[href="/households/{_called("GARNIER", town)}"]').click()
    expect(page.get_by_role("heading", name="Ce qui s'est passé")).to_be_visible()
    pictures.take(page, "operator-household")
    choose("link", "Messages à classer")
    [code] = [d["code"] for d in town.rows("dwelling") if d["id"] == _dwelling_of(homes[0], town)]
    page.get_by_label("Code du logement", exact=True).fill(str(code))
    choose("button", "Classer, et faire appeler ce foyer")

    choose("link", "Feuilles")
    for link in ("Page à imprimer", "Saisir les résultats"):
        chosen.add(link)
        expect(page.get_by_role("link", name=link).first).to_be_attached()
    page.goto(event)
    choose("link", "Le rapport de la journée")
    expect(page.get_by_role("heading", name="De la liste aux foyers joints")).to_be_visible()
    pictures.take(page, "operator-report")

    screen = OPERATORS.read_text(encoding="utf-8").partition("## La même journée, dans la console")[2]
    assert set(re.findall(r"\*\*([^*]+)\*\*", screen.replace("\n", " "))) == chosen


def _replies_come(town: Town, homes: list[builders.Household]) -> None:
    """Most are well, some want to be rung, one does not know."""
    for number, home in enumerate(homes):
        town.now += timedelta(minutes=2)
        if number < 9:
            town.reply(home.phone, ("1", "1", "2", "je ne sais pas", "1", "1", "2", "1", "1")[number])
    town.now += timedelta(minutes=20)


def _called(name: str, town: Town) -> int:
    """A household of that name in which something has happened."""
    with town.db.begin() as connection:
        query = (
            "SELECT min(t.household_id) FROM tenant t JOIN reply y ON y.household_id = t.household_id "
            "WHERE t.last_name = :name AND t.status = 'active'"
        )
        return int(connection.execute(text(query), {"name": name}).scalar_one())


def _dwelling_of(home: builders.Household, town: Town) -> object:
    return next(h["dwelling_id"] for h in town.rows("household") if h["id"] == home.id)
