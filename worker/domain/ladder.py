"""The next rung for a household whose time has come: a reminder, a person's call, or a final word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import Campaign, Level, Remedy
from worker.domain.recipients import Reason, RecipientState


@dataclass(frozen=True, slots=True)
class Facts:
    """One due recipient. reason: why its text could not arrive, None when it left.

    may_remind: the event runs, its window is open and a reminder would still be useful.
    """

    campaign: Campaign
    reason: Reason | None
    contacted_at: datetime | None
    reminded_at: datetime | None
    may_remind: bool
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

_TASK_OF_REASON = {
    Reason.OPTED_OUT: TaskReason.OPTED_OUT,
    Reason.ON_HOLD: TaskReason.MANUAL,
    Reason.NO_PHONE: TaskReason.NO_MOBILE,
    Reason.LANDLINE_ONLY: TaskReason.NO_MOBILE,
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

_SILENCE_OF_LEVEL = {
    Level.RED: TaskReason.NO_REPLY_RED,
    Level.ORANGE: TaskReason.NO_REPLY_ORANGE,
}


def next_rung(facts: Facts) -> Rung:
    """Decides for one due recipient. Always a task, a final state or a time to come: nobody is forgotten."""
    if facts.reason is not None:
        return _unreachable(facts.campaign, facts.reason)
    if facts.contacted_at is None:
        return Wait(facts.now + LOOK_AGAIN)
    return _silent(facts, facts.contacted_at)


def _unreachable(campaign: Campaign, reason: Reason) -> Rung:
    policy: Remedy = getattr(campaign.exclusions, _POLICY.get(reason, str(reason)))
    if policy is Remedy.CALLBACK:
        return MakeTask(_TASK_OF_REASON[reason])
    return Settle(RecipientState.UNREACHED, reason)


def _silent(facts: Facts, contacted_at: datetime) -> Rung:
    campaign = facts.campaign
    if not campaign.wants_reply:
        return Settle(RecipientState.INFORMED, Reason.UNCONFIRMED)
    deadline = contacted_at + (campaign.reply_deadline or timedelta())
    if facts.now >= deadline:
        return MakeTask(_SILENCE_OF_LEVEL.get(campaign.level, TaskReason.NO_REPLY))
    if campaign.reminder_text and facts.reminded_at is None and facts.may_remind:
        return SendReminder(deadline)
    return Wait(deadline)
