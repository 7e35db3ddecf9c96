"""Callers take tasks: task next, claim, renew, release, skip, reschedule, undo, leave."""

from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from worker.bootstrap import utc_now
from worker.cli import parts
from worker.cli import tasks as lists
from worker.cli.terminal import local, out, print_json
from worker.domain import appointments, rungs
from worker.domain.callbacks import band
from worker.i18n import _
from worker.labels import label
from worker.services import claims, undoing

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Id = Annotated[int, typer.Argument(help=_("Numéro de l'appel, voir « courtoisie tasks »."), metavar="ID")]
Caller = Annotated[str, typer.Option(help=_("Qui appelle."))]
Reason = Annotated[str, typer.Option(help=_("Pourquoi, en quelques mots."))]
commands = lists.task_commands


@commands.command("next", help=_("Prendre l'appel dont le besoin est le plus grand."))
def take_next(
    caller: Caller,
    agency: Annotated[list[str] | None, typer.Option(help=_("Vos agences ; sans elles, toutes."))] = None,
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        rules = claims.rules_of(settings)
        held = claims.next_task(db, caller=caller, agencies=agency or (), rules=rules, now=utc_now())
    if as_json:
        print_json({"task": None if held is None else described(held)})
    elif held is None:
        out().print(_("Personne à appeler pour le moment."))
    else:
        _show(held, settings.timezone)


@commands.command("claim", help=_("Prendre cet appel-là."))
def claim(task: Id, caller: Caller, as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        held = claims.claim(db, task, caller=caller, rules=claims.rules_of(settings), now=utc_now())
    if as_json:
        print_json({"task": described(held)})
    else:
        _show(held, settings.timezone)


@commands.command("renew", help=_("Dire que l'appel est toujours en cours."))
def renew(task: Id, caller: Caller) -> None:
    with parts.only_database() as (settings, db):
        until = claims.renew(db, task, caller=caller, rules=claims.rules_of(settings), now=utc_now())
    out().print(_("Appel n° {id} entre vos mains jusqu'au {at}.").format(id=task, at=local(until, settings.timezone)))


@commands.command("release", help=_("Rendre un appel sans l'avoir fait."))
def release(task: Id, caller: Caller) -> None:
    with parts.only_database() as (_settings, db):
        claims.release(db, task, caller=caller, now=utc_now())
    out().print(_("Appel n° {id} rendu.").format(id=task))


@commands.command("skip", help=_("Laisser un appel aux autres, en disant pourquoi."))
def skip(task: Id, caller: Caller, reason: Reason) -> None:
    with parts.only_database() as (settings, db):
        claims.skip(db, task, caller=caller, reason=reason, rules=claims.rules_of(settings), now=utc_now())
    out().print(_("Appel n° {id} laissé aux autres.").format(id=task))


@commands.command("reschedule", help=_("Remettre un appel à plus tard, en disant pourquoi."))
def reschedule(
    task: Id,
    caller: Caller,
    at: Annotated[str, typer.Option(help=_("Quand : 14:30 aujourd'hui, ou 2026-07-14 10:00."), metavar="WHEN")],
    reason: Reason,
) -> None:
    with parts.only_database() as (settings, db):
        now = utc_now()
        when = appointments.read(at, now=now, tz=ZoneInfo(settings.timezone))
        claims.reschedule(db, task, caller=caller, at=when, reason=reason, now=now)
    out().print(_("Appel n° {id} remis au {at}.").format(id=task, at=local(when, settings.timezone)))


@commands.command("undo", help=_("Reprendre un résultat noté par erreur, dans la minute."))
def undo(task: Id, caller: Caller) -> None:
    with parts.only_database() as (_settings, db):
        code = undoing.undo(db, task, caller=caller, now=utc_now())
    out().print(_("Appel n° {id} : « {label} » est repris, tout est comme avant.").format(id=task, label=label(code)))


@commands.command("leave", help=_("Partir : rendre tout ce qu'on a en main."))
def leave(caller: Caller) -> None:
    with parts.only_database() as (_settings, db):
        count = claims.leave(db, caller=caller, now=utc_now())
    out().print(_("{n} appels rendus. Bonne fin de journée.").format(n=count))


def described(held: claims.Held) -> dict[str, Any]:
    """A claim in the form other programs rely on."""
    task = held.task
    shown = {name: getattr(task, name) for name in task.__dataclass_fields__}
    step = str(rungs.on_the_line(task.reasons))
    return shown | {"band": band(task.priority), "step": step, "claimed_until": held.until}


def _show(held: claims.Held, timezone: str) -> None:
    task, console = held.task, out()
    console.print(f"n° {task.id} · {band(task.priority)} ({task.priority}) · {task.agency_name}", style="bold")
    console.print(lists.who(task), markup=False)
    console.print(lists.why(task, timezone), markup=False)
    console.print(lists.number(task), markup=False)
    if lists.whom(task):
        console.print(lists.whom(task), style="bold", markup=False)
    parts_of_score = " · ".join(f"{label(code)} {points:+d}" for code, points in task.score)
    console.print(_("Pourquoi maintenant : {score}").format(score=parts_of_score), markup=False)
    console.print(_("Entre vos mains jusqu'au {at}.").format(at=local(held.until, timezone)))


def register(_cli: typer.Typer) -> None:
    """The commands are in the group of worker.cli.tasks."""
