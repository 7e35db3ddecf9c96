"""What is promised of calls, each a sentence and a pure check of the evidence."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from sandbox.chaos.checks import CLOCKS, OPEN, SILENCE, Verdict
from sandbox.chaos.evidence import Evidence

# What a call without a key leads to; for who pressed one it would be as wrong as silence.
NO_KEY = SILENCE | {"no_mobile", "call_no_key", "call_unanswered"}
# The keys that answer the question: fine, call me, no more calls.
ANSWERS = frozenset("129")
NO_MORE_CALLS = "9"
# So often a household is rung in one event at most, whoever does not pick up: as the shipped settings have it.
CALLS_AT_MOST = 3
# Who reads a refusal has written it down so long after its beginning; until then a call may be claimed.
READING = timedelta(seconds=2)

Place = tuple[str | None, str]  # a campaign, and the number that the machine rings for it


def rung_once(evidence: Evidence) -> Verdict:
    """No try at a number was placed twice, whatever became of the request, and each one is a try of ours. No household
    is rung more often in an event than it may be, nor again once we had its answer, nor in any once it refused."""
    calls = evidence.journal.called
    tries = Counter((call.message_id, call.attempt_id) for call in calls)
    wrong = [f"message {m}, attempt {a}: rung {n} times" for (m, a), n in tries.items() if n > 1]
    ours = {message.id for message in evidence.books.messages}
    wrong += [f"call {c.sid}: of no message" for c in calls if c.message_id not in ours]
    of_place = Counter(_places(evidence).values())
    wrong += [f"{c}: {to} rung {n} times" for (c, to), n in of_place.items() if n > CALLS_AT_MOST]
    return Verdict(len(tries), (*wrong, *_after_an_answer(evidence)))


def _after_an_answer(evidence: Evidence) -> Iterator[str]:
    """Calls that were claimed when there was an answer; what was claimed before it may be on its way."""
    places, claimed = _places(evidence), {request.id: request.started_at for request in evidence.books.requests}
    answered, refused = _answered(evidence, places), _refused(evidence)
    for call in evidence.journal.called:
        at, place = claimed.get(call.attempt_id or 0), places[call.sid]
        if at is None:
            continue
        if place in answered and at > answered[place] + CLOCKS:
            yield f"{place[0]}: {call.to} rung again, {at - answered[place]} after its key"
        elif call.to in refused and at > refused[call.to] + READING:
            yield f"{place[0]}: {call.to} rung {at - refused[call.to]} after it refused calls"


def _places(evidence: Evidence) -> dict[str, Place]:
    """The campaign and the number of each call, by its id."""
    campaigns = {message.id: message.campaign for message in evidence.books.messages}
    return {call.sid: (campaigns.get(call.message_id or 0), call.to) for call in evidence.journal.called}


def _answered(evidence: Evidence, places: Mapping[str, Place]) -> dict[Place, datetime]:
    """When we had the first key that answers, for each place."""
    first: dict[Place, datetime] = {}
    for key in evidence.journal.keys:
        if key.digits in ANSWERS and key.call_sid in places:
            place = places[key.call_sid]
            first[place] = min(key.kept_at, first.get(place, key.kept_at))
    return first


def _refused(evidence: Evidence) -> dict[str, datetime]:
    """When we had read that a number wants no more calls."""
    pressed = {key.call_sid for key in evidence.journal.keys if key.digits == NO_MORE_CALLS}
    read = [r for r in evidence.books.stored if r.sid.partition(".")[0] in pressed]
    return {reply.number: reply.read_at for reply in read if reply.read_at is not None}


def no_key_is_lost(evidence: Evidence) -> Verdict:
    """A key that answers, once we said that we had it, is stored as what it is: an answer."""
    stored = {reply.sid.partition(".")[0] for reply in evidence.books.stored}
    keys = [key for key in evidence.journal.keys if key.digits in ANSWERS]
    return Verdict(len(keys), tuple(f"{k.call_sid}: {k.digits} not stored" for k in keys if k.call_sid not in stored))


def who_pressed_1_is_left_in_peace(evidence: Evidence) -> Verdict:
    """Who pressed 1, and in that event no other key that answers, has no open call for want of a key; unless it is for
    another event too, in which nobody could ring them."""
    places = _places(evidence)
    pressed: defaultdict[Place, set[str]] = defaultdict(set)
    for key in evidence.journal.keys:
        if key.digits in ANSWERS and key.call_sid in places:
            pressed[places[key.call_sid]].add(key.digits)
    unasked = _unasked(evidence, frozenset(places.values()))
    fine = [r for r in evidence.books.recipients if pressed[r.campaign, r.landline or ""] == {"1"}]
    wrong = [
        f"{r.campaign}: {r.dwelling} pressed 1 and is on the list: {r.task_reasons}"
        for r in fine
        if r.state == "callback" and r.task_state in OPEN and NO_KEY.issuperset(r.task_reasons or ())
        if r.dwelling not in unasked
    ]
    return Verdict(len(fine), tuple(wrong))


def _unasked(evidence: Evidence, rung: frozenset[Place]) -> set[str]:
    """Homes that are on the list for an event in which the machine never rang them: one open call stands for all."""
    listed = [r for r in evidence.books.recipients if r.state == "callback" and r.task_state in OPEN]
    return {r.dwelling for r in listed if (r.campaign, r.landline or "") not in rung}
