"""How a person's call ended, and what follows for the household."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from worker import catalogue
from worker.domain import appointments, rungs, whom
from worker.domain.callbacks import TaskReason, TaskState
from worker.domain.campaigns import ATTEMPTS_OF_LEVEL, Campaign, Level
from worker.domain.channels import Channel
from worker.domain.errors import NotFound, Refused
from worker.domain.forms import Kept
from worker.domain.outcomes import RULES, OutcomeCode, Rule, next_try
from worker.domain.recipients import RecipientState
from worker.domain.rungs import LadderStep, Rung
from worker.i18n import _
from worker.listing import phones
from worker.services import claims, departures, tasks, undoing
from worker.services.desk import Desk
from worker.store import events, people, recipients, refusals
from worker.store import tasks as rows
from worker.store import undoing as undo_rows
from worker.store.database import Connection, Database

NOTE_MOST = 300


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
class _Call:
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
        return self.campaign is not None and self.campaign.level in tasks.URGENT_LEVELS

    @property
    def whom(self) -> Rung:
        """On which step of the ladder this call is."""
        return rungs.on_the_line(self.task.reasons)


def record_outcome(
    db: Database,
    task_id: int,
    *,
    outcome: OutcomeCode,
    caller: str,
    note: str,
    desk: Desk,
    now: datetime,
    said: Said = NOTHING_MORE,
    kept: Kept | None = None,
) -> Ended:
    """Keeps the ending of one call and does what follows, in one transaction.

    Raises NotFound for an unknown task, Refused for one that is closed or in somebody else's hands, for a note that is
    too long, and for what was said beside the outcome and cannot be understood.
    """
    if len(note) > NOTE_MOST:
        raise Refused(_("La note a {n} caractères ; {most} au plus.").format(n=len(note), most=NOTE_MOST))
    _refuse_misplaced(RULES[outcome], said)
    asked_at = appointments.read(said.at, now=now, tz=desk.timezone) if said.at else None

    def work(connection: Connection) -> Ended:
        task = _locked(connection, task_id, caller, now)
        call = _Call(task, _campaign(connection, task), outcome, said, asked_at, desk, now)
        before = undo_rows.snapshot(connection, call.household)
        outcome_id = rows.add_outcome(
            connection, task_id=task_id, household_id=call.household, caller=caller, code=outcome, note=note, now=now
        )
        if kept is not None:
            rows.keep_answers(connection, outcome_id, kept)
        ended = _conclude(connection, call)
        undoing.note(connection, outcome_id, call.household, before=before, now=now)
        return ended

    return db.run(work)


def _refuse_misplaced(rule: Rule, said: Said) -> None:
    """What was typed for another outcome is a slip; nothing is recorded until it is clear which."""
    if said.number and not rule.bad_number:
        raise Refused(_("--number ne va qu'avec WRONG_NUMBER ou NOT_IN_SERVICE."))
    if said.at and not rule.takes_hour:
        raise Refused(_("--at ne va qu'avec CALL_LATER ou LANGUAGE."))
    if said.tenant and rule.tenants_become is None:
        raise Refused(_("--tenant ne va qu'avec MOVED ou DECEASED."))


def _locked(connection: Connection, task_id: int, caller: str, now: datetime) -> rows.Row:
    """The open task, in nobody else's hands, with its household locked first, as everywhere."""
    household = rows.household_of(connection, task_id)
    if household is None:
        raise NotFound(_("Aucun appel n° {id}. Voyez « courtoisie tasks ».").format(id=task_id))
    people.lock(connection, [household])
    task = rows.lock(connection, task_id)
    if task.state not in {TaskState.OPEN, TaskState.CLAIMED}:
        raise Refused(_("L'appel n° {id} est déjà clos.").format(id=task_id))
    claims.refuse_others(connection, task_id, caller=caller, now=now)
    return task


def _campaign(connection: Connection, task: rows.Row) -> Campaign | None:
    event = events.get(connection, task.event_id) if task.event_id is not None else None
    return catalogue.thaw(event.definition) if event else None


def _conclude(connection: Connection, call: _Call) -> Ended:
    if call.whom is not Rung.CALLBACK and call.outcome in _ONLY_THEIR_OWN:
        raise Refused(
            _("Un refus ne peut venir que du foyer lui-même. Un proche ou un partenaire ne sait rien : UNREACHABLE.")
        )
    if call.rule.tenants_become is not None:
        return _departed(connection, call, call.rule.tenants_become)
    if call.rule.refuses_all:
        return _refused(connection, call)
    if call.rule.bad_number:
        return _other_number(connection, call)
    if call.rule.state is None:
        return _try_again(connection, call)
    if call.rule.state is RecipientState.UNREACHED:
        return _tries_used_up(connection, call)
    if call.rule.hold is not None:
        _hold(connection, call, call.rule.hold)
    _close(connection, call, call.rule.state)
    return _followed_up(connection, call)


# What nobody can say for the household.
_ONLY_THEIR_OWN = frozenset({OutcomeCode.REFUSED_TODAY, OutcomeCode.REFUSED_ALWAYS})


def _close(connection: Connection, call: _Call, state: RecipientState) -> None:
    """The call is over, and so is what relied on it. Other events go their way."""
    rows.close(connection, [call.task.id], state=TaskState.DONE, closed_as=call.outcome, now=call.now)
    recipients.settle_by_task(connection, [call.task.id], state=state, reason=call.rule.reason, now=call.now)


def _stop(connection: Connection, call: _Call, state: RecipientState) -> None:
    """The call is over, and with it everything owed to the household in any event."""
    ending = departures.Ending(state, call.rule.reason, TaskState.DONE, call.outcome)
    departures.stop(connection, [call.household], ending, now=call.now)


