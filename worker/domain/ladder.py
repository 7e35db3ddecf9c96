"""The next rung for a household whose time has come: a reminder, a person's call, or a final word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Campaign, Level, Remedy
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState


@dataclass(frozen=True, slots=True)
class Facts:
    """One due recipient. reason: why it gets no text or why its text could not arrive, None when neither is known.

    contacted_at: when the first text left. message_state: how that text stands, None where there is none.
    reminders_from: when a reminder may next leave (`now`: at once); None when none may any more.
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


@dataclass(frozen=True, slots=True)
class SendReminder:
    """A second text now; the deadline stays where it was."""

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


Rung = SendReminder | Wait | MakeTask | Settle

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

_SILENCE_OF_LEVEL = {
    Level.RED: TaskReason.NO_REPLY_RED,
    Level.ORANGE: TaskReason.NO_REPLY_ORANGE,
}


def next_rung(facts: Facts) -> Rung:
    """Decides for one due recipient. Always a task, a final state or a time to come: nobody is forgotten."""
    if facts.reason in _ONLY_RECORDED:
        return Settle(_ONLY_RECORDED[facts.reason], facts.reason)
    if facts.reason is not None and facts.message_state is not MessageState.DELIVERED:
        return _unreachable(facts.campaign, facts.reason)
    if facts.contacted_at is None:
        return _not_contacted(facts)
    if not facts.campaign.wants_reply:
        return _informed(facts, facts.contacted_at)
    return _silent(facts, facts.contacted_at)


def _unreachable(campaign: Campaign, reason: Reason) -> Rung:
    policy: Remedy = getattr(campaign.exclusions, _POLICY.get(reason, str(reason)))
    if policy is Remedy.CALLBACK:
        return MakeTask(_TASK_OF_REASON[reason])
    return Settle(RecipientState.EXCLUDED if reason in _LEFT_OUT else RecipientState.UNREACHED, reason)


def _not_contacted(facts: Facts) -> Rung:
    """The first text has not left, as far as we know: it is under way, or it ended and nobody told us."""
    if facts.message_state in _REASON_OF_STATE:
        return _unreachable(facts.campaign, _REASON_OF_STATE[facts.message_state])
    if facts.now >= facts.void_at + GIVE_UP_AFTER:
        return _unreachable(facts.campaign, Reason.UNKNOWN_OUTCOME)
    return Wait(facts.now + LOOK_AGAIN)


def _informed(facts: Facts, contacted_at: datetime) -> Rung:
    """Advice is done when it is delivered; when no word comes, it counts as informed without confirmation."""
    if facts.message_state is MessageState.DELIVERED:
        return Settle(RecipientState.INFORMED, Reason.DELIVERED)
    patience = contacted_at + facts.campaign.receipt_wait
    return Settle(RecipientState.INFORMED, Reason.UNCONFIRMED) if facts.now >= patience else Wait(patience)


def _silent(facts: Facts, contacted_at: datetime) -> Rung:
    deadline = contacted_at + (facts.campaign.reply_deadline or timedelta())
    if facts.now >= deadline:
        return MakeTask(_SILENCE_OF_LEVEL.get(facts.campaign.level, TaskReason.NO_REPLY))
    remind_at = _reminder_time(facts, contacted_at)
    if remind_at is None or remind_at >= deadline:
        return Wait(deadline)
    return SendReminder(deadline) if remind_at <= facts.now else Wait(remind_at)


def _reminder_time(facts: Facts, contacted_at: datetime) -> datetime | None:
    """When the one reminder is to leave; None when the campaign has none, it has left, or none may leave."""
    configured = facts.campaign.reminder_text and facts.campaign.reminder_after
    if not configured or facts.reminded_at is not None or facts.reminders_from is None:
        return None
    return max(contacted_at + configured, facts.reminders_from)
