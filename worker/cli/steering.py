"""Steering an event: pause, resume, cancel, pace, extend, add, all-clear."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from worker.catalogue.values import Duration
from worker.cli import parts
from worker.cli.events import Id, Json, event_commands
from worker.cli.terminal import local, out, print_json
from worker.domain.errors import Refused
from worker.i18n import _
from worker.labels import label
from worker.services import events, steering

END_CAMPAIGN = "canicule-fin"
_DURATION = TypeAdapter(Duration)


@event_commands.command("pause", help=_("Suspendre les envois."))
def pause(event: Id) -> None:
    with parts.only_database() as (_settings, db):
        events.pause(db, event)
    out().print(_("Opération n° {id} suspendue : plus aucun SMS ne part.").format(id=event))


@event_commands.command("resume", help=_("Reprendre les envois."))
def resume(event: Id) -> None:
    with parts.only_database() as (_settings, db):
        events.resume(db, event)
    out().print(_("Opération n° {id} reprise.").format(id=event))


@event_commands.command("cancel", help=_("Arrêter pour de bon ; les appels déjà demandés restent à faire."))
def cancel(event: Id) -> None:
    with parts.whole() as app:
        households = events.cancel(app.db, event, now=app.clock())
        texts = steering.progress(app.db, event, senders=app.settings.sender_table, now=app.clock()).texts
    out().print(_("Opération n° {id} annulée : {n} foyers n'attendent plus rien.").format(id=event, n=households))
    out().print(
        _("SMS : {sent} partis · {stopped} arrêtés · {carrier} chez l'opérateur SMS").format(
            sent=texts.sent, stopped=texts.stopped, carrier=texts.at_carrier
        )
    )


@event_commands.command("pace", help=_("Ralentir ou accélérer une opération."))
def pace(
    event: Id,
    per_s: Annotated[
        float, typer.Argument(metavar="N", help=_("Segments par seconde ; 0 : la cadence de l'émetteur."))
    ],
) -> None:
    with parts.only_database() as (_settings, db):
        steering.set_pace(db, event, per_s=per_s)
    said = _("Opération n° {id} : {n:g} segments par seconde au plus.") if per_s else _("Opération n° {id} : {pace}.")
    out().print(said.format(id=event, n=per_s, pace=_("cadence de l'émetteur")))


@event_commands.command("extend", help=_("Laisser plus de temps pour répondre, et aux SMS pour partir."))
def extend(
    event: Id,
    by: Annotated[str, typer.Option("--by", help=_('Combien de plus : "30min", "2h", "1d".'))],
) -> None:
    with parts.whole() as app:
        void_at = steering.extend(app.db, event, by=_span(by), now=app.clock())
        timezone = app.settings.timezone
    out().print(
        _("Opération n° {id} prolongée ; un SMS qui n'est pas parti avant {at} ne part plus.").format(
            id=event, at=local(void_at, timezone)
        )
    )


@event_commands.command("add", help=_("Ajouter un foyer en retard ; deux fois ne fait qu'une."))
def add(
    event: Id,
    dwelling: Annotated[str, typer.Argument(metavar="DWELLING", help=_("Code du logement, comme dans la liste."))],
    as_json: Json = False,
) -> None:
    with parts.whole() as app:
        added = steering.add(app.db, event, dwelling=dwelling, desk=app.desk, now=app.clock())
    if as_json:
        print_json({"event": str(event)} | asdict(added))
        return
    said = _("Foyer ajouté : {state}{why}.") if added.new else _("Ce foyer en fait déjà partie : {state}{why}.")
    why = f" ({label(added.reason)})" if added.reason else ""
    out().print(said.format(state=label(added.state), why=why))


@event_commands.command("all-clear", help=_("Fin d'alerte : arrêter les attentes, écrire à qui avait reçu l'alerte."))
def all_clear(
    event: Id,
    campaign: Annotated[str, typer.Option(help=_("Campagne du dernier SMS."))] = END_CAMPAIGN,
    no_text: Annotated[bool, typer.Option("--no-text", help=_("N'envoyer aucun dernier SMS."))] = False,
    as_json: Json = False,
) -> None:
    with parts.whole() as app:
        end = None if no_text else app.campaign(campaign)
        cleared = steering.all_clear(app.db, event, end=end, desk=app.desk, now=app.clock())
    if as_json:
        print_json({"event": str(event)} | asdict(cleared))
        return
    out().print(
        _("Fin d'alerte : {checks} attentes arrêtées, {texts} SMS retirés, {tasks} appels pour silence clos.").format(
            checks=cleared.checks_stopped, texts=cleared.texts_stopped, tasks=cleared.tasks_closed
        )
    )
    if cleared.end_event_id is not None:
        out().print(_("Le dernier SMS part avec l'opération n° {id}.").format(id=cleared.end_event_id))


def _span(written: str) -> timedelta:
    try:
        return _DURATION.validate_python(written)
    except ValidationError as error:
        raise Refused(error.errors()[0]["msg"]) from None


def register(_cli: typer.Typer) -> None:
    """The commands are registered in the group of worker.cli.events, on import."""
