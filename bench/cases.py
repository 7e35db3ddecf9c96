"""What is asked of the product besides a blast: replies meanwhile, a pause, a pace that several workers share."""

import statistics
import time
from typing import Any

import requests
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from bench import product, town
from bench.product import Bench
from worker.services import events

PACE_PER_S = 10
PACED_TEXTS = 150
REPLIES = 60


def replies_during_a_blast(bench: Bench, messages: int) -> dict[str, Any]:
    """Calls for help, signed and posted to the hook while a blast runs: seconds until each is a task."""
    town.clear_events(bench.db)
    bench.light.reset()
    bench.launch()
    bench.wait(lambda: bench.light.stats()["accepted"] > messages // 10)
    answered_s = []
    for number in range(REPLIES):
        answered_s.append(_reply(bench, number))
        time.sleep(0.15)
    under_way = bench.light.stats()["accepted"] < messages
    bench.wait(lambda: unread(bench) == 0)
    waits = _waits(bench)
    bench.wait(lambda: bench.light.stats()["accepted"] >= messages)
    return {
        "replies": len(waits),
        "blast_still_under_way_at_the_last": under_way,
        "hook_ms": {"median": 1000 * statistics.median(answered_s), "max": 1000 * max(answered_s)},
        "task_after_s": {"median": statistics.median(waits), "max": max(waits)},
    }


def _reply(bench: Bench, number: int) -> float:
    """One household asks to be rung; returns how long the hook took, in seconds."""
    url = f"{bench.stack.public_url}/hooks/twilio/sms/inbound"
    fields = {
        "MessageSid": f"SM{number:032d}",
        "AccountSid": bench.stack.control.account()["sid"],
        "From": _answered_number(bench, number),
        "To": "38000",
        "Body": "2",
        "NumMedia": "0",
    }
    signature = RequestValidator(bench.light.token).compute_signature(url, fields)
    begun = time.perf_counter()
    requests.post(url, fields, headers={"X-Twilio-Signature": signature}, timeout=30).raise_for_status()
    return time.perf_counter() - begun


def pause(bench: Bench, messages: int) -> dict[str, Any]:
    """How long after a pause the last request still left, and what the account then says."""
    town.clear_events(bench.db)
    bench.light.reset()
    event = bench.launch()
    bench.wait(lambda: bench.light.stats()["accepted"] > messages // 5, every_s=0.05)
    events.pause(bench.db, event)
    paused_at = time.time()
    bench.wait(lambda: bench.count("state = 'sending'") == 0)
    last = bench.light.stats()["last_at"]
    return {"last_request_after_s": max(0.0, last - paused_at), "held_back": bench.count("state = 'queued'")}


def shared_pace(*, workers: int) -> dict[str, Any]:
    """Several workers, one sender of ten segments a second: the most the provider saw in any second."""
    changes = {"SENDERS__COURT__SEGMENTS_PER_S": str(PACE_PER_S)}
    with product.running(homes=PACED_TEXTS, workers=workers, changes=changes) as bench:
        bench.launch()
        bench.wait(lambda: bench.light.stats()["accepted"] >= PACED_TEXTS)
        seen = bench.light.stats()
    took = seen["last_at"] - seen["first_at"]
    return {
        "workers": workers,
        "pace_per_s": PACE_PER_S,
        "most_in_a_second": seen["most_in_a_second"],
        "per_s": PACED_TEXTS / took,
    }


def _answered_number(bench: Bench, number: int) -> str:
    with bench.db.begin() as connection:
        found: str = connection.execute(
            text("SELECT e164 FROM message WHERE state IN ('sent', 'delivered') ORDER BY id LIMIT 1 OFFSET :n"),
            {"n": number},
        ).scalar_one()
        return found


def unread(bench: Bench) -> int:
    """How many replies wait to be read."""
    with bench.db.begin() as connection:
        return int(connection.execute(text("SELECT count(*) FROM inbound_message WHERE read_at IS NULL")).scalar_one())


def _waits(bench: Bench) -> list[float]:
    with bench.db.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT extract(epoch FROM k.created_at - i.received_at) FROM inbound_message i "
                "JOIN reply y ON y.inbound_id = i.id JOIN callback_task k ON k.household_id = y.household_id"
            )
        )
        return [float(wait) for wait in rows.scalars()]
