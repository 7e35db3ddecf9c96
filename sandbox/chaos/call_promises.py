"""What is promised of calls, each a sentence and a pure check of the evidence."""

from collections import Counter, defaultdict

from sandbox.chaos.checks import OPEN, SILENCE, Verdict
from sandbox.chaos.evidence import Evidence

# What a call without a key leads to; for who pressed one it would be as wrong as silence.
NO_KEY = SILENCE | {"no_mobile", "call_no_key", "call_unanswered"}
# The keys that answer the question: fine, call me, no more calls.
ANSWERS = frozenset("129")


def rung_once(evidence: Evidence) -> Verdict:
    """No try at a number was placed twice, whatever became of the request; and each one is a try of ours."""
    tries = Counter((call.message_id, call.attempt_id) for call in evidence.journal.called)
    wrong = [f"message {m}, attempt {a}: rung {n} times" for (m, a), n in tries.items() if n > 1]
    ours = {message.id for message in evidence.books.messages}
    wrong += [f"call {c.sid}: of no message" for c in evidence.journal.called if c.message_id not in ours]
    return Verdict(len(tries), tuple(wrong))


def no_key_is_lost(evidence: Evidence) -> Verdict:
    """A key that answers, once we said that we had it, is stored as what it is: an answer."""
    stored = {reply.sid.partition(".")[0] for reply in evidence.books.stored}
    keys = [key for key in evidence.journal.keys if key.digits in ANSWERS]
    return Verdict(len(keys), tuple(f"{k.call_sid}: {k.digits} not stored" for k in keys if k.call_sid not in stored))


def who_pressed_1_is_left_in_peace(evidence: Evidence) -> Verdict:
    """Who pressed 1, and in that event no other key that answers, has no open call for want of a key."""
    campaigns = {message.id: message.campaign for message in evidence.books.messages}
    calls = {call.sid: (campaigns.get(call.message_id or 0), call.to) for call in evidence.journal.called}
    pressed: defaultdict[tuple[str | None, str], set[str]] = defaultdict(set)
    for key in evidence.journal.keys:
        if key.digits in ANSWERS and key.call_sid in calls:
            pressed[calls[key.call_sid]].add(key.digits)
    fine = [r for r in evidence.books.recipients if pressed[r.campaign, r.landline or ""] == {"1"}]
    wrong = [
        f"{r.campaign}: {r.dwelling} pressed 1 and is on the list: {r.task_reasons}"
        for r in fine
        if r.state == "callback" and r.task_state in OPEN and NO_KEY.issuperset(r.task_reasons or ())
    ]
    return Verdict(len(fine), tuple(wrong))
