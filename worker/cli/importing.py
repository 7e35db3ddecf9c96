"""What an import says to the operator: counts, how the file was read, what to look at, row by row."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from worker.cli import terminal
from worker.domain.errors import BadListing, Refused
from worker.domain.listings import Problem, ProblemCode, Reading
from worker.i18n import _, ngettext
from worker.listing import rules
from worker.paper import findings
from worker.services import importing
from worker.services.importing import ImportPlan
from worker.settings import Settings
from worker.store.database import Database

ROWS_SHOWN = 12


def import_listing(
    db: Database,
    file: Path,
    *,
    apply: bool,
    allow_shrink: bool,
    as_json: bool,
    settings: Settings,
    now: datetime,
) -> int:
    """Reads a listing and, with `apply`, saves it. Returns 0 when done, 1 when refused.

    A row with a problem is no refusal: it is counted and named.
    """
    today = now.astimezone(ZoneInfo(settings.timezone)).date()
    limit = settings.limits.import_max_vanished
    try:
        plan = importing.plan(db, file, rules=rules.load(settings.config_dir), today=today)
        if apply:
            plan = importing.apply(db, plan, allow_shrink=allow_shrink, max_vanished=limit, today=today, now=now).plan
    except (BadListing, Refused) as error:
        return _refuse(error, file, as_json=as_json)
    too_many = plan.vanishing_share > limit and not allow_shrink and not apply
    if as_json:
        terminal.print_json(_as_json(plan, file, applied=apply, would_be_refused=too_many))
    else:
        _show(plan, file, applied=apply, limit=limit if too_many else None)
    return 0


def _refuse(error: Refused, file: Path, *, as_json: bool) -> int:
    if as_json:
        terminal.print_json({"file": file.name, "applied": False, "refused": str(error)})
    terminal.complain(str(error))
    return 1


def _as_json(plan: ImportPlan, file: Path, *, applied: bool, would_be_refused: bool) -> dict[str, Any]:
    reading = plan.reading
    return {
        "file": file.name,
        "applied": applied,
        "would_be_refused": would_be_refused,
        "kind": reading.kind,
        "encoding": reading.encoding,
        "separator": reading.separator,
        "header_row": reading.header_row,
        "ignored_headers": list(reading.ignored_headers),
        "rows": reading.rows,
        "digest": reading.digest,
        **plan.counts(),
        "active_before": plan.active_before,
        "vanishing": plan.vanishing,
        "problems": [{"row": p.row, "code": p.code, "weight": p.weight, "column": p.column} for p in plan.problems],
    }


def _show(plan: ImportPlan, file: Path, *, applied: bool, limit: float | None) -> None:
    out = terminal.out()
    _show_reading(out, plan.reading, file)
    _show_counts(out, plan)
    for weight, title in findings.TITLES.items():
        _show_problems(out, title, [p for p in plan.problems if p.weight is weight])
    out.print()
    if applied:
        out.print(_("Enregistré."))
    elif limit is not None:
        out.print(
            _("Essai à blanc : --apply serait refusé, car plus de {limit:.0%} des locataires disparaîtraient.").format(
                limit=limit
            )
        )
    else:
        out.print(_("Essai à blanc : rien n'a changé. Pour enregistrer : ajoutez --apply."))


def _show_reading(out: Console, reading: Reading, file: Path) -> None:
    out.print(_("{file} : {kind}, en-tête à la ligne {row}, {rows} lignes").format(
        file=file.name, kind=reading.kind.upper(), row=reading.header_row, rows=reading.rows
    ), markup=False)  # fmt: skip
    if reading.encoding:
        separator = {"\t": _("tabulation")}.get(reading.separator or "", reading.separator)
        out.print(_("Encodage {encoding}, séparateur « {separator} »").format(
            encoding=reading.encoding, separator=separator
        ), markup=False)  # fmt: skip
    if reading.accented:
        names = ", ".join(_("{name} (ligne {row})").format(name=name, row=row) for row, name in reading.accented)
        out.print(_("Ces noms sont-ils bien écrits ? {names}").format(names=names), markup=False)
    if reading.ignored_headers:
        ignored = ", ".join(reading.ignored_headers)
        out.print(_("Colonnes non utilisées : {titles}").format(titles=ignored), markup=False)


def _show_counts(out: Console, plan: ImportPlan) -> None:
    columns = (_("nouveaux"), _("modifiés"), _("partis"), _("inchangés"), _("refusés"))
    table = terminal.table("", *columns, right=(1, 2, 3, 4, 5))
    for key, counts in plan.counts().items():
        table.add_row(findings.NAMES[key], *(str(n) for n in counts.values()))
    out.print()
    out.print(table)


def _show_problems(out: Console, title: str, problems: Sequence[Problem]) -> None:
    if not problems:
        return
    out.print()
    out.print(title, style="bold")
    groups: dict[tuple[ProblemCode, str | None], list[int]] = {}
    for problem in problems:
        groups.setdefault((problem.code, problem.column), []).append(problem.row)
    for (code, column), rows in sorted(groups.items(), key=lambda group: -len(group[1])):
        where = _(" (colonne « {column} »)").format(column=column) if column else ""
        out.print(f"  {findings.SENTENCES[code]}{where} : {_rows(rows)}", markup=False)


def _rows(rows: Iterable[int]) -> str:
    """ "lignes 3, 4, 8 … et 12 autres"."""
    numbers = list(dict.fromkeys(rows))
    shown = ", ".join(str(n) for n in numbers[:ROWS_SHOWN])
    text = ngettext("ligne {rows}", "lignes {rows}", len(numbers)).format(rows=shown)
    more = len(numbers) - ROWS_SHOWN
    return text if more <= 0 else text + " " + ngettext("… et {n} autre", "… et {n} autres", more).format(n=more)
