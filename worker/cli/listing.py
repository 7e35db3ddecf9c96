"""Reading a tenant listing: import."""

from pathlib import Path
from typing import Annotated

import typer

from worker.bootstrap import utc_now
from worker.cli import importing, parts
from worker.i18n import _


def import_listing(
    file: Annotated[Path, typer.Argument(help=_("Le fichier : CSV, TSV, XLSX, XLS ou ODS."))],
    apply: Annotated[bool, typer.Option("--apply", help=_("Enregistrer ; sans cela, rien ne change."))] = False,
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help=_("Accepter que plus d'un cinquième des locataires disparaissent."))
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))] = False,
) -> None:
    with parts.only_database() as (settings, db):
        code = importing.import_listing(
            db, file, apply=apply, allow_shrink=allow_shrink, as_json=as_json, settings=settings, now=utc_now()
        )
    raise typer.Exit(code)


def register(cli: typer.Typer) -> None:
    cli.command("import", help=_("Lire la liste des locataires (à blanc sans --apply)."))(import_listing)
