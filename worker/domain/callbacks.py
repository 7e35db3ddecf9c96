"""A callback task: a call a human owes a household, why, how urgent, by when."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.campaigns import Level


class TaskState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    CANCELLED = "cancelled"


OPEN_STATES = (TaskState.OPEN, TaskState.CLAIMED)


class TaskReason(StrEnum):
    """Why a person should ring."""

    EMERGENCY_WORD = "emergency_word"
    ASKED_CALL = "asked_call"
    NO_REPLY_RED = "no_reply_red"
    NO_REPLY_ORANGE = "no_reply_orange"
    NO_REPLY = "no_reply"
    UNCLEAR = "unclear"
    UNDELIVERED = "undelivered"
    NO_MOBILE = "no_mobile"
    PREFERS_CALL = "prefers_call"
    OPTED_OUT = "opted_out"
    WRONG_NUMBER = "wrong_number"
    FOLLOW_UP = "follow_up"
    TRUSTED_CONTACT = "trusted_contact"
    PARTNER = "partner"
    REFERRAL_OVERDUE = "referral_overdue"
    REFERRAL_REMINDER = "referral_reminder"
    REFERRAL_TO_FINISH = "referral_to_finish"
    REFERRAL_RING_BACK = "referral_ring_back"
    MANUAL = "manual"
    WEEKLY = "weekly"
    # what became of the automatic call, beside the reason for which it was made
    CALL_NO_KEY = "call_no_key"
    CALL_UNANSWERED = "call_unanswered"
    CALL_FAILED = "call_failed"
    RANG_UNHEARD = "rang_unheard"


# They were asked and said nothing: a task that exists only for these ends with the alert.
SILENCE = frozenset(
    {
        TaskReason.NO_REPLY_RED,
        TaskReason.NO_REPLY_ORANGE,
        TaskReason.NO_REPLY,
        TaskReason.WEEKLY,
        TaskReason.CALL_NO_KEY,
        TaskReason.CALL_UNANSWERED,
    }
)
# A late "all well" is the whole answer to these. Who rang and was not heard may have rung for anything: no all clear
# answers them.
_ENDS_WITH_FINE = SILENCE | {TaskReason.RANG_UNHEARD}

# Nothing could be put to them by machine when the task was made: where they were asked after all, "all well" answers.
UNASKED = frozenset({TaskReason.NO_MOBILE, TaskReason.PREFERS_CALL})

# The household itself asks, and is told when a person will ring.
ASKED = frozenset({TaskReason.ASKED_CALL, TaskReason.EMERGENCY_WORD})

POINTS = {
    TaskReason.EMERGENCY_WORD: 100,
    TaskReason.ASKED_CALL: 60,
    TaskReason.NO_REPLY_RED: 45,
    TaskReason.UNCLEAR: 40,
    TaskReason.MANUAL: 40,
    TaskReason.RANG_UNHEARD: 40,
    TaskReason.OPTED_OUT: 30,
    TaskReason.NO_REPLY_ORANGE: 30,
    TaskReason.UNDELIVERED: 30,
    TaskReason.WRONG_NUMBER: 30,
    TaskReason.REFERRAL_OVERDUE: 40,
    TaskReason.REFERRAL_REMINDER: 35,
    TaskReason.REFERRAL_TO_FINISH: 35,
    TaskReason.REFERRAL_RING_BACK: 25,
    TaskReason.FOLLOW_UP: 30,
    TaskReason.TRUSTED_CONTACT: 30,
    TaskReason.PARTNER: 30,
    TaskReason.NO_MOBILE: 25,
    TaskReason.PREFERS_CALL: 25,
    TaskReason.CALL_FAILED: 25,
    TaskReason.NO_REPLY: 10,
    TaskReason.CALL_NO_KEY: 10,
    TaskReason.CALL_UNANSWERED: 10,
    TaskReason.WEEKLY: 10,
}

# What is to be done about a referral before, or instead of, asking how somebody is.
OF_REFERRALS = (
    TaskReason.REFERRAL_OVERDUE,
    TaskReason.REFERRAL_REMINDER,
    TaskReason.REFERRAL_TO_FINISH,
    TaskReason.REFERRAL_RING_BACK,
)

# The strongest reason counts in full; each further one says that the case is not simple, up to two of them: the
# landlord's own rule, which keeps a pile of small reasons from looking like an emergency.
FURTHER_REASON = 10
_FURTHER_MOST = 20

AT_ONCE = timedelta(minutes=15)
SOON = timedelta(hours=2)
ONE_HOUR = timedelta(hours=1)

_BANDS = (("P0", 100), ("P1", 60), ("P2", 35))
_AGES = (("age_85", 85, 20), ("age_80", 80, 10))
_ALONE = {"yes": ("lives_alone", 15), "unknown": ("lives_alone_unknown", 5)}
_LEVEL_POINTS = {Level.RED: 25, Level.ORANGE: 10}
_LATER_HEAT_DAY = 3
_SILENT_EVENTS_MOST = 15
_WAITING_MOST = 15


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a household that is to be rung.

    age: of the oldest tenant, None when unknown. lives_alone: yes, no or unknown. no_support: nobody comes, as far
    as the household told. heat_day: 1 on the first day of orange or red heat. silent_events: how many events in a row
    went unanswered. waiting_min: minutes past the due time. fine_recently: spoken to in the last 24 hours, all well.
    """

    age: int | None
    lives_alone: str = "unknown"
    fragile: bool = False
    no_support: bool = False
    level: Level = Level.NONE
    heat_day: int = 1
    silent_events: int = 0
    waiting_min: float = 0
    fine_recently: bool = False


