"""The command `courtoisie`. Exit codes: 0 done, 1 refused or problems found, 2 wrong usage."""

import os
import sys
import traceback
from importlib.metadata import entry_points
from pathlib import Path

import typer

from worker.cli import (
    campaigns,
    claims,
    events,
    listing,
    partners,
    people,
    processes,
    referrals,
    refusals,
    reports,
    schedules,
    set_up,
    steering,
    tasks,
    users,
)
from worker.cli.terminal import complain
from worker.domain.errors import CourtoisieError
from worker.i18n import _

cli = typer.Typer(
    name="courtoisie",
    help=_("Prendre des nouvelles des locataires âgés : SMS d'abord, une personne là où il en faut une."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for _group in (
    set_up,
    listing,
    campaigns,
    events,
    steering,
    reports,
    schedules,
    tasks,
    claims,
    people,
    refusals,
    partners,
    referrals,
    users,
    processes,
):
    _group.register(cli)

PLUG_INS = "courtoisie.commands"


def main() -> None:
    """Runs one command; whatever goes wrong ends as a sentence and an exit code, not as a stack trace."""
    _add_plug_ins()
    try:
        cli()
    except CourtoisieError as error:
        complain(_worded(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(1)
    except Exception as error:  # noqa: BLE001  # the edge of the process
        complain(_internal(error))
        sys.exit(1)


def _worded(error: CourtoisieError) -> str:
    """With the command that tells more, where there is one."""
    return f"{error} {_('Voyez « {command} ».').format(command=error.command)}" if error.command else str(error)


def _add_plug_ins() -> None:
    """Commands that other installed packages bring (the sandbox's demo), loaded when they are called for."""
    for plug_in in entry_points(group=PLUG_INS):
        if plug_in.name in sys.argv[1:] or not sys.argv[1:] or "--help" in sys.argv:
            try:
                cli.command(plug_in.name)(plug_in.load())
            except ModuleNotFoundError as error:
                if plug_in.name in sys.argv[1:]:
                    complain(
                        _("« {command} » demande le paquet {package} : pip install 'courtoisie[sandbox]'").format(
                            command=plug_in.name, package=error.name
                        )
                    )
                    sys.exit(1)


def _internal(error: Exception) -> str:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    if os.environ.get("COURTOISIE_LOG_LEVEL") == "debug":
        traceback.print_exception(error)
    return _(
        "Erreur interne : {type} ({file}, ligne {line}). Relancez avec COURTOISIE_LOG_LEVEL=debug pour le détail."
    ).format(type=type(error).__name__, file=Path(frame.filename).name, line=frame.lineno)
