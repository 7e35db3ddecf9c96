"""After an event: report, on the screen, as a spreadsheet, on paper."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from worker.bootstrap import utc_now
from worker.catalogue import prices
from worker.cli import parts
from worker.cli.events import Id, Json, show_account
from worker.cli.terminal import local, out, print_json, table, write_private
from worker.domain import pricing
from worker.domain.reports import Figures
from worker.i18n import _
from worker.labels import label
from worker.paper import reports, words
from worker.services import desk, reporting, spreadsheets, summaries
from worker.services.summaries import Report
from worker.settings import Settings
from worker.store.database import Database
from worker.store.reports import Home


def report(
    event: Id,
    *,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=_("Seulement ce jour, 2026-07-14."), metavar="DATE")
    ] = None,
    agency: Annotated[str | None, typer.Option(help=_("Seulement cette agence."), metavar="CODE")] = None,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help=_("Écrire une ligne par foyer."), metavar="FILE")
    ] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help=_("Écrire un rapport à imprimer."), metavar="FILE")
    ] = None,
    as_json: Json = False,
) -> None:
    only = day.date() if day else None
    with parts.only_database() as (settings, db):
        account = reporting.report(db, event)
        made = _made(db, settings, event, only, agency)
        if csv_file is not None:
            rows = reporting.rows(db, event, summaries.span_of(only, agency, desk.of(settings)))
            write_private(csv_file, spreadsheets.csv_of([_spoken(row, settings.timezone) for row in rows]))
        if html_file is not None:
            write_private(html_file, reports.page(made, settings, agency=agency).encode())
    if as_json:
        print_json(reporting.as_json(account) | {"by_agency": list(account.by_agency)} | _as_json(made))
        return
    if only is None and agency is None and not made.from_copy:
        show_account(account, settings.timezone)
    _show(made, settings.timezone)
    for path, said in ((csv_file, _("Une ligne par foyer : {path}")), (html_file, _("À imprimer : {path}"))):
        if path is not None:
            out().print(said.format(path=path), markup=False)


def _made(db: Database, settings: Settings, event: int, day: date | None, agency: str | None) -> Report:
    return summaries.report(
        db,
        event,
        prices=prices.load(settings.config_dir),
        desk=desk.of(settings),
        day=day,
        agency=agency,
        now=utc_now(),
    )


def _as_json(made: Report) -> dict[str, Any]:
    figures = summaries.as_json(made.summary)
    homes = [
        {name: getattr(home, name) for name in Home.__dataclass_fields__} | {"next_step": str(reports.following(home))}
        for home in made.unreached
    ]
    return {
        "day": figures["day"],
        "figures": _with_euros(figures["whole"]),
        "agencies": [_with_euros(one) for one in _list(figures["agencies"])],
        "by_hour": figures["hours"],
        "unreached": homes,
        "from_copy": made.from_copy,
    }


def _with_euros(figures: Any) -> dict[str, Any]:
    return {**figures, "cost_eur": pricing.plain(figures["cost_micro"])}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _spoken(row: dict[str, Any], timezone: str) -> dict[str, Any]:
    """One line of the spreadsheet: codes for programs, local times, and at the end the same in words."""
    reason = f", {label(row['reason'])}" if row["reason"] else ""
    said = {name: _cell(value, timezone) for name, value in row.items()}
    return said | {"situation": label(row["state"]) + reason, "suite": label(row["next_step"])}


def _cell(value: object, timezone: str) -> object:
    return f"{value.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else value


# ---- on the screen ---------------------------------------------------------------


def _show(made: Report, timezone: str) -> None:
    console, summary = out(), made.summary
    if made.from_copy:
        console.print(_("Les données personnelles ont été effacées ; voici les chiffres gardés."), style="bold")
    console.print(
        _("Rapport n° {id} · {title}{day}").format(
            id=summary.event_id, title=summary.title, day=f" · {summary.day:%d/%m/%Y}" if summary.day else ""
        ),
        style="bold",
        markup=False,
    )
    console.print(_households(summary.agencies, summary.whole))
    console.print(_times(summary.agencies, summary.whole))
    if summary.whole.machine_calls:
        console.print(
            _("Appels automatiques : {n}, {minutes} minutes facturées, compris dans le coût").format(
                n=summary.whole.machine_calls, minutes=summary.whole.machine_minutes
            )
        )
    if summary.whole.unpriced:
        console.print(_("Sans prix connu : {n} segments").format(n=summary.whole.unpriced), style="bold red")
    _show_unreached(made, timezone)


def _households(agencies: tuple[Figures, ...], whole: Figures) -> Any:
    columns = (_("Réponse"), _("Téléphone"), _("Informés"), _("Non joints"), _("En cours"), _("Écartés"))
    listed = table(_("Agence"), _("Au départ"), *columns, right=tuple(range(1, 8)))
    for f in (*agencies, whole):
        out_of_it = f.excluded + f.cancelled
        counts = (f.listed, f.replied, f.called, f.informed, f.unreached, f.still_open, out_of_it)
        listed.add_row(f.agency or _("Total"), *map(str, counts))
    return listed


def _times(agencies: tuple[Figures, ...], whole: Figures) -> Any:
    columns = (_("Coût"), _("Sorts inconnus"), _("Refus de SMS"), _("1er SMS"), _("Réponse"), _("Appel"))
    listed = table(_("Agence"), _("SMS"), *columns, right=tuple(range(1, 8)))
    for f in (*agencies, whole):
        spans = (words.span(s) for s in (f.median_first_text_s, f.median_reply_s, f.median_call_s))
        counts = (str(f.texts), pricing.euros(f.cost_micro), str(f.unknown_fates), str(f.opt_outs))
        listed.add_row(f.agency or _("Total"), *counts, *spans)
    return listed


SHOWN_MOST = 40


def _show_unreached(made: Report, timezone: str) -> None:
    if not made.unreached:
        return
    listed = table(_("Agence"), _("Logement"), _("État"), _("Dernier essai"), _("Ensuite"))
    for home in made.unreached[:SHOWN_MOST]:
        tried = f"{label(home.last_result)} {local(home.last_attempt_at, timezone)}" if home.last_result else "-"
        step = f"{label(reports.following(home))} {local(home.next_at, timezone)}"
        listed.add_row(home.agency, home.dwelling, label(home.state), tried, step)
    out().print(_("Pas encore joints : {n}").format(n=len(made.unreached)), style="bold")
    out().print(listed)
    if len(made.unreached) > SHOWN_MOST:
        out().print(_("… et {n} autres (--csv, --html).").format(n=len(made.unreached) - SHOWN_MOST))


def register(cli: typer.Typer) -> None:
    cli.command("report", help=_("Le compte de tous les foyers d'une opération, ses délais et son coût."))(report)
