"""What an event came to: figures from its rows, and a copy without personal data that outlives their erasure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

import structlog
from pydantic import TypeAdapter

from worker.domain.channels import Channel
from worker.domain.errors import NotFound, Refused
from worker.domain.pricing import Cost, PriceTable, Spent
from worker.domain.reports import WHOLE, Figures, Summary, Waiting
from worker.i18n import _
from worker.services.desk import Desk
from worker.store import events, reports
from worker.store.database import Connection, Database
from worker.store.reports import Home, Span

log = structlog.get_logger()

# Calls go on after an event has settled, and late replies are taken: its summary is made again this often until then.
REFRESH_AFTER = timedelta(hours=1)
# No event is older or newer: local days are turned into moments.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
_FORM = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class Report:
    """An event after the fact. from_copy: its rows are gone, the figures are those that were kept."""

    summary: Summary
    unreached: Sequence[Home] = ()
    from_copy: bool = False


def report(
    db: Database,
    event_id: int,
    *,
    prices: PriceTable,
    desk: Desk,
    day: date | None = None,
    agency: str | None = None,
    now: datetime,
) -> Report:
    """The account of an event, of one local day or one agency where asked. Raises NotFound."""
    span = span_of(day, agency, desk)
    with db.begin() as connection:
        if not reports.has_rows(connection, event_id):
            copy = reports.kept(connection, event_id)
            if copy is not None:
                return Report(_of_agency(from_json(copy), agency), from_copy=True)
        summary = replace(_summary(connection, event_id, span, prices=prices, desk=desk, now=now), day=day)
        return Report(summary, reports.homes(connection, event_id, span, unreached_only=True))


def calls_waiting(db: Database, event_id: int, *, desk: Desk, day: date | None = None) -> list[Waiting]:
    """How many calls of an event were to be made, hour by hour; of one local day where asked."""
    with db.begin() as connection:
        found = reports.calls_waiting(connection, event_id, timezone=str(desk.timezone))
    return [one for one in found if day is None or one.day == day]


def keep_due(db: Database, *, prices: PriceTable, desk: Desk, now: datetime) -> int:
    """Keeps a copy of events that have ended, again while calls go on; returns how many. Safe to run at any time."""
    with db.begin() as connection:
        due = reports.to_keep(connection, made_before=now - REFRESH_AFTER, now=now)
        for event_id, final in due:
            keep(connection, event_id, prices=prices, desk=desk, final=final, now=now)
    if due:
        log.info("summaries_kept", event_ids=[event_id for event_id, _final in due])
    return len(due)


def keep(connection: Connection, event_id: int, *, prices: PriceTable, desk: Desk, final: bool, now: datetime) -> None:
    """Keeps a copy of one event; to be called before anything of it is erased."""
    summary = _summary(connection, event_id, Span(), prices=prices, desk=desk, now=now)
    values = {
        "event_id": event_id,
        "campaign": summary.campaign,
        "occasion": summary.occasion,
        "opened_at": summary.opened_at,
        "listed": summary.whole.listed,
        "figures": json.dumps(as_json(summary)),
        "made_at": now,
        "final": final,
    }
    reports.keep(connection, values)


def as_json(summary: Summary) -> dict[str, object]:
    """The figures as JSON."""
    dumped: dict[str, object] = _FORM.dump_python(summary, mode="json")
    return dumped


def from_json(kept: Mapping[str, object]) -> Summary:
    """The figures that `as_json` made."""
    return _FORM.validate_python(dict(kept))


def _summary(
    connection: Connection, event_id: int, span: Span, *, prices: PriceTable, desk: Desk, now: datetime
) -> Summary:
    event = events.get(connection, event_id)
    if event is None:
        raise NotFound(_("Aucune opération n° {id}.").format(id=event_id), command="courtoisie events")
    lines = reports.spent(connection, event_id, span, destinations=prices.destinations)
    refusals = reports.opt_outs(connection, event_id, span)
    handed = reports.referrals(connection, event_id, span)
    on = desk.local_date(event.opened_at)
    made = [
        _with_referrals(
            _with_cost(f, lines, refusals.get(f.agency, 0), prices=prices, on=on), handed.get(f.agency, (0, 0, 0))
        )
        for f in reports.figures(connection, event_id, span)
    ]
    return Summary(
        event_id=event_id,
        campaign=event.campaign,
        title=str(event.definition.get("title", event.campaign)),
        occasion=event.occasion,
        kind=event.kind,
        level=event.level,
        state=event.state,
        opened_at=event.opened_at,
        made_at=now,
        whole=made[-1],
        agencies=tuple(made[:-1]),
        hours=tuple(reports.hours(connection, event_id, span, timezone=str(desk.timezone))),
    )


def _with_cost(
    figures: Figures, lines: Sequence[tuple[str, int, Spent]], refusals: int, *, prices: PriceTable, on: date
) -> Figures:
    mine = [(texts, spent) for agency, texts, spent in lines if figures.agency in {WHOLE, agency}]
    cost: Cost = prices.cost([spent for _texts, spent in mine], on=on)
    return replace(
        figures,
        opt_outs=refusals,
        texts=sum(texts for texts, spent in mine if spent.channel == Channel.SMS),
        segments=sum(spent.units for _texts, spent in mine if spent.channel == Channel.SMS),
        machine_calls=sum(calls for calls, spent in mine if spent.channel == Channel.VOICE),
        machine_minutes=sum(spent.units for _calls, spent in mine if spent.channel == Channel.VOICE),
        cost_micro=cost.micro,
        unpriced=cost.unpriced,
    )


def _with_referrals(figures: Figures, handed: tuple[int, int, int]) -> Figures:
    sent, acknowledged, solved = handed
    return replace(figures, referrals_sent=sent, referrals_acknowledged=acknowledged, referrals_solved=solved)


def span_of(day: date | None, agency: str | None, desk: Desk) -> Span:
    """From local midnight to local midnight, where a day is asked for. Raises Refused for one that never was."""
    if day is None:
        return Span(agency=agency)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Refused(_("Ce jour ne se lit pas."))
    opens, closes = (datetime.combine(day + timedelta(days=n), time(), tzinfo=desk.timezone) for n in (0, 1))
    return Span(opens, closes, agency)


def _of_agency(summary: Summary, agency: str | None) -> Summary:
    if agency is None:
        return summary
    mine = next((f for f in summary.agencies if f.agency == agency), None)
    if mine is None:
        raise NotFound(_("L'agence « {code} » n'a pas de foyer dans cette opération.").format(code=agency))
    return replace(summary, whole=mine, agencies=(mine,), hours=tuple(h for h in summary.hours if h.agency == agency))
