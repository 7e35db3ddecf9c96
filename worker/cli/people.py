"""What households wish: person show, opt-out, opt-in, hold, back, prefer."""

from dataclasses import asdict
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated

import typer

from worker.cli import parts
from worker.cli.terminal import local, out, print_json
from worker.domain.errors import Refused
from worker.i18n import _
from worker.labels import label
from worker.services import next_steps, wishes

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Who = Annotated[str, typer.Argument(metavar="WHO", help=_("Code du logement, ou un numéro du foyer."))]
By = Annotated[str, typer.Option(help=_("Qui l'a noté."))]
person_commands = typer.Typer(help=_("Ce qu'un foyer nous a demandé."), no_args_is_help=True)


class RefusedChannel(StrEnum):
    SMS = "sms"
    VOICE = "voice"
    ALL = "all"


class RefusedPurpose(StrEnum):
    CARE = "care"
    ADVICE = "advice"
    ALL = "all"


Channel = Annotated[RefusedChannel, typer.Option(help=_("SMS, appels automatiques, ou les deux."))]
Purpose = Annotated[RefusedPurpose, typer.Option(help=_("Prises de nouvelles, conseils, ou les deux."))]


@person_commands.command("show", help=_("Refus, absences et souhaits d'un foyer, et ce qui vient."))
def show(who: Who, as_json: Json = False) -> None:
    with parts.whole() as app:
        found = wishes.show(app.db, who, now=app.clock())
        coming = next_steps.of_household(app.db, found.household_id)
        timezone = app.settings.timezone
    if as_json:
        print_json(asdict(found) | {"next_steps": next_steps.as_json(coming)})
        return
    console = out()
    console.print(_("Foyer n° {id}, logement {code}").format(id=found.household_id, code=found.dwelling), markup=False)
    for refusal in found.refusals:
        console.print(
            _("Refus : {channel}, {purpose}, depuis le {since} ({source}), {numbers} numéro(s)").format(
                channel=refusal.channel,
                purpose=refusal.purpose,
                since=local(refusal.since_at, timezone),
                source=refusal.recorded_by or refusal.source,
                numbers=refusal.numbers,
            ),
            markup=False,
        )
    if found.refused_at is not None:
        console.print(_("Ne veut plus ni SMS ni appel, depuis le {at}").format(at=local(found.refused_at, timezone)))
    if found.away_until is not None:
        console.print(_("Absent jusqu'au {at}").format(at=local(found.away_until, timezone)))
    hours = f"{found.hours_from:%H:%M}-{found.hours_until:%H:%M}" if found.hours_from and found.hours_until else "-"
    console.print(
        _("Langue : {language} · canal : {channel} · heures : {hours}").format(
            language=found.language or "-", channel=found.channel or "-", hours=hours
        )
    )
    for one in coming:
        said = _("Prochaine étape : {step}, le {at}").format(step=label(one.step), at=local(one.at, timezone))
        console.print(said + (f" · {one.campaign}" if one.campaign else ""), markup=False)


@person_commands.command("opt-out", help=_("Noter un refus, par canal et par motif."))
def opt_out(who: Who, by: By, channel: Channel = RefusedChannel.SMS, purpose: Purpose = RefusedPurpose.ALL) -> None:
    with parts.whole() as app:
        numbers = wishes.opt_out(app.db, who, channel=channel, purpose=purpose, by=by, now=app.clock())
    out().print(_("Refus noté pour {n} numéro(s).").format(n=numbers))


@person_commands.command("opt-in", help=_("Revenir sur un refus."))
def opt_in(who: Who, by: By, channel: Channel = RefusedChannel.SMS, purpose: Purpose = RefusedPurpose.ALL) -> None:
    with parts.whole() as app:
        undone = wishes.opt_in(app.db, who, channel=channel, purpose=purpose, by=by, now=app.clock())
    out().print(_("{n} refus levé(s).").format(n=undone.lifted))
    if undone.by_text:
        out().print(_("Ce téléphone avait répondu STOP : Twilio le bloque tant qu'il n'a pas répondu DEMARRER."))


@person_commands.command("hold", help=_("Noter une absence."))
def hold(
    who: Who,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d", "%d/%m/%Y"], help=_("Dernier jour d'absence."))],
    reason: Annotated[str, typer.Option(help=_("En un mot, sans rien de médical."))] = "absent",
) -> None:
    with parts.whole() as app:
        at = wishes.hold(app.db, who, last_day=until.date(), reason=reason, desk=app.desk, now=app.clock())
        timezone = app.settings.timezone
    out().print(_("Ni SMS ni appel avant le {at}.").format(at=local(at, timezone)))


@person_commands.command("back", help=_("Noter un retour avant la date."))
def back(who: Who) -> None:
    with parts.whole() as app:
        ended = wishes.back(app.db, who, now=app.clock())
    out().print(_("Retour noté : le foyer sera de nouveau contacté.") if ended else _("Aucune absence n'était notée."))


@person_commands.command("prefer", help=_("Noter la langue, le canal et les heures que le foyer préfère."))
def prefer(
    who: Who,
    language: Annotated[
        str | None, typer.Option(help=_("Code de langue, par exemple en ; none : sans souhait."))
    ] = None,
    channel: Annotated[str | None, typer.Option(help=_("sms ou call ; none : sans souhait."))] = None,
    hours: Annotated[str | None, typer.Option(help=_("Pour les appels : 14:00-16:00 ; none : sans souhait."))] = None,
) -> None:
    with parts.whole() as app:
        wished = wishes.Wishes(language=language, channel=channel, hours=_hours(hours))
        wishes.prefer(app.db, who, wished, texts=app.texts)
    out().print(_("Souhaits notés."))


def _hours(written: str | None) -> wishes.Hours | None:
    if written is None or written == wishes.NONE:
        return None if written is None else wishes.ANY_HOUR
    try:
        begins, ends = (time.fromisoformat(part.strip()) for part in written.split("-"))
    except ValueError:
        raise Refused(_("« {hours} » ne se lit pas. Écrivez 14:00-16:00.").format(hours=written)) from None
    return wishes.Hours(begins, ends)


def register(cli: typer.Typer) -> None:
    cli.add_typer(person_commands, name="person")
