"""Before and at launch: campaigns, preview, launch."""

import os
import sys
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from worker import actors, broker
from worker.bootstrap import App
from worker.cli import parts, previews
from worker.cli.terminal import complain, out, print_json, span, table, warn
from worker.domain.campaigns import Campaign, EventState, occasion_of
from worker.domain.errors import Refused, Unavailable
from worker.i18n import _
from worker.labels import label
from worker.services import checking_settings, events, guests, launching, preview_json, previewing

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Name = Annotated[str, typer.Argument(help=_("Nom de la campagne, voir « courtoisie campaigns »."))]


def campaigns(as_json: Json = False) -> None:
    read = parts.catalogue_of(parts.settings())
    defined = read.sound.values()
    if as_json:
        print_json({"campaigns": [_described(c) for c in defined], "broken": read.broken})
        return
    listed = table(_("Campagne"), _("Titre"), _("Genre"), _("Niveau"), _("Émetteur"), _("Délai de réponse"))
    for campaign in defined:
        deadline = span(campaign.calls_after) if campaign.calls_after else "-"
        listed.add_row(
            campaign.key, campaign.title, label(campaign.kind), label(campaign.level), campaign.sender, deadline
        )
    out().print(listed)
    for wrong in read.broken.values():
        complain(wrong)


def preview(
    campaign: Name,
    *,
    households: Annotated[
        bool, typer.Option("--households", help=_("Aussi chaque foyer, par code de logement."))
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help=_("Seulement ces foyers : text, ou un motif comme on_hold."), metavar="CODE")
    ] = None,
    agency: Annotated[str | None, typer.Option(help=_("Seulement les foyers de cette agence."), metavar="CODE")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help=_("Foyers affichés au plus."))] = 200,
    names: Annotated[bool, typer.Option("--names", help=_("Avec les noms, à l'écran seulement."))] = False,
    as_json: Json = False,
) -> None:
    if names and (as_json or not sys.stdout.isatty()):
        raise Refused(_("Les noms ne s'affichent qu'à l'écran, ni en JSON ni dans un fichier."))
    with parts.whole() as app:
        chosen, rig, now = app.campaign(campaign), _rig(app), app.clock()
        seen = previewing.preview(rig, chosen, now=now)
        listed, who = None, {}
        if households or names or reason or agency:
            listed = previewing.households(rig, chosen, fate=reason, agency=agency, limit=limit, now=now)
            who = dict(previewing.names(rig, listed)) if names else {}
    if as_json:
        print_json(preview_json.as_json(seen) | preview_json.of_households(listed))
        return
    previews.show(seen, timezone=app.settings.timezone)
    if listed is not None:
        previews.show_households(listed, who, limit=limit)


def launch(
    campaign: Name,
    occasion: Annotated[str, typer.Option(help=_("Clé de l'occasion ; par défaut la date du jour."))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=_("Ne pas demander confirmation."))] = False,
    test: Annotated[
        bool, typer.Option("--test", help=_("Envoyer le texte aux seuls invités de config/courtoisie.toml."))
    ] = False,
    as_json: Json = False,
) -> None:
    for problem in checking_settings.unread_variables(os.environ):
        warn(str(problem))
    if test:
        _test(campaign, occasion=occasion, as_json=as_json)
        return
    with parts.whole() as app, parts.with_queue(app):
        chosen = app.campaign(campaign)
        key = occasion or occasion_of(app.clock().astimezone(ZoneInfo(app.settings.timezone)))
        _confirm(app, chosen, yes=yes, as_json=as_json)
        opened = events.open_event(app.db, chosen, occasion=key, desk=app.desk, now=app.clock())
        waits = opened.new and not _woken(opened.event_id)
        state = events.get(app.db, opened.event_id).state
    if as_json:
        event = {"event": str(opened.event_id), "campaign": campaign, "occasion": key}
        print_json(event | {"new": opened.new, "state": str(state)})
        return
    if state is EventState.CANCELLED:
        raise Refused(
            _(
                "L'opération n° {id} existe déjà pour cette occasion et elle est annulée : rien ne part. "
                "Pour en ouvrir une autre : --occasion {again}"
            ).format(id=opened.event_id, again=f"{key}-2")
        )
    said = _("Opération n° {id} ouverte.") if opened.new else _("L'opération n° {id} existe déjà pour cette occasion.")
    out().print(said.format(id=opened.event_id))
    if waits:
        out().print(_("La file d'attente ne répond pas : l'envoi part dès qu'elle répond."))
    out().print(_("Pour la suivre : courtoisie event show {id}").format(id=opened.event_id))


def _woken(event_id: int) -> bool:
    """Whether the queue took the wake-up. The event is in the database: the sweep finds it when the queue is back."""
    try:
        actors.fan_out.send(event_id)
    except Unavailable:
        return False
    return True


def _test(campaign: str, *, occasion: str, as_json: bool) -> None:
    """No confirmation: nobody but staff gets it."""
    with parts.whole() as app, parts.with_queue(app) as queue:
        broker.ping(queue)  # staff who try a text wait for it
        now = app.clock()
        key = occasion or guests.occasion_of(now.astimezone(ZoneInfo(app.settings.timezone)))
        tested = guests.send_test(
            app.db, app.campaign(campaign), numbers=app.settings.guests, occasion=key, desk=app.desk, now=now
        )
        actors.send_batch.send(tested.event_id)
    if as_json:
        print_json(
            {"event": str(tested.event_id), "campaign": campaign, "occasion": key, "new": True, "test": True}
            | {"guests": tested.guests}
        )
        return
    out().print(_("Essai n° {id} : le texte part vers {n} invité(s).").format(id=tested.event_id, n=tested.guests))
    out().print(_("Pour le suivre : courtoisie event show {id}").format(id=tested.event_id))


def _confirm(app: App, campaign: Campaign, *, yes: bool, as_json: bool) -> None:
    """A small launch just happens; a large one is shown and asked about."""
    households = launching.allow(app.db, campaign, settings=app.settings, desk=app.desk, now=app.clock())
    most = app.settings.limits.confirm_above
    if yes or households <= most:
        return
    if as_json or not sys.stdin.isatty():
        raise Refused(
            _("{n} foyers : au-delà de {most}, le lancement demande une confirmation. Ajoutez --yes.").format(
                n=households, most=most
            )
        )
    previews.show(previewing.preview(_rig(app), campaign, now=app.clock()), timezone=app.settings.timezone)
    if not typer.confirm(_("Lancer maintenant ?")):
        raise Refused(_("Rien n'a été lancé."))


def _rig(app: App) -> previewing.Rig:
    return previewing.Rig(app.db, app.desk, app.texts, app.prices, app.settings)


def _described(campaign: Campaign) -> dict[str, Any]:
    return {
        "key": campaign.key,
        "title": campaign.title,
        "kind": str(campaign.kind),
        "level": str(campaign.level),
        "priority": campaign.rank,
        "sender": campaign.sender,
        "text": campaign.text,
        "reply_deadline_s": campaign.calls_after.total_seconds() if campaign.calls_after else None,
        "schedule": campaign.schedule,
    }


def register(cli: typer.Typer) -> None:
    cli.command("campaigns", help=_("Les campagnes définies."))(campaigns)
    cli.command("preview", help=_("Qui serait contacté, qui ne le serait pas et pourquoi."))(preview)
    cli.command("launch", help=_("Ouvrir une opération : une seule par campagne et occasion."))(launch)
