"""Referrals and partners through the interface: scope, sendings once, errors by field."""

from collections.abc import Iterator

import pytest

from tests.integration.api_client import hire, open_to
from tests.integration.conftest import Town
from tests.integration.site import Site
from worker.domain.roles import Role


@pytest.fixture
def site(town: Town) -> Iterator[Site]:
    with open_to(town) as running:
        yield running


def test_a_need_goes_to_a_partner_and_comes_back_solved(town: Town, site: Site) -> None:
    home, olga = town.household(), hire(site)
    partner = olga.done("/partners", {"kind": "ccas", "name": "CCAS d'Essai", "phone": "05 36 49 00 21"})["id"]
    [proposed] = olga.get(f"/households/{home.id}/partners", params={"reason": "groceries"})["partners"]
    assert proposed["id"] == partner

    wanted = {"partner": partner, "reasons": ["groceries"]}
    first = olga.done(f"/households/{home.id}/referrals", wanted, key="besoin-1")
    assert olga.done(f"/households/{home.id}/referrals", wanted, key="besoin-1") == first
    path = f"/referrals/{first['id']}"
    olga.refused("POST", path + "/sent", 409, "refused", json={"via": "by_phone"})
    olga.done(path + "/consent", {"consent": "verbal"})
    olga.done(path + "/sent", {"via": "by_phone"})
    olga.refused("POST", path + "/mail", 409, "refused")
    whole = olga.done(path + "/move", {"to": "solved", "note": "fait"})

    assert [m["state"] for m in whole["moves"]] == ["draft", "consented", "sent", "solved"]
    assert whole["may_become"] == []
    assert olga.get("/referrals", params={"open": True})["items"] == []
    assert "ESSAI" in olga.ask("GET", path + "/form.html").text


def test_what_is_wrong_with_a_partner_is_said_by_field(site: Site) -> None:
    answer = hire(site).post("/partners", {"kind": "ccas", "name": "X", "phone": "trente", "postcodes": ["3100"]})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert {e["where"] for e in answer.json()["errors"]} == {"body.phone", "body.postcodes"}


def test_another_agency_s_referral_does_not_exist(town: Town, site: Site) -> None:
    home, olga, paul = town.household(agency="01"), hire(site), hire(site, Role.CALLER, "02")
    partner = olga.done("/partners", {"kind": "ccas", "name": "CCAS d'Essai", "phone": "05 36 49 00 21"})["id"]
    wanted = {"partner": partner, "reasons": ["groceries"]}
    made = olga.done(f"/households/{home.id}/referrals", wanted)["id"]

    paul.refused("GET", f"/referrals/{made}", 404, "not_found")
    paul.refused("POST", f"/referrals/{made}/consent", 404, "not_found", json={"consent": "verbal"})
    paul.refused("POST", f"/households/{home.id}/referrals", 404, "not_found", json=wanted)
    assert paul.get("/referrals")["items"] == []
