"""The card of one household: everything a caller needs before, during and after the call, on one screen."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from worker.domain import forms, rungs, wording
from worker.domain.callbacks import OPEN_STATES, TaskReason, band
from worker.domain.campaigns import URGENT_LEVELS, Level
from worker.domain.channels import CONTACTS
from worker.domain.errors import NotFound
from worker.domain.forms import Form
from worker.domain.rungs import Rung
from worker.i18n import _
from worker.services import auditing, bridging, drafts, files, reporting
from worker.services.auditing import Action
from worker.services.drafts import Recorded
from worker.store.histories import Home
from worker.store.tasks import Task
from worker.web.console import brought, endings, needs
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Program

HISTORY_MOST = 12
SKIP_REASONS = (
    _("Pas de numéro"),
    _("Je connais cette personne"),
    _("Un collègue parle sa langue"),
    _("Je termine mon service"),
    _("Un collègue est mieux placé"),
)


class Hand(StrEnum):
    """Whose the call is at this moment, as seen by one caller."""

    MINE = "mine"
    FREE = "free"
    OTHERS = "others"
    CLOSED = "closed"


def visible(visit: Visit) -> Task:
    """The task, if it is this person's to see: their agency's, or one that is or lately was in their hands. Raises
    NotFound."""
    task = reporting.task(visit.parts.db, visit.id())
    if task is None or not (
        visit.me.sees(task.agency)
        or task.claimed_by == visit.me.login
        or drafts.may_type(visit.parts.db, task.id, visit.me.account_id, agency=task.agency, now=visit.now)
    ):
        raise NotFound(_("Aucun appel n° {id}.").format(id=visit.id()))
    return task


def show(
    visit: Visit,
    task: Task,
    *notices: Notice,
    status: int = 200,
    since: Sequence[Recorded] = (),
    errors: Mapping[str, str] | None = None,
) -> Response:
    """The card, written down in the audit log as seen. since: what others recorded while it was open. errors: what is
    wrong with which field of what was sent."""
    home = files.home(visit.parts.db, task.household_id, now=visit.now)
    if home is None:
        raise NotFound(_("Aucun foyer n° {id}.").format(id=task.household_id))
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", [home.id], now=visit.now)
    answer = visit.page(
        "card.html",
        *notices,
        **state(visit, task),
        **_people(visit, task, home),
        **_call(visit, task, home),
        **_written(visit, task, since),
        errors=errors or {},
    )
    answer.status_code = status
    return answer


def state(visit: Visit, task: Task) -> dict[str, Any]:
    """What may change while the card is open; also sent live."""
    left = (task.claimed_until - visit.now).total_seconds() if task.claimed_until else 0
    return {
        "task": task,
        "hand": hand(task, visit.me.login, visit.now),
        "is_open": task.state in OPEN_STATES,
        "answers": files.answers_since(visit.parts.db, task.id),
        "emergency": TaskReason.EMERGENCY_WORD in task.reasons,
        "left_s": max(int(left), 0),
    }


def hand(task: Task, caller: str, now: datetime) -> Hand:
    """Whose the call is."""
    if task.state not in OPEN_STATES:
        return Hand.CLOSED
    if task.claimed_by is None or task.claimed_until is None or task.claimed_until <= now:
        return Hand.FREE
    return Hand.MINE if task.claimed_by == caller else Hand.OTHERS


def form_of(visit: Visit, task: Task) -> Form:
    """The questions for this call."""
    return form_for(visit.program, task)


def form_for(program: Program, task: Task) -> Form:
    """The same where nobody is signed in any more."""
    return forms.fitting(program.forms, Level(task.level or Level.NONE), task.campaign)


def typed(visit: Visit) -> dict[str, list[str]]:
    """What the form that was sent says, by field."""
    return {name: visit.all_said(name) for name in visit.form}


def _people(visit: Visit, task: Task, home: Home) -> Mapping[str, Any]:
    history = files.history(visit.parts.db, home.id)
    return {
        "home": home,
        **needs.around(visit, home),
        "history": history[:HISTORY_MOST],
        "older": len(history) > HISTORY_MOST,
        "sees_home": visit.me.sees(home.agency),
        "today": visit.program.desk.local_date(visit.now),
        "whom": rungs.on_the_line(task.reasons),
        "contacts": CONTACTS,
        "dialled": _dialled_first(task, home),
        "health": brought.health(visit, home.id),
    }


def _call(visit: Visit, task: Task, home: Home) -> Mapping[str, Any]:
    form = form_of(visit, task)
    landlord = visit.program.settings.landlord.name
    greeted = wording.greeted(home.tenants or [])
    caller, desk = visit.me.login, visit.program.desk
    return {
        "bridge": bridging.shown(visit.parts.db, task, caller=caller, desk=desk, now=visit.now),
        "form": form,
        "opening": forms.opening(
            form, names=greeted, caller=visit.me.called, landlord=landlord, agency=home.agency_name
        ),
        "band": band(task.priority),
        "person_points": [code for code, _points in task.score if code not in set(TaskReason)],
        "why_me": _why_me(visit, task),
        "outcomes": endings.groups(),
        "skip_reasons": SKIP_REASONS,
        "concerns": brought.CONCERNS,
        "links": brought.LINKS,
        "times": _times(visit, task),
    }


def _written(visit: Visit, task: Task, since: Sequence[Recorded]) -> Mapping[str, Any]:
    """What this caller has typed: just now, or in a draft."""
    sent = typed(visit)
    draft = None if sent else drafts.find(visit.parts.db, task.id, visit.me.account_id)
    return {
        "typed": sent or (draft.fields if draft else {}),
        "draft_at": draft.saved_at if draft else None,
        "fresh": not sent,
        "since": since or _closing(visit, task),
        "seen": drafts.latest(visit.parts.db, task.id),
    }


def _closing(visit: Visit, task: Task) -> Sequence[Recorded]:
    """How a closed call ended."""
    return () if task.state in OPEN_STATES else drafts.recorded_since(visit.parts.db, task.id, 0)[-1:]


def _why_me(visit: Visit, task: Task) -> str:
    if task.known_by == visit.me.login:
        return _("Vous avez déjà parlé à ce foyer : il vous revient d'abord.")
    if not visit.me.agencies:
        return _("Vous appelez pour toutes les agences, et c'était le plus pressé.")
    if task.agency in visit.me.agencies:
        return _("C'est un foyer de votre agence, le plus pressé.")
    return _("L'agence {name} ne suffit pas aujourd'hui : vous l'aidez.").format(name=task.agency_name)


def _dialled_first(task: Task, home: Home) -> list[dict[str, Any]]:
    """The household's numbers, those of whoever the call is for now before the others."""
    to_contact = rungs.on_the_line(task.reasons) is Rung.TRUSTED_CONTACT
    return sorted(home.phones or [], key=lambda number: to_contact and number["label"] not in CONTACTS)


def _times(visit: Visit, task: Task) -> list[datetime]:
    """Hours a person is likely to name, each one at which somebody rings: later today, then on the next days."""
    desk = visit.program.desk
    now = visit.now.astimezone(desk.timezone)
    today = now.replace(minute=0, second=0, microsecond=0)
    wanted = [today + timedelta(hours=2), today.replace(hour=17)]
    wanted += [today.replace(hour=hour) + timedelta(days=1) for hour in (10, 15)]
    urgent = Level(task.level or Level.NONE) in URGENT_LEVELS
    rung = [desk.next_call_time(at, urgent=urgent).astimezone(desk.timezone) for at in wanted if at > now]
    return sorted({at.replace(second=0, microsecond=0) for at in rung if at > now})
