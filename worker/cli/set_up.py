"""Installing and checking: migrate, check."""

import contextlib
from contextlib import ExitStack
from functools import cache
from typing import Annotated

import typer

from worker import broker
from worker.cli import parts
from worker.cli.terminal import out
from worker.i18n import _
from worker.store import database, schema_version
from worker.twilio.client import Gateway


def migrate() -> None:
    with parts.only_database() as (_settings, db), db.begin() as connection:
        schema_version.upgrade(connection)
    out().print(_("Le schéma de la base est à jour ({version}).").format(version=schema_version.newest()))


def check(
    online: Annotated[bool, typer.Option("--online", help=_("Vérifier aussi les serveurs et Twilio."))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))] = False,
) -> None:
    from worker.cli import checking

    settings = parts.settings()
    if not online:
        raise typer.Exit(checking.check(settings, online=False, as_json=as_json))
    with ExitStack() as closing:
        gateway = closing.enter_context(contextlib.closing(Gateway(settings.twilio, public_url=settings.public_url)))

        @cache
        def db() -> database.Database:
            made = database.connect(settings.database_url.get_secret_value())
            return closing.enter_context(contextlib.closing(made))

        code = checking.check(
            settings,
            online=True,
            as_json=as_json,
            gateway=gateway,
            db=db,
            broker_ping=lambda: _ping(settings.broker_url.get_secret_value()),
        )
    raise typer.Exit(code)


def _ping(broker_url: str) -> None:
    with contextlib.closing(broker.build(broker_url)) as queue:
        broker.ping(queue)


def register(cli: typer.Typer) -> None:
    cli.command("migrate", help=_("Mettre le schéma de la base à jour."))(migrate)
    cli.command("check", help=_("Vérifier réglages, campagnes et textes."))(check)