Score = tuple[tuple[str, int], ...]

# What a score may be made of, besides the strongest reason.
SCORE_CODES = (
    *(
        "further_reasons",
        "age_80",
        "age_85",
        "age_unknown",
        "lives_alone",
        "lives_alone_unknown",
        "no_support",
        "fragile",
    ),
    *("red", "orange", "heat_day", "silent_before", "waiting_long", "fine_recently"),
)


def score(reasons: Collection[TaskReason], facts: Facts) -> Score:
    """The points of a task, each with the code of what it is for, in the order shown to the caller."""
    parts = (*_of_reasons(reasons), *_of_person(facts), *_of_situation(reasons, facts))
    return tuple((code, points) for code, points in parts if points)


def priority(points: Iterable[tuple[str, int]]) -> int:
    """The sum that orders the queue."""
    return sum(p for _code, p in points)


def need(facts: Facts) -> int:
    """What speaks for ringing this household before others, whatever the reason and the day."""
    return sum(points for _code, points in _of_person(facts))


def band(value: int) -> str:
    """P0 now, P1 within two hours, P2 the same working day, P3 within two working days."""
    return next((name for name, least in _BANDS if value >= least), "P3")


def merge(existing: Iterable[TaskReason], new: Iterable[TaskReason]) -> tuple[TaskReason, ...]:
    """All reasons of a task, strongest first, each once."""
    return tuple(sorted({*existing, *new}, key=lambda r: (-POINTS[r], r)))


# Whom a call is for instead of the household, once nobody there was reached.
_FOR_OTHERS = frozenset({TaskReason.TRUSTED_CONTACT, TaskReason.PARTNER})


def for_whom(reasons: Iterable[TaskReason], new: TaskReason) -> tuple[TaskReason, ...]:
    """The merged reasons of a task after a new one: who asks for a call is rung themselves, whoever was to be rung."""
    return tuple(r for r in reasons if new not in ASKED or r not in _FOR_OTHERS)


def puts_aside_the_plan(wished_at: datetime, *, tried_at: datetime | None) -> bool:
    """Whether who asked is rung at once, whatever the next try was planned for: they did after the last one. tried_at:
    when that was recorded, None when nobody has rung yet."""
    return tried_at is None or wished_at >= tried_at


def closes_on_late_ok(reasons: Iterable[TaskReason], *, were_asked: bool = False) -> bool:
    """Whether "all well" is the whole answer: only silence was the matter, theirs or ours when they rang. were_asked:
    everybody whom the task is for, in each event, has been asked by now."""
    return set(reasons) <= (_ENDS_WITH_FINE | UNASKED if were_asked else _ENDS_WITH_FINE)


def due_at(
    name: str, now: datetime, hours: calendar.CallHours, *, urgent: bool, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    """By when a task of this band is to be rung. P0 does not wait for call hours; P1 counts two hours of calling;
    P2 ends with the day, or with the next morning when less than an hour of calling is left; P3 two working days
    later.
    """
    if name == "P0":
        return now + AT_ONCE
    if name == "P1":
        return calendar.after_call_time(now, hours, wait=SOON, urgent=urgent, tz=tz, holidays=holidays)
    if name == "P2":
        return calendar.today_or_next_morning(now, hours, at_least=ONE_HOUR, urgent=urgent, tz=tz, holidays=holidays)
    return calendar.end_of_working_day(now, hours, urgent=urgent, tz=tz, holidays=holidays, days_later=2)


def _of_reasons(reasons: Collection[TaskReason]) -> Iterable[tuple[str, int]]:
    ordered = merge(reasons, ())
    yield str(ordered[0]), POINTS[ordered[0]]
    yield "further_reasons", min(FURTHER_REASON * (len(ordered) - 1), _FURTHER_MOST)


def _of_person(facts: Facts) -> Iterable[tuple[str, int]]:
    yield _age(facts.age)
    yield _ALONE.get(facts.lives_alone, ("", 0))
    yield "no_support", 15 * facts.no_support
    yield "fragile", 15 * facts.fragile


def _age(age: int | None) -> tuple[str, int]:
    if age is None:
        return "age_unknown", 5
    return next(((code, points) for code, least, points in _AGES if age >= least), ("", 0))


def _of_situation(reasons: Collection[TaskReason], facts: Facts) -> Iterable[tuple[str, int]]:
    yield str(facts.level), _LEVEL_POINTS.get(facts.level, 0)
    yield "heat_day", 5 * (facts.level in _LEVEL_POINTS and facts.heat_day >= _LATER_HEAT_DAY)
    yield "silent_before", min(5 * facts.silent_events, _SILENT_EVENTS_MOST)
    yield "waiting_long", min(max(int(facts.waiting_min // 30), 0), _WAITING_MOST)
    yield "fine_recently", -30 * (facts.fine_recently and not ASKED & set(reasons))
