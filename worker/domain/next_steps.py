"""The next step with its time: what a household that waits or is to be rung can expect, and when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from worker.domain import rungs
from worker.domain.campaigns import Campaign
from worker.domain.recipients import RecipientState
from worker.domain.reports import NextStep
from worker.domain.rungs import LadderStep, Rung


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household stands, or several that stand alike, the first of them in time.

    due_at: when somebody looks again, or rings; of a text that waits to leave, when it leaves. contacted_at: when the
    first text left. second: a text went to another number; has_other: there is one to write to. called: the machine has
    rung or is to ring; call_due_at: when it does so next, None when it does not. reasons: of the call.
    """

    state: RecipientState
    due_at: datetime
    contacted_at: datetime | None = None
    reminded: bool = False
    second: bool = False
    has_other: bool = True
    called: bool = False
    call_due_at: datetime | None = None
    reasons: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Coming:
    """A step of the ladder, or what is waited for where the campaign has none; when, at the earliest."""

    step: Rung | NextStep
    at: datetime


def coming(campaign: Campaign, place: Place) -> Coming | None:
    """What comes next; None for a household with which the event is done."""
    if place.state is RecipientState.CALLBACK:
        return Coming(rungs.on_the_line(place.reasons), place.due_at)
    if place.state is not RecipientState.WAITING:
        return None
    if place.call_due_at is not None:
        return Coming(Rung.VOICE, place.call_due_at)
    if place.contacted_at is None:
        return Coming(Rung.SECOND_NUMBER if place.second else NextStep.TEXT, place.due_at)
    if not campaign.wants_reply:
        return Coming(NextStep.ANSWER, place.due_at)
    return _after_silence(campaign, place, place.contacted_at)


def _after_silence(campaign: Campaign, place: Place, contacted_at: datetime) -> Coming:
    """The step whose time has come when somebody looks again, else the first one after that."""
    left = [step for step in campaign.rungs if _may_come(step, place)]
    reached = [step for step in left if contacted_at + step.after <= place.due_at]
    if not left:
        return Coming(Rung.CALLBACK, place.due_at)
    step = reached[-1] if reached else left[0]
    return Coming(step.step, max(place.due_at, contacted_at + step.after))


def _may_come(step: LadderStep, place: Place) -> bool:
    gone = {
        Rung.REMINDER: place.reminded or place.second or place.called,
        Rung.VOICE: place.called or step.script is None,
        Rung.SECOND_NUMBER: place.second or not place.has_other,
    }
    return step.for_silence and step.step in rungs.UPTO_THE_CALL and not gone.get(step.step)
