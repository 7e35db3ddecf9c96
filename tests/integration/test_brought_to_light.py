"""What a call brings to light beside its ending: worry, whom to warn, and health with the person's word only."""

from datetime import timedelta

import pytest

from tests import builders
from tests.integration.conftest import Town
from tests.integration.console_visits import Browser, account
from tests.integration.site import Site
from worker.domain.errors import NotFilledIn
from worker.domain.roles import Role
from worker.services import learning

HEALTH = {"q_state": "unwell", "q_drinking": "little"}
DAUGHTER = {"contact_name": "Jeanne", "contact_link": "child", "contact_number": "06 00 00 77 01"}


@pytest.fixture
def home(town: Town) -> builders.Household:
    made = town.household()
    town.sent(town.open())
    town.reply(made.phone, "2")
    return made


@pytest.fixture
def browser(town: Town, browser: Browser, home: builders.Household) -> Browser:
    """A caller with the household's card open."""
    return browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")


def _record(browser: Browser, **fields: str) -> Browser:
    return browser.send(browser.path + "/outcome", **{"outcome": "REACHED_OK", **fields})


def test_worry_is_seen_by_who_rings_next(browser: Browser, home: builders.Household) -> None:
    _record(browser, concern="2")

    assert "agir aujourd&#39;hui" in browser.get(f"/households/{home.id}").page


def test_a_person_to_warn_who_agreed_is_rung_where_the_household_is_not_reached(
    town: Town, browser: Browser, home: builders.Household
) -> None:
    _record(browser, contact_agreed="yes", **DAUGHTER)

    [contact] = [p for p in town.rows("phone", home) if p["label"] == "child"]
    assert (contact["e164"], contact["holder_name"], contact["source"]) == ("+33600007701", "Jeanne", "caller")
    assert "Jeanne" in browser.get(f"/households/{home.id}").page


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        (DAUGHTER, "contact_agreed"),
        (DAUGHTER | {"contact_agreed": "yes", "contact_number": "06 39"}, "contact_number"),
        (DAUGHTER | {"contact_agreed": "yes", "contact_name": ""}, "contact_name"),
    ],
)
def test_without_agreement_name_or_number_nothing_is_recorded_and_the_field_says_why(
    town: Town, browser: Browser, typed: dict[str, str], field: str
) -> None:
    _record(browser, **typed)

    assert browser.status == 409
    assert f'href="#{field}"' in browser.page
    assert f'aria-describedby="{field}-error"' in browser.page
    assert "06 " in browser.page
    assert town.rows("call_outcome") == []


def test_the_households_own_number_is_nobody_elses(town: Town, browser: Browser, home: builders.Household) -> None:
    _record(browser, **DAUGHTER | {"contact_agreed": "yes", "contact_number": home.phone})

    assert browser.status == 409
    assert [p["label"] for p in town.rows("phone", home)] == ["self"]


def test_health_is_kept_only_with_the_persons_word_sealed_and_for_callers(
    town: Town, console: Site, browser: Browser, home: builders.Household
) -> None:
    _record(browser, health_ok="yes", **HEALTH)

    [row] = town.rows("health_answers")
    assert b"unwell" not in bytes(row["sealed"])  # type: ignore[arg-type]
    assert row["kept_until"] == town.now + timedelta(days=90)
    assert [o["answers"] for o in town.rows("call_outcome")] == [{}]
    page = browser.get(f"/households/{home.id}").page
    assert "Santé, avec son accord" in page
    assert "Mal</li>" in page


def test_without_a_word_nothing_of_health_is_kept(town: Town, browser: Browser) -> None:
    _record(browser, **HEALTH)

    assert town.rows("health_answers") == []


def test_a_stay_in_hospital_is_written_down_as_an_absence(town: Town, browser: Browser) -> None:
    _record(browser, outcome="HOSPITAL", health_ok="yes")

    assert [o["code"] for o in town.rows("call_outcome")] == ["ABSENT"]
    assert [t["closed_as"] for t in town.rows("callback_task")] == ["ABSENT"]
    assert [h["reason"] for h in town.rows("hold")] == ["absent"]
    assert len(town.rows("health_answers")) == 1


def test_what_is_kept_of_health_goes_at_a_word_and_by_itself(
    town: Town, browser: Browser, home: builders.Household
) -> None:
    _record(browser, health_ok="yes", **HEALTH)
    browser.get(f"/households/{home.id}").send(f"/households/{home.id}/forget-health")
    assert town.rows("health_answers") == []

    browser.send(f"/households/{home.id}/call")
    browser.get("/desk").send("/desk/next")
    _record(browser, health_ok="yes", **HEALTH)
    town.now += learning.HEALTH_KEPT
    town.sweep()

    assert town.rows("health_answers") == []


def test_an_outcome_taken_back_takes_along_what_it_brought_to_light(
    town: Town, browser: Browser, home: builders.Household
) -> None:
    task = browser.path
    _record(browser, health_ok="yes", contact_agreed="yes", **HEALTH, **DAUGHTER)

    browser.send(task + "/undo")

    assert town.rows("health_answers") == []
    assert [p["label"] for p in town.rows("phone", home) if p["removed_at"] is None] == ["self"]


def test_another_deployments_key_opens_nothing() -> None:
    sealed = learning.seal({"state": ["unwell"]}, key="a" * 40)

    assert learning.opened(sealed, key="a" * 40) == {"state": ["unwell"]}
    assert learning.opened(sealed, key="b" * 40) is None


def test_nobody_to_warn_is_no_mistake() -> None:
    assert learning.contact(name="", link="child", number="", agreed=False) is None
    with pytest.raises(NotFilledIn):
        learning.contact(name="Jeanne", link="child", number="", agreed=True)
