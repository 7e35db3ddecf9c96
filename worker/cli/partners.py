"""The directory of partners: partner add, list, close, reopen, import."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from worker.bootstrap import utc_now
from worker.cli import parts
from worker.cli.terminal import complain, out, print_json, table
from worker.domain.partners import Partner, PartnerKind
from worker.i18n import _
from worker.labels import label
from worker.services import partner_files, partnering
from worker.services.staffing import TERMINAL
from worker.store.partners import Entry

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Id = Annotated[int, typer.Argument(help=_("Numéro du partenaire, voir « courtoisie partner list »."), metavar="ID")]
partner_commands = typer.Typer(help=_("L'annuaire des partenaires."), no_args_is_help=True)


@partner_commands.command("add", help=_("Ajouter un partenaire à l'annuaire."))
def add(
    name: Annotated[str, typer.Argument(help=_("Son nom."), metavar="NAME")],
    kind: Annotated[PartnerKind, typer.Option(help=_("Ce qu'il est."))],
    *,
    phone: Annotated[str, typer.Option(help=_("Son numéro."))] = "",
    email: Annotated[str, typer.Option(help=_("Son adresse e-mail."))] = "",
    email_ok: Annotated[
        bool, typer.Option("--email-ok", help=_("Il a accepté de recevoir des demandes par e-mail."))
    ] = False,
    hours: Annotated[str, typer.Option(help=_("Ses heures."))] = "",
    out_of_hours: Annotated[str, typer.Option(help=_("Qui joindre en dehors."))] = "",
    insee: Annotated[list[str] | None, typer.Option(help=_("Code INSEE d'une commune où il travaille."))] = None,
    postcode: Annotated[list[str] | None, typer.Option(help=_("Code postal où il travaille."))] = None,
    commune: Annotated[
        list[str] | None, typer.Option(help=_("Commune où il travaille ; sans aucun lieu, partout."))
    ] = None,
) -> None:
    entry = Entry(
        kind=kind,
        name=name,
        phone=phone,
        email=email,
        email_ok=email_ok,
        hours=hours,
        out_of_hours=out_of_hours,
        insee_codes=tuple(insee or ()),
        postcodes=tuple(postcode or ()),
        communes=tuple(commune or ()),
    )
    with parts.only_database() as (_settings, db):
        made = partnering.add(db, entry, by=TERMINAL, now=utc_now())
    out().print(_("Partenaire n° {id} ajouté.").format(id=made))


@partner_commands.command("list", help=_("Les partenaires, avec leurs lieux et leurs heures."))
def list_partners(as_json: Json = False) -> None:
    with parts.only_database() as (_settings, db):
        found = partnering.listed(db)
    if as_json:
        print_json({"partners": [asdict(partner) for partner in found]})
        return
    listed = table(_("N°"), _("Genre"), _("Nom"), _("Téléphone"), _("Heures"), _("Où"), _("État"), right=(0,))
    for partner in found:
        state = _("fermé") if partner.is_closed else _("actif")
        listed.add_row(
            str(partner.id), label(partner.kind), partner.name, partner.phone, partner.hours, where(partner), state
        )
    out().print(listed)


@partner_commands.command("close", help=_("Ne plus proposer un partenaire ; ses orientations en cours continuent."))
def close(partner: Id) -> None:
    with parts.only_database() as (_settings, db):
        partnering.close(db, partner, by=TERMINAL, now=utc_now())
    out().print(_("Le partenaire n° {id} n'est plus proposé.").format(id=partner))


@partner_commands.command("reopen", help=_("Proposer de nouveau un partenaire."))
def reopen(partner: Id) -> None:
    with parts.only_database() as (_settings, db):
        partnering.reopen(db, partner, by=TERMINAL, now=utc_now())
    out().print(_("Le partenaire n° {id} est de nouveau proposé.").format(id=partner))


@partner_commands.command("import", help=_("Lire un annuaire (TOML ou CSV) ; sans --apply, rien n'est changé."))
def import_file(
    file: Annotated[Path, typer.Argument(help=_("Le fichier."), metavar="FILE")],
    apply: Annotated[bool, typer.Option("--apply", help=_("Écrire dans l'annuaire."))] = False,
    as_json: Json = False,
) -> None:
    read = partner_files.read(file)
    for problem in read.problems:
        complain(problem)
    if read.problems:
        raise typer.Exit(1)
    with parts.only_database() as (_settings, db):
        counts = partnering.take_over(db, read.entries, apply=apply, by=TERMINAL, now=utc_now())
    if as_json:
        print_json({"applied": apply} | counts)
        return
    out().print(_("Nouveaux : {new} · modifiés : {changed} · inchangés : {unchanged}").format(**counts))
    if not apply:
        out().print(_("Rien n'est écrit : ajoutez --apply."))


def where(partner: Partner) -> str:
    """The places a partner serves, on one line."""
    return ", ".join([*partner.communes, *partner.postcodes, *partner.insee_codes]) or _("partout")


def register(cli: typer.Typer) -> None:
    cli.add_typer(partner_commands, name="partner")
