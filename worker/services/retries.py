"""A call that reached nobody: another number, another hour, somebody else, or the final word."""

from dataclasses import dataclass
from datetime import datetime

from worker.domain import rungs
from worker.domain.callbacks import TaskReason, TaskState
from worker.domain.campaigns import ATTEMPTS_OF_LEVEL, URGENT_LEVELS, Campaign, Level
from worker.domain.errors import Refused
from worker.domain.outcomes import RULES, SOON, OutcomeCode, Rule, next_try
from worker.domain.recipients import RecipientState
from worker.domain.rungs import LadderStep, Rung
from worker.i18n import _
from worker.listing import phones
from worker.services import tasks
from worker.services.desk import Desk
from worker.store import people, recipients, task_plans
from worker.store import tasks as rows
from worker.store.database import Connection


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller adds to an outcome, as typed.

    number: the one that was dialled, the first of the list when not said. at: the hour the person asked for.
    tenant: who moved or died, by place in the list or by name.
    """

    number: str | None = None
    at: str | None = None
    tenant: str | None = None


NOTHING_MORE = Said()


@dataclass(frozen=True, slots=True)
class Ended:
    """closed: the task is over. next_call_at: when to ring again; with a closed task, in a new one.

    asked_at: the hour the person named; next_call_at is later where nobody rings at that hour. then: whom to ring
    instead, where the tries of the household are used up.
    """

    closed: bool
    next_call_at: datetime | None = None
    asked_at: datetime | None = None
    then: TaskReason | None = None

    @property
    def moved(self) -> bool:
        """The hour the person named is not one at which somebody rings."""
        return self.asked_at is not None and self.next_call_at != self.asked_at


@dataclass(frozen=True, slots=True)
class Call:
    """One call with all that decides what follows. campaign: as frozen with its event; None without one."""

    task: rows.Row
    campaign: Campaign | None
    outcome: OutcomeCode
    said: Said
    asked_at: datetime | None
    desk: Desk
    now: datetime

    @property
    def household(self) -> int:
        return self.task.household_id

    @property
    def rule(self) -> Rule:
        return RULES[self.outcome]

    @property
    def urgent(self) -> bool:
        return self.campaign is not None and self.campaign.level in URGENT_LEVELS

    @property
    def whom(self) -> Rung:
        """On which step of the ladder this call is."""
        return rungs.on_the_line(self.task.reasons)


def close(connection: Connection, call: Call, state: RecipientState) -> None:
    """The call is over, and so is what relied on it. Other events go their way."""
    rows.close(connection, [call.task.id], state=TaskState.DONE, closed_as=call.outcome, now=call.now)
    recipients.settle_by_task(connection, [call.task.id], state=state, reason=call.rule.reason, now=call.now)


# ---- the call is still owed --------------------------------------------------


def other_number(connection: Connection, call: Call) -> Ended:
    """The number that was dialled is given up; the next good one is offered at once."""
    dialled = _dialled(connection, call)
    if dialled is not None:
        _GIVEN_UP[call.outcome](connection, call, dialled)
    if not _left_to_dial(connection, call):
        return tries_used_up(connection, call)
    return _postponed(connection, call, call.now)


def _left_to_dial(connection: Connection, call: Call) -> list[str]:
    """The numbers of whoever the call is for now, best first. A partner's are not ours to judge."""
    if call.whom is Rung.TRUSTED_CONTACT:
        return people.contacts_of(connection, call.household)
    return people.numbers_of(connection, call.household)


def _not_theirs(connection: Connection, call: Call, e164: str) -> None:
    people.mark_not_theirs(connection, call.household, e164, now=call.now)


def _dead(connection: Connection, call: Call, e164: str) -> None:
    people.mark_bad(connection, [(e164, call.outcome.lower())], now=call.now)


# Somebody else's number may well be a neighbour's own; a number assigned to nobody is dead for all.
_GIVEN_UP = {OutcomeCode.WRONG_NUMBER: _not_theirs, OutcomeCode.NOT_IN_SERVICE: _dead}


def _dialled(connection: Connection, call: Call) -> str | None:
    if call.said.number is None and call.task.asked_since:
        return None  # whom the call was for when it began is no longer known
    if call.said.number is None:
        return next(iter(_left_to_dial(connection, call)), None)
    theirs = people.every_number_of(connection, call.household)
    dialled = phones.typed(call.said.number)
    if dialled not in theirs:
        raise Refused(
            _("Ce numéro n'est pas l'un des {n} numéros de ce foyer.").format(n=len(theirs)), command="courtoisie tasks"
        )
    return dialled


def try_again(connection: Connection, call: Call) -> Ended:
    """The same number at another hour, as often as the campaign says; soon, where they asked for a call meanwhile."""
    if call.task.asked_since and call.asked_at is None:
        return _soon(connection, call)
    again = next_try(
        call.outcome,
        calls_made=call.task.calls + 1 - call.task.tried_before,
        tries=call.campaign.tries if call.campaign else ATTEMPTS_OF_LEVEL[Level.NONE],
        urgent=call.urgent,
        now=call.now,
        hours=call.desk.hours,
        tz=call.desk.timezone,
        holidays=call.desk.holidays(call.now),
        asked_for=call.asked_at,
    )
    if again is None:
        return tries_used_up(connection, call)
    if call.asked_at is None and not call.urgent and call.whom is Rung.CALLBACK:
        again = tasks.at_their_hours(connection, call.household, again, desk=call.desk)
    return _postponed(connection, call, again)


def _soon(connection: Connection, call: Call) -> Ended:
    return _postponed(connection, call, call.desk.next_call_time(call.now + SOON, urgent=call.urgent))


def _postponed(connection: Connection, call: Call, at: datetime) -> Ended:
    task_plans.postpone(connection, call.task.id, not_before=at)
    return Ended(closed=False, next_call_at=at, asked_at=call.asked_at)


# ---- nobody was reached: the next step of the ladder, else the final word ------


def tries_used_up(connection: Connection, call: Call) -> Ended:
    """The next step of the frozen ladder that can be taken; without one, the household counts as unreached. Never where
    they asked for a call while somebody was trying: that call is still to be made."""
    if call.task.asked_since:
        return _soon(connection, call)
    left = rungs.on_the_call(call.campaign.rungs, call.task.reasons) if call.campaign else ()
    step = next((step for step in left if _can_be_taken(connection, call, step)), None)
    if step is not None:
        return _handed_on(connection, call, step)
    close(connection, call, RecipientState.UNREACHED)
    return Ended(closed=True)


def _can_be_taken(connection: Connection, call: Call, step: LadderStep) -> bool:
    """Where nobody whom the household trusts has a number, the step falls through to the next."""
    return step.step is not Rung.TRUSTED_CONTACT or bool(people.contacts_of(connection, call.household))


def _handed_on(connection: Connection, call: Call, step: LadderStep) -> Ended:
    """The same call, for somebody else: it says for whom, and its tries begin anew."""
    reason = TaskReason(step.step)
    owed = tasks.Call(call.household, call.task.event_id, (), reason)
    tasks.hand_over(connection, [owed], desk=call.desk, now=call.now)
    at = call.desk.next_call_time(call.now + step.after, urgent=call.urgent)
    task_plans.hand_on(connection, call.task.id, not_before=at)
    return Ended(closed=False, next_call_at=at, then=reason)
