"""What comes next for a household whose time has come: a text or a call more, a person's call, or a final word."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain import unreached
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import URGENT_LEVELS, Campaign, Level, Remedy
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.domain.rungs import Ladder, LadderStep, Rung
from worker.domain.voice import HEARD, UNHEARD, CallEnd


@dataclass(frozen=True, slots=True)
class Facts:
    """One due recipient. reason: why it gets no text or why its text could not arrive, None when neither is known.

    contacted_at: when the first text left. message_state: how that text stands, None where there is none.
    reminders_from, texts_from: when a reminder, or another text, may next leave (`now`: at once); None when none may
    any more. has_second: the household has another number to write to. second_state: how the text to that number
    stands, None where there is none. calls_from: when the machine may next ring this household, None when it may not.
    call_state: how its call stands, with all its tries, None where there is none; call_end: what the last try came to.
    call_owed_from: when a call that is still queued could have been made first.
    void_at: a text that has not left by then never will. number_lost: that of the first text is not theirs.
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
    calls_from: datetime | None = None
    call_state: MessageState | None = None
    call_end: CallEnd | None = None
    number_lost: bool = False
    call_owed_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class SendReminder:
    """A second text now. due_at: when somebody looks again."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class SendSecond:
    """A text to the household's other number now. due_at: when somebody looks again."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """A call by the machine, as soon as a line is free. due_at: when somebody looks again."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: look again at this time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class MakeTask:
    """A person rings. also: what became of the machine's call before."""

    reason: TaskReason
    also: TaskReason | None = None


@dataclass(frozen=True, slots=True)
class Settle:
    """A final word."""

    state: RecipientState
    reason: Reason


Move = SendReminder | SendSecond | PlaceCall | Wait | MakeTask | Settle

# A text under way that has not come to an end by its due time is looked at again this much later.
LOOK_AGAIN = timedelta(minutes=1)

# A text whose fate nobody can tell is given up this long after it was last useful.
GIVE_UP_AFTER = timedelta(hours=1)

# It was the number, not the household's wish nor the hour: another number may do.
_NUMBER_AT_FAULT = frozenset({Reason.UNDELIVERED, Reason.NUMBER_REFUSED, Reason.LANDLINE_ONLY})
# No text can reach them, but a voice may.
_CALLED_INSTEAD = frozenset({*_NUMBER_AT_FAULT, Reason.ANSWERS_CALLS})

# A call that is still owed, in the air, or of unknown fate.
_RINGING = frozenset({MessageState.QUEUED, MessageState.SENDING, MessageState.UNKNOWN, MessageState.SENT})
# Its key may yet come, or is not read yet: who has not answered by now is silent.
_MAY_BE_ANSWERED = _RINGING | {MessageState.DELIVERED}

# What a person is told of the machine's call. The answered one is not among them: its key is a reply.
_TASK_OF_CALL = (
    dict.fromkeys(HEARD, TaskReason.CALL_NO_KEY)
    | dict.fromkeys(UNHEARD, TaskReason.CALL_UNANSWERED)
    | dict.fromkeys((CallEnd.FAX, CallEnd.REJECTED, CallEnd.DEAD, CallEnd.FAILED), TaskReason.CALL_FAILED)
)

# Nothing was written to them: the call is how they first hear of the event.
_ONLY_CALLED = frozenset({Reason.LANDLINE_ONLY, Reason.ANSWERS_CALLS})

_SILENCE_OF_LEVEL = {
    Level.RED: TaskReason.NO_REPLY_RED,
    Level.ORANGE: TaskReason.NO_REPLY_ORANGE,
}


def next_rung(facts: Facts) -> Move:
    """Decides for one due recipient. Always a task, a final state or a time to come: nobody is forgotten."""
    if facts.reason in unreached.ONLY_RECORDED:
        return Settle(unreached.ONLY_RECORDED[facts.reason], facts.reason)
    if not facts.campaign.wants_reply and facts.call_state is MessageState.DELIVERED:
        # By the call of their number, before they came to rely on it.
        return Settle(RecipientState.INFORMED, Reason.HEARD)
    failure = _failure(facts)
    if failure is not None:
        return _instead(facts, failure) or _unreachable(facts, failure)
    if facts.contacted_at is None:
        return Wait(facts.now + LOOK_AGAIN)
    if not facts.campaign.wants_reply:
        return _informed(facts, facts.contacted_at)
    return _silent(facts, facts.contacted_at)


def _failure(facts: Facts) -> Reason | None:
    """Why no text reached anybody, None while one may have. That it ended may be told by its own row alone."""
    given_up = Reason.UNKNOWN_OUTCOME if _is_given_up(facts) else None
    if facts.second_state in unreached.ALIVE:
        return given_up if facts.contacted_at is None else None
    if _first_failed(facts):
        return facts.reason
    return None if facts.contacted_at is not None else unreached.REASON_OF_STATE.get(facts.message_state, given_up)


def _first_failed(facts: Facts) -> bool:
    return facts.reason is not None and facts.message_state is not MessageState.DELIVERED


def _unreachable(facts: Facts, reason: Reason) -> Move:
    policy: Remedy = getattr(facts.campaign.exclusions, unreached.POLICY.get(reason, str(reason)))
    if policy is Remedy.CALLBACK:
        return _call_owed(facts, reason)
    left_out = reason in unreached.LEFT_OUT and facts.call_state is None
    return Settle(RecipientState.EXCLUDED if left_out else RecipientState.UNREACHED, reason)


