"""The day on which the machines are down: sheets to print, and their results typed in afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.domain.errors import NotFound
from worker.domain.outcomes import OutcomeCode
from worker.domain.roles import Right
from worker.i18n import _, ngettext
from worker.paper import lists
from worker.services import auditing, boards, call_sheets, mornings, paper_results, reporting
from worker.services.auditing import Action
from worker.services.call_sheets import AgencySheets
from worker.services.paper_results import DONE, Answer, Fate, Line, Sheet
from worker.web import pages
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.pages import Notice
from worker.web.parts import Parts

# As many as fit on a screen without losing one's place; more come after these are saved.
ROWS = 12
ROWS_MOST = 30


def routes(parts: Parts) -> list[BaseRoute]:
    sees, rings = Right.SEE_TASKS, Right.RING
    return [
        visits.route(parts, "/sheets", sheets, right=sees),
        visits.route(parts, "/sheets/print", printed, right=sees),
        visits.route(parts, "/sheets/calls.pdf", as_pdf, right=sees),
        visits.route(parts, "/sheets/morning/{id}", morning, right=sees),
        visits.route(parts, "/sheets/results", results, right=rings),
        visits.route(parts, "/sheets/results", type_in, right=rings, posts=True, too_late=_where_typed),
    ]


def sheets(visit: Visit) -> Response:
    """What can be printed: as of now, and the sheets of this morning."""
    queues = boards.queues(visit.parts.db, agencies=visit.me.scope, now=visit.now)
    return visit.page(
        "sheets.html",
        queues=queues,
        kept=mornings.listed(visit.parts.db, agencies=visit.me.scope),
        wanted=visit.program.settings.sheets,
        chosen=_agency(visit),
        may_type=visit.me.may(Right.RING),
    )


def printed(visit: Visit) -> Response:
    """A page to print, with every household of it written down as having left on paper."""
    return pages.printed(lists.calls(_exported(visit), visit.program.settings, now=visit.now))


def as_pdf(visit: Visit) -> Response:
    """The same as a PDF."""
    return _pdf(lists.calls_pdf(_exported(visit), visit.program.settings, now=visit.now), "appels.pdf")


def morning(visit: Visit) -> Response:
    """The sheets of one morning."""
    kept, file = mornings.file(visit.parts.db, visit.id(), visit.me, now=visit.now)
    return _pdf(file, f"appels-{kept.day.isoformat()}.pdf")


def _pdf(made: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(made, media_type="application/pdf", headers=headers)


def _exported(visit: Visit) -> list[AgencySheets]:
    agency, landlord = _agency(visit), visit.program.settings.landlord.name
    if agency and not visit.me.sees(agency):
        raise NotFound(_("Aucune agence « {code} ».").format(code=agency))
    return call_sheets.for_person(
        visit.parts.db, visit.program.forms, visit.me, landlord=landlord, agency=agency or None, now=visit.now
    )


def _agency(visit: Visit) -> str:
    return visit.request.query_params.get("agency", "").strip()[:80]


# ---- results from paper ----------------------------------------------------------


def results(visit: Visit) -> Response:
    """Empty lines, or a line for each open call of an agency, in the order of the sheets."""
    agency = _agency(visit)
    if not agency:
        return _lines(visit, [Answer(Line(), Fate.EMPTY)] * ROWS)
    if not visit.me.sees(agency):
        raise NotFound(_("Aucune agence « {code} ».").format(code=agency))
    owed = reporting.tasks(visit.parts.db, agency=agency)
    after = visit.request.query_params.get("after", "")
    skipped = int(after) if after.isascii() and after.isdigit() and len(after) < 6 else 0
    shown = owed[skipped : skipped + ROWS_MOST]
    ids = [task.household_id for task in shown]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", ids, now=visit.now)
    more = skipped + ROWS_MOST if len(owed) > skipped + ROWS_MOST else 0
    answers = [Answer(Line(number=str(task.id)), Fate.EMPTY, task=task) for task in shown]
    return _lines(visit, answers, agency=agency, more=more)


def type_in(visit: Visit) -> Response:
    """Shows whose each line is, then records those that were shown: a wrong number must not change a stranger."""
    lines, sheet = _typed(visit), _sheet(visit)
    if sheet is None:
        wrong = [Answer(line, Fate.READY if _is_written(line) else Fate.EMPTY) for line in lines]
        return _lines(visit, wrong, Notice(_("Dites le jour des appels."), "danger"), status=409)
    around = {"by": visit.me, "desk": visit.program.desk, "now": visit.now}
    answers = paper_results.check(visit.parts.db, sheet, lines, **around)  # type: ignore[arg-type]
    _note_seen(visit, answers)
    shown = set(visit.all_said("shown"))
    if visit.said("do") != "save":
        return _lines(visit, answers)
    known = [a.line if a.task is not None and str(a.task.id) in shown else None for a in answers]
    saved = iter(paper_results.save(visit.parts.db, sheet, [k for k in known if k is not None], **around))  # type: ignore[arg-type]
    after = [_unseen(answer) if line is None else next(saved) for answer, line in zip(answers, known, strict=True)]
    return _lines(visit, after, *_told(after))


def _where_typed(_parts: Parts, _account: int, late: visits.Late) -> str:
    """The page of the sheets that were typed, where the browser gives back what it has kept."""
    agency = str(late.form.get("agency") or "")[:80]
    return "/sheets/results" + (f"?agency={quote(agency, safe='')}" if agency else "")


def _unseen(answer: Answer) -> Answer:
    if answer.fate is not Fate.READY:
        return answer
    return replace(answer, said=_("Vérifiez que c'est la bonne personne, puis notez.") + " " + answer.said)


def _told(answers: Sequence[Answer]) -> list[Notice]:
    done = sum(answer.fate in DONE for answer in answers)
    left = sum(answer.fate in {Fate.WRONG, Fate.READY} for answer in answers)
    notices = []
    if done:
        notices.append(Notice(ngettext("{n} résultat noté.", "{n} résultats notés.", done).format(n=done)))
    if left:
        said = ngettext(
            "{n} ligne n'est pas notée : elle est restée ci-dessous, avec la raison.",
            "{n} lignes ne sont pas notées : elles sont restées ci-dessous, avec la raison.",
            left,
        )
        notices.append(Notice(said.format(n=left), "warn"))
    return notices


def _note_seen(visit: Visit, answers: Sequence[Answer]) -> None:
    ids = [answer.task.household_id for answer in answers if answer.task is not None]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "household", ids, now=visit.now)


def _typed(visit: Visit) -> list[Line]:
    """Fields are named by line: in an agency's list by the call, so that a draft never meets another household."""
    names = ("number", "outcome", "at", "note", "detail")
    return [Line(*(visit.said(f"{name}-{line}") for name in names)) for line in visit.all_said("line")[:ROWS_MOST]]


