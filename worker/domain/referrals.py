"""A referral: a need handed over to a partner, with consent, a deadline, and somebody who looks again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from worker.domain.callbacks import TaskReason
from worker.domain.partners import PartnerKind


class ReferralState(StrEnum):
    """Where a referral stands."""

    DRAFT = "draft"
    CONSENTED = "consented"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    DECLINED = "declined"
    NO_FEEDBACK = "no_feedback"
    WITHDRAWN = "withdrawn"


class Urgency(StrEnum):
    """How soon the partner is to have acknowledged it."""

    IMMEDIATE = "immediate"
    DAY = "24h"
    THREE_DAYS = "72h"
    WEEK = "week"


class Consent(StrEnum):
    """How the person agreed. waived: vital danger, with the reason kept."""

    NONE = "none"
    VERBAL = "verbal"
    WAIVED = "waived"


class Shared(StrEnum):
    """What a partner may be told. The name and the need are what a referral is; the rest is asked for."""

    PHONE = "phone"
    ADDRESS = "address"


class Via(StrEnum):
    """How a partner was reached."""

    PHONE = "by_phone"
    EMAIL = "by_email"
    PAPER = "on_paper"


class SendingOutcome(StrEnum):
    """What became of one hand-over. unknown: it may have left; nobody sends it a second time by itself."""

    DONE = "done"
    REFUSED = "not_sent"
    UNKNOWN = "unknown_fate"


class ReferralReason(StrEnum):
    """The need, coded. Nothing about health."""

    DANGER = "danger"
    GROCERIES = "groceries"
    COOLING = "cooling"
    DELIVERY = "delivery"
    COMPANY = "company"
    HOME_HELP = "home_help"
    REPAIR = "repair"
    REPAIR_URGENT = "repair_urgent"
    REGISTER = "register"
    SUPPLIES = "supplies"
    PAPERWORK = "paperwork"
    OTHER_NEED = "other_need"


_OPEN_ENDS = frozenset(
    {
        ReferralState.SOLVED,
        ReferralState.NOT_SOLVED,
        ReferralState.DECLINED,
        ReferralState.NO_FEEDBACK,
        ReferralState.WITHDRAWN,
    }
)
_NONE: frozenset[ReferralState] = frozenset()

# Every move there is; what is not here is refused.
MOVES: Mapping[ReferralState, frozenset[ReferralState]] = {
    ReferralState.DRAFT: frozenset({ReferralState.CONSENTED, ReferralState.WITHDRAWN}),
    ReferralState.CONSENTED: frozenset({ReferralState.SENT, ReferralState.WITHDRAWN}),
    ReferralState.SENT: frozenset({ReferralState.ACKNOWLEDGED, ReferralState.IN_PROGRESS}) | _OPEN_ENDS,
    ReferralState.ACKNOWLEDGED: frozenset({ReferralState.IN_PROGRESS}) | _OPEN_ENDS,
    ReferralState.IN_PROGRESS: _OPEN_ENDS,
    ReferralState.SOLVED: _NONE,
    ReferralState.NOT_SOLVED: _NONE,
    ReferralState.DECLINED: _NONE,
    ReferralState.NO_FEEDBACK: _NONE,
    ReferralState.WITHDRAWN: _NONE,
}
OPEN_STATES = tuple(state for state, nexts in MOVES.items() if nexts)
# These have rules of their own: a consent says who gave it how, a hand-over says by what way.
BY_THEMSELVES = frozenset({ReferralState.CONSENTED, ReferralState.SENT})
# The need stands and nobody is at it any more: the household is rung at once.
UNHELPED = frozenset({ReferralState.NOT_SOLVED, ReferralState.DECLINED, ReferralState.NO_FEEDBACK})
# A partner has it in hand.
TAKEN_UP = frozenset({ReferralState.ACKNOWLEDGED, ReferralState.IN_PROGRESS})

DELAYS: Mapping[Urgency, timedelta] = {
    Urgency.IMMEDIATE: timedelta(hours=1),
    Urgency.DAY: timedelta(hours=24),
    Urgency.THREE_DAYS: timedelta(hours=72),
    Urgency.WEEK: timedelta(days=7),
}
# How long a partner who has acknowledged is given before the household is asked whether the help came.
HELP_WITHIN: Mapping[Urgency, timedelta] = {
    Urgency.IMMEDIATE: timedelta(hours=24),
    Urgency.DAY: timedelta(days=3),
    Urgency.THREE_DAYS: timedelta(days=7),
    Urgency.WEEK: timedelta(days=14),
}
# Nobody is reminded more often than this, nor less often.
LEAST_APART, MOST_APART = timedelta(hours=1), timedelta(days=1)

# What a call's form calls a need -> the reason of a referral. A code of the landlord's own is OTHER_NEED.
OF_NEED: Mapping[str, ReferralReason] = {
    "no_shutters": ReferralReason.COOLING,
    "no_fan": ReferralReason.COOLING,
    "cool_place_needed": ReferralReason.COOLING,
    "difficult": ReferralReason.GROCERIES,
    "none": ReferralReason.GROCERIES,
    "delivery_needed": ReferralReason.DELIVERY,
    "nobody": ReferralReason.COMPANY,
    "freq_up": ReferralReason.COMPANY,
    "repair": ReferralReason.REPAIR,
    "repair_urgent": ReferralReason.REPAIR_URGENT,
    "help": ReferralReason.REGISTER,
    "supplies": ReferralReason.SUPPLIES,
}

_SOCIAL = (PartnerKind.CCAS, PartnerKind.MDS, PartnerKind.MAIRIE, PartnerKind.ASSOCIATION)
_REPAIRS = (PartnerKind.REPAIRS,)
_AT_HOME = (PartnerKind.HOME_CARE, PartnerKind.CCAS, PartnerKind.ASSOCIATION)
_COMPANY = (PartnerKind.ASSOCIATION, PartnerKind.CCAS, PartnerKind.MDS)

# Who helps with what, the likeliest first, and how soon it is wanted when nobody says otherwise.
KINDS: Mapping[ReferralReason, tuple[PartnerKind, ...]] = {
    ReferralReason.DANGER: (PartnerKind.MDS, PartnerKind.CCAS, PartnerKind.MAIRIE),
    ReferralReason.GROCERIES: _SOCIAL,
    ReferralReason.COOLING: (PartnerKind.CCAS, PartnerKind.MAIRIE, PartnerKind.REPAIRS, PartnerKind.ASSOCIATION),
    ReferralReason.DELIVERY: _AT_HOME,
    ReferralReason.COMPANY: _COMPANY,
    ReferralReason.HOME_HELP: _AT_HOME,
    ReferralReason.REPAIR: _REPAIRS,
    ReferralReason.REPAIR_URGENT: _REPAIRS,
    ReferralReason.REGISTER: (PartnerKind.MAIRIE, PartnerKind.CCAS),
    ReferralReason.SUPPLIES: _SOCIAL,
    ReferralReason.PAPERWORK: (PartnerKind.MDS, PartnerKind.CCAS),
    ReferralReason.OTHER_NEED: _SOCIAL,
}
URGENCIES: Mapping[ReferralReason, Urgency] = {
    ReferralReason.DANGER: Urgency.IMMEDIATE,
    ReferralReason.GROCERIES: Urgency.DAY,
    ReferralReason.COOLING: Urgency.DAY,
    ReferralReason.DELIVERY: Urgency.DAY,
    ReferralReason.COMPANY: Urgency.WEEK,
    ReferralReason.HOME_HELP: Urgency.THREE_DAYS,
    ReferralReason.REPAIR: Urgency.WEEK,
    ReferralReason.REPAIR_URGENT: Urgency.DAY,
    ReferralReason.REGISTER: Urgency.WEEK,
    ReferralReason.SUPPLIES: Urgency.THREE_DAYS,
    ReferralReason.PAPERWORK: Urgency.WEEK,
    ReferralReason.OTHER_NEED: Urgency.THREE_DAYS,
}


@dataclass(frozen=True, slots=True)
class Times:
    """The clock of an open referral. due_at: by when the partner is to have acknowledged, None before it was sent.

    reminded_at: when somebody was asked to remind the partner. next_check: when somebody looks again.
    """

    state: ReferralState
    urgency: Urgency
    next_check: datetime
    due_at: datetime | None = None
    reminded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Chase:
    """What is due: a call with this reason, and when somebody looks again."""

    reason: TaskReason
    next_check: datetime


def may_move(old: ReferralState, new: ReferralState) -> bool:
    """Whether the table of moves has this one."""
    return new in MOVES[old]


def due_at(urgency: Urgency, sent_at: datetime) -> datetime:
    """By when the partner is to have acknowledged."""
    return sent_at + DELAYS[urgency]


def first_check(state: ReferralState, urgency: Urgency, *, now: datetime) -> datetime | None:
    """When somebody looks again at a referral that has just come into this state; None where all is over."""
    if state not in OPEN_STATES:
        return None
    if state in TAKEN_UP:
        return now + HELP_WITHIN[urgency]
    half = DELAYS[urgency] / 2
    return now + (half if state is ReferralState.SENT else min(half, MOST_APART))


def chase(times: Times, *, now: datetime) -> Chase | None:
    """What has to be done now; None while it is not time. Never without a next time: nothing open is forgotten."""
    if now < times.next_check:
        return None
    if times.state in TAKEN_UP:
        return Chase(TaskReason.REFERRAL_RING_BACK, now + HELP_WITHIN[times.urgency])
    if times.state is ReferralState.SENT and times.due_at is not None:
        if now < times.due_at:
            return Chase(TaskReason.REFERRAL_REMINDER, times.due_at)
        return Chase(TaskReason.REFERRAL_OVERDUE, now + _apart(times.urgency))
    return Chase(TaskReason.REFERRAL_TO_FINISH, now + _apart(times.urgency))


def of_needs(needs: Iterable[str]) -> tuple[ReferralReason, ...]:
    """The reasons that a call's needs stand for, in the order of the list, each once."""
    found = {OF_NEED.get(need, ReferralReason.OTHER_NEED) for need in needs}
    return tuple(reason for reason in ReferralReason if reason in found)


def kinds_for(reasons: Iterable[ReferralReason]) -> tuple[PartnerKind, ...]:
    """The kinds of partner that help with these, the likeliest first."""
    return tuple(dict.fromkeys(kind for reason in reasons for kind in KINDS[reason]))


def urgency_for(reasons: Iterable[ReferralReason]) -> Urgency:
    """The soonest that any of these asks for."""
    wanted = {URGENCIES[reason] for reason in reasons}
    return next((urgency for urgency in Urgency if urgency in wanted), Urgency.THREE_DAYS)


def _apart(urgency: Urgency) -> timedelta:
    return min(max(DELAYS[urgency], LEAST_APART), MOST_APART)
