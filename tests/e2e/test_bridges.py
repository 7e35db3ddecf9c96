"""A caller at home rings a tenant through the system: real processes, both telephones, and the caller's card."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests import builders
from tests.e2e.conftest import VOICE, District
from tests.integration.console_visits import PASSWORD, Browser
from tests.waiting import until
from worker.domain.roles import Role
from worker.services import staffing
from worker.services.staffing import TERMINAL

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("nothing_to_debug")]
PICKS_UP = {"presses": [["1", 0.9, 0.0], None], "talk_s": 3000}
LATEST = "SELECT * FROM bridged_call WHERE task_id = :task ORDER BY id DESC LIMIT 1"


@dataclass
class Caller:
    """Somebody who works from home, with a phone of their own and a household's call in hand."""

    district: District
    phone: str
    home: builders.Household
    task: int
    page: Browser

    def presses_the_button(self) -> dict[str, Any]:
        """Waits until the bridged call is over; returns its row."""
        self.page.get(f"/tasks/{self.task}").send(f"/tasks/{self.task}/bridge")
        until(lambda: self.row()["ended_at"] is not None, why="the bridged call to end")
        return self.row()

    def row(self) -> dict[str, Any]:
        return self.district.one(LATEST, task=self.task)

    def legs(self) -> list[dict[str, Any]]:
        """What rang: their own phone and the household's, in this order."""
        own = self.district.control.calls(to=self.phone)
        return [*own, *(leg for leg in self.district.control.calls(to=self.home.phone) if leg["parent"])]


@pytest.fixture
def caller(district: District) -> Caller:
    """Odile has taken the call of a household that rang and pressed 2."""
    db, now = district.city.db, district.city.app.clock()
    login, phone = f"odile.{district.code.lower()}", builders.mobile()
    staffing.add(db, login=login, password=PASSWORD, role=Role.CALLER, agencies=(district.code,), by=TERMINAL, now=now)
    staffing.set_phone(db, login, phone, by=TERMINAL, now=now)
    home = district.landline("silent")
    district.control.ring(home.phone, VOICE, "silent", presses=[["2", 0.9, 0.0], None])
    until(lambda: district.task(home) is not None, why="the call to be owed")
    task = int((district.task(home) or {})["id"])
    page = Browser(district.city.stack.public_url)
    page.sign_in(login).get(f"/tasks/{task}").send(f"/tasks/{task}/claim")
    return Caller(district, phone, home, task, page)


def words(leg: dict[str, Any]) -> str:
    return " ".join(line["text"] for line in leg["heard"])


def began(leg: dict[str, Any], status: str) -> str:
    return next(at for at, reached in leg["trail"] if reached == status)


def test_their_phone_rings_then_the_tenants_and_the_landlords_number_is_shown(caller: Caller) -> None:
    caller.district.control.put_callee(caller.phone, "silent", **PICKS_UP)
    caller.district.control.put_callee(caller.home.phone, "silent", talk_s=90)

    row = caller.presses_the_button()

    assert row["came_to"] == "bridge_talked", row
    own, theirs = caller.legs()
    assert [leg["from"] for leg in (own, theirs)] == [VOICE, VOICE]
    assert began(own, "in-progress") < began(theirs, "initiated")
    assert "Foyer suivant : une personne, demande un appel." in words(own)
    assert words(theirs) == ""
    assert 80 <= row["talked_s"] <= 110
    card = caller.page.get(f"/tasks/{caller.task}").page
    assert "<strong>conversation</strong>, 1 min" in card.replace("\u202f", " ").replace("\u00a0", " ")
    assert caller.phone[3:] not in card.replace(" ", "")


def test_a_tenant_who_is_not_in_fills_the_card_for_the_caller_to_confirm(caller: Caller) -> None:
    caller.district.control.put_callee(caller.phone, "silent", **PICKS_UP)
    caller.district.control.put_callee(caller.home.phone, "no_answer")

    assert caller.presses_the_button()["came_to"] == "bridge_no_answer"

    card = caller.page.get(f"/tasks/{caller.task}")
    assert 'value="NO_ANSWER" form="call"' in card.page
    card.send(f"/tasks/{caller.task}/outcome", outcome="NO_ANSWER")
    [outcome] = caller.district.all("SELECT code FROM call_outcome WHERE task_id = :task", task=caller.task)
    assert outcome["code"] == "NO_ANSWER"


@pytest.mark.parametrize("manner", ["machine", "no_answer", "silent"])
def test_a_tenant_is_never_rung_for_a_phone_at_which_nobody_pressed_a_key(caller: Caller, manner: str) -> None:
    caller.district.control.put_callee(caller.phone, manner)

    row = caller.presses_the_button()

    assert row["came_to"] in {"bridge_not_connected", "bridge_not_picked_up"}
    assert [leg["to"] for leg in caller.legs()] == [caller.phone]


@pytest.fixture
def deaf(caller: Caller) -> Iterator[None]:
    """Nothing arrives of what the provider tells of how a bridged call ended."""
    control, public = caller.district.control, caller.district.city.stack.public_url
    before = control.settings()["rewrites"]
    control.add_fault("receipts_lost", resource="calls", to=[caller.phone])
    control.settings(rewrites={f"{public}/hooks/twilio/voice/bridge/ended": "http://127.0.0.1:9"} | before)
    yield
    control.settings(rewrites=before)


@pytest.mark.troubled
@pytest.mark.usefixtures("deaf")
def test_how_long_they_talked_is_on_the_card_although_nobody_told(caller: Caller) -> None:
    caller.district.control.put_callee(caller.phone, "silent", **PICKS_UP)
    caller.district.control.put_callee(caller.home.phone, "silent", talk_s=90)

    row = caller.presses_the_button()

    assert row["came_to"] == "bridge_talked", row
    assert 80 <= row["talked_s"] <= 110
    assert row["asked_about_at"] is not None
    card = caller.page.get(f"/tasks/{caller.task}").page
    assert "<strong>conversation</strong>, 1 min" in card.replace("\u202f", " ").replace("\u00a0", " ")
