"""What comes next for a household whose time has come: a text more, a person's call, or a final word."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Campaign, Level, Remedy
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.domain.rungs import Ladder, LadderStep, Rung


@dataclass(frozen=True, slots=True)
class Facts:
    """One due recipient. reason: why it gets no text or why its text could not arrive, None when neither is known.

    contacted_at: when the first text left. message_state: how that text stands, None where there is none.
    reminders_from, texts_from: when a reminder, or another text, may next leave (`now`: at once); None when none may
    any more. has_second: the household has another number to write to. second_state: how the text to that number
    stands, None where there is none.
    void_at: a text that has not left by then never will.
    """

    campaign: Campaign
    reason: Reason | None
    contacted_at: datetime | None
    reminded_at: datetime | None
    message_state: MessageState | None
    reminders_from: datetime | None
    void_at: datetime
    now: datetime
    texts_from: datetime | None = None
    has_second: bool = False
    second_state: MessageState | None = None


@dataclass(frozen=True, slots=True)
class SendReminder:
    """A second text now. due_at: when somebody looks again."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class SendSecond:
    """A text to the household's other number now. due_at: when somebody looks again."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: look again at this time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class MakeTask:
    """A person rings."""

    reason: TaskReason


@dataclass(frozen=True, slots=True)
class Settle:
    """A final word."""

    state: RecipientState
    reason: Reason


Move = SendReminder | SendSecond | Wait | MakeTask | Settle

# A text under way that has not come to an end by its due time is looked at again this much later.
LOOK_AGAIN = timedelta(minutes=1)

# A text whose fate nobody can tell is given up this long after it was last useful.
GIVE_UP_AFTER = timedelta(hours=1)

_TASK_OF_REASON = {
    Reason.OPTED_OUT: TaskReason.OPTED_OUT,
    Reason.ON_HOLD: TaskReason.MANUAL,
    Reason.NO_PHONE: TaskReason.NO_MOBILE,
    Reason.LANDLINE_ONLY: TaskReason.NO_MOBILE,
    Reason.PREFERS_CALL: TaskReason.PREFERS_CALL,
    Reason.CONTACTED_TODAY: TaskReason.MANUAL,
    Reason.UNDELIVERED: TaskReason.UNDELIVERED,
    Reason.NUMBER_REFUSED: TaskReason.UNDELIVERED,
    Reason.EXPIRED: TaskReason.UNDELIVERED,
    Reason.UNKNOWN_OUTCOME: TaskReason.UNDELIVERED,
}

# Which policy of the campaign decides; the rest are the policy's own names.
_POLICY = {
    Reason.NUMBER_REFUSED: "undelivered",
    Reason.UNKNOWN_OUTCOME: "undelivered",
}

# Whom the campaign left out, as opposed to whom its text did not reach.
_LEFT_OUT = frozenset(
    {
        Reason.OPTED_OUT,
        Reason.ON_HOLD,
        Reason.NO_PHONE,
        Reason.LANDLINE_ONLY,
        Reason.PREFERS_CALL,
        Reason.CONTACTED_TODAY,
    }
)

# No campaign may ask for a call to these: the household said so to a person, or is not there any more.
_ONLY_RECORDED = {
    Reason.REFUSED: RecipientState.EXCLUDED,
    Reason.MOVED: RecipientState.UNREACHED,
    Reason.DECEASED: RecipientState.UNREACHED,
}

# A text that ended without a word to its recipient, or never was: who relied on it is not forgotten.
_REASON_OF_STATE = {
    None: Reason.EXPIRED,
    MessageState.UNDELIVERED: Reason.UNDELIVERED,
    MessageState.FAILED: Reason.UNDELIVERED,
    MessageState.EXPIRED: Reason.EXPIRED,
    MessageState.SUPPRESSED: Reason.OPTED_OUT,
    MessageState.CANCELLED: Reason.EXPIRED,
}

# A text that is under way or arrived: the other number may yet bring an answer.
_ALIVE = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,
        MessageState.UNKNOWN,
        MessageState.SENT,
        MessageState.DELIVERED,
    }
)

# It was the number, not the household's wish nor the hour: another number may do.
_NUMBER_AT_FAULT = frozenset({Reason.UNDELIVERED, Reason.NUMBER_REFUSED, Reason.LANDLINE_ONLY})

_SILENCE_OF_LEVEL = {
    Level.RED: TaskReason.NO_REPLY_RED,
    Level.ORANGE: TaskReason.NO_REPLY_ORANGE,
}


def next_rung(facts: Facts) -> Move:
    """Decides for one due recipient. Always a task, a final state or a time to come: nobody is forgotten."""
    if facts.reason in _ONLY_RECORDED:
        return Settle(_ONLY_RECORDED[facts.reason], facts.reason)
    failure = _failure(facts)
    if failure is not None:
        return _other_number(facts, failure) or _unreachable(facts.campaign, failure)
    if facts.contacted_at is None:
        return Wait(facts.now + LOOK_AGAIN)
    if not facts.campaign.wants_reply:
        return _informed(facts, facts.contacted_at)
    return _silent(facts, facts.contacted_at)


def _failure(facts: Facts) -> Reason | None:
    """Why no text reached anybody, None while one may have. That it ended may be told by its own row alone."""
    given_up = Reason.UNKNOWN_OUTCOME if facts.now >= facts.void_at + GIVE_UP_AFTER else None
    if facts.second_state in _ALIVE:
        return given_up if facts.contacted_at is None else None
    if _first_failed(facts):
        return facts.reason
    return None if facts.contacted_at is not None else _REASON_OF_STATE.get(facts.message_state, given_up)


def _first_failed(facts: Facts) -> bool:
    return facts.reason is not None and facts.message_state is not MessageState.DELIVERED


def _unreachable(campaign: Campaign, reason: Reason) -> Move:
    policy: Remedy = getattr(campaign.exclusions, _POLICY.get(reason, str(reason)))
    if policy is Remedy.CALLBACK:
        return MakeTask(_TASK_OF_REASON[reason])
    return Settle(RecipientState.EXCLUDED if reason in _LEFT_OUT else RecipientState.UNREACHED, reason)


def _other_number(facts: Facts, failure: Reason) -> Move | None:
    """The household's other number is tried at once, as long as nobody is to ring yet."""
    step = _step(facts, Rung.SECOND_NUMBER)
    if step is None or not step.for_undelivered or failure not in _NUMBER_AT_FAULT:
        return None
    leaves_at, deadline = _second_from(facts), _deadline(facts)
    if leaves_at is None or leaves_at > facts.now or (deadline is not None and deadline <= facts.now):
        return None
    return SendSecond(deadline or facts.now + LOOK_AGAIN)


