"""The commands that the sandbox adds to `courtoisie`: demo, chaos and sandbox."""

import json
import secrets
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from sandbox import stack
from sandbox.chaos import plan as chaos_plan
from sandbox.chaos.run import Run
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


def chaos(
    seed: Annotated[int, typer.Option(help=_("La même graine donne les mêmes incidents. 0 : une au hasard."))] = 0,
    seconds: Annotated[float, typer.Option(min=20, max=3600, help=_("Durée, une fois tout démarré."))] = 240,
    as_json: Annotated[bool, typer.Option("--json", help=_("Seulement un objet JSON."))] = False,
) -> None:
    _end_on_sigterm()
    plan = chaos_plan.draw(seed or secrets.randbelow(1_000_000) + 1, seconds)
    console = Console(highlight=False, stderr=as_json)
    console.print(_("Graine {seed}, {s:.0f} s.").format(seed=plan.seed, s=seconds))
    with stack.running(seed=f"chaos {plan.seed}") as running:
        result = Run(running, plan, lambda at_s, what: console.print(f"{at_s:6.1f} s  {what}", markup=False)).play()
    result.show(console)
    if as_json:
        print(json.dumps(result.as_json(), ensure_ascii=False))
    if result.broken:
        raise CourtoisieError(
            _("Des promesses sont rompues. Pour recommencer : courtoisie chaos --seed {seed} --seconds {s:.0f}").format(
                seed=plan.seed, s=seconds
            )
        )


demo.__doc__ = _("Jouer une journée de canicule sur cette machine, sans aucun compte.")
chaos.__doc__ = _("Casser tout, selon une graine, et vérifier que rien n'est perdu ni envoyé deux fois.")
sandbox.__doc__ = _("Seulement les serveurs et le faux Twilio, avec les réglages à exporter.")


def _speed_for(households: int) -> float:
    """As quick as this machine can send to and hear so many, so that nobody is late because of us."""
    return max(40.0, min(1800.0, 1_000_000 / households))


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
