"""The commands that the sandbox adds to `courtoisie`: demo and sandbox."""

import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from sandbox import stack
from sandbox.demo import Demo
from worker.domain.errors import CourtoisieError
from worker.i18n import _


def demo(
    households: Annotated[int, typer.Option(min=1, max=300_000, help=_("Nombre de foyers simulés."))] = 300,
    speed: Annotated[
        float, typer.Option(min=0, help=_("Diviser les délais de la campagne par ce nombre ; 0 : selon la taille."))
    ] = 0,
    seed: Annotated[str, typer.Option(help=_("La même graine donne la même journée."))] = "courtoisie",
    leave: Annotated[bool, typer.Option("--exit", help=_("S'arrêter à la fin au lieu de rester ouvert."))] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help=_("Écrire le compte dans ce fichier."))] = None,
    port: Annotated[int, typer.Option(help=_("Port du serveur web ; 0 : un port libre."))] = 0,
) -> None:
    _end_on_sigterm()
    with stack.running(port=port, seed=seed) as running:
        day = Demo(running, households=households, speed=speed or _speed_for(households), seed=seed)
        result = day.play()
        if json_file is not None:
            json_file.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        if not leave:
            day.invite()
            _until_interrupted()
    if result.problems:
        raise CourtoisieError("\n".join(result.problems))


def sandbox(
    port: Annotated[int, typer.Option(help=_("Port du serveur web que Twilio appellerait."))] = 8000,
) -> None:
    _end_on_sigterm()
    with stack.running(port=port) as running:
        running.migrate()
        for name, value in running.environment().items():
            print(f"export {name}={json.dumps(value)}")
        sys.stdout.flush()
        print(_("Serveurs prêts. Ctrl-C pour tout arrêter."), file=sys.stderr)
        _until_interrupted()


demo.__doc__ = _("Jouer une journée de canicule sur cette machine, sans aucun compte.")
sandbox.__doc__ = _("Seulement les serveurs et le faux Twilio, avec les réglages à exporter.")


def _speed_for(households: int) -> float:
    """As quick as this machine can send to and hear so many, so that nobody is late because of us."""
    return max(40.0, min(1800.0, 3_000_000 / households))


def _until_interrupted() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print(_("Arrêt."), file=sys.stderr)


def _end_on_sigterm() -> None:
    """Being told to stop is like Ctrl-C: everything is taken down in order."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
