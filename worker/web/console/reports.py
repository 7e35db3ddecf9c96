"""What an event came to, with a picture of the day; on paper and in a spreadsheet too."""

from datetime import date
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from worker.catalogue import prices
from worker.domain import pricing
from worker.domain.errors import Refused
from worker.domain.reports import Figures
from worker.domain.roles import Right
from worker.i18n import _
from worker.paper import day_pictures, words
from worker.services import auditing, reporting, spreadsheets, summaries
from worker.services.auditing import Action
from worker.web.console import visit as visits
from worker.web.console.visit import Visit
from worker.web.parts import Parts

UNREACHED_MOST = 200


def routes(parts: Parts) -> list[BaseRoute]:
    sees = Right.SEE_EVENTS
    return [
        visits.route(parts, "/events/{id}/report", report, right=sees),
        visits.route(parts, "/events/{id}/report.csv", as_csv, right=sees),
    ]


def report(visit: Visit) -> Response:
    """Figures, pictures and who is not reached yet, by dwelling, without a name. The look is written down once, for the
    event: two hundred entries a look would bury those of who opened a household, which is a click further."""
    program, day = visit.program, _day(visit)
    made = summaries.report(
        visit.parts.db,
        visit.id(),
        prices=prices.load(program.settings.config_dir),
        desk=program.desk,
        day=day,
        now=visit.now,
    )
    summary = made.summary
    waiting = summaries.calls_waiting(visit.parts.db, visit.id(), desk=program.desk, day=day)
    unreached = [home for home in made.unreached if visit.me.sees(home.agency)]
    auditing.record(visit.parts.db, visit.me, Action.VIEWED, "event", [visit.id()], now=visit.now)
    return visit.page(
        "report.html",
        summary=summary,
        from_copy=made.from_copy,
        figures=[_line(f) for f in summary.agencies if visit.me.sees(f.agency)],
        whole=_line(summary.whole),
        picture=day_pictures.of_day(summary.whole, summary.hours, waiting),
        unreached=[reporting.row(home) for home in unreached[:UNREACHED_MOST]],
        unreached_all=len(unreached),
        day=day,
    )


def as_csv(visit: Visit) -> Response:
    """One line per household of the person's agencies: dwelling, state, times. No name, no number."""
    span = summaries.span_of(_day(visit), None, visit.program.desk)
    rows = [row for row in reporting.rows(visit.parts.db, visit.id(), span) if visit.me.sees(row["agency"])]
    auditing.record(visit.parts.db, visit.me, Action.EXPORTED, "event", [visit.id()], now=visit.now)
    headers = {"Content-Disposition": f'attachment; filename="courtoisie-{visit.id()}.csv"'}
    return Response(spreadsheets.csv_of(rows), media_type="text/csv", headers=headers)


def _day(visit: Visit) -> date | None:
    written = visit.request.query_params.get("day", "")
    if not written:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise Refused(_("Ce jour ne se lit pas.")) from None


def _line(figures: Figures) -> dict[str, Any]:
    return {
        "agency": figures.agency,
        "counts": [
            figures.listed,
            figures.replied,
            figures.called,
            figures.informed,
            figures.unreached,
            figures.still_open,
            figures.excluded + figures.cancelled,
        ],
        "texts": [figures.texts, figures.segments, pricing.euros(figures.cost_micro), figures.opt_outs],
        "spans": [
            words.span(figures.median_first_text_s),
            words.span(figures.median_reply_s),
            words.span(figures.median_call_s),
        ],
        "unpriced": figures.unpriced,
    }
