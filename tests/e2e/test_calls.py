"""The machine rings a town of landlines: real processes, the stand-in plays the words to people of every manner."""

import re
from dataclasses import dataclass, replace
from datetime import time, timedelta
from pathlib import Path

import pytest

from tests import builders
from tests.e2e.conftest import City, District
from tests.outages import away
from tests.waiting import until
from worker.domain.campaigns import Attempts, SendWindow

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("nothing_to_debug")]
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "caller.fr.md"

# manner -> what the household comes to, why a person rings, and what each call came to
ENDINGS = {
    "fine": ("fine", [], ["answered"]),
    "repeat": ("fine", [], ["answered"]),
    "deaf": ("fine", [], ["answered"]),
    "wrong_then_fine": ("fine", [], ["answered"]),
    "presses_and_leaves": ("fine", [], ["answered"]),
    "slow_detection": ("fine", [], ["answered"]),
    "unknown": ("fine", [], ["answered"]),
    "misjudged": ("fine", [], ["answered"]),
    "help": ("callback", ["asked_call"], ["answered"]),
    "stop": ("callback", ["opted_out"], ["answered"]),
    "silent": ("callback", ["no_reply_orange", "call_no_key"], ["no_input"]),
    "wrong_key": ("callback", ["no_reply_orange", "call_no_key"], ["wrong_key"]),
    "hangs_up": ("callback", ["no_reply_orange", "call_no_key"], ["hung_up"]),
    "fax": ("callback", ["call_failed", "no_mobile"], ["fax"]),
    "dead": ("callback", ["call_failed", "no_mobile"], ["dead"]),
    "declines": ("callback", ["call_failed", "no_mobile"], ["rejected"]),
    "blocked": ("callback", ["call_failed", "no_mobile"], ["rejected"]),
    "busy": ("callback", ["no_reply_orange", "call_unanswered"], ["busy"] * 3),
    "busy_once": ("fine", [], ["busy", "answered"]),
    "no_answer": ("callback", ["no_reply_orange", "call_unanswered"], ["no_answer"] * 3),
    "no_answer_once": ("fine", [], ["no_answer", "answered"]),
    "machine": ("callback", ["no_reply_orange", "call_unanswered"], ["machine", "machine"]),
}


@dataclass
class Day:
    """A settled event and its households by their manner on the telephone."""

    district: District
    homes: dict[str, builders.Household]
    account: dict[str, object]


@pytest.fixture(scope="module")
def day(city: City) -> Day:
    district = city.district()
    homes = {manner: district.landline(manner) for manner in ENDINGS}
    event = district.launch(district.calling())
    account = district.settled(event, timeout_s=150)
    return Day(district, homes, account)


@pytest.mark.parametrize("manner", ENDINGS)
def test_each_manner_on_the_telephone_has_its_end(day: Day, manner: str) -> None:
    state, reasons, ends = ENDINGS[manner]
    home = day.homes[manner]
    calls = day.district.all(
        "SELECT c.came_to FROM automatic_call c JOIN message m ON m.id = c.message_id "
        "WHERE m.e164 = :number AND c.provider_sid IS NOT NULL ORDER BY 1",
        number=home.phone,
    )
    task = day.district.task(home)

    assert [str(call["came_to"]) for call in calls] == sorted(ends)
    assert (task["reasons"] if task else []) == reasons
    assert day.district.recipient(home)["state"] == state


def test_nobody_is_missing_from_the_account(day: Day) -> None:
    recipients = day.account["recipients"]

    assert isinstance(recipients, dict)
    assert recipients["total"] == len(ENDINGS)
    assert recipients["unaccounted"] == 0
    assert sum(recipients["by_state"].values()) == len(ENDINGS)


def test_each_attempt_was_one_call(day: Day) -> None:
    for home in day.homes.values():
        placed = day.district.control.calls(to=home.phone)
        attempts = day.district.all(
            "SELECT a.id FROM attempt a JOIN message m ON m.id = a.message_id "
            "WHERE m.e164 = :number AND a.outcome = 'accepted'",
            number=home.phone,
        )

        assert len(placed) == len(attempts)


def quotes(path: Path) -> list[str]:
    """What a guide says that tenants hear: its quoted paragraphs, each as one line."""
    said = re.split(r"\n(?!>)", path.read_text(encoding="utf-8"))
    blocks = [re.findall(r"^> ?(.*)$", block, flags=re.MULTILINE) for block in said]
    return [" ".join(" ".join(lines).split()) for lines in blocks if lines]


def test_what_the_callers_guide_says_that_tenants_hear_is_what_they_heard(day: Day) -> None:
    calls = [call for home in day.homes.values() for call in day.district.control.calls(to=home.phone)]
    heard = [" ".join(" ".join(line["text"] for line in call["heard"]).split()) for call in calls]
    guide = quotes(GUIDE)

    assert len(guide) == 9
    assert [quote for quote in guide if not any(quote in one for one in heard)] == []


def test_a_machine_records_words_of_its_own(day: Day) -> None:
    calls = day.district.control.calls(to=day.homes["machine"].phone)

    assert all("Vous pouvez nous rappeler" in str(call["heard"]) for call in calls)


@pytest.mark.troubled
def test_who_presses_2_while_the_database_is_away_is_told_so_and_rung_by_a_person_all_the_same(
    district: District,
) -> None:
    home = district.landline("silent", presses=[None, ("2", 1.0, 0.5), None])
    district.launch(district.calling())
    until(lambda: placed(district, home)["status"] == "in-progress", why="somebody to pick up")
    with away(district.city.db, "inbound_message"):
        until(lambda: placed(district, home)["status"] == "completed", why="the call to end")

    assert "Nous n'avons pas pu noter votre choix" in str(placed(district, home)["heard"])
    until(lambda: "asked_call" in (district.task(home) or {"reasons": []})["reasons"], why="the key to be kept")


def placed(district: District, home: builders.Household) -> dict[str, object]:
    """The newest call to a household; one that is not there yet has no status."""
    return next(iter(district.control.calls(to=home.phone)), {"status": ""})


AT_ANY_HOUR, AT_ONCE = SendWindow(time(0), time(23, 59)), Attempts(3, timedelta())
# manner -> what an advice comes to for who has a landline alone, and why a person rings
ADVISED = {
    "silent": ("informed", "heard", []),
    "machine": ("informed", "told_machine", []),
    "hangs_up": ("unreached", "landline_only", []),
    "no_answer_once": ("informed", "heard", []),
    "busy": ("unreached", "landline_only", []),
    "help": ("callback", "asked_call", ["asked_call"]),
}


def test_at_a_yellow_alert_who_has_no_mobile_hears_the_advice_and_2_asks_for_a_person(district: District) -> None:
    homes = {manner: district.landline(manner) for manner in ADVISED}
    advice = district.city.app.campaigns["canicule-conseils"]
    event = district.launch(
        replace(advice, audience=district.campaign().audience, call_window=AT_ANY_HOUR, attempts=AT_ONCE)
    )

    account = district.settled(event, timeout_s=150)

    for manner, (state, reason, reasons) in ADVISED.items():
        recipient, task = district.recipient(homes[manner]), district.task(homes[manner])
        assert (recipient["state"], recipient["reason"], task["reasons"] if task else []) == (state, reason, reasons), (
            manner
        )
    assert account["recipients"]["unaccounted"] == 0
    for manner in ("silent", "machine", "help"):
        assert "Buvez souvent" in str(placed(district, homes[manner])["heard"])
    assert "rappellera" not in str(placed(district, homes["silent"])["heard"])
