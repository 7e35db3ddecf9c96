"""What somebody on the telephone waits for while texts leave: the hooks of calls, posted and signed during a blast."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from bench import cases, town
from bench.product import Bench

# Telephones in use at once: the lines of a small account, and as many people who ring back.
LINES, RINGING_BACK = 2, 2
# A call under way for each of so many households whose text has left, as if it had just been asked for.
CALLS = 400
# A person needs longer than this between two things that are told of their call.
BETWEEN_S = 0.05

_UNDER_WAY = text(
    """
WITH rung AS (
    SELECT r.id, r.household_id, r.e164 FROM recipient r
    WHERE r.event_id = :event AND r.contacted_at IS NOT NULL ORDER BY r.id LIMIT :calls
), chosen AS (
    UPDATE recipient r SET call_e164 = rung.e164 FROM rung WHERE r.id = rung.id
), called AS (
    INSERT INTO message (event_id, recipient_id, household_id, e164, channel, step, lane, sender, template, language,
                         state, attempts, due_at, window_closes_at, void_at, created_at, sent_at)
    SELECT :event, id, household_id, e164, 'voice', 'voice', 'calls', 'voix', 'heat_orange_check', 'fr',
           'sent', 1, now(), now() + interval '9 hours', now() + interval '9 hours', now(), now()
    FROM rung RETURNING id, e164
), asked AS (
    INSERT INTO attempt (message_id, started_at, finished_at, outcome)
    SELECT id, now(), now(), 'accepted' FROM called RETURNING id, message_id
), ringing AS (
    INSERT INTO automatic_call (attempt_id, message_id, sender, provider_sid, opened_at)
    SELECT id, message_id, 'voix', 'CA' || lpad(to_hex(id), 32, '0'), now() FROM asked
    RETURNING attempt_id, message_id, provider_sid
)
SELECT ringing.message_id, ringing.attempt_id, ringing.provider_sid, called.e164
FROM ringing JOIN called ON called.id = ringing.message_id ORDER BY 1
"""
)

Hook = tuple[str, dict[str, str]]


@dataclass(slots=True)
class Telephones:
    """Calls that go on side by side until the blast is over. answered_ms: of each hook, how long it took."""

    public_url: str
    validator: RequestValidator
    calls: Iterator[Any]
    answered_ms: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def use(self, *, back: bool) -> None:
        """One call after another on one telephone."""
        with requests.Session() as session:
            session.trust_env = False
            while not self.over.is_set():
                with self.lock:
                    call = next(self.calls, None)
                if call is None:
                    return
                for path, told in _ringing_back(call) if back else _rung(call):
                    self._post(session, path, told | {"CallSid": call.provider_sid})
                    time.sleep(BETWEEN_S)

    def _post(self, session: requests.Session, path: str, told: dict[str, str]) -> None:
        url = f"{self.public_url}/hooks/twilio/voice/{path}"
        signed = {"X-Twilio-Signature": self.validator.compute_signature(url, told)}
        begun = time.perf_counter()
        session.post(url, told, headers=signed, timeout=30).raise_for_status()
        self.answered_ms.append(1000 * (time.perf_counter() - begun))


def hooks_during_a_blast(bench: Bench, messages: int) -> dict[str, Any]:
    """Calls are told of and answered from the first text to the last: how long each hook takes, in milliseconds."""
    town.clear_events(bench.db)
    bench.light.reset()
    event = bench.launch()
    bench.wait(lambda: bench.light.stats()["accepted"] > messages // 10)
    with bench.db.begin() as connection:
        calls = iter(connection.execute(_UNDER_WAY, {"event": event, "calls": CALLS}).all())
    telephones = Telephones(bench.stack.public_url, RequestValidator(bench.light.token), calls)
    threads = [
        threading.Thread(target=telephones.use, kwargs={"back": n >= LINES}) for n in range(LINES + RINGING_BACK)
    ]
    for thread in threads:
        thread.start()
    bench.wait(lambda: bench.light.stats()["accepted"] >= messages)
    telephones.over.set()
    for thread in threads:
        thread.join()
    bench.wait(lambda: cases.unread(bench) == 0)
    taken, receipts = sorted(telephones.answered_ms), bench.light.stats()["receipt_ms"]
    told = {f"p{share}": _at(taken, share) for share in (50, 99)} | {"max": taken[-1]}
    return {"hooks": len(taken), "ms": told, "receipt_ms": receipts}


def _at(taken: list[float], percent: int) -> float:
    return taken[min(len(taken) - 1, percent * len(taken) // 100)]


def _rung(call: Any) -> list[Hook]:
    """A call of ours from the first ring to its end: a person who presses 1, told apart from a machine meanwhile."""
    about = f"?m={call.message_id}&a={call.attempt_id}"
    numbers = {"From": town.VOICE, "To": call.e164, "Direction": "outbound-api"}
    return [
        (f"status{about}", numbers | {"CallStatus": "ringing", "SequenceNumber": "1"}),
        (f"answer{about}", numbers | {"CallStatus": "in-progress"}),
        (f"status{about}", numbers | {"CallStatus": "in-progress", "SequenceNumber": "2"}),
        (f"amd{about}", {"AnsweredBy": "human", "MachineDetectionDuration": "3100"}),
        (f"gather{about}", numbers | {"CallStatus": "in-progress", "Digits": "1"}),
        (f"status{about}", numbers | {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": "31"}),
    ]


def _ringing_back(call: Any) -> list[Hook]:
    """The household rings our number, and presses 1."""
    numbers = {"From": call.e164, "To": town.VOICE, "Direction": "inbound"}
    return [
        ("inbound", numbers | {"CallStatus": "ringing"}),
        ("inbound/keys", numbers | {"CallStatus": "in-progress", "Digits": "1"}),
    ]
