"""The callers' list: tasks, task done."""

from pathlib import Path
from typing import Annotated, Any

import typer

from worker.bootstrap import utc_now
from worker.catalogue import forms
from worker.cli import parts
from worker.cli.terminal import local, out, print_json, table, write_private
from worker.domain import rungs
from worker.domain.callbacks import OPEN_STATES, band
from worker.domain.channels import CONTACTS
from worker.domain.errors import NotFound
from worker.domain.outcomes import OutcomeCode
from worker.domain.rungs import Rung
from worker.i18n import _
from worker.labels import label
from worker.paper import lists
from worker.services import call_sheets, calls, reporting
from worker.settings import Settings
from worker.store.database import Database
from worker.store.tasks import Task

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
task_commands = typer.Typer(help=_("Rendre compte d'un appel."), no_args_is_help=True)


def tasks(
    agency: Annotated[str | None, typer.Option(help=_("Code d'agence."))] = None,
    limit: Annotated[int, typer.Option(min=1, help=_("Nombre de lignes affichées."))] = 40,
    print_file: Annotated[
        Path | None,
        typer.Option(
            "--print", help=_("Écrire la liste à imprimer, avec des cases à cocher : .pdf ou .html."), metavar="FILE"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        queue = reporting.tasks(db, agency=agency)
        if print_file is not None:
            write_private(print_file, _on_paper(db, settings, agency, pdf=print_file.suffix.lower() == ".pdf"))
    if as_json:
        print_json({"tasks": [_described(task) for task in queue]})
        return
    listed = table(
        _("N°"), _("Priorité"), _("Avant"), _("Agence"), _("Foyer"), _("Pourquoi"), _("Téléphone"), right=(0,)
    )
    for task in queue[:limit]:
        listed.add_row(
            str(task.id),
            f"{band(task.priority)} ({task.priority})",
            local(task.due_at, settings.timezone),
            task.agency,
            who(task),
            why(task, settings.timezone),
            number(task),
        )
    out().print(listed)
    if len(queue) > limit:
        out().print(_("… et {n} autres (--limit).").format(n=len(queue) - limit))
    if print_file is not None:
        said = _("À imprimer : {path}. Noms et téléphones : à détruire après usage.")
        out().print(said.format(path=print_file), markup=False)


def _on_paper(db: Database, settings: Settings, agency: str | None, *, pdf: bool) -> bytes:
    now = utc_now()
    known = forms.load(settings.config_dir)
    agencies = call_sheets.sheets(db, known, landlord=settings.landlord.name, agency=agency, now=now)
    return lists.calls_pdf(agencies, settings, now=now) if pdf else lists.calls(agencies, settings, now=now).encode()


@task_commands.command("done", help=_("Enregistrer comment un appel s'est terminé."))
def done(
    task: Annotated[int, typer.Argument(help=_("Numéro de l'appel, voir « courtoisie tasks »."), metavar="ID")],
    outcome: Annotated[OutcomeCode, typer.Option(help=_("Comment l'appel s'est terminé."), case_sensitive=False)],
    caller: Annotated[str, typer.Option(help=_("Qui a appelé."))],
    *,
    note: Annotated[str, typer.Option(help=_("300 caractères au plus, des faits."))] = "",
    number: Annotated[
        str | None,
        typer.Option(help=_("Le numéro composé, s'il est faux ou non attribué ; par défaut le premier du foyer.")),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help=_("Quand rappeler : 14:30 aujourd'hui, ou 2026-07-14 10:00."), metavar="HOUR"),
    ] = None,
    tenant: Annotated[
        str | None,
        typer.Option(help=_("Qui est parti ou décédé : son rang dans le foyer, ou son nom."), metavar="WHO"),
    ] = None,
    as_json: Json = False,
) -> None:
    said = calls.Said(number, at, tenant)
    with parts.whole() as app:
        ended = calls.record_outcome(
            app.db, task, outcome=outcome, caller=caller, note=note, desk=app.desk, now=app.clock(), said=said
        )
        timezone = app.settings.timezone
    if as_json:
        follows = {"closed": ended.closed, "next_call_at": ended.next_call_at, "then": ended.then}
        print_json({"task": task, "outcome": str(outcome)} | follows)
        return
    out().print(_("Appel n° {id} : {label}.").format(id=task, label=label(outcome)) + " " + _follows(ended, timezone))


def _follows(ended: calls.Ended, timezone: str) -> str:
    when = local(ended.next_call_at, timezone)
    if ended.closed and ended.next_call_at is not None:
        return _("Dossier clos ; un appel de suivi est prévu à partir du {when}.").format(when=when)
    if ended.closed:
        return _("Dossier clos.")
    if ended.then is not None:
        return _("Le foyer n'a pas été joint. Ensuite : {step}, le {when}.").format(step=label(ended.then), when=when)
    if ended.moved:
        asked = local(ended.asked_at, timezone)
        return _("Personne n'appelle le {asked} : à rappeler le {when}.").format(asked=asked, when=when)
    return _("À rappeler le {when}.").format(when=when)


def who(task: Task) -> str:
    """The people and their town, on one line."""
    names = " / ".join(f"{t['civility']} {t['last_name']} {t['first_name']}".strip() for t in task.tenants or [])
    return f"{names} · {task.commune}"


def why(task: Task, timezone: str) -> str:
    """The reasons, from when on, and the last words that came."""
    reasons = ", ".join(label(reason) for reason in task.reasons)
    news = _(" · a répondu « tout va bien » depuis") if task.said_fine else ""
    later = _(" · pas avant le {when}").format(when=local(task.not_before, timezone)) if task.not_before else ""
    return reasons + later + news + (f" · « {task.last_reply} »" if task.last_reply else "")


def number(task: Task) -> str:
    """The numbers to dial, best first."""
    usable = [p["e164"] for p in task.phones or [] if not p["bad"]]
    return ", ".join(usable) or _("aucun numéro")


def whom(task: Task) -> str:
    """For whom the call is, once the household itself was not reached; nothing before."""
    step = rungs.on_the_line(task.reasons)
    if step is Rung.PARTNER:
        return _("Personne n'a été joint : demandez au partenaire d'aller voir.")
    contacts = [
        f"{p['e164']} ({label(p['label'])})" for p in task.phones or [] if p["label"] in CONTACTS and not p["bad"]
    ]
    if step is Rung.TRUSTED_CONTACT and contacts:
        return _("Le foyer n'a pas été joint : appelez un proche, {numbers}.").format(numbers=", ".join(contacts))
    return ""


@task_commands.command("show", help=_("Un appel : qui, pourquoi, et ce qui vient."))
def show(
    task: Annotated[int, typer.Argument(help=_("Numéro de l'appel, voir « courtoisie tasks »."), metavar="ID")],
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        found = reporting.task(db, task)
    if found is None:
        raise NotFound(_("Aucun appel n° {id}. Voyez « courtoisie tasks ».").format(id=task))
    if as_json:
        print_json({"task": _described(found)})
        return
    console, step = out(), rungs.on_the_line(found.reasons)
    console.print(f"n° {found.id} · {label(found.state)} · {band(found.priority)} · {found.agency_name}", style="bold")
    for line in (who(found), why(found, settings.timezone), number(found), whom(found)):
        if line:
            console.print(line, markup=False)
    if found.state in OPEN_STATES:
        at = local(found.not_before or found.due_at, settings.timezone)
        console.print(_("Prochaine étape : {step}, le {at}").format(step=label(step), at=at), markup=False)


def _described(task: Task) -> dict[str, Any]:
    shown = {name: getattr(task, name) for name in Task.__dataclass_fields__}
    return shown | {"band": band(task.priority), "step": str(rungs.on_the_line(task.reasons))}


def register(cli: typer.Typer) -> None:
    cli.command("tasks", help=_("Les foyers à appeler, dans l'ordre du besoin."))(tasks)
    cli.add_typer(task_commands, name="task")
