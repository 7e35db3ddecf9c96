"""The long-running processes: worker, scheduler, web."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from worker import actors, bootstrap, broker, catalogue, scheduler, settings_sources
from worker.bootstrap import App
from worker.cli import parts
from worker.domain.errors import BadDefinition
from worker.i18n import _
from worker.settings import Settings

log = structlog.get_logger()


def worker(
    # One keeps a hundred requests under way with half a core. Two share them, in batches of half the size, for a third
    # more CPU in the workers and in the database; and if one falls, dramatiq ends both.
    processes: Annotated[int, typer.Option(min=1, help=_("Nombre de processus."))] = 1,
    threads: Annotated[int, typer.Option(min=1, help=_("Fils par processus."))] = 8,
) -> None:
    from dramatiq import cli as dramatiq_cli

    settings = parts.settings()
    # A wrong setting is said once, here, not by each process.
    _check_heartbeat(settings)
    app = bootstrap.build(settings)
    _tell_mistakes(app)
    app.close()
    broker.build(settings.broker_url.get_secret_value()).close()
    arguments = [
        "worker.queue_worker:set_up",
        "--processes",
        str(processes),
        "--threads",
        str(threads),
        "--skip-logging",
    ]
    arguments += ["--worker-shutdown-timeout", "30000"]
    run: Callable[..., int] = dramatiq_cli.main
    parser: Callable[[], argparse.ArgumentParser] = dramatiq_cli.make_argument_parser
    sys.exit(run(parser().parse_args(arguments)))


def run_scheduler() -> None:
    with parts.whole() as app:
        _check_heartbeat(app.settings)
        scheduler.run(app, queue=_bind(app))


def web(
    host: Annotated[str, typer.Option(help=_("Adresse d'écoute."))] = "127.0.0.1",
    port: Annotated[int, typer.Option(help=_("Port d'écoute."))] = 8000,
) -> None:
    from worker.web import app as web_app

    with parts.whole() as app:
        queue = _bind(app)
        web_app.serve(app, queue=queue, host=host, port=port)


def _check_heartbeat(settings: Settings) -> None:
    """Raises BadDefinition for a file that could not be written: the process would work and be taken for dead."""
    file = settings.heartbeat
    if file and not os.access(file if file.exists() else file.parent, os.W_OK):
        raise BadDefinition(
            _(
                "COURTOISIE_HEARTBEAT : {path} ne peut pas être écrit ; donnez un fichier d'un dossier inscriptible."
            ).format(path=file)
        )


def _tell_mistakes(app: App) -> None:
    """A campaign whose file is not usable is left out; all others, and every event that is open, go on. A misspelt
    variable would leave a default in force without a word.
    """
    for key in sorted(app.broken):
        log.error("campaign_file_unusable", file=catalogue.file_of(key), remedy="courtoisie check")
    for variable, nearest in settings_sources.unread(os.environ, Settings).items():
        log.warning("setting_unknown", variable=variable, nearest=nearest)


def _bind(app: App) -> broker.Queue:
    _tell_mistakes(app)
    queue = broker.build(app.settings.broker_url.get_secret_value())
    actors.route.bind(queue, app)
    return queue


def register(cli: typer.Typer) -> None:
    cli.command("worker", help=_("Les processus qui envoient et lisent."))(worker)
    cli.command("scheduler", help=_("L'horloge : ouvre les campagnes programmées, réveille le reste."))(run_scheduler)
    cli.command("web", help=_("Le serveur que Twilio appelle."))(web)
