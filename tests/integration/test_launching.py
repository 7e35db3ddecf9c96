"""What a launch is refused for, wherever it comes from."""

import pytest

from tests import builders, commands
from tests.deployments import ROOT, settings_in
from tests.integration.conftest import DESK, Town
from worker.domain.errors import Refused
from worker.services import events, launching

REAL = {"account_sid": "AC1", "api_url": "https://api.twilio.com"}


def _allowed(town: Town, **landlord: object) -> int:
    settings = settings_in(ROOT, twilio=REAL, landlord=landlord)
    return launching.allow(town.db, builders.campaign(), settings=settings, desk=DESK, now=town.now)


def test_real_tenants_are_not_given_the_name_and_number_that_we_ship(town: Town) -> None:
    town.household()

    with pytest.raises(Refused, match=r"\(landlord.name, landlord.phone\), ou landlord.examples_allowed"):
        _allowed(town)


@pytest.mark.parametrize("landlord", [{"name": "Habitat 31", "phone": "05 61 00 00 00"}, {"examples_allowed": True}])
def test_a_landlord_s_own_words_or_its_word_that_they_are_meant_let_a_launch_through(
    town: Town, landlord: dict[str, object]
) -> None:
    town.household()

    assert _allowed(town, **landlord) == 1


def test_a_campaign_for_nobody_is_refused(town: Town) -> None:
    with pytest.raises(Refused, match="Aucun foyer"):
        _allowed(town, examples_allowed=True)


def test_what_was_cancelled_is_not_taken_for_launched(town: Town, database_url: str) -> None:
    town.household()
    events.cancel(town.db, town.open(builders.campaign(key="canicule-orange"), "x"), now=town.now)
    settings = {
        "COURTOISIE_DATABASE_URL": database_url,
        "COURTOISIE_BROKER_URL": "redis://127.0.0.1:1/0",
        "COURTOISIE_LANDLORD__EXAMPLES_ALLOWED": "true",
    }

    done = commands.run("launch", "canicule-orange", "--occasion", "x", "--yes", settings=settings)

    assert done.returncode == 1
    assert "annulée" in done.stderr
    assert "--occasion x-2" in done.stderr
