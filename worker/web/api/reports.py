"""After an event: who was reached and how, who was not and what comes next, as figures and for a spreadsheet."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from worker.catalogue import prices
from worker.domain.errors import NotFound
from worker.domain.roles import Person
from worker.i18n import _
from worker.paper import reports
from worker.services import auditing, reporting, spreadsheets, summaries
from worker.services.auditing import Action
from worker.web.api.campaigns import Agency
from worker.web.api.events import THERE, Id
from worker.web.api.house import AtHand, House, SeesEvents

router = APIRouter(tags=["reports"])

CSV = "text/csv"

Day = Annotated[
    date | None,
    Query(ge=summaries.FIRST_DAY, le=summaries.LAST_DAY, description="only this local day", examples=["2026-07-08"]),
]


class Figures(BaseModel):
    """One agency, or the whole. listed = excluded + replied + called + informed + unreached + cancelled + still_open.

    Medians in seconds: opening to first text, first text to reply, task to first call. machine_calls: calls by the
    machine, each try. cost_micro: a millionth of a euro.
    """

    agency: str = Field(description="empty: the whole")
    listed: int
    excluded: int
    texted: int
    replied: int
    called: int
    informed: int
    unreached: int
    cancelled: int
    still_open: int
    unknown_fates: int
    opt_outs: int
    texts: int
    segments: int
    machine_calls: int
    machine_minutes: int
    cost_micro: int
    unpriced: int
    referrals_sent: int
    referrals_acknowledged: int
    referrals_solved: int
    median_first_text_s: float | None
    median_reply_s: float | None
    median_call_s: float | None


class Report(BaseModel):
    """An event in figures. from_copy: its rows were erased, the figures are those that were kept.

    unreached: by dwelling, with the last attempt and the next step. What names an agency is of those of whoever asks.
    """

    event: str = Field(examples=["41"])
    campaign: str
    title: str
    occasion: str
    figures: Figures
    agencies: list[Figures]
    by_hour: list[dict[str, Any]] = Field(description="how often what happened, by local hour")
    unreached: list[dict[str, Any]]
    from_copy: bool


@router.get("/events/{event}/report", responses=THERE)
def report(event: Id, person: SeesEvents, at: AtHand, day: Day = None, agency: Agency = None) -> Report:
    """What an event came to, from its rows; of one local day or one agency if asked."""
    made = _made(event, person, at, day, agency)
    summary: dict[str, Any] = summaries.as_json(made.summary)
    return Report(
        event=str(event),
        **{name: summary[name] for name in ("campaign", "title", "occasion")},
        figures=summary["whole"],
        agencies=summary["agencies"],
        by_hour=summary["hours"],
        unreached=[reporting.row(home) for home in made.unreached],
        from_copy=made.from_copy,
    )


@router.get(
    "/events/{event}/report.csv",
    response_class=Response,
    responses={
        200: {"content": {CSV: {"schema": {"type": "string"}}}, "description": "one line per household"},
        **THERE,
    },
)
def report_csv(event: Id, person: SeesEvents, at: AtHand, day: Day = None, agency: Agency = None) -> Response:
    """One line per household of the agencies of whoever asks: dwelling, state, times. No name, no number."""
    span = summaries.span_of(day, _theirs(person, agency), at.program.desk)
    rows = [row for row in reporting.rows(at.db, event, span) if person.sees(row["agency"])]
    auditing.record(at.db, person, Action.EXPORTED, "event", [event], now=at.now())
    name = f'attachment; filename="courtoisie-{event}.csv"'
    return Response(spreadsheets.csv_of(rows), media_type=CSV, headers={"Content-Disposition": name})


@router.get(
    "/events/{event}/report.html",
    response_class=HTMLResponse,
    responses={200: {"content": {"text/html": {}}, "description": "a page to print"}, **THERE},
)
def report_html(event: Id, person: SeesEvents, at: AtHand, day: Day = None, agency: Agency = None) -> HTMLResponse:
    """The same on a page to print. It names dwellings, nobody."""
    made = _made(event, person, at, day, agency)
    auditing.record(at.db, person, Action.EXPORTED, "event", [event], now=at.now())
    return HTMLResponse(reports.page(made, at.program.settings, agency=agency))


def _made(event: int, person: Person, at: House, day: date | None, agency: str | None) -> summaries.Report:
    """The report, with what names an agency kept to those of the person."""
    program = at.program
    table = prices.load(program.settings.config_dir)
    made = summaries.report(
        at.db, event, prices=table, desk=program.desk, day=day, agency=_theirs(person, agency), now=at.now()
    )
    return replace(
        made,
        summary=replace(
            made.summary,
            agencies=tuple(f for f in made.summary.agencies if person.sees(f.agency)),
            hours=tuple(h for h in made.summary.hours if person.sees(h.agency)),
        ),
        unreached=[home for home in made.unreached if person.sees(home.agency)],
    )


def _theirs(person: Person, agency: str | None) -> str | None:
    """An agency that is not theirs does not exist for them."""
    if agency is not None and not person.sees(agency):
        raise NotFound(_("L'agence « {code} » n'a pas de foyer dans cette opération.").format(code=agency))
    return agency