def _deadline(facts: Facts) -> datetime | None:
    """When a person rings; None while the first text has not left."""
    after = facts.campaign.calls_after
    return None if facts.contacted_at is None or after is None else facts.contacted_at + after


def _step(facts: Facts, rung: Rung) -> LadderStep | None:
    return next((step for step in _left(facts) if step.step is rung), None)


def _left(facts: Facts) -> Ladder:
    """The steps after the last one that was taken: a ladder is climbed upwards only."""
    taken = {Rung.REMINDER: facts.reminded_at is not None, Rung.SECOND_NUMBER: facts.second_state is not None}
    rungs = facts.campaign.rungs
    last = max((n for n, step in enumerate(rungs, 1) if taken.get(step.step)), default=0)
    return rungs[last:]


def _informed(facts: Facts, contacted_at: datetime) -> Move:
    """Advice is done when it is delivered; when no word comes, it counts as informed without confirmation."""
    if facts.message_state is MessageState.DELIVERED:
        return Settle(RecipientState.INFORMED, Reason.DELIVERED)
    patience = contacted_at + facts.campaign.receipt_wait
    return Settle(RecipientState.INFORMED, Reason.UNCONFIRMED) if facts.now >= patience else Wait(patience)


def _silent(facts: Facts, contacted_at: datetime) -> Move:
    deadline = contacted_at + (facts.campaign.calls_after or timedelta())
    if facts.now >= deadline:
        return MakeTask(_SILENCE_OF_LEVEL.get(facts.campaign.level, TaskReason.NO_REPLY))
    rung, at = coming(facts, contacted_at)[0]
    if at > facts.now:
        return Wait(at)
    following = coming(facts, contacted_at)[1][1]
    return _TEXT_OF_RUNG[rung](max(following, min(deadline, facts.now + LOOK_AGAIN)))


def coming(facts: Facts, contacted_at: datetime) -> list[tuple[Rung, datetime]]:
    """The steps to come for who stays silent, each with its time, from the next one to a person's call.

    What cannot be taken any more, or not before that call, falls through and is not told.
    """
    deadline = contacted_at + (facts.campaign.calls_after or timedelta())
    texts = [(step.step, at) for step, at in _texts_to_come(facts, contacted_at) if at < deadline]
    return [*texts, (Rung.CALLBACK, deadline)]


def _texts_to_come(facts: Facts, contacted_at: datetime) -> list[tuple[LadderStep, datetime]]:
    """The steps of silence that can be taken before a person rings, each with its time; the others fall through."""
    earliest = {step: _FROM[step.step](facts) for step in _left(facts) if step.step in _FROM and step.for_silence}
    return [(step, max(contacted_at + step.after, at)) for step, at in earliest.items() if at is not None]


def _reminder_from(facts: Facts) -> datetime | None:
    """Not to a number that the first text did not reach."""
    return None if _first_failed(facts) or facts.second_state in _ALIVE else facts.reminders_from


def _second_from(facts: Facts) -> datetime | None:
    return facts.texts_from if facts.has_second and facts.second_state is None else None


# From when each step by machine can be taken, None: not at all. A call by the machine only needs its line here, and its
# move below.
_FROM: dict[Rung, Callable[[Facts], datetime | None]] = {
    Rung.REMINDER: _reminder_from,
    Rung.SECOND_NUMBER: _second_from,
}

_TEXT_OF_RUNG: dict[Rung, Callable[[datetime], Move]] = {
    Rung.REMINDER: SendReminder,
    Rung.SECOND_NUMBER: SendSecond,
}
