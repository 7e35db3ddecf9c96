"""The caller's day: the next household, its card, how the call ended."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from worker.domain import forms, rungs
from worker.domain.callbacks import OPEN_STATES, band
from worker.domain.campaigns import Level
from worker.domain.channels import CONTACTS
from worker.domain.errors import NotFound, Refused
from worker.domain.forms import Form
from worker.domain.outcomes import RULES, OutcomeCode
from worker.domain.roles import Right
from worker.domain.rungs import Rung
from worker.i18n import _
from worker.services import auditing, boards, calls, claims, files, reporting, undoing
from worker.services.auditing import Action
from worker.services.calls import Said
from worker.store.histories import Home
from worker.store.tasks import Task
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

# One key each, in the order of how often a call ends so.
OUTCOMES: tuple[tuple[str, tuple[tuple[OutcomeCode, str], ...]], ...] = (
    (
        _("La personne a répondu"),
        (
            (OutcomeCode.REACHED_OK, "1"),
            (OutcomeCode.REACHED_NEED, "2"),
            (OutcomeCode.REACHED_URGENT, "3"),
            (OutcomeCode.REACHED_OK_PROXY, "4"),
            (OutcomeCode.CALL_LATER, "5"),
            (OutcomeCode.REFUSED_TODAY, "6"),
            (OutcomeCode.LANGUAGE, "l"),
            (OutcomeCode.REFUSED_ALWAYS, "x"),
        ),
    ),
    (
        _("Personne au bout du fil"),
        (
            (OutcomeCode.NO_ANSWER, "7"),
            (OutcomeCode.VOICEMAIL, "8"),
            (OutcomeCode.BUSY, "9"),
            (OutcomeCode.WRONG_NUMBER, "m"),
            (OutcomeCode.NOT_IN_SERVICE, "a"),
        ),
    ),
    (
        _("Le foyer a changé"),
        (
            (OutcomeCode.ABSENT, "v"),
            (OutcomeCode.HOSPITAL, "h"),
            (OutcomeCode.MOVED, "p"),
            (OutcomeCode.DECEASED, "d"),
            (OutcomeCode.UNREACHABLE, "u"),
        ),
    ),
)
URGENT = frozenset({OutcomeCode.REACHED_URGENT})
FIRST = frozenset({OutcomeCode.REACHED_OK})
SKIP_REASONS = (
    _("Je connais cette personne"),
    _("Un collègue parle sa langue"),
    _("Je termine mon service"),
    _("Un collègue est mieux placé"),
)


def routes(parts: Parts) -> list[BaseRoute]:
    ring = Right.RING
    return [
        visits.route(parts, "/desk", desk, right=ring),
        visits.route(parts, "/desk/next", take_next, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}", card, right=ring),
        visits.route(parts, "/tasks/{id}/claim", claim, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/renew", renew, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/skip", skip, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/outcome", record, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/undo", undo, right=ring, posts=True),
    ]


def desk(visit: Visit) -> Response:
    """What is left, what is in hand, and the one big button."""
    done = visit.request.query_params.get("done", "")
    notices = [_recorded(done)] if done.isascii() and done.isdigit() else []
    if visit.request.query_params.get("none"):
        notices.append(Notice(_("Plus aucun foyer à appeler pour l'instant."), "good"))
    held = claims.held(visit.parts.db, caller=visit.me.login)
    return visit.page(
        "desk.html",
        *notices,
        accepted=bool(done),
        held=held,
        by_band=boards.waiting(visit.parts.db, agencies=visit.me.scope, now=visit.now),
        done_today=boards.calls_today(visit.parts.db, visit.me.login, desk=visit.program.desk, now=visit.now),
    )


def take_next(visit: Visit) -> Response:
    """The most needed household this caller may take; what they already hold comes first."""
    held = claims.held(visit.parts.db, caller=visit.me.login)
    if held:
        return visits.see(f"/tasks/{held[0].id}")
    taken = claims.next_task(
        visit.parts.db,
        caller=visit.me.login,
        agencies=visit.me.agencies,
        rules=claims.rules_of(visit.program.settings),
        now=visit.now,
    )
    return visits.see("/desk?none=1" if taken is None else f"/tasks/{taken.task.id}")


def card(visit: Visit) -> Response:
    """Everything about one household that a caller needs, written down in the audit log as seen."""
    return _card(visit, _visible(visit))


def claim(visit: Visit) -> Response:
    """Takes this one."""
    task = _visible(visit)
    claims.claim(
        visit.parts.db,
        task.id,
        caller=visit.me.login,
        agencies=visit.me.agencies,
        rules=claims.rules_of(visit.program.settings),
        now=visit.now,
    )
    return visits.see(f"/tasks/{task.id}")


def renew(visit: Visit) -> Response:
    """The heartbeat of an open card."""
    task = _visible(visit)
    rules = claims.rules_of(visit.program.settings)
    until = claims.renew(visit.parts.db, task.id, caller=visit.me.login, rules=rules, now=visit.now)
    return JSONResponse({"until": until.isoformat()})


def skip(visit: Visit) -> Response:
    """Back to the others, with a reason."""
    task = _visible(visit)
    rules = claims.rules_of(visit.program.settings)
    claims.skip(visit.parts.db, task.id, caller=visit.me.login, reason=visit.said("reason"), rules=rules, now=visit.now)
    return visits.see("/desk")


def record(visit: Visit) -> Response:
    """How the call ended. What cannot be recorded comes back on the card with everything that was typed."""
    task = _visible(visit)
    try:
        outcome = OutcomeCode(visit.said("outcome"))
        calls.record_outcome(
            visit.parts.db,
            task.id,
            outcome=outcome,
            caller=visit.me.login,
            note=visit.said("note"),
            desk=visit.program.desk,
            now=visit.now,
            said=_fitting(visit, outcome),
            kept=_kept(visit, task),
        )
    except ValueError:
        return _card(visit, task, Notice(_("Dites comment l'appel s'est terminé."), "danger"), status=409)
    except Refused as refused:
        return _card(visit, task, Notice(str(refused), "danger"), status=409)
    return visits.see(f"/desk?done={task.id}")


def undo(visit: Visit) -> Response:
    """A slip of the hand, taken back within the minute."""
    task = visit.id()
    undoing.undo(visit.parts.db, task, caller=visit.me.login, now=visit.now)
    return visits.see(f"/tasks/{task}")


def _kept(visit: Visit, task: Task) -> forms.Kept:
    """What the form's answers may leave behind."""
    form = forms.fitting(visit.program.forms, Level(task.level or Level.NONE))
    return forms.kept(form, {q.key: visit.all_said(f"q_{q.key}") for q in form.questions})


