"""Before and at launch: campaigns, preview, launch."""

import sys
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from worker import actors
from worker.bootstrap import App
from worker.cli import parts
from worker.cli.terminal import out, print_json, span, table
from worker.domain.campaigns import Campaign, occasion_of
from worker.domain.errors import Refused
from worker.i18n import _
from worker.labels import label
from worker.services import events, variables
from worker.store.audience import Fate

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Name = Annotated[str, typer.Argument(help=_("Nom de la campagne, voir « courtoisie campaigns »."))]
TEXT = "text"


def campaigns(as_json: Json = False) -> None:
    defined = parts.campaigns(parts.settings()).values()
    if as_json:
        print_json({"campaigns": [_described(c) for c in defined]})
        return
    listed = table(_("Campagne"), _("Titre"), _("Genre"), _("Niveau"), _("Émetteur"), _("Délai de réponse"))
    for campaign in defined:
        deadline = span(campaign.reply_deadline) if campaign.reply_deadline else "-"
        listed.add_row(
            campaign.key, campaign.title, label(campaign.kind), label(campaign.level), campaign.sender, deadline
        )
    out().print(listed)


def preview(campaign: Name, as_json: Json = False) -> None:
    with parts.whole() as app:
        seen = _preview(app, app.campaign(campaign))
        print_json(seen) if as_json else _show_preview(seen)


def launch(
    campaign: Name,
    occasion: Annotated[str, typer.Option(help=_("Clé de l'occasion ; par défaut la date du jour."))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=_("Ne pas demander confirmation."))] = False,
    as_json: Json = False,
) -> None:
    with parts.with_queue() as app:
        chosen = app.campaign(campaign)
        key = occasion or occasion_of(app.clock().astimezone(ZoneInfo(app.settings.timezone)))
        _confirm(app, chosen, yes=yes, as_json=as_json)
        opened = events.open_event(app.db, chosen, occasion=key, desk=app.desk, now=app.clock())
        if opened.new:
            actors.fan_out.send(opened.event_id)
    if as_json:
        print_json({"event": str(opened.event_id), "campaign": campaign, "occasion": key, "new": opened.new})
        return
    said = _("Opération n° {id} ouverte.") if opened.new else _("L'opération n° {id} existe déjà pour cette occasion.")
    out().print(said.format(id=opened.event_id))
    out().print(_("Pour la suivre : courtoisie event show {id}").format(id=opened.event_id))


def _confirm(app: App, campaign: Campaign, *, yes: bool, as_json: bool) -> None:
    seen = _preview(app, campaign)
    if not seen["households"]:
        raise Refused(
            _("Aucun foyer n'est concerné par « {title} » : importez une liste ou revoyez le public.").format(
                title=campaign.title
            )
        )
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        raise Refused(_("Le lancement demande une confirmation : ajoutez --yes."))
    _show_preview(seen)
    if not typer.confirm(_("Lancer maintenant ?")):
        raise Refused(_("Rien n'a été lancé."))


def _preview(app: App, campaign: Campaign) -> dict[str, Any]:
    fates = events.preview(app.db, campaign, desk=app.desk, now=app.clock())
    sample = _sample(app, campaign)
    texts = _count(fates, TEXT)
    opens_at, _closes_at = app.desk.next_opening(campaign.window, app.clock())
    recorded = set(events.recorded_only(campaign.exclusions))
    excluded = {fate: _count(fates, fate) for fate in sorted({f.fate for f in fates} - {TEXT})}
    return {
        "campaign": campaign.key,
        "title": campaign.title,
        "households": sum(f.households for f in fates),
        "texts": texts,
        "segments": sum(f.households * sample[f.language].measured.segments for f in fates if f.fate == TEXT),
        "text": {language: rendered.text for language, rendered in sample.items()},
        "excluded": excluded,
        "callbacks_at_once": sum(n for fate, n in excluded.items() if fate not in recorded),
        "starts_at": opens_at.isoformat(),
        "by_agency": {a: sum(f.households for f in fates if f.agency == a) for a in sorted({f.agency for f in fates})},
        "unknown_age": events.of_unknown_age(app.db),
    }


def _sample(app: App, campaign: Campaign) -> dict[str, Any]:
    now = app.clock()
    return {
        language: app.texts.render(
            campaign.text, language=language, variables=variables.common(app.desk, language=language, now=now)
        )
        for language in ("fr", "en")
    }


def _count(fates: list[Fate], fate: str) -> int:
    return sum(f.households for f in fates if f.fate == fate)


def _show_preview(seen: dict[str, Any]) -> None:
    console = out()
    console.print(_("{title} : {n} foyers concernés").format(title=seen["title"], n=seen["households"]), markup=False)
    rows = table(_("Que se passe-t-il"), _("Foyers"), right=(1,))
    rows.add_row(_("reçoivent le SMS ({n} segments)").format(n=seen["segments"]), str(seen["texts"]))
    for fate, households in seen["excluded"].items():
        rows.add_row(label(fate), str(households))
    console.print(rows)
    console.print(_("Âge inconnu, à compléter : {n} foyers").format(n=seen["unknown_age"]))
    console.print(_("Appels à faire dès l'ouverture : {n}").format(n=seen["callbacks_at_once"]))
    console.print(_("Texte : {text}").format(text=seen["text"]["fr"]), markup=False)


def _described(campaign: Campaign) -> dict[str, Any]:
    return {
        "key": campaign.key,
        "title": campaign.title,
        "kind": str(campaign.kind),
        "level": str(campaign.level),
        "sender": campaign.sender,
        "text": campaign.text,
        "reply_deadline_s": campaign.reply_deadline.total_seconds() if campaign.reply_deadline else None,
        "schedule": campaign.schedule,
    }


def register(cli: typer.Typer) -> None:
    cli.command("campaigns", help=_("Les campagnes définies."))(campaigns)
    cli.command("preview", help=_("Qui serait contacté, qui ne le serait pas et pourquoi."))(preview)
    cli.command("launch", help=_("Ouvrir une opération : une seule par campagne et occasion."))(launch)
