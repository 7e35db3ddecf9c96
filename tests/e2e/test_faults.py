"""Machines, networks and the provider fail; the promise holds."""

import urllib.error
import urllib.request
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import Household
from tests.e2e.conftest import District, until
from worker.domain.campaigns import AgeBand, Audience, Campaign
from worker.services import events

pytestmark = pytest.mark.e2e


def _patient(district: District, **changes: Any) -> Campaign:
    """Nobody is rung for silence while a test breaks things."""
    return district.campaign(reply_deadline=timedelta(seconds=40), reminder_text=None, reminder_after=None, **changes)


def _all_fine(district: District, homes: int) -> list[str]:
    return [district.household("fine", answers=[(1.0, "1")]).phone for _ in range(homes)]


def _accepted_twice(district: District, numbers: list[str]) -> list[str]:
    sent = district.control.messages(direction="outbound-api", contains="Comment allez-vous")
    counted = Counter(m["to"] for m in sent if m["to"] in set(numbers))
    return [number for number, count in counted.items() if count > 1]


def _answered(district: District, number: str) -> bool:
    return bool(district.control.messages(direction="inbound", sender=number))


@pytest.mark.any_broker
def test_a_wiped_queue_in_mid_campaign_loses_nobody(district: District) -> None:
    numbers = _all_fine(district, 120)
    event = district.launch(_patient(district))
    until(lambda: district.report(event)["messages"]["by_state"]["sent"] >= 1, why="the first text to leave")

    district.city.wipe_queue()
    account = district.settled(event)

    assert account["recipients"]["by_state"] == {"fine": 120}
    assert _accepted_twice(district, numbers) == []


@pytest.mark.any_broker
def test_a_killed_worker_sends_nobody_a_second_text_and_forgets_nobody(district: District) -> None:
    numbers = _all_fine(district, 200)
    district.control.settings(latency_ms=[300, 300])
    event = district.launch(_patient(district, resend_after_unknown=True))
    until(lambda: district.report(event)["messages"]["by_state"]["sent"] >= 20, why="the blast to be under way")

    district.city.stack.kill("worker")
    district.control.settings(latency_ms=[0, 0])
    district.city.stack.launch("worker")
    account = district.settled(event, timeout_s=90)

    assert _accepted_twice(district, numbers) == []
    assert account["recipients"]["by_state"] == {"fine": 200}
    assert account["recipients"]["unaccounted"] == 0


def test_after_a_killed_worker_the_silent_are_reminded_and_rung_all_the_same(district: District) -> None:
    homes = [district.household("silent") for _ in range(60)]
    district.control.settings(latency_ms=[300, 300])
    event = district.launch(district.campaign(resend_after_unknown=True))
    until(lambda: district.report(event)["messages"]["by_state"]["sent"] >= 5, why="the blast to be under way")

    district.city.stack.kill("worker")
    district.control.settings(latency_ms=[0, 0])
    district.city.stack.launch("worker")
    until(lambda: all(district.task(home) for home in homes), timeout_s=60, why="everybody to be rung")

    assert _accepted_twice(district, [home.phone for home in homes]) == []
    assert {reason for home in homes for reason in (district.task(home) or {})["reasons"]} == {"no_reply_orange"}
    assert district.report(event)["recipients"]["unaccounted"] == 0


def test_replies_that_came_while_the_hooks_were_down_are_read_when_they_are_back(district: District) -> None:
    homes = [district.household("fine", answers=[(0.5, "1")]) for _ in range(10)]
    district.city.stack.kill("web")
    event = district.launch(_patient(district))
    until(lambda: all(_answered(district, home.phone) for home in homes), why="everybody to answer into the void")

    district.city.stack.launch("web")
    account = district.settled(event)

    assert account["recipients"]["by_state"] == {"fine": 10}
    assert all(district.task(home) is None for home in homes)


def test_receipts_doubled_shuffled_and_early_end_delivered(district: District) -> None:
    numbers = _all_fine(district, 20)
    for kind in ("receipts_duplicated", "receipts_shuffled", "receipts_early"):
        district.control.add_fault(kind, to=numbers)
    event = district.launch(_patient(district))

    district.settled(event)
    district.control.wait_idle()

    assert district.report(event)["messages"]["by_state"]["delivered"] == 20


def test_a_request_whose_fate_is_unknown_is_looked_up_and_not_sent_again(district: District) -> None:
    numbers = _all_fine(district, 10)
    district.control.add_fault("drop_after", to=numbers[:3])
    district.control.add_fault("error_after", to=numbers[3:6])
    district.control.add_fault("receipts_lost", to=numbers)
    event = district.launch(_patient(district))

    account = district.settled(event)

    assert _accepted_twice(district, numbers) == []
    assert account["recipients"]["by_state"] == {"fine": 10}


def _as_shipped(district: District, key: str) -> Campaign:
    """The campaign of a shipped file, for this district alone."""
    audience = Audience(age_bands=(AgeBand(70),), agencies=(district.code,))
    return replace(district.city.app.campaign(key), key=f"{key}-{district.code}", audience=audience)


def _fates(district: District, home: Household) -> list[str]:
    """What became of each request that left for the household's first text, in order."""
    ledger = district.all(
        "SELECT a.outcome FROM message m JOIN attempt a ON a.message_id = m.id "
        "WHERE m.household_id = :id AND a.outcome <> 'transient' ORDER BY a.id",  # not one that missed its moment
        id=home.id,
    )
    return [row["outcome"] for row in ledger]


