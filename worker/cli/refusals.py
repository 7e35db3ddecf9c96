"""Households that want nothing more from us: refusals, refusal lift."""

from dataclasses import asdict
from typing import Annotated

import typer

from worker.cli import parts
from worker.cli.terminal import local, out, print_json, table
from worker.i18n import _
from worker.services import refusing

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
refusal_commands = typer.Typer(help=_("Revenir sur un refus."), no_args_is_help=True)


def refusals(
    agency: Annotated[str | None, typer.Option(help=_("Code d'agence."))] = None,
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        found = refusing.listed(db, agency=agency)
    if as_json:
        print_json({"refusals": [asdict(household) for household in found]})
        return
    listed = table(_("Foyer n°"), _("Agence"), _("Logement"), _("Commune"), _("Depuis"), right=(0,))
    for household in found:
        since = local(household.refused_at, settings.timezone)
        listed.add_row(str(household.household_id), household.agency, household.dwelling, household.commune, since)
    out().print(listed)


@refusal_commands.command("lift", help=_("Un foyer accepte de nouveau nos SMS et nos appels."))
def lift(
    household: Annotated[
        int, typer.Argument(help=_("Numéro du foyer, voir « courtoisie refusals »."), metavar="HOUSEHOLD")
    ],
    as_json: Json = False,
) -> None:
    with parts.whole() as app:
        refusing.lift(app.db, household, now=app.clock())
    if as_json:
        print_json({"household": household, "refused": False})
        return
    out().print(_("Le foyer n° {id} sera de nouveau contacté, dès la prochaine opération.").format(id=household))


def register(cli: typer.Typer) -> None:
    cli.command("refusals", help=_("Les foyers qui ne veulent plus ni SMS ni appel."))(refusals)
    cli.add_typer(refusal_commands, name="refusal")