def _is_written(line: Line) -> bool:
    return line != Line()


def _sheet(visit: Visit) -> Sheet | None:
    try:
        return Sheet(date.fromisoformat(visit.said("day")), visit.said("caller") or visit.me.login)
    except ValueError:
        return None


def _lines(
    visit: Visit, answers: Sequence[Answer], *notices: Notice, agency: str = "", more: int = 0, status: int = 200
) -> Response:
    """Lines that are done are told and gone; the others stay as they were typed, and empty ones follow."""
    agency = agency or visit.said("agency")[:80]
    open_ = [answer for answer in answers if answer.fate not in DONE]
    done = [answer for answer in answers if answer.fate in DONE]
    empty = [Answer(Line(), Fate.EMPTY)] * max(0, min(ROWS, ROWS_MOST) - len(open_))
    answer = visit.page(
        "sheet_results.html",
        *notices,
        accepted=f"sheet-results-{agency}" if done else "",
        answers=[*open_, *(empty if not agency else ())],
        done=done,
        outcomes=list(OutcomeCode),
        day=visit.said("day") or visit.program.desk.local_date(visit.now).isoformat(),
        caller=visit.said("caller") or visit.me.login,
        agency=agency,
        fresh=not visit.form,
        more=more,
        checked=any(a.fate is Fate.READY for a in open_) or bool(agency),
    )
    answer.status_code = status
    return answer
