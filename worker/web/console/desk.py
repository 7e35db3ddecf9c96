"""The caller's day: the next household, its card, how the call ended."""

from datetime import timedelta

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from worker.domain import forms
from worker.domain.errors import NotFilledIn, Refused
from worker.domain.outcomes import OutcomeCode
from worker.domain.roles import Right
from worker.i18n import _
from worker.labels import label
from worker.services import auditing, boards, calls, claims, drafts, reporting, staffing, undoing
from worker.services.auditing import Action
from worker.store.tasks import Task
from worker.web import pages
from worker.web.console import brought, endings, needs
from worker.web.console import card as cards
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

# A network that drops an answer makes people press again: the same word by the same person so soon is the same call.
SAME_CALL = timedelta(minutes=5)


def routes(parts: Parts) -> list[BaseRoute]:
    ring = Right.RING
    return [
        visits.route(parts, "/desk", desk, right=ring),
        visits.route(parts, "/desk/next", take_next, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}", card, right=ring),
        visits.route(parts, "/tasks/{id}/news", news, right=ring, watching=True),
        visits.route(parts, "/tasks/{id}/claim", claim, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/renew", renew, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/skip", skip, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/draft", keep, right=ring, posts=True, too_late=_keep_for_later),
        visits.route(parts, "/tasks/{id}/draft/drop", drop, right=ring, posts=True),
        visits.route(parts, "/tasks/{id}/outcome", record, right=ring, posts=True, too_late=_keep_for_later),
        visits.route(parts, "/tasks/{id}/undo", undo, right=ring, posts=True),
    ]


def desk(visit: Visit) -> Response:
    """What is left, what is in hand, and the one big button."""
    done = visit.request.query_params.get("done", "")
    ended = _just_ended(visit, done)
    notices = [] if ended is None else [_recorded(done, ended)]
    if visit.request.query_params.get("none"):
        notices.append(Notice(_("Plus aucun foyer à appeler pour l'instant."), "good"))
    return visit.page(
        "desk.html",
        *notices,
        accepted="" if ended is None else f"task-{done}",
        held=claims.held(visit.parts.db, caller=visit.me.login),
        refer=None if ended is None else needs.proposal(visit, done),
        has_phone=staffing.has_phone(visit.parts.db, visit.me.login),
        by_band=boards.waiting(visit.parts.db, agencies=visit.me.scope),
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
    """Everything about one household that a caller needs."""
    return cards.show(visit, cards.visible(visit))


def news(visit: Visit) -> Response:
    """What has happened since the card was opened; it names nobody."""
    return visit.page("card_news.html", **cards.state(visit, cards.visible(visit)))


def claim(visit: Visit) -> Response:
    """Takes this one."""
    task = cards.visible(visit)
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
    """The heartbeat of an open card. left_s: clocks of desks differ from ours."""
    task = cards.visible(visit)
    rules = claims.rules_of(visit.program.settings)
    until = claims.renew(visit.parts.db, task.id, caller=visit.me.login, rules=rules, now=visit.now)
    if not pages.wants_json(visit.request):
        return visits.see(f"/tasks/{task.id}")
    return JSONResponse({"until": until.isoformat(), "left_s": int((until - visit.now).total_seconds())})


def skip(visit: Visit) -> Response:
    """Back to the others, with a reason."""
    task = cards.visible(visit)
    rules = claims.rules_of(visit.program.settings)
    claims.skip(visit.parts.db, task.id, caller=visit.me.login, reason=visit.said("reason"), rules=rules, now=visit.now)
    return visits.see("/desk")


def keep(visit: Visit) -> Response:
    """A draft: while somebody types, or by its button."""
    task = cards.visible(visit)
    form = cards.form_of(visit, task)
    drafts.keep(visit.parts.db, task.id, visit.me.account_id, cards.typed(visit), form=form, now=visit.now)
    return Response(status_code=204) if pages.wants_json(visit.request) else visits.see(f"/tasks/{task.id}")


def drop(visit: Visit) -> Response:
    """What was typed is of no more use."""
    drafts.set_aside(visit.parts.db, visit.id(), visit.me.account_id)
    return visits.see("/desk")


def record(visit: Visit) -> Response:
    """How the call ended. What cannot be recorded comes back on the card with everything that was typed."""
    task = cards.visible(visit)
    outcome = endings.chosen(visit)
    if outcome is None:
        errors = {"outcome": _("Dites comment l'appel s'est terminé.")}
        return cards.show(visit, task, status=409, errors=errors)
    form = cards.form_of(visit, task)
    given = cards.typed(visit)
    try:
        calls.record_outcome(
            visit.parts.db,
            task.id,
            outcome=outcome,
            caller=visit.me.login,
            note=visit.said("note"),
            desk=visit.program.desk,
            now=visit.now,
            said=endings.fitting(visit, outcome),
            kept=forms.kept(form, {q.key: given.get(f"q_{q.key}", []) for q in form.questions}),
            after=_seen(visit),
            learnt=brought.learnt(visit, form, outcome),
        )
    except Refused as refused:
        return _not_recorded(visit, task, outcome, refused)
    drafts.sent(visit.parts.db, task.id, visit.me.account_id, given, form=form, now=visit.now)
    auditing.record(visit.parts.db, visit.me, Action.EDITED, "household", [task.household_id], now=visit.now)
    return _done(visit, task)


def undo(visit: Visit) -> Response:
    """A slip of the hand, taken back within the minute."""
    task = visit.id()
    undoing.undo(visit.parts.db, task, caller=visit.me.login, now=visit.now)
    drafts.take_up_again(visit.parts.db, task, visit.me.account_id)
    found = cards.visible(visit)
    auditing.record(visit.parts.db, visit.me, Action.EDITED, "household", [found.household_id], now=visit.now)
    return visits.see(f"/tasks/{task}")


def _not_recorded(visit: Visit, task: Task, outcome: OutcomeCode, refused: Refused) -> Response:
    """Somebody was faster, or something does not fit: the card with what was typed, and what they recorded."""
    since = drafts.recorded_since(visit.parts.db, task.id, _seen(visit) or 0) if visit.said("seen") else []
    if since and _is_repeated(visit, since[-1], outcome):
        return _done(visit, task)
    form = cards.form_of(visit, task)
    drafts.keep(visit.parts.db, task.id, visit.me.account_id, cards.typed(visit), form=form, now=visit.now)
    errors = refused.fields if isinstance(refused, NotFilledIn) else {"outcome": str(refused)}
    return cards.show(visit, cards.visible(visit), status=409, since=since, errors=errors)


def _is_repeated(visit: Visit, last: drafts.Recorded, outcome: OutcomeCode) -> bool:
    """The same call, sent again because the first answer was lost on the way."""
    by_me = last.caller == visit.me.login and last.code == outcome
    return by_me and visit.now - last.ended_at < SAME_CALL


def _done(visit: Visit, task: Task) -> Response:
    to = f"/desk?done={task.id}"
    return JSONResponse({"to": to}) if pages.wants_json(visit.request) else visits.see(to)


def _seen(visit: Visit) -> int | None:
    """The newest outcome when the card was shown; None where the form does not say."""
    said = visit.said("seen")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 18 else None


def _keep_for_later(parts: Parts, account_id: int, asked: visits.Late) -> str:
    """The session ran out while somebody was typing: what they sent waits for them behind the sign-in."""
    if not (asked.id.isascii() and asked.id.isdigit() and len(asked.id) < 18):
        return "/desk"
    task = reporting.task(parts.db, int(asked.id))
    if task is None or not drafts.may_type(parts.db, task.id, account_id, agency=task.agency, now=asked.now):
        return "/desk"
    fields = {name: [v for v in asked.form.getlist(name) if isinstance(v, str)] for name in asked.form}
    form = cards.form_for(parts.program, task)
    drafts.keep(parts.db, task.id, account_id, fields, form=form, now=asked.now)
    return f"/tasks/{task.id}"


def _just_ended(visit: Visit, task: str) -> undoing.JustEnded | None:
    """What the address says was recorded, if it was: by this person, a moment ago."""
    if not (task.isascii() and task.isdigit() and len(task) < 18):
        return None
    return undoing.just_ended(visit.parts.db, int(task), caller=visit.me.login, now=visit.now)


def _recorded(task: str, ended: undoing.JustEnded) -> Notice:
    """What was recorded just now, and for how long it can be taken back."""
    said = _("Appel n° {id} enregistré : {outcome}.").format(id=task, outcome=label(ended.code))
    left = int(ended.left.total_seconds())
    return Notice(said, "good", undo=f"/tasks/{task}/undo" if left else "", undo_left_s=left)
