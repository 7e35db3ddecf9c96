"""Results from paper, typed in afterwards: what happened meanwhile is said, nothing is lost, twice is once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import structlog

from worker.domain import outcomes
from worker.domain.callbacks import OPEN_STATES, TaskReason
from worker.domain.errors import CourtoisieError, NotFound, Refused
from worker.domain.outcomes import RULES, OutcomeCode
from worker.domain.roles import Person
from worker.i18n import _
from worker.labels import label
from worker.services import auditing, calls, reporting, tasks
from worker.services.auditing import Action
from worker.services.calls import Said
from worker.services.desk import Desk
from worker.store import paper_results as rows
from worker.store import people
from worker.store import tasks as task_rows
from worker.store.database import Connection, Database
from worker.store.tasks import Task

log = structlog.get_logger()

# Sheets older than this have been destroyed.
OLDEST = timedelta(days=7)
CALLER_MOST = 40
# On a call that was closed meanwhile these change nothing any more: somebody was reached, or will not be tried again.
ONLY_HISTORY = frozenset(
    {OutcomeCode.REACHED_OK, OutcomeCode.REACHED_OK_PROXY, OutcomeCode.REFUSED_TODAY, OutcomeCode.UNREACHABLE}
) | (outcomes.TRIED_AGAIN - {OutcomeCode.CALL_LATER, OutcomeCode.LANGUAGE})


class Fate(StrEnum):
    """What became of a line. EMPTY: nothing was written on it."""

    EMPTY = "empty"
    READY = "ready"
    SAVED = "saved"
    KNOWN = "known"
    KEPT = "kept"
    REOPENED = "reopened"
    WRONG = "wrong"


DONE = frozenset({Fate.SAVED, Fate.KNOWN, Fate.KEPT, Fate.REOPENED})


@dataclass(frozen=True, slots=True)
class Line:
    """As it was typed. detail: the number dialled, the hour asked for, or who left, as the outcome wants."""

    number: str = ""
    outcome: str = ""
    at: str = ""
    note: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a line. task: whose it is, for the typist to compare with the sheet."""

    line: Line
    fate: Fate
    said: str = ""
    task: Task | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is the same for all lines. caller: who rang."""

    day: date
    caller: str


@dataclass(frozen=True, slots=True)
class _Read:
    """A line that was understood."""

    line: Line
    task: Task
    outcome: OutcomeCode
    at: datetime
    said: Said


def check(db: Database, sheet: Sheet, lines: Sequence[Line], *, by: Person, desk: Desk, now: datetime) -> list[Answer]:
    """Whose each line is and whether it can be read; changes nothing."""
    return [_checked(db, sheet, line, by=by, desk=desk, now=now) for line in lines]


def save(db: Database, sheet: Sheet, lines: Sequence[Line], *, by: Person, desk: Desk, now: datetime) -> list[Answer]:
    """Records each line by itself: one that cannot be recorded keeps none of the others back.

    A call that was closed meanwhile keeps the result as history; what still asks for something to be done is recorded
    on a new call. The same line twice is one result.
    """
    answers = []
    for line in lines:
        answer = _checked(db, sheet, line, by=by, desk=desk, now=now)
        if answer.fate is Fate.READY and answer.task is not None:
            answer = _saved(db, sheet, answer, by=by, desk=desk, now=now)
        answers.append(answer)
    saved = sum(answer.fate in DONE for answer in answers)
    log.info("paper_results_saved", saved=saved, left=sum(answer.fate is Fate.WRONG for answer in answers))
    return answers


def _checked(db: Database, sheet: Sheet, line: Line, *, by: Person, desk: Desk, now: datetime) -> Answer:
    if not (line.number or line.outcome or line.note or line.detail):
        return Answer(line, Fate.EMPTY)
    task = _task(db, line, by)
    if task is None:
        return Answer(line, Fate.WRONG, _("Aucun appel de ce numéro dans vos agences. Relisez le n° sur la feuille."))
    if not (line.outcome or line.at or line.note or line.detail):
        return Answer(line, Fate.EMPTY, task=task)
    try:
        read = _read(sheet, line, task, desk=desk, now=now)
    except Refused as refused:
        return Answer(line, Fate.WRONG, str(refused), task)
    return Answer(line, Fate.READY, _meanwhile(db, read), task)


def _task(db: Database, line: Line, by: Person) -> Task | None:
    digits = line.number.strip().lstrip("n°Nº ").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 18):
        return None
    task = reporting.task(db, int(digits))
    return task if task is not None and by.sees(task.agency) else None


def _read(sheet: Sheet, line: Line, task: Task, *, desk: Desk, now: datetime) -> _Read:
    if line.outcome not in RULES:
        raise Refused(_("Dites comment l'appel s'est terminé."))
    if len(line.note) > calls.NOTE_MOST:
        raise Refused(_("La note a {n} caractères ; {most} au plus.").format(n=len(line.note), most=calls.NOTE_MOST))
    if not 0 < len(sheet.caller) <= CALLER_MOST:
        raise Refused(_("Dites qui a appelé, en {most} caractères au plus.").format(most=CALLER_MOST))
    at = datetime.combine(sheet.day, _hour(line.at), tzinfo=desk.timezone)
    if at > now:
        raise Refused(_("Cette heure n'est pas encore venue."))
    if at < now - OLDEST:
        raise Refused(_("Cette date est trop ancienne : {days} jours au plus.").format(days=OLDEST.days))
    if at < task.created_at.replace(second=0, microsecond=0):
        raise Refused(_("À cette heure, cet appel n'était pas encore demandé. Relisez le n°, la date et l'heure."))
    outcome = OutcomeCode(line.outcome)
    return _Read(line, task, outcome, at, _detail(outcome, line.detail))


def _hour(written: str) -> time:
    """ "14:05", "14h05", "14h", "1405"."""
    plain = written.strip().lower().replace("h", ":").replace(" ", "").rstrip(":")
    if plain.isdigit() and len(plain) in {3, 4}:
        plain = f"{plain[:-2]}:{plain[-2:]}"
    hours, _colon, minutes = plain.partition(":")
    try:
        return time(int(hours), int(minutes or 0))
    except ValueError:
        raise Refused(_("L'heure ne se lit pas. Écrivez 14h05.")) from None


def _detail(outcome: OutcomeCode, detail: str) -> Said:
    rule = RULES[outcome]
    return Said(
        number=detail or None if rule.bad_number else None,
        at=detail.replace("h", ":") or None if rule.takes_hour else None,
        tenant=detail or None if rule.tenants_become is not None else None,
    )


# ---- what happened meanwhile ----------------------------------------------------


def _meanwhile(db: Database, read: _Read) -> str:
    """What the typist should know before it is recorded; nothing, most of the time."""
    if read.task.state in OPEN_STATES:
        with db.begin() as connection:
            later = rows.latest(connection, read.task.id, after=read.at)
        if later is None or later.code is None:
            return ""
        return _("Depuis, {who} a noté : {outcome}.").format(who=later.caller, outcome=label(later.code))
    why = _closed(db, read.task)
    if read.outcome in ONLY_HISTORY:
        return _("{why} Ce résultat sera gardé dans l'histoire du foyer.").format(why=why)
    return _("{why} Ce résultat demande une suite : il sera noté sur un nouvel appel.").format(why=why)


def _closed(db: Database, task: Task) -> str:
    with db.begin() as connection:
        ended = rows.ended(connection, task.id)
    if ended is None or ended.caller is None or ended.code is None:
        return _("Cet appel a été clos entre-temps (le foyer a répondu, ou l'opération est finie).")
    return _("Cet appel a été clos entre-temps par {who} : {outcome}.").format(
        who=ended.caller, outcome=label(ended.code)
    )


def _saved(db: Database, sheet: Sheet, answer: Answer, *, by: Person, desk: Desk, now: datetime) -> Answer:
    assert answer.task is not None  # noqa: S101  # of a line that was read
    read = _read(sheet, answer.line, answer.task, desk=desk, now=now)
    with db.begin() as connection:
        known = rows.is_known(connection, read.task.household_id, code=read.outcome, at=read.at)
    if known:
        return replace(answer, fate=Fate.KNOWN, said=_("Déjà saisi : rien n'a été noté deux fois."))
    try:
        saved = _recorded(db, sheet, read, answer, desk=desk, now=now)
    except CourtoisieError as refused:
        return replace(answer, fate=Fate.WRONG, said=str(refused))
    auditing.record(db, by, Action.EDITED, "household", [read.task.household_id], now=now)
    return saved


def _recorded(db: Database, sheet: Sheet, read: _Read, answer: Answer, *, desk: Desk, now: datetime) -> Answer:
    if read.task.state in OPEN_STATES:
        ended = _outcome(db, sheet, read, read.task.id, desk)
        said = _("Noté, dossier clos.") if ended.closed else _("Noté ; le foyer sera rappelé.")
        return replace(answer, fate=Fate.SAVED, said=" ".join(filter(None, (answer.said, said))))
    if read.outcome in ONLY_HISTORY:
        db.run(lambda connection: _into_history(connection, sheet, read))
        return replace(answer, fate=Fate.KEPT, said=_("Gardé dans l'histoire du foyer ; l'appel était déjà clos."))
    again = db.run(lambda connection: _asked_again(connection, read, desk, now))
    _outcome(db, sheet, read, again, desk)
    said = _("Noté sur un nouvel appel, n° {id} : le premier était déjà clos.").format(id=again)
    return replace(answer, fate=Fate.REOPENED, said=said)


def _outcome(db: Database, sheet: Sheet, read: _Read, task: int, desk: Desk) -> calls.Ended:
    """As of the moment of the call: what is planned after it counts from there."""
    return calls.record_outcome(
        db, task, outcome=read.outcome, caller=sheet.caller, note=read.line.note, desk=desk, now=read.at, said=read.said
    )


def _into_history(connection: Connection, sheet: Sheet, read: _Read) -> None:
    people.lock(connection, [read.task.household_id])
    task_rows.add_outcome(
        connection,
        task_id=read.task.id,
        household_id=read.task.household_id,
        caller=sheet.caller,
        code=read.outcome,
        note=read.line.note,
        now=read.at,
    )


def _asked_again(connection: Connection, read: _Read, desk: Desk, now: datetime) -> int:
    household = read.task.household_id
    people.lock(connection, [household])
    wanted = tasks.Call(household, read.task.event_id, (), TaskReason.MANUAL)
    opened: Mapping[int, int] = tasks.hand_over(connection, [wanted], desk=desk, now=now)
    if household not in opened:
        raise NotFound(_("Ce foyer a quitté le logement : rien à noter."))
    return opened[household]
