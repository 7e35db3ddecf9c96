"""Referrals and partners in the console, without a script: from the need in a call to the partner's answer."""

from datetime import timedelta

import pytest

from tests import pdf_words
from tests.integration.conftest import Town
from tests.integration.console_visits import Browser, account, owed
from tests.integration.referral_office import Office
from tests.integration.site import Site
from worker.domain.referrals import Consent, ReferralState, Shared
from worker.domain.roles import Role
from worker.services import auditing
from worker.services.referring import Agreed
from worker.web import pages


@pytest.fixture
def office(town: Town) -> Office:
    return Office(town)


def test_a_need_heard_in_a_call_becomes_a_referral_that_a_partner_solves(
    town: Town, office: Office, browser: Browser
) -> None:
    home, partner = owed(town), office.partner()
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    browser.send(browser.path + "/outcome", outcome="REACHED_NEED", q_groceries="none", q_consent="yes")
    assert "Besoin repéré" in browser.page
    assert f"/households/{home.id}/refer?task=" in browser.page

    task = browser.path.partition("done=")[2]
    browser.get(f"/households/{home.id}/refer?task={task}")
    assert 'value="groceries" checked' in browser.page
    assert 'value="verbal" checked' in browser.page
    browser.send(
        f"/households/{home.id}/refer", task=task, reason="groceries", partner=str(partner), consent="verbal",
        shared="phone",
    )  # fmt: skip
    page = browser.path
    browser.send(page + "/sent", via="by_phone")
    browser.send(page + "/move", to="acknowledged")
    browser.send(page + "/move", to="solved", note="Repas livrés.")

    row = office.row(int(page.rsplit("/", 1)[1]))
    assert (row["state"], row["task_id"], row["feedback"]) == ("solved", int(task), "Repas livrés.")
    assert "Repas livrés." in browser.get(f"/households/{home.id}").page


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(
    town: Town, office: Office, browser: Browser
) -> None:
    home = town.household()
    office.partner()
    browser.sign_in(account(town, "lucie", Role.CALLER)).get(f"/households/{home.id}/refer")

    browser.send(f"/households/{home.id}/refer", reason="danger", partner="1", consent="waived")

    assert browser.status == 422
    assert 'id="waiver-error"' in browser.page
    assert 'value="danger" checked' in browser.page
    assert town.rows("referral") == []


def test_the_form_is_printed_with_its_own_style_and_no_script(town: Town, office: Office, browser: Browser) -> None:
    referral = office.sent(town.household())
    browser.sign_in(account(town, "lucie", Role.CALLER)).get(f"/referrals/{referral}/form")

    assert "ESSAI" in browser.page
    assert "style-src 'sha256-" in browser.headers["content-security-policy"]
    assert "unsafe" not in browser.headers["content-security-policy"]
    assert auditing.newest(town.db, limit=1)[0].action == "exported"


@pytest.mark.parametrize(("shared", "told"), [((Shared.PHONE,), True), ((), False)])
def test_the_form_is_a_pdf_too_with_no_more_than_the_consent_covers(
    town: Town, office: Office, browser: Browser, shared: tuple[Shared, ...], told: bool
) -> None:
    home = town.household()
    referral = office.draft(home)
    office.consent(referral, Agreed(Consent.VERBAL, shared=shared))
    browser.sign_in(account(town, "lucie", Role.CALLER))

    answer = browser.session.get(f"{browser.url}/referrals/{referral}/form.pdf", timeout=10)

    assert answer.headers["content-type"] == "application/pdf"
    said = pdf_words.words(answer.content)
    assert "ESSAI" in said
    assert "demande reçue" in said
    assert (pages.phone(home.phone) in said) is told
    assert auditing.newest(town.db, limit=1)[0].action == "exported"


def test_another_agency_s_referral_is_refused_by_address(town: Town, office: Office, browser: Browser) -> None:
    home = town.household(agency="01")
    referral = office.sent(home)
    browser.sign_in(account(town, "paul", Role.CALLER, "02")).get("/referrals")
    assert f"/referrals/{referral}" not in browser.page

    for path in (
        f"/referrals/{referral}",
        f"/referrals/{referral}/form",
        f"/referrals/{referral}/form.pdf",
        f"/households/{home.id}/refer",
    ):
        assert browser.get(path).status == 404, path
    browser.get("/desk").send(f"/referrals/{referral}/move", to="solved")

    assert (browser.status, office.row(referral)["state"]) == (404, "sent")


