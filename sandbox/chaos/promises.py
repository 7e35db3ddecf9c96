"""The promises, each a sentence and a pure check of the evidence. A check says what it looked at and what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta

from sandbox.chaos.call_promises import no_key_is_lost, rung_once, who_pressed_1_is_left_in_peace
from sandbox.chaos.checks import CLOCKS, OPEN, Check, Verdict
from sandbox.chaos.evidence import Evidence, Message, Recipient
from sandbox.chaos.reply_promises import no_reply_is_lost, the_fine_are_left_in_peace

# A request that was claimed in time may still be on its way out of the door: for as long as the timeout of a run.
LEAVING = timedelta(seconds=2)

RECIPIENT_STATES = frozenset(
    {"waiting", "callback", "fine", "informed", "absent", "reached", "unreached", "excluded", "cancelled"}
)
TASK_STATES = frozenset({"open", "claimed", "done", "cancelled"})
OVER = frozenset({"settled", "cancelled"})
UNDER_WAY = frozenset({"queued", "sending", "unknown"})
ARRIVED = frozenset({"sent", "delivered"})
LEFT = frozenset({"sent", "delivered", "undelivered"})
FINAL = frozenset({"delivered", "undelivered", "failed", "expired", "suppressed", "cancelled"})


def accepted_once(evidence: Evidence) -> Verdict:
    """No step of a campaign was taken by the provider twice for a number, and no acknowledgement either.

    A text that was sent again after its absence was proved is no exception: then the first was never taken.
    """
    accepted = evidence.journal.accepted
    by_words = Counter(text.what for text in accepted)
    by_message = Counter(text.message_id for text in accepted if text.message_id is not None)
    twice = [f"{what}: accepted {n} times" for what, n in by_words.items() if n > 1]
    twice += [f"message {m}: accepted {n} times" for m, n in by_message.items() if n > 1]
    return Verdict(len(by_words), tuple(twice))


def everyone_has_one_place(evidence: Evidence) -> Verdict:
    """Each household of the audience stands in the event exactly once, and nobody else does."""
    wrong, looked_at = [], 0
    standing: defaultdict[str, list[str]] = defaultdict(list)
    for recipient in evidence.books.recipients:
        standing[recipient.campaign].append(recipient.dwelling)
    for event in evidence.books.events:
        if event.fanned_out_at is None:
            continue
        audience, found = evidence.terms[event.campaign].audience, Counter(standing[event.campaign])
        looked_at += len(audience)
        wrong += [f"{event.campaign}: {home} has no place" for home in sorted(audience - found.keys())]
        wrong += [f"{event.campaign}: {home} is not of the audience" for home in sorted(found.keys() - audience)]
        wrong += [f"{event.campaign}: {home} stands {n} times" for home, n in found.items() if n > 1]
    return Verdict(looked_at, tuple(wrong))


def everyone_is_accounted_for(evidence: Evidence) -> Verdict:
    """A known state; who waits has a time in an event that is not over; who is to be rung has a task."""
    over = {e.campaign for e in evidence.books.events if e.state in OVER}
    wrong = [f"{r.campaign}: {r.dwelling} {said}" for r in evidence.books.recipients for said in _unaccounted(r, over)]
    return Verdict(len(evidence.books.recipients), tuple(wrong))


def _unaccounted(recipient: Recipient, over: set[str]) -> Iterator[str]:
    if recipient.state not in RECIPIENT_STATES:
        yield f"is in the unknown state {recipient.state}"
    if recipient.state == "waiting" and (recipient.due_at is None or recipient.campaign in over):
        yield "waits for nothing"
    if recipient.state == "callback" and recipient.task_state not in OPEN:
        yield f"is to be rung by nobody (task: {recipient.task_state})"


def no_opening_is_lost(evidence: Evidence) -> Verdict:
    """A campaign whose opening was confirmed to the operator has its event."""
    there = {event.campaign for event in evidence.books.events}
    return Verdict(len(evidence.opened), tuple(f"{c}: opened, and gone" for c in sorted(evidence.opened - there)))


def the_silent_are_rung(evidence: Evidence) -> Verdict:
    """Who was asked and never wrote a word is, or was, on the callers' list, unless the event was cancelled or an all
    clear came first."""
    heard = {h.number for h in evidence.journal.heard}
    asked = {(t.campaign, t.to) for t in evidence.journal.accepted if t.step == "1" and t.status in ARRIVED}
    cancelled = {e.campaign for e in evidence.books.events if e.state == "cancelled"}
    silent = [
        r
        for r in evidence.books.recipients
        if r.number
        and heard.isdisjoint({r.number, *r.others})
        and (r.campaign, r.number) in asked
        and r.campaign not in cancelled
        if evidence.terms[r.campaign].deadline_s is not None and r.reason != "all_clear"
    ]
    wrong = [f"{r.campaign}: {r.dwelling} never answered and is {r.state}" for r in silent if r.task_state is None]
    return Verdict(len(silent), tuple(wrong))


def nobody_waits_past_the_deadline(evidence: Evidence) -> Verdict:
    """Who was asked, and whose time to answer is long over, waits no more: answered, or to be rung, or settled."""
    asked = {(t.campaign, t.to): t.at for t in evidence.journal.accepted if t.step == "1" and t.status in ARRIVED}
    looked_at, wrong = 0, []
    for r in evidence.books.recipients:
        deadline_s, at = evidence.terms[r.campaign].deadline_s, asked.get((r.campaign, r.number or ""))
        if deadline_s is None or at is None or evidence.now < at + timedelta(seconds=deadline_s) + evidence.grace:
            continue
        looked_at += 1
        if r.state == "waiting":
            wrong.append(f"{r.campaign}: {r.dwelling} was asked at {at:%H:%M:%S} and still waits")
    return Verdict(looked_at, tuple(wrong))


def nothing_left_after_its_time(evidence: Evidence) -> Verdict:
    """No request of a campaign came in after its void time or outside its window, and none may arrive after it."""
    events = {event.campaign: event for event in evidence.books.events}
    texts = [t for t in evidence.journal.accepted if t.campaign in events]
    wrong = []
    for text in texts:
        void_at, window = events[text.campaign].void_at, evidence.terms[text.campaign].window
        if text.asked > void_at + CLOCKS:
            wrong.append(f"{text.what}: left {text.asked - void_at} after it was void")
        # How long it keeps is said when it leaves, and counted from when it comes in.
        over = text.asked + timedelta(seconds=text.validity_s) - void_at
        if over > CLOCKS + LEAVING:
            wrong.append(f"{text.what}: the carrier may deliver it {over} after it is void")
        if window and not window[0] - CLOCKS <= text.asked <= window[1] + LEAVING:
            wrong.append(
                f"{text.what}: left at {text.asked:%H:%M:%S}, its window is {window[0]:%H:%M}-{window[1]:%H:%M}"
            )
    return Verdict(len(texts), tuple(wrong))


def both_sides_agree(evidence: Evidence) -> Verdict:
    """Each text the provider took is on our books under its id and with its fate; each we say left, it took."""
    ours = {message.id: message for message in evidence.books.messages}
    taken = {text.sid for text in evidence.journal.accepted}
    wrong = [
        f"{text.what}: taken as {text.sid}, {said}"
        for text in evidence.journal.accepted
        for said in _disagreement(ours.get(text.message_id or 0), text.sid, text.status)
    ]
    left = [m for m in ours.values() if m.state in LEFT and m.channel == "sms"]  # a call's ids stand with its tries
    wrong += [f"message {m.id}: {m.state} as {m.sid}, unknown to the provider" for m in left if m.sid not in taken]
    return Verdict(len(taken | {m.sid for m in left}), tuple(wrong))


def _disagreement(ours: Message | None, sid: str, status: str) -> Iterator[str]:
    if ours is None:
        yield "not on the books"
    elif ours.sid != sid:
        yield f"on the books as {ours.sid} ({ours.state})"
    elif status in {"delivered", "undelivered", "sent"} and ours.state != status:
        yield f"{status} there and {ours.state} here"


def who_is_informed_had_the_text(evidence: Evidence) -> Verdict:
    """Whom we say the advice informed, the provider took that text for their number."""
    taken = {(text.campaign, text.to) for text in evidence.journal.accepted if text.step == "1"}
    informed = [r for r in evidence.books.recipients if r.state == "informed"]
    wrong = [
        f"{r.campaign}: {r.dwelling} is informed ({r.reason}), and no text was taken"
        for r in informed
        if (r.campaign, r.number) not in taken
    ]
    return Verdict(len(informed), tuple(wrong))


def all_has_come_to_an_end(evidence: Evidence) -> Verdict:
    """Every event is settled or was cancelled; nobody waits, and no text is under way or of unknown fate."""
    books = evidence.books
    wrong = [f"{e.campaign}: still {e.state}" for e in books.events if e.state not in OVER]
    wrong += [f"{r.campaign}: {r.dwelling} still waits" for r in books.recipients if r.state == "waiting"]
    wrong += [
        f"message {m.id} ({m.campaign}, {m.step}): still {m.state}" for m in books.messages if m.state in UNDER_WAY
    ]
    return Verdict(len(books.events) + len(books.recipients) + len(books.messages), tuple(wrong))


def the_account_adds_up(evidence: Evidence) -> Verdict:
    """By our own count every state together is the audience, and the program's report says the same."""
    wrong = []
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for recipient in evidence.books.recipients:
        counted[recipient.campaign][recipient.state] += 1
    for campaign, states in counted.items():
        if states.total() != len(evidence.terms[campaign].audience):
            wrong.append(f"{campaign}: {states.total()} accounted for, {len(evidence.terms[campaign].audience)} owed")
    for campaign, said in (evidence.said_by_report or {}).items():
        if {state: n for state, n in said.items() if n} != dict(counted[campaign]):
            wrong.append(f"{campaign}: the report says {dict(said)}, the rows say {dict(counted[campaign])}")
    return Verdict(len(counted), tuple(wrong))


