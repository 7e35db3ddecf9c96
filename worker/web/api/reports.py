"""After an event: who was reached and how, who was not and what comes next, as figures and for a spreadsheet."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from worker.catalogue import prices
from worker.services import auditing, reporting, spreadsheets, summaries
from worker.services.auditing import Action
from worker.web.api.events import THERE, Id
from worker.web.api.house import AtHand, SeesEvents

router = APIRouter(tags=["reports"])

CSV = "text/csv"
# No event is older or newer: local days are turned into moments.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)

Day = Annotated[
    date | None, Query(ge=FIRST_DAY, le=LAST_DAY, description="only this local day", examples=["2026-07-08"])
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
def report(event: Id, person: SeesEvents, at: AtHand, day: Day = None) -> Report:
    """What an event came to, from its rows; of one local day if asked."""
    program = at.program
    table = prices.load(program.settings.config_dir)
    made = summaries.report(at.db, event, prices=table, desk=program.desk, day=day, now=at.now())
    summary: dict[str, Any] = summaries.as_json(made.summary)
    return Report(
        event=str(event),
        **{name: summary[name] for name in ("campaign", "title", "occasion")},
        figures=summary["whole"],
        agencies=[row for row in summary["agencies"] if person.sees(row["agency"])],
        by_hour=[row for row in summary["hours"] if person.sees(row["agency"])],
        unreached=[reporting.row(home) for home in made.unreached if person.sees(home.agency)],
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
def report_csv(event: Id, person: SeesEvents, at: AtHand, day: Day = None) -> Response:
    """One line per household of the agencies of whoever asks: dwelling, state, times. No name, no number."""
    span = summaries.span_of(day, None, at.program.desk)
    rows = [row for row in reporting.rows(at.db, event, span) if person.sees(row["agency"])]
    auditing.record(at.db, person, Action.EXPORTED, "event", [event], now=at.now())
    name = f'attachment; filename="courtoisie-{event}.csv"'
    return Response(spreadsheets.csv_of(rows), media_type=CSV, headers={"Content-Disposition": name})