def _call_owed(facts: Facts, reason: Reason) -> MakeTask:
    """Who was rung by the machine, or is, and did not answer is silent, and as urgent is whom it had no time to ring;
    whom it could not ring has no number that works."""
    told = _told(facts)
    was_rung = told is not None and told is not TaskReason.CALL_FAILED
    may_answer = facts.campaign.wants_reply and facts.call_state in _MAY_BE_ANSWERED
    silent = reason in _ONLY_CALLED and (was_rung or may_answer)
    return MakeTask(_silence(facts) if silent else unreached.TASK_OF_REASON[reason], told)


def _told(facts: Facts) -> TaskReason | None:
    return None if facts.call_end is None else _TASK_OF_CALL.get(facts.call_end)


def _silence(facts: Facts) -> TaskReason:
    return _SILENCE_OF_LEVEL.get(facts.campaign.level, TaskReason.NO_REPLY)


def _instead(facts: Facts, failure: Reason) -> Move | None:
    """What is tried at once in place of a text that could not arrive: a call, or a text to another number, in the order
    of the ladder, as long as nobody is to ring yet. A call under way, with all its tries, is waited for."""
    deadline = _deadline(facts)
    if deadline is not None and deadline <= facts.now:
        return None
    if facts.call_state in _RINGING and not _is_given_up(facts):
        return Wait(deadline or _last_look(facts))
    moves = (_tried_instead(step, facts, failure, deadline) for step in _left(facts) if step.for_undelivered)
    return next((move for move in moves if move is not None), None)


def _tried_instead(step: LadderStep, facts: Facts, failure: Reason, deadline: datetime | None) -> Move | None:
    if step.step is Rung.VOICE and failure in _CALLED_INSTEAD:
        rings_at, last = _call_from(facts), deadline or _last_look(facts)
        return PlaceCall(last) if rings_at is not None and rings_at < last else None  # its end will be told at once
    if step.step is not Rung.SECOND_NUMBER or failure not in _NUMBER_AT_FAULT:
        return None
    leaves_at = _second_from(facts)
    looks_again = deadline if facts.contacted_at is not None and deadline is not None else facts.now + LOOK_AGAIN
    return SendSecond(looks_again) if leaves_at is not None and leaves_at <= facts.now else None


def _last_look(facts: Facts) -> datetime:
    return max(facts.void_at, facts.now) + GIVE_UP_AFTER


def _is_given_up(facts: Facts) -> bool:
    return facts.now >= facts.void_at + GIVE_UP_AFTER


def _deadline(facts: Facts) -> datetime | None:
    """When a person rings; None while the first text has not left. In an alert nobody is to wait for a line longer than
    for an answer: who is only called has their time from when they could have been rung."""
    start, after = facts.contacted_at or _owed_from(facts), facts.campaign.calls_after
    return None if start is None or after is None else start + after


def _owed_from(facts: Facts) -> datetime | None:
    if facts.campaign.level not in URGENT_LEVELS:
        return None
    if facts.call_state is None:
        return facts.calls_from
    return facts.call_owed_from if facts.call_state is MessageState.QUEUED else None


def _left(facts: Facts) -> Ladder:
    """The steps after the last one that was taken: a ladder is climbed upwards only."""
    taken = {
        Rung.REMINDER: facts.reminded_at is not None,
        Rung.VOICE: facts.call_state is not None,
        Rung.SECOND_NUMBER: facts.second_state is not None,
    }
    rungs = facts.campaign.rungs
    last = max((n for n, step in enumerate(rungs, 1) if taken.get(step.step)), default=0)
    return rungs[last:]


def _informed(facts: Facts, contacted_at: datetime) -> Move:
    """Advice is done when it is delivered; when no word comes of what the provider took, it counts as informed without
    confirmation. Nobody is informed by a text that may never have left: its fate is waited for, and told in the end."""
    if facts.message_state is MessageState.DELIVERED:
        return Settle(RecipientState.INFORMED, Reason.DELIVERED)
    patience = contacted_at + facts.campaign.receipt_wait
    if facts.now < patience:
        return Wait(patience)
    if facts.message_state is MessageState.SENT:
        return Settle(RecipientState.INFORMED, Reason.UNCONFIRMED)
    if facts.message_state in unreached.ALIVE and not _is_given_up(facts):
        return Wait(facts.now + LOOK_AGAIN)
    return _unreachable(facts, unreached.REASON_OF_STATE.get(facts.message_state, Reason.UNKNOWN_OUTCOME))


def _silent(facts: Facts, contacted_at: datetime) -> Move:
    deadline = contacted_at + (facts.campaign.calls_after or timedelta())
    if facts.now >= deadline:
        return MakeTask(_silence(facts), _told(facts))
    if facts.number_lost and facts.second_state not in unreached.ALIVE:
        return _instead(facts, Reason.UNDELIVERED) or MakeTask(TaskReason.UNDELIVERED, _told(facts))
    rung, at = coming(facts, contacted_at)[0]
    if at > facts.now:
        return Wait(at)
    following = coming(facts, contacted_at)[1][1]
    return _MOVE_OF_RUNG[rung](max(following, min(deadline, facts.now + LOOK_AGAIN)))


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
    return None if _first_failed(facts) or facts.second_state in unreached.ALIVE else facts.reminders_from


def _second_from(facts: Facts) -> datetime | None:
    return facts.texts_from if facts.has_second and facts.second_state is None else None


def _call_from(facts: Facts) -> datetime | None:
    return facts.calls_from if facts.call_state is None else None


# From when each step by machine can be taken, None: not at all.
_FROM: dict[Rung, Callable[[Facts], datetime | None]] = {
    Rung.REMINDER: _reminder_from,
    Rung.VOICE: _call_from,
    Rung.SECOND_NUMBER: _second_from,
}

_MOVE_OF_RUNG: dict[Rung, Callable[[datetime], Move]] = {
    Rung.REMINDER: SendReminder,
    Rung.VOICE: PlaceCall,
    Rung.SECOND_NUMBER: SendSecond,
}
