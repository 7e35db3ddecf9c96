"""A call by the machine: what it comes to, whatever the order in which that is told, and when it is tried again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.messages import MessageState
from worker.domain.replies import Intent

# What a key says. Only these are an answer; 3 repeats the question, and any other is a slip of the finger.
INTENT_OF_KEY: Mapping[str, Intent] = {"1": Intent.OK, "2": Intent.HELP, "9": Intent.STOP}
REPEAT = "3"
_WEIGHT = {"1": 1, "9": 2, "2": 3}


class CallEnd(StrEnum):
    """What one call came to. Only ANSWERED is an answer: that somebody or something picked up proves nothing."""

    ANSWERED = "answered"
    NO_INPUT = "no_input"
    WRONG_KEY = "wrong_key"
    HUNG_UP = "hung_up"
    MACHINE = "machine"
    FAX = "fax"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    DEAD = "dead"
    FAILED = "failed"
    CANCELLED = "cancelled"


# Somebody picked up and did not answer the question; nobody could be asked; the number itself is no use.
HEARD = frozenset({CallEnd.NO_INPUT, CallEnd.WRONG_KEY, CallEnd.HUNG_UP})
UNHEARD = frozenset({CallEnd.MACHINE, CallEnd.BUSY, CallEnd.NO_ANSWER})
USELESS = frozenset({CallEnd.FAX, CallEnd.REJECTED, CallEnd.DEAD, CallEnd.FAILED, CallEnd.CANCELLED})

_COMPLETED = "completed"
_END_OF_STATUS = {
    "busy": CallEnd.BUSY,
    "no-answer": CallEnd.NO_ANSWER,
    "failed": CallEnd.FAILED,
    "canceled": CallEnd.CANCELLED,
}
# Under which of them the provider tells of a call that was turned away.
_REFUSALS = frozenset({CallEnd.BUSY, CallEnd.NO_ANSWER, CallEnd.FAILED})
FINAL = frozenset({_COMPLETED, *_END_OF_STATUS})
STATUSES = frozenset({"queued", "initiated", "ringing", "in-progress", *FINAL})
# SIP words of the carrier: not found, gone for good, incomplete, does not exist anywhere. The first is also what a
# fault of its own routing says, for many numbers that are none the worse: it does for the event, not for good.
NOT_FOUND = 404
_DEAD_FOR_GOOD = frozenset({410, 484, 604})
_DEAD = _DEAD_FOR_GOOD | {NOT_FOUND}
# Forbidden, declined; unwanted, and rejected by somebody's filter (RFC 8197, RFC 8688): those two judge our number.
BLOCKED = frozenset({607, 608})
_REJECTED = frozenset({403, 603}) | BLOCKED


@dataclass(frozen=True, slots=True)
class Call:
    """All that was told about one call so far. sequence: of the newest word about its status, -1 before any.

    key: of those that answer the question the weightiest. heard_out: question and repeats were heard to their end.
    """

    status: str | None = None
    sequence: int = -1
    answered_by: str | None = None
    key: str | None = None
    wrong_key: bool = False
    heard_out: bool = False
    sip_code: int | None = None
    duration_s: int | None = None

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def by_machine(self) -> bool:
        return (self.answered_by or "").startswith("machine")


@dataclass(frozen=True, slots=True)
class Word:
    """One thing told about a call: a status, who answered, a key, that the question was heard out."""

    status: str | None = None
    sequence: int | None = None
    answered_by: str | None = None
    key: str | None = None
    heard_out: bool = False
    sip_code: int | None = None
    duration_s: int | None = None


def after(call: Call, word: Word) -> Call:
    """What is known after one more word. In any order, and however often each comes, the same in the end: a status
    gives way to a newer one and never the final one to another, everything else is learnt once."""
    return replace(
        _with_status(call, word),
        answered_by=call.answered_by or word.answered_by,
        key=_weightier(call.key, word.key),
        wrong_key=call.wrong_key or (bool(word.key) and word.key not in INTENT_OF_KEY and word.key != REPEAT),
        heard_out=call.heard_out or word.heard_out,
        sip_code=call.sip_code or word.sip_code,
        duration_s=call.duration_s if word.duration_s is None else word.duration_s,
    )


def _with_status(call: Call, word: Word) -> Call:
    if word.status not in STATUSES or call.is_over:
        return call
    sequence = _rank(word)
    return replace(call, status=word.status, sequence=sequence) if sequence > call.sequence else call


def _rank(word: Word) -> int:
    """Final words stand above all others, with or without a number."""
    return (1000 if word.status in FINAL else 0) + (word.sequence or 0)


def _weightier(one: str | None, other: str | None) -> str | None:
    """A call for help outweighs a refusal, and both outweigh "fine"."""
    answers = [key for key in (one, other) if key in _WEIGHT]
    return max(answers, key=_WEIGHT.__getitem__, default=None)


def end_of(call: Call) -> CallEnd | None:
    """What a call came to; None while it goes on. A key proves a person, whatever the machine's guess was."""
    if call.key is not None:
        return CallEnd.ANSWERED
    if call.status == _COMPLETED:
        return _unanswered(call)
    end = _END_OF_STATUS.get(call.status or "")
    if end in _REFUSALS and call.sip_code in _REJECTED:
        return CallEnd.REJECTED
    return CallEnd.DEAD if end is CallEnd.FAILED and call.sip_code in _DEAD else end