def test_who_helps_out_in_another_agencys_queue_hands_a_need_on_and_follows_it(
    town: Town, office: Office, console: Site, browser: Browser
) -> None:
    home, partner = owed(town, agency="02"), office.partner()
    console.now = town.now = town.now + timedelta(hours=3)  # nobody of agency 02 has rung
    town.household(agency="01")
    browser.sign_in(account(town, "lucie", Role.CALLER, "01")).send("/desk/next")
    browser.send(browser.path + "/outcome", outcome="REACHED_NEED", q_groceries="none")
    task = browser.path.partition("done=")[2]

    assert browser.get(f"/households/{home.id}/refer?task={task}").status == 200
    browser.send(f"/households/{home.id}/refer", task=task, reason="groceries", partner=str(partner), consent="verbal")
    referral = browser.path
    browser.send(referral + "/sent", via="by_phone")

    assert town.rows("referral")[0]["state"] == "sent"
    assert f"/households/{home.id}" not in browser.page  # the rest of the file is the agency's
    assert browser.get(f"/households/{home.id}").status == 404
    console.now += timedelta(days=3)
    assert browser.sign_in("lucie").get(referral).status == 404


def test_a_waiver_that_cannot_be_taken_leaves_no_draft_behind(town: Town, office: Office, browser: Browser) -> None:
    home, partner = town.household(), office.partner()
    browser.sign_in(account(town, "lucie", Role.CALLER)).get(f"/households/{home.id}/refer")

    browser.send(
        f"/households/{home.id}/refer", reason="danger", partner=str(partner), consent="waived", waiver="x" * 301
    )
    assert (browser.status, 'id="waiver-error"' in browser.page) == (422, True)
    assert town.rows("referral") == []
    browser.send(
        f"/households/{home.id}/refer", reason="danger", partner=str(partner), consent="waived", waiver="Chute."
    )

    assert [r["state"] for r in town.rows("referral")] == ["consented"]


def test_words_about_a_move_that_is_refused_are_still_there(town: Town, office: Office, browser: Browser) -> None:
    referral = office.sent(town.household())
    browser.sign_in(account(town, "lucie", Role.CALLER)).get(f"/referrals/{referral}")
    office.move(referral, ReferralState.SOLVED)

    browser.send(f"/referrals/{referral}/move", to="solved", note="Repas livrés lundi.")

    assert browser.status == 409
    assert "Repas livrés lundi." in browser.page
    assert "elle ne peut pas passer" in browser.page


def test_every_referral_that_a_list_shows_is_written_down_as_seen(town: Town, office: Office, browser: Browser) -> None:
    open_, over = office.sent(town.household()), office.sent(town.household())
    office.move(over, ReferralState.SOLVED)

    browser.sign_in(account(town, "lucie", Role.CALLER)).get("/referrals")

    seen = auditing.newest(town.db, who="lucie", kind="referral")
    assert {e.object_id for e in seen if e.action == "viewed"} == {str(open_), str(over)}


def test_a_second_press_changes_nothing_and_is_explained(town: Town, office: Office, browser: Browser) -> None:
    referral = office.sent(town.household())
    browser.sign_in(account(town, "lucie", Role.CALLER)).get(f"/referrals/{referral}")

    browser.send(f"/referrals/{referral}/sent", via="on_paper")

    assert browser.status == 409
    assert len(town.rows("referral_sending")) == 1


def test_operators_keep_the_directory_and_callers_read_it(town: Town, browser: Browser) -> None:
    browser.sign_in(account(town, "olga", Role.OPERATOR)).get("/partners/new")
    browser.send("/partners/new", kind="ccas", name="CCAS d'Essai", postcodes="3100")
    assert browser.status == 422
    assert "« 3100 »" in browser.page
    assert 'value="CCAS d&#39;Essai"' in browser.page
    browser.send("/partners/new", kind="ccas", name="CCAS d'Essai", phone="05 36 49 00 21", communes="Essai\nAutre")
    assert "CCAS d&#39;Essai" in browser.page
    browser.get("/partners/1").send("/partners/1/close")
    assert "fermé" in browser.page

    browser.session.cookies.clear()
    browser.sign_in(account(town, "lucie", Role.CALLER)).get("/partners?where=essai")
    assert "CCAS d&#39;Essai" in browser.page
    assert browser.get("/partners/1").status == 403