# Hold at every moment, for they need the program's rows alone.
ALWAYS: Mapping[str, Check] = {
    "everyone_has_one_place": everyone_has_one_place,
    "everyone_is_accounted_for": everyone_is_accounted_for,
    "no_opening_is_lost": no_opening_is_lost,
}
# Hold at every moment too, and need the provider's journal.
AT_ANY_TIME: Mapping[str, Check] = {
    "accepted_once": accepted_once,
    "rung_once": rung_once,
    "nothing_left_after_its_time": nothing_left_after_its_time,
    "who_is_informed_had_the_text": who_is_informed_had_the_text,
}
# Hold once things had time to come to an end.
AT_THE_END: Mapping[str, Check] = {
    "no_reply_is_lost": no_reply_is_lost,
    "no_key_is_lost": no_key_is_lost,
    "who_pressed_1_is_left_in_peace": who_pressed_1_is_left_in_peace,
    "the_fine_are_left_in_peace": the_fine_are_left_in_peace,
    "the_silent_are_rung": the_silent_are_rung,
    "nobody_waits_past_the_deadline": nobody_waits_past_the_deadline,
    "both_sides_agree": both_sides_agree,
    "all_has_come_to_an_end": all_has_come_to_an_end,
    "the_account_adds_up": the_account_adds_up,
}
EVERY: Mapping[str, Check] = {**ALWAYS, **AT_ANY_TIME, **AT_THE_END}


def nothing_goes_back(before: Evidence, after: Evidence) -> Verdict:
    """Between two looks no row vanished and no text left a final state; nor did a call, unless a key came late."""
    then = before.books.messages
    now = {message.id: message.state for message in after.books.messages}
    final = [message for message in then if message.state in FINAL]
    wrong = [f"message {m.id}: {m.state}, then {now.get(m.id)}" for m in final if not _stands(m, now.get(m.id))]
    gone = {r.id for r in before.books.recipients} - {r.id for r in after.books.recipients}
    wrong += [f"recipient {r}: vanished" for r in sorted(gone)]
    return Verdict(len(then), tuple(wrong))


def _stands(final: Message, now: str | None) -> bool:
    """A key proves that somebody answered, whenever we are told of it and whatever had been told of the call's end."""
    return now == final.state or (final.channel == "voice" and now == "delivered")