def test_advice_whose_request_was_proved_lost_is_sent_again_exactly_once(district: District) -> None:
    home = district.household()
    district.control.add_fault("drop_before", to=[home.phone], times=1)

    account = district.settled(district.launch(_as_shipped(district, "canicule-conseils")))

    assert _fates(district, home) == ["unknown", "accepted"]
    assert len(district.received(home)) == 1
    assert account["recipients"]["by_state"] == {"informed": 1}


@pytest.mark.parametrize(
    ("key", "state", "reason"),
    [("canicule-conseils", "unreached", "unknown_outcome"), ("confinement-conseils", "callback", "undelivered")],
)
def test_advice_that_was_lost_twice_is_not_sent_a_third_time_and_ends_as_the_campaign_says(
    district: District, key: str, state: str, reason: str
) -> None:
    home = district.household()
    district.control.add_fault("error_before", to=[home.phone], times=2)

    account = district.settled(district.launch(_as_shipped(district, key)))

    assert _fates(district, home) == ["unknown", "unknown"]
    assert district.received(home) == []
    assert account["recipients"]["by_state"] == {state: 1}
    assert district.recipient(home)["reason"] == reason
    assert (district.task(home) is not None) is (state == "callback")


def test_a_check_in_whose_request_was_proved_lost_goes_to_a_person_and_is_not_sent_again(district: District) -> None:
    home = district.household()
    district.control.add_fault("drop_before", to=[home.phone], times=1)

    district.settled(district.launch(_patient(district)))

    assert _fates(district, home) == ["unknown"]
    assert district.received(home) == []
    assert (district.task(home) or {"reasons": None})["reasons"] == ["undelivered"]


def test_too_many_requests_are_tried_again_and_arrive_once(district: District) -> None:
    numbers = _all_fine(district, 20)
    district.control.add_fault("rate_limit", to=numbers, times=15)
    event = district.launch(_patient(district))

    account = district.settled(event)

    assert account["recipients"]["by_state"] == {"fine": 20}
    assert _accepted_twice(district, numbers) == []


def test_a_provider_that_takes_fewer_at_once_is_asked_less_and_everybody_is_reached(district: District) -> None:
    numbers = _all_fine(district, 160)
    district.control.settings(latency_ms=[150, 150], max_in_flight=8)
    event = district.launch(_patient(district))

    account = district.settled(event, timeout_s=90)
    refused = [entry for entry in district.control.refused() if entry["to"] in set(numbers)]
    district.control.settings(latency_ms=[0, 0], max_in_flight=100)

    assert account["recipients"]["by_state"] == {"fine": 160}
    assert _accepted_twice(district, numbers) == []
    assert len(refused) < 160  # without narrowing, each text would be refused several times


def test_wrong_credentials_stop_the_event_with_an_alarm_and_lose_nothing(district: District) -> None:
    numbers = _all_fine(district, 8)
    district.control.add_fault("refuse", to=numbers, code=20003, status=401)
    event = district.launch(_patient(district))
    stopped = until(
        lambda: (seen := district.report(event))["state"] == "paused" and seen, why="the event to be stopped"
    )
    assert "configuration" in stopped["alarm"]
    assert stopped["messages"]["by_state"]["failed"] == 0

    district.control.clear_faults()
    district.city.stack.run("event", "resume", str(event))
    account = district.settled(event)

    assert account["recipients"]["by_state"] == {"fine": 8}


def test_a_reply_posted_twice_by_the_provider_counts_once(district: District) -> None:
    home = district.household("help", answers=[(0.5, "2")])
    district.control.add_fault("inbound_duplicated", to=[home.phone])
    event = district.launch()

    district.settled(event)
    district.control.wait_idle()

    assert len(district.all("SELECT 1 FROM callback_task WHERE household_id = :id", id=home.id)) == 1
    assert len(district.all("SELECT 1 FROM reply WHERE household_id = :id", id=home.id)) == 1


def test_a_forged_hook_is_refused_and_changes_nothing(district: District) -> None:
    home = district.household("silent")
    body = f"MessageSid=SM{'0' * 32}&From=%2B{home.phone[1:]}&To=38000&Body=1".encode()
    request = urllib.request.Request(  # noqa: S310  # loopback
        f"{district.city.stack.public_url}/hooks/twilio/sms/inbound",
        data=body,
        headers={
            "X-Twilio-Signature": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)  # noqa: S310  # loopback

    assert refused.value.code == 403
    refused.value.close()
    assert district.all("SELECT 1 FROM inbound_message WHERE e164 = :n", n=home.phone) == []


def test_pause_stops_the_blast_and_resume_ends_it(district: District) -> None:
    numbers = _all_fine(district, 240)
    district.control.settings(latency_ms=[1500, 1500])
    event = district.launch(_patient(district))
    until(lambda: district.report(event)["messages"]["by_state"]["sent"] >= 10, why="the blast to be under way")

    events.pause(district.city.db, event)
    until(lambda: district.report(event)["messages"]["by_state"]["sending"] == 0, why="requests under way to end")
    held = district.report(event)["messages"]["by_state"]["queued"]
    district.control.settings(latency_ms=[0, 0])
    district.city.stack.run("event", "resume", str(event))
    account = district.settled(event)

    assert held > 0
    assert account["recipients"]["by_state"] == {"fine": 240}
    assert _accepted_twice(district, numbers) == []
