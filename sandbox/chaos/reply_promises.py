"""What is promised of what people write, each a sentence and a pure check of the evidence."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sandbox.chaos.checks import CLOCKS, OPEN, SILENCE, Verdict
from sandbox.chaos.evidence import Evidence, Heard, Recipient, Stored

# An answer that nobody could read is waited for so long before its household counts as silent.
UNREAD_AT_MOST = timedelta(minutes=10)


def no_reply_is_lost(evidence: Evidence) -> Verdict:
    """What people wrote, by the provider's own list, is stored and read."""
    stored = {reply.sid: reply for reply in evidence.books.stored}
    wrong = [f"{h.sid} from {h.number}: not stored" for h in evidence.journal.heard if h.sid not in stored]
    wrong += [f"{reply.sid} from {reply.number}: not read" for reply in stored.values() if reply.read_at is None]
    return Verdict(len(evidence.journal.heard), tuple(wrong))


def the_fine_are_left_in_peace(evidence: Evidence) -> Verdict:
    """Who answered plainly "fine" within the time to answer has no open call for silence alone; nor were they handed to
    one after we had the answer, although reading it closes such a call again."""
    looked_at, wrong = 0, []
    replies, stored = _by_number(evidence.journal.heard), {reply.sid: reply for reply in evidence.books.stored}
    shared = _shared(evidence.books.recipients)
    asked = {(t.campaign, t.to): t.at for t in evidence.journal.accepted if t.step == "1"}
    for r in evidence.books.recipients:
        deadline_s, at = evidence.terms[r.campaign].deadline_s, asked.get((r.campaign, r.number or ""))
        if deadline_s is None or at is None or r.number is None or r.number in shared:
            continue
        deadline = timedelta(seconds=deadline_s)
        in_time = [reply for reply in replies[r.number] if at <= reply.at <= at + deadline - CLOCKS]
        if not in_time or any(reply.body not in evidence.fine for reply in in_time):
            continue
        looked_at += 1
        handed_at = _silent_from(r, deadline)
        if r.state == "callback" and r.task_state in OPEN and SILENCE.issuperset(r.task_reasons or ()):
            wrong.append(f"{r.campaign}: {r.dwelling} answered in time and is on the list for silence")
        elif handed_at is not None and any(_was_there(reply, stored, handed_at) for reply in in_time):
            wrong.append(f"{r.campaign}: {r.dwelling} was put on the list for silence with its answer in our hands")
    return Verdict(looked_at, tuple(wrong))


def _silent_from(recipient: Recipient, deadline: timedelta) -> datetime | None:
    """When a household counted as silent, at the earliest; None if never, or if the call was made for more than that.
    A call may be older: made for another event, it took this one's silence in."""
    if recipient.task_created_at is None or not SILENCE.issuperset(recipient.task_reasons or ()):
        return None
    return max(recipient.task_created_at, (recipient.contacted_at or recipient.task_created_at) + deadline)


def _was_there(reply: Heard, stored: Mapping[str, Stored], at: datetime) -> bool:
    """Whether we had an answer by then: our hook had said so, or it had been read; by more than two clocks may differ.
    What nobody could read for long is not waited for."""
    read_at = stored[reply.sid].read_at if reply.sid in stored else None
    known_at = min((moment for moment in (reply.kept_at, read_at) if moment is not None), default=None)
    if known_at is None or at <= known_at + CLOCKS:
        return False
    return at < known_at + UNREAD_AT_MOST or (read_at is not None and read_at < at)


def _by_number(heard: Iterable[Heard]) -> defaultdict[str, list[Heard]]:
    found: defaultdict[str, list[Heard]] = defaultdict(list)
    for reply in heard:
        found[reply.number].append(reply)
    return found


def _shared(recipients: Iterable[Recipient]) -> set[str]:
    """Numbers behind which several households are: one answer does not speak for all."""
    homes = {(r.number, r.dwelling) for r in recipients if r.number}
    return {number for number, n in Counter(number for number, _ in homes).items() if n > 1 and number}
