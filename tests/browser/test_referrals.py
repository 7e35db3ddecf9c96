"""A need heard in a call, handed to the town's CCAS: by keyboard as far as the call goes, then by a few clicks."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import enter, owed_calls, press, ready, sign_in, take_next
from tests.integration.conftest import Town
from tests.integration.console_visits import account
from tests.integration.referral_office import Office
from tests.integration.site import Site
from worker.domain.roles import Role

pytestmark = pytest.mark.e2e


def test_what_was_typed_for_a_partner_survives_a_session_that_ran_out(town: Town, console: Site, page: Page) -> None:
    [home] = owed_calls(town, 1)
    Office(town).partner(name="CCAS des Tilleuls")
    sign_in(page, account(town, "lucie", Role.CALLER), at=f"/households/{home.id}/refer")
    ready(page)
    page.get_by_label("courses et repas").check()
    page.get_by_label(re.compile("CCAS des Tilleuls")).check()
    page.get_by_label("Danger vital, impossible de demander").check()
    page.get_by_label("Quel danger vital ?").fill("Frigo vide depuis trois jours.")
    console.now += timedelta(hours=3)

    page.get_by_role("button", name="Enregistrer l'orientation").click()
    enter(page, "lucie")

    expect(page.get_by_label("Quel danger vital ?")).to_have_value("Frigo vide depuis trois jours.")
    expect(page.get_by_label("courses et repas")).to_be_checked()
    page.get_by_role("button", name="Enregistrer l'orientation").click()
    expect(page.get_by_role("heading", name="Orientation n°")).to_be_visible()
    ready(page)
    assert page.evaluate("JSON.stringify(sessionStorage)").count("Frigo") == 0


def test_a_need_is_handed_to_a_partner_and_solved(town: Town, page: Page) -> None:
    owed_calls(town, 1)
    office = Office(town)
    office.partner(name="CCAS des Tilleuls", hours="lundi-vendredi 9 h-17 h")
    sign_in(page, account(town, "lucie", Role.CALLER))
    take_next(page)
    press(page, "2")
    expect(page.get_by_text("Besoin repéré.", exact=True)).to_be_visible()

    press(page, "o")
    page.get_by_label("courses et repas").check()
    page.get_by_label(re.compile("CCAS des Tilleuls")).check()
    page.get_by_label("Oui, accord oral").check()
    page.get_by_role("button", name="Enregistrer l'orientation").click()
    page.get_by_role("button", name="Prévenu par téléphone").click()
    page.get_by_role("button", name="reçu par le partenaire").click()
    page.get_by_label("En quelques mots").fill("Repas livrés à partir de lundi.")
    page.get_by_role("button", name="réglé", exact=True).click()

    expect(page.get_by_role("heading", name="réglé")).to_be_visible()
    [row] = town.rows("referral")
    assert (row["state"], row["consent"], row["shared"]) == ("solved", "verbal", ["phone"])