def proves_dead(call: Call, *, not_found_before: bool) -> bool:
    """Whether a call teaches that its number is to be used by nobody any more. not_found_before: so ended the last call
    to it on an earlier day, too."""
    if end_of(call) is not CallEnd.DEAD:
        return False
    return call.sip_code in _DEAD_FOR_GOOD or not_found_before


def _unanswered(call: Call) -> CallEnd:
    if call.answered_by == "fax":
        return CallEnd.FAX
    if call.by_machine:
        return CallEnd.MACHINE
    if call.wrong_key:
        return CallEnd.WRONG_KEY
    return CallEnd.NO_INPUT if call.heard_out else CallEnd.HUNG_UP


# Somebody who hangs up has heard the advice after so long: it follows the greeting, and all further words are choices.
ADVICE_HEARD_S = 20


def informs(end: CallEnd, call: Call, *, machine_told: bool) -> bool:
    """Whether a call has brought its advice to somebody. machine_told: it was said to an answering machine."""
    if end is CallEnd.MACHINE:
        return machine_told
    if end in {CallEnd.HUNG_UP, CallEnd.WRONG_KEY}:
        return (call.duration_s or 0) >= ADVICE_HEARD_S
    return end in {CallEnd.ANSWERED, CallEnd.NO_INPUT}


# ---- what follows --------------------------------------------------------------

# How the ledger keeps a call whose tries are over.
STATE_OF_END = dict.fromkeys(CallEnd, MessageState.UNDELIVERED) | {
    CallEnd.ANSWERED: MessageState.DELIVERED,
    CallEnd.CANCELLED: MessageState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Again:
    """A further call: not before `earliest`, spread up to `latest`, as long as it ended so at most `most` times.

    other_half: rather in the other half of the day. as_people: rather as far apart as people's calls are. What is only
    wished for gives way where it would come too late.
    """

    earliest: timedelta
    latest: timedelta
    most: int = 9
    other_half: bool = False
    as_people: bool = False


# Who picked up is rung by a person next, and so is who cannot be rung: for them there is no line here.
AGAIN: Mapping[CallEnd, Again] = {
    CallEnd.BUSY: Again(timedelta(minutes=10), timedelta(minutes=30)),
    CallEnd.NO_ANSWER: Again(timedelta(minutes=30), timedelta(minutes=60), as_people=True),
    CallEnd.MACHINE: Again(timedelta(minutes=60), timedelta(minutes=90), most=1, other_half=True),
    CallEnd.FAILED: Again(timedelta(minutes=10), timedelta(minutes=30), most=1),
}
NOON = time(13)


@dataclass(frozen=True, slots=True)
class Tried:
    """The calls made so far. calls: all of them; alike: those that came to the same end. most: so many are made at all.

    until: a call later than this helps nobody. spread: 0 to 1, so that many that ended together do not ring together.
    apart: from one of a person's calls to the next at this level; None: in the other half of the day.
    """

    calls: int
    alike: int
    most: int
    ended_at: datetime
    until: datetime
    spread: float
    apart: timedelta | None = timedelta()


def next_call(
    end: CallEnd,
    tried: Tried,
    *,
    opening: Callable[[datetime], datetime],
    tz: ZoneInfo,
    rules: Mapping[CallEnd, Again] = AGAIN,
) -> datetime | None:
    """When the machine rings again; None when it does not. opening: the first moment from one on at which it may."""
    rule = rules.get(end)
    if rule is None or tried.calls >= tried.most or tried.alike > rule.most:
        return None
    soon = tried.ended_at + rule.earliest + tried.spread * (rule.latest - rule.earliest)
    return next((at for at in map(opening, [_wished(rule, tried, soon, tz), soon]) if at < tried.until), None)


def _wished(rule: Again, tried: Tried, soon: datetime, tz: ZoneInfo) -> datetime:
    apart = tried.apart if rule.as_people else timedelta()
    if rule.other_half or apart is None:
        return other_half(tried.ended_at, tz)
    return max(soon, tried.ended_at + apart + tried.spread * (rule.latest - rule.earliest))


class Half(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"


# So many of the latest keys tell when somebody is in; fewer tell nothing.
KEYS_THAT_TELL = 3
# After a first call there has to be time for another.
TIME_FOR_ANOTHER = timedelta(hours=1)


def usual_half(keys: int, mornings: int) -> Half | None:
    """In which half of the day somebody answers; None where that is not known. keys: the latest; mornings: of them."""
    if keys < KEYS_THAT_TELL:
        return None
    return {keys: Half.MORNING, 0: Half.AFTERNOON}.get(mornings)


def first_call(
    usual: Half | None, *, now: datetime, until: datetime, opening: Callable[[datetime], datetime], tz: ZoneInfo
) -> datetime:
    """When the machine rings first: in the half of the day in which they answer, if it comes in time."""
    soon = opening(now)
    if usual is None or _half_of(soon, tz) is usual:
        return soon
    wished = opening(other_half(soon, tz))
    return wished if _half_of(wished, tz) is usual and wished + TIME_FOR_ANOTHER <= until else soon


def _half_of(at: datetime, tz: ZoneInfo) -> Half:
    return Half.MORNING if at.astimezone(tz).time() < NOON else Half.AFTERNOON


def other_half(at: datetime, tz: ZoneInfo) -> datetime:
    """The beginning of the other half of the day: who is out of a morning may be in of an afternoon."""
    local = at.astimezone(tz)
    if local.time() < NOON:
        return calendar.instant(local.date(), NOON, tz)
    return calendar.instant(local.date() + timedelta(days=1), time(), tz)
