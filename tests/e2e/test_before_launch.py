"""Before a launch, at the command line: a small one just happens, a large one asks, a test reaches staff alone."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import commands, deployments
from tests.e2e.conftest import District, until
from worker.services import events, reporting

pytestmark = pytest.mark.e2e
GUEST = "+33745000001"
CAMPAIGN = """
title = "Essai"
kind = "check_in"
level = "orange"
purpose = "care"
sender = "court"
text = "heat_orange_check"
reply_deadline = "4h"
void_after = "6h"
[audience]
agencies = ["{code}"]
[window]
opens = "00:00"
closes = "23:59"
"""


@dataclass(frozen=True)
class Office:
    """Where the operator of a district types: a campaign for this district alone, in a configuration of its own."""

    district: District
    config: Path
    campaign: str

    def run(self, *arguments: str, **changes: str) -> commands.Done:
        theirs = self.district.city.stack.environment() | {"COURTOISIE_CONFIG_DIR": str(self.config)}
        changed = {f"COURTOISIE_{name}": value for name, value in changes.items()}
        return commands.run(*arguments, settings=theirs | changed)


@pytest.fixture
def office(district: District, tmp_path: Path) -> Office:
    config = deployments.copy_to(tmp_path) / "config"
    key = f"district-{district.code.lower()}"
    (config / "campaigns" / f"{key}.toml").write_text(CAMPAIGN.format(code=district.code), encoding="utf-8")
    return Office(district, config, key)


def test_a_launch_to_few_happens_and_to_many_asks_first(district: District, office: Office) -> None:
    for _ in range(3):
        district.household()

    refused = office.run("launch", office.campaign, "--json", LIMITS__CONFIRM_ABOVE="2")
    small = office.run("launch", office.campaign, "--occasion", "few", "--json", LIMITS__CONFIRM_ABOVE="3")
    large = office.run("launch", office.campaign, "--occasion", "many", "--yes", "--json", LIMITS__CONFIRM_ABOVE="2")

    assert (refused.returncode, "--yes" in refused.stderr, refused.stdout) == (1, True, "")
    assert [json.loads(done.stdout)["new"] for done in (small, large)] == [True, True]


def test_a_test_reaches_the_guest_and_no_tenant(district: District, office: Office) -> None:
    home = district.household()
    district.control.put_phone(GUEST, "silent")

    done = office.run("launch", office.campaign, "--test", "--json", GUESTS=json.dumps([GUEST]))
    told = json.loads(done.stdout)
    event = int(told["event"])

    until(lambda: events.get(district.city.db, event).state == "settled", why="the guest's text was delivered")
    assert (told["test"], told["guests"]) == (True, 1)
    account = reporting.as_json(reporting.report(district.city.db, event))
    assert (account["test"], account["messages"]["by_state"]["delivered"]) == (True, 1)
    assert [text["to"] for text in district.control.messages(to=home.phone)] == []
    assert len(district.control.messages(to=GUEST)) == 1


def test_a_preview_for_programs_names_nobody(district: District, office: Office) -> None:
    district.household()

    told = json.loads(office.run("preview", office.campaign, "--households", "--json").stdout)
    refused = office.run("preview", office.campaign, "--names")

    assert (told["households"], len(told["listed"])) == (1, 1)
    assert "ESSAI" not in json.dumps(told)
    assert (refused.returncode, "ESSAI" in refused.stdout + refused.stderr) == (1, False)