def _fitting(visit: Visit, outcome: OutcomeCode) -> Said:
    """Only what belongs to this outcome: the other fields of the card are there whatever the ending."""
    rule = RULES[outcome]
    return Said(
        number=visit.said("number") or None if rule.bad_number else None,
        at=visit.said("at").replace("T", " ") or None if rule.takes_hour else None,
        tenant=visit.said("tenant") or None if rule.tenants_become is not None else None,
    )


def _visible(visit: Visit) -> Task:
    """The task, if it is this person's to see: their agency's, or in their hands. Raises NotFound."""
    task = reporting.task(visit.parts.db, visit.id())
    if task is None or not (visit.me.sees(task.agency) or task.claimed_by == visit.me.login):
        raise NotFound(_("Aucun appel n° {id}.").format(id=visit.id()))
    return task


def _card(visit: Visit, task: Task, *notices: Notice, status: int = 200) -> Response:
    home = files.home(visit.parts.db, task.household_id, now=visit.now)
    if home is None:
        raise NotFound(_("Aucun foyer n° {id}.").format(id=task.household_id))
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", [home.id], now=visit.now)
    answer = visit.page("card.html", *notices, **_content(visit, task, home))
    answer.status_code = status
    return answer


def _content(visit: Visit, task: Task, home: Home) -> Mapping[str, Any]:
    form = forms.fitting(visit.program.forms, Level(task.level or Level.NONE))
    desk = visit.program.desk
    return {
        "task": task,
        "home": home,
        "history": files.history(visit.parts.db, home.id),
        "form": form,
        "opening": _opening(visit, form, home),
        "band": band(task.priority),
        "whom": rungs.on_the_line(task.reasons),
        "contacts": CONTACTS,
        "dialled": _dialled_first(task, home),
        "today": desk.local_date(visit.now),
        "outcomes": [
            {
                "name": name,
                "codes": [{"code": c, "key": key, "urgent": c in URGENT, "first": c in FIRST} for c, key in codes],
            }
            for name, codes in OUTCOMES
        ],
        "skip_reasons": SKIP_REASONS,
        "mine": task.claimed_by == visit.me.login and task.claimed_until is not None and task.claimed_until > visit.now,
        "is_open": task.state in OPEN_STATES,
        "times": _times(visit.now.astimezone(desk.timezone)),
        "typed": {name: visit.all_said(name) for name in visit.form},
    }


def _dialled_first(task: Task, home: Home) -> list[dict[str, Any]]:
    """The household's numbers, those of whoever the call is for now before the others."""
    to_contact = rungs.on_the_line(task.reasons) is Rung.TRUSTED_CONTACT
    return sorted(home.phones or [], key=lambda number: to_contact and number["label"] not in CONTACTS)


def _opening(visit: Visit, form: Form, home: Home) -> str:
    names = ", ".join(f"{t['civility']} {t['last_name']}".strip() for t in home.tenants or [])
    landlord = visit.program.settings.landlord.name
    return forms.opening(form, names=names, caller=visit.me.login, landlord=landlord, agency=home.agency_name)


def _times(now: datetime) -> list[datetime]:
    """Hours a person is likely to name: later today and tomorrow morning or afternoon."""
    today = now.replace(minute=0, second=0, microsecond=0)
    wanted = [today + timedelta(hours=2), today.replace(hour=17)]
    wanted += [today.replace(hour=hour) + timedelta(days=1) for hour in (10, 14)]
    return [at for at in wanted if at > now]


def _recorded(task: str) -> Notice:
    return Notice(_("Appel n° {id} enregistré.").format(id=task), "good", undo=f"/tasks/{task}/undo")