def _hold(connection: Connection, call: _Call, span: timedelta) -> None:
    reason = call.outcome.lower()
    people.hold(connection, [call.household], reason=reason, source="caller", until=call.now + span, now=call.now)


def _followed_up(connection: Connection, call: _Call) -> Ended:
    if call.rule.follow_up is None:
        return Ended(closed=True)
    again = tasks.Call(call.household, call.task.event_id, (), TaskReason.FOLLOW_UP)
    at = tasks.follow_up(connection, again, within=call.rule.follow_up, desk=call.desk, now=call.now)
    return Ended(closed=True, next_call_at=at)


# ---- they are not there any more, or want no more ---------------------------


def _departed(connection: Connection, call: _Call, status: str) -> Ended:
    """Where nobody is left, everything stops. Else who was on the telephone has been reached, and is treated gently."""
    here = people.tenants_of(connection, call.household)
    one = _whom(here, call)
    if one is None or len(here) == 1:
        people.leave(connection, call.household, status=status, now=call.now)
        _stop(connection, call, RecipientState.UNREACHED)
        return Ended(closed=True)
    people.one_leaves(connection, one.id, status=status)
    if call.rule.hold is not None:
        _hold(connection, call, call.rule.hold)
    _stop(connection, call, RecipientState.REACHED)
    return _followed_up(connection, call)


def _whom(here: list[whom.Tenant], call: _Call) -> whom.Tenant | None:
    """Who it is about; None for all of them."""
    if call.said.tenant:
        return whom.choose(here, call.said.tenant)
    return whom.only(here) if call.rule.of_whom and here else None


def _refused(connection: Connection, call: _Call) -> Ended:
    numbers = people.numbers_of(connection, call.household)
    if numbers:
        people.opt_out(connection, numbers, channel=Channel.SMS, source="caller", now=call.now)
        people.opt_out(connection, numbers, channel=Channel.VOICE, source="caller", now=call.now)
    refusals.refuse(connection, call.household, now=call.now)
    _stop(connection, call, RecipientState.REACHED)
    return Ended(closed=True)


# ---- the call is still owed --------------------------------------------------


def _other_number(connection: Connection, call: _Call) -> Ended:
    """The number that was dialled is given up; the next good one is offered at once."""
    dialled = _dialled(connection, call)
    if dialled is not None:
        _GIVEN_UP[call.outcome](connection, call, dialled)
    if not _left_to_dial(connection, call):
        return _tries_used_up(connection, call)
    return _postponed(connection, call, call.now)


def _left_to_dial(connection: Connection, call: _Call) -> list[str]:
    """The numbers of whoever the call is for now, best first. A partner's are not ours to judge."""
    if call.whom is Rung.TRUSTED_CONTACT:
        return people.contacts_of(connection, call.household)
    return people.numbers_of(connection, call.household)


def _not_theirs(connection: Connection, call: _Call, e164: str) -> None:
    people.mark_not_theirs(connection, call.household, e164, now=call.now)


def _dead(connection: Connection, call: _Call, e164: str) -> None:
    people.mark_bad(connection, [(e164, call.outcome.lower())], now=call.now)


# Somebody else's number may well be a neighbour's own; a number assigned to nobody is dead for all.
_GIVEN_UP = {OutcomeCode.WRONG_NUMBER: _not_theirs, OutcomeCode.NOT_IN_SERVICE: _dead}


def _dialled(connection: Connection, call: _Call) -> str | None:
    if call.said.number is None:
        return next(iter(_left_to_dial(connection, call)), None)
    theirs = people.every_number_of(connection, call.household)
    dialled = phones.typed(call.said.number)
    if dialled not in theirs:
        raise Refused(
            _("Ce numéro n'est pas l'un des {n} numéros de ce foyer. Voyez « courtoisie tasks ».").format(n=len(theirs))
        )
    return dialled


def _try_again(connection: Connection, call: _Call) -> Ended:
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
        return _tries_used_up(connection, call)
    if call.asked_at is None and not call.urgent and call.whom is Rung.CALLBACK:
        again = tasks.at_their_hours(connection, call.household, again, desk=call.desk)
    return _postponed(connection, call, again)


def _postponed(connection: Connection, call: _Call, at: datetime) -> Ended:
    rows.postpone(connection, call.task.id, not_before=at)
    return Ended(closed=False, next_call_at=at, asked_at=call.asked_at)


# ---- nobody was reached: the next step of the ladder, else the final word ------


def _tries_used_up(connection: Connection, call: _Call) -> Ended:
    left = rungs.on_the_call(call.campaign.rungs, call.task.reasons) if call.campaign else ()
    step = next((step for step in left if _can_be_taken(connection, call, step)), None)
    if step is not None:
        return _handed_on(connection, call, step)
    _close(connection, call, RecipientState.UNREACHED)
    return Ended(closed=True)


def _can_be_taken(connection: Connection, call: _Call, step: LadderStep) -> bool:
    """Where nobody whom the household trusts has a number, the step falls through to the next."""
    return step.step is not Rung.TRUSTED_CONTACT or bool(people.contacts_of(connection, call.household))


def _handed_on(connection: Connection, call: _Call, step: LadderStep) -> Ended:
    """The same call, for somebody else: it says for whom, and its tries begin anew."""
    reason = TaskReason(step.step)
    owed = tasks.Call(call.household, call.task.event_id, (), reason)
    tasks.hand_over(connection, [owed], desk=call.desk, now=call.now)
    at = call.desk.next_call_time(call.now + step.after, urgent=call.urgent)
    rows.hand_on(connection, call.task.id, not_before=at)
    return Ended(closed=False, next_call_at=at, then=reason)
