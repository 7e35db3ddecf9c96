"""How a person's call ended, and what follows for the household."""

from datetime import datetime, timedelta

from worker import catalogue
from worker.domain import appointments, whom
from worker.domain.callbacks import TaskReason, TaskState
from worker.domain.campaigns import Campaign
from worker.domain.channels import Channel
from worker.domain.errors import NotFilledIn, NotFound, Refused
from worker.domain.forms import Kept
from worker.domain.outcomes import RULES, WRITTEN_AS, OutcomeCode, Rule
from worker.domain.recipients import RecipientState
from worker.domain.rungs import Rung
from worker.i18n import _
from worker.services import claims, departures, learning, tasks, undoing
from worker.services.desk import Desk
from worker.services.learning import NOTHING_LEARNT, Learnt
from worker.services.retries import NOTHING_MORE, Call, Ended, Said, close, other_number, tries_used_up, try_again
from worker.store import drafts, events, people, refusals
from worker.store import tasks as rows
from worker.store import undoing as undo_rows
from worker.store.database import Connection, Database

__all__ = ["NOTE_MOST", "Ended", "Said", "record_outcome"]

NOTE_MOST = 300


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
    after: int | None = None,
    learnt: Learnt = NOTHING_LEARNT,
) -> Ended:
    """Keeps the ending of one call and does what follows, in one transaction.

    Raises NotFound for an unknown task, Refused for one that is closed or in somebody else's hands, for a note that is
    too long, and for what was said beside the outcome and cannot be understood. after: the newest outcome the caller
    knew of; when somebody has recorded another since, it is refused as well. learnt: what else came to light.

    A stay in hospital is written down as an absence: that it was one touches health.
    """
    if len(note) > NOTE_MOST:
        raise NotFilledIn({"note": _("La note a {n} caractères ; {most} au plus.").format(n=len(note), most=NOTE_MOST)})
    _refuse_misplaced(RULES[outcome], said)
    asked_at = _asked_at(said, desk, now)
    outcome = WRITTEN_AS.get(outcome, outcome)

    def work(connection: Connection) -> Ended:
        task = _locked(connection, task_id, caller, now)
        if after is not None and drafts.recorded_since(connection, task_id, after):
            raise Refused(_("Un résultat a été noté pour cet appel pendant que vous l'aviez ouvert."))
        call = Call(task, _campaign(connection, task), outcome, said, asked_at, desk, now)
        before = undo_rows.snapshot(connection, call.household)
        outcome_id = rows.add_outcome(
            connection, task_id=task_id, household_id=call.household, caller=caller, code=outcome, note=note, now=now
        )
        if kept is not None:
            rows.keep_answers(connection, outcome_id, kept)
        learning.save(connection, outcome_id, call.household, learnt, now=now)
        ended = _conclude(connection, call)
        undoing.note(connection, outcome_id, call.household, before=before, now=now)
        return ended

    return db.run(work)


def _asked_at(said: Said, desk: Desk, now: datetime) -> datetime | None:
    try:
        return appointments.read(said.at, now=now, tz=desk.timezone) if said.at else None
    except Refused as refused:
        raise NotFilledIn({"at": str(refused)}) from None


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
        raise NotFound(_("Aucun appel n° {id}.").format(id=task_id), command="courtoisie tasks")
    people.lock(connection, [household])
    task = rows.lock(connection, task_id)
    if task.state not in {TaskState.OPEN, TaskState.CLAIMED}:
        raise Refused(_("L'appel n° {id} est déjà clos.").format(id=task_id))
    claims.refuse_others(connection, task_id, caller=caller, now=now)
    return task


def _campaign(connection: Connection, task: rows.Row) -> Campaign | None:
    event = events.get(connection, task.event_id) if task.event_id is not None else None
    return catalogue.thaw(event.definition) if event else None


def _conclude(connection: Connection, call: Call) -> Ended:
    if call.whom is not Rung.CALLBACK and call.outcome in _ONLY_THEIR_OWN:
        raise Refused(
            _("Un refus ne peut venir que du foyer lui-même. Un proche ou un partenaire ne sait rien : UNREACHABLE.")
        )
    if call.rule.tenants_become is not None:
        return _departed(connection, call, call.rule.tenants_become)
    if call.rule.refuses_all:
        return _refused(connection, call)
    if call.rule.bad_number:
        return other_number(connection, call)
    if call.rule.state is None:
        return try_again(connection, call)
    if call.rule.state is RecipientState.UNREACHED:
        return tries_used_up(connection, call)
    if call.rule.hold is not None:
        _hold(connection, call, call.rule.hold)
    close(connection, call, call.rule.state)
    return _followed_up(connection, call)


# What nobody can say for the household.
_ONLY_THEIR_OWN = frozenset({OutcomeCode.REFUSED_TODAY, OutcomeCode.REFUSED_ALWAYS})


def _stop(connection: Connection, call: Call, state: RecipientState) -> None:
    """The call is over, and with it everything owed to the household in any event."""
    ending = departures.Ending(state, call.rule.reason, TaskState.DONE, call.outcome)
    departures.stop(connection, [call.household], ending, now=call.now)


def _hold(connection: Connection, call: Call, span: timedelta) -> None:
    reason = call.outcome.lower()
    people.hold(connection, [call.household], reason=reason, source="caller", until=call.now + span, now=call.now)


def _followed_up(connection: Connection, call: Call) -> Ended:
    if call.rule.follow_up is None:
        return Ended(closed=True)
    again = tasks.Call(call.household, call.task.event_id, (), TaskReason.FOLLOW_UP)
    at = tasks.follow_up(connection, again, within=call.rule.follow_up, desk=call.desk, now=call.now)
    return Ended(closed=True, next_call_at=at)


# ---- they are not there any more, or want no more ---------------------------


def _departed(connection: Connection, call: Call, status: str) -> Ended:
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


def _whom(here: list[whom.Tenant], call: Call) -> whom.Tenant | None:
    """Who it is about; None for all of them."""
    try:
        if call.said.tenant:
            return whom.choose(here, call.said.tenant)
        return whom.only(here) if call.rule.of_whom and here else None
    except Refused as refused:
        raise NotFilledIn({"tenant": str(refused)}) from None


def _refused(connection: Connection, call: Call) -> Ended:
    numbers = people.numbers_of(connection, call.household)
    if numbers:
        people.opt_out(connection, numbers, channel=Channel.SMS, source="caller", now=call.now)
        people.opt_out(connection, numbers, channel=Channel.VOICE, source="caller", now=call.now)
    refusals.refuse(connection, call.household, now=call.now)
    _stop(connection, call, RecipientState.REACHED)
    return Ended(closed=True)
