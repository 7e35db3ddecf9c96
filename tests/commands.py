"""`courtoisie …` in a process of its own, forked from one that has loaded it: a second of imports saved each time."""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.clocks import MovedClock
from worker import bootstrap

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["worker.cli", "pytest"])

Done = subprocess.CompletedProcess[str]


def run(
    *arguments: str,
    settings: Mapping[str, str],
    typed: str = "",
    cwd: Path | None = None,
    clock: MovedClock | None = None,
) -> Done:
    """One command with these variables, none of the machine's own; typed: what comes in on stdin."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("COURTOISIE_", "TWILIO_"))}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "in").write_text(typed, encoding="utf-8")
        process = _forks.Process(target=_command, args=(folder, mine | dict(settings), arguments, cwd, clock))
        process.start()
        process.join()
        out, err = ((folder / name).read_text(encoding="utf-8") for name in ("out", "err"))
    return subprocess.CompletedProcess([*arguments], process.exitcode or 0, out, err)


def _command(
    folder: Path,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    cwd: Path | None,
    clock: MovedClock | None,
) -> None:
    flags = {"in": os.O_RDONLY, "out": os.O_WRONLY | os.O_CREAT, "err": os.O_WRONLY | os.O_CREAT}
    for number, (name, flag) in enumerate(flags.items()):
        os.dup2(os.open(folder / name, flag), number)
    for stream, number in ((1, "stdout"), (2, "stderr")):
        setattr(sys, number, os.fdopen(stream, "w", encoding="utf-8", closefd=False))
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["courtoisie", *arguments]
    if cwd is not None:
        os.chdir(cwd)
    if clock is not None:
        bootstrap.time_of_day = clock.now
    from worker.cli import main  # loaded before the fork

    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
