"""Watching: events, event show. Steering is in worker/cli/steering.py, the report in worker/cli/reports.py."""

import sys
import time
from typing import Annotated

import typer

from worker.bootstrap import utc_now
from worker.cli import parts
from worker.cli.terminal import local, out, print_json, table
from worker.domain.campaigns import EventState
from worker.domain.voice import CallEnd
from worker.i18n import _, ngettext
from worker.labels import CALL_ENDS, label
from worker.services import events, reporting, steering

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Id = Annotated[int, typer.Argument(help=_("Numéro de l'opération, voir « courtoisie events »."), metavar="ID")]
OVER = frozenset({EventState.SETTLED, EventState.CANCELLED})
WATCH_S = 2.0
event_commands = typer.Typer(help=_("Suivre et conduire une opération."), no_args_is_help=True)


def list_events(as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        reports = [reporting.report(db, event.id) for event in events.recent(db)]
        if as_json:
            print_json({"events": [reporting.as_json(r) for r in reports]})
            return
        listed = table(_("N°"), _("Campagne"), _("Occasion"), _("État"), _("Ouverte"), _("Foyers"), right=(0, 5))
        for r in reports:
            opened = local(r.event.opened_at, settings.timezone)
            campaign = (
                _("{campaign} (essai)").format(campaign=r.event.campaign) if r.event.is_test else r.event.campaign
            )
            listed.add_row(
                str(r.event.id), campaign, r.event.occasion, label(r.event.state), opened, str(r.account.total)
            )
        out().print(listed)


@event_commands.command("show", help=_("Où en est une opération."))
def show(
    event: Id,
    watch: Annotated[bool, typer.Option("--watch", help=_("Rafraîchir jusqu'à ce qu'elle soit close."))] = False,
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        while True:
            made = reporting.report(db, event)
            progress = steering.progress(db, event, senders=settings.sender_table, now=utc_now())
            _show_once(made, progress, settings.timezone, as_json=as_json, clear=watch and sys.stdout.isatty())
            if not watch or made.event.state in OVER:
                return
            time.sleep(WATCH_S)


def _show_once(
    made: reporting.Report,
    progress: steering.Progress,
    timezone: str,
    *,
    as_json: bool,
    clear: bool,
) -> None:
    if as_json:
        print_json(
            reporting.as_json(made) | {"by_agency": list(made.by_agency), "progress": steering.as_json(progress)}
        )
        sys.stdout.flush()
        return
    if clear:
        out().clear()
    show_account(made, timezone)
    _show_progress(progress, timezone)
    for one in made.next_steps:
        said = ngettext(
            "Prochaine étape : {step}, {n} foyer, à partir du {at}",
            "Prochaine étape : {step}, {n} foyers, à partir du {at}",
            one.households,
        )
        out().print(said.format(step=label(one.step), n=one.households, at=local(one.at, timezone)), markup=False)


def _show_progress(progress: steering.Progress, timezone: str) -> None:
    console, texts = out(), progress.texts
    console.print(
        _("Envoi : {sent} partis · {waiting} en attente · {carrier} chez l'opérateur SMS · {stopped} arrêtés").format(
            sent=texts.sent, waiting=texts.waiting, carrier=texts.at_carrier, stopped=texts.stopped
        )
    )
    console.print(_("Dernière minute : {n} SMS").format(n=texts.sent_last_minute))
    if progress.pace_per_s is not None:
        console.print(_("Cadence : {n:g} segments par seconde au plus").format(n=progress.pace_per_s))
    if texts.waiting and progress.ends_at is not None:
        console.print(_("Fin prévue de l'envoi : {at}").format(at=local(progress.ends_at, timezone)))
    if texts.answers_until is not None:
        console.print(_("Dernière échéance de réponse : {at}").format(at=local(texts.answers_until, timezone)))


def show_account(made: reporting.Report, timezone: str) -> None:
    """Where every household of an event stands."""
    console, event, account = out(), made.event, made.account
    opened = local(event.opened_at, timezone)
    console.print(f"{event.campaign} · {event.occasion} · {label(event.state)} · {opened}", markup=False, style="bold")
    if event.alarm:
        console.print(event.alarm, style="bold red", markup=False)
    rows = table(_("Foyers"), _("Pourquoi"), _("Nombre"), right=(2,))
    for state, reasons in account.reasons.items():
        for reason, count in reasons.items():
            rows.add_row(label(state), label(reason) if reason else "", str(count))
    rows.add_row(_("Total"), "", str(account.total), style="bold")
    rows.add_row(_("Sans suite (doit rester à zéro)"), "", str(account.unaccounted))
    console.print(rows)
    texts = " · ".join(f"{label(state)} {count}" for state, count in account.messages.items())
    console.print(_("SMS : {texts} ({segments} segments)").format(texts=texts or "0", segments=account.segments))
    if account.calls:
        calls = " · ".join(f"{_end(end)} {count}" for end, count in sorted(account.calls.items()))
        console.print(_("Appels automatiques : {calls}").format(calls=calls))
    tasks = " · ".join(f"{label(state)} {count}" for state, count in account.tasks.items())
    console.print(_("Appels : {tasks}").format(tasks=tasks or "0"))


def _end(end: str) -> str:
    return _("en cours") if end not in set(CallEnd) else CALL_ENDS[CallEnd(end)]


def register(cli: typer.Typer) -> None:
    cli.command("events", help=_("Les dernières opérations."))(list_events)
    cli.add_typer(event_commands, name="event")
