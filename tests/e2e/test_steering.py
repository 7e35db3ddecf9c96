"""An operator steers a blast while it runs, with real processes: what they say counts within a second."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import QUICK, District, until
from worker.domain.campaigns import Campaign
from worker.services import events, steering
from worker.store.steering import Texts

pytestmark = pytest.mark.e2e

IN_FLIGHT = int(QUICK["TWILIO__MAX_IN_FLIGHT"])


def _slow(district: District) -> Campaign:
    return district.campaign(reminder_text=None, reminder_after=None, reply_deadline=timedelta(minutes=30))


def _accepted(district: District, numbers: set[str]) -> int:
    return len([m for m in district.control.messages(direction="outbound-api") if m["to"] in numbers])


def _asked(message: dict[str, Any]) -> datetime:
    """When the request for a text came in."""
    return datetime.fromisoformat(message["asked"])


def _texts(district: District, event: int) -> Texts:
    """The account of an event at this moment."""
    app = district.city.app
    return steering.progress(district.city.db, event, senders=app.settings.sender_table, now=app.clock()).texts


def _is_full(district: District, event: int) -> bool:
    """Whether the provider has requests in hand, and more texts wait for their turn in a worker."""
    return district.control.stats()["in_flight"] > 0 and _texts(district, event).at_carrier > IN_FLIGHT


def _is_over(texts: Texts) -> bool:
    return texts.at_carrier == texts.waiting == 0


def _shown(district: District, event: int) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(district.city.stack.run("event", "show", str(event), "--json"))
    return shown


def _homes(district: District, count: int) -> set[str]:
    return {district.household("silent").phone for _ in range(count)}


def test_an_event_is_slowed_down_and_sped_up_while_it_sends(district: District) -> None:
    numbers = _homes(district, 60)
    district.control.settings(latency_ms=[0, 0])
    app = district.city.app
    opened = events.open_event(
        district.city.db, _slow(district), occasion=district.code, desk=app.desk, now=app.clock()
    )
    steering.set_pace(district.city.db, opened.event_id, per_s=2)
    until(lambda: _accepted(district, numbers) >= 4, why="the first texts")
    first = time.monotonic()
    until(lambda: _accepted(district, numbers) >= 14, why="some more")
    took = time.monotonic() - first
    shown = _shown(district, opened.event_id)["progress"]
    district.city.stack.run("event", "pace", str(opened.event_id), "0")
    until(lambda: _accepted(district, numbers) == 60, why="the rest at full pace")

    assert took >= 3.5  # 8 segments at least, after those that may have been on their way, at two a second
    assert shown["pace_per_s"] == 2
    assert shown["waiting"] > 0
    assert shown["ends_at"] is not None


def test_after_a_pause_nothing_leaves_and_everything_is_accounted_for(district: District) -> None:
    numbers = _homes(district, 240)
    district.control.settings(latency_ms=[1500, 1500])
    event = district.launch(_slow(district))
    until(lambda: _accepted(district, numbers) >= 10, why="the blast to be under way")

    events.pause(district.city.db, event)
    paused = time.monotonic()
    until(lambda: time.monotonic() - paused >= 1, why="the second a pause may take")
    in_hand = sum(
        district.report(event)["messages"]["by_state"][s] for s in ("sending", "unknown", "sent", "delivered")
    )
    until(lambda: district.report(event)["messages"]["by_state"]["sending"] == 0, why="requests under way to end")
    district.city.stack.run("event", "cancel", str(event))
    progress = _shown(district, event)["progress"]
    district.control.settings(latency_ms=[0, 0])

    # of what was in hand some may come back as not sent; nothing new is taken in hand
    assert progress["sent"] == _accepted(district, numbers) <= in_hand
    assert progress["stopped"] == 240 - progress["sent"] > 0
    assert (progress["waiting"], progress["at_carrier"]) == (0, 0)


def test_after_a_cancel_no_request_comes_in_from_the_next_second_on_and_the_account_says_where_each_text_is(
    district: District,
) -> None:
    numbers = _homes(district, 240)
    district.control.settings(latency_ms=[1500, 1500])
    event = district.launch(_slow(district))
    until(lambda: _is_full(district, event), why="the workers to hold more than they may ask for at once")

    events.cancel(district.city.db, event, now=district.city.app.clock())
    cancelled = datetime.fromisoformat(district.control.clock()["now"])
    at_once = _texts(district, event)
    until(lambda: _is_over(_texts(district, event)), why="requests under way to end")
    in_the_end = _texts(district, event)
    asked = [_asked(m) for m in district.control.messages(direction="outbound-api") if m["to"] in numbers]
    refused = [entry for entry in district.control.refused() if entry["to"] in numbers]
    district.control.settings(latency_ms=[0, 0])

    assert sorted(at - cancelled for at in asked if at > cancelled + timedelta(seconds=1)) == []
    assert refused == []
    assert at_once.at_carrier > 0
    assert at_once.stopped > 0
    assert (at_once.sent + at_once.at_carrier + at_once.stopped, at_once.waiting) == (240, 0)
    assert in_the_end.sent == len(asked) <= at_once.sent + at_once.at_carrier
    assert in_the_end.stopped == 240 - in_the_end.sent
    assert district.report(event)["recipients"]["unaccounted"] == 0


def test_an_all_clear_ends_the_wait_and_writes_to_those_who_got_the_alert(district: District) -> None:
    fine = district.household("silent", answers=[(0.5, "1")])
    silent = district.household("silent")
    landline = district.household(mobiles=(), landlines=("+33536490999",))
    event = district.launch(_slow(district))
    until(lambda: district.report(event)["recipients"]["total"] == 3, why="the event to be drawn up")
    until(lambda: district.recipient(fine)["state"] == "fine", why="the reply to be read")
    until(lambda: district.recipient(landline)["state"] == "callback", why="the landline to be rung")

    said = json.loads(district.city.stack.run("event", "all-clear", str(event), "--json"))

    until(lambda: len(district.received(silent)) == 2, why="the last text to the silent")
    until(lambda: len(district.received(fine)) >= 2, why="the last text to the fine")
    assert said["checks_stopped"] == 1
    assert "se termine" in district.received(silent)[1]
    assert district.one(
        "SELECT state, reason FROM recipient WHERE event_id = :e AND household_id = :h", e=event, h=silent.id
    ) == {
        "state": "cancelled",
        "reason": "all_clear",
    }
    assert district.report(event)["state"] == "settled"
    assert district.report(event)["recipients"]["unaccounted"] == 0
    end = district.report(said["end_event_id"])
    assert end["recipients"]["total"] == 2
