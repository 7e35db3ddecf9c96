"""A guide whose commands are run and whose answers are real: python -m sandbox.guide docs/guides/operator.fr.md.

In the guide, a block marked `console` holds commands (`$ courtoisie …`) and what they answered. Comments steer it:
`<!-- 2026-07-08 09:00 -->` moves the clock and waits until everything due has been done; `<!-- lines 12 -->` and
`<!-- last 12 -->` show so many lines of the next block's answers; `<!-- refused -->` says that its commands end with an
error.
"""

import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from sandbox import listing, stack
from sandbox.stack import DATABASE, Stack

PARIS = ZoneInfo("Europe/Paris")
HOUSEHOLDS, SEED = 60, "guide"
STARTS_AT = datetime(2026, 7, 8, 8, 30, tzinfo=PARIS)
PATIENCE_S = 60.0
CONFIG = Path(__file__).parents[1] / "config"
STEER = re.compile(r"<!-- (\d{4}-\d\d-\d\d \d\d:\d\d|lines \d+|last \d+|refused) -->")
# The staff who get the trial text, and how many people ring: what every landlord fills in.
OWN = 'guests = ["+33639980001", "+33639980002"]'
CHANGES = {"LIMITS__TICK_S": "0.3", "LIMITS__UNKNOWN_MARGIN_S": "1", "LOG_LEVEL": "warning"}

ALL = slice(None)
WIDTH = {"COLUMNS": "100"}

# What is still to be done at this moment, by anybody.
DUE = """
SELECT (SELECT count(*) FROM inbound_message WHERE read_at IS NULL)
     + (SELECT count(*) FROM campaign_event WHERE state = 'planned' AND fanned_out_at IS NULL)
     + (SELECT count(*) FROM message m JOIN campaign_event e ON e.id = m.event_id
        WHERE m.state = 'sending' OR (m.state = 'queued' AND m.due_at <= %(now)s AND e.state = 'running'
              AND m.window_closes_at > %(now)s))
     + (SELECT count(*) FROM recipient r JOIN campaign_event e ON e.id = r.event_id
        WHERE r.state = 'waiting' AND r.due_at <= %(now)s AND e.state = 'running')
"""


class Broken(Exception):
    """A command of the guide did not end as the guide says."""


@dataclass(slots=True)
class Office:
    """Where an operator sits: the running program, a folder with the listing, and a clock."""

    running: Stack
    folder: Path
    run: "Run"
    lines: slice = field(default_factory=lambda: ALL)
    refused: bool = False
    answered: list[str] = field(default_factory=list)

    def steer(self, word: str) -> None:
        """Does what a comment says."""
        if word.startswith(("lines", "last")):
            shown = int(word.split()[1])
            self.lines = slice(shown) if word.startswith("lines") else slice(-shown, None)
        elif word == "refused":
            self.refused = True
        else:
            self.running.move_to(datetime.strptime(word, "%Y-%m-%d %H:%M").replace(tzinfo=PARIS))
            self.settle()

    def answer(self, block: str) -> str:
        """The block again, each command followed by what it answers now."""
        commands = [line for line in block.splitlines() if line.startswith("$ ")]
        shown = "\n\n".join(f"{command}\n{self._cut(self._run(command))}".rstrip() for command in commands)
        self.lines, self.refused = ALL, False
        return shown + "\n"

    def settle(self) -> None:
        """Waits until nothing is due any more, for the product and for the stand-in."""
        deadline, quiet = time.monotonic() + PATIENCE_S, 0
        while quiet < 2:  # between two looks one thing may become another
            stats = self.running.control.stats()
            busy = self._due() or stats["webhooks_under_way"]
            quiet = 0 if busy else quiet + 1
            if time.monotonic() > deadline:
                raise Broken("something is still due")
            time.sleep(0.2)

    def _due(self) -> int:
        now = self.running.clock.now() if self.running.clock else datetime.now(PARIS)
        with psycopg.connect(self.running.postgres.url(DATABASE)) as connection:
            row = connection.execute(DUE, {"now": now}).fetchone()
        return int(row[0]) if row else 0

    def _run(self, command: str) -> str:
        name, *arguments = shlex.split(command.removeprefix("$ "))
        if name != "courtoisie":
            raise Broken(f"{command}: a guide runs courtoisie only")
        done = self.run(self, arguments)
        if bool(done.returncode) != self.refused:
            raise Broken(f"{command} ended with {done.returncode}: {done.stderr or done.stdout}")
        self.answered.append(command)
        self.settle()
        return done.stdout + done.stderr

    def _cut(self, answer: str) -> str:
        lines = [line.rstrip() for line in answer.strip("\n").splitlines()]
        kept = lines[self.lines]
        if len(kept) == len(lines):
            return "\n".join(lines)
        return "\n".join(["…", *kept] if self.lines.start else [*kept, "…"])


Run = Callable[[Office, Sequence[str]], subprocess.CompletedProcess[str]]


def as_typed(at: Office, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own, as at a terminal of a hundred columns."""
    return subprocess.run(
        at.running.command(*arguments),
        env=at.running.variables() | WIDTH,
        cwd=at.folder,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def office(run: Run = as_typed) -> Iterator[Office]:
    """A town of made-up tenants on a summer morning; nothing of it is imported yet."""
    with stack.running(seed=SEED, changes=CHANGES, starts_at=STARTS_AT) as running:
        folder = running.home / "bureau"
        shutil.copytree(CONFIG, folder / "config")
        settings = folder / "config" / "courtoisie.toml"
        settings.write_text(settings.read_text(encoding="utf-8").replace("guests = []", OWN), encoding="utf-8")
        listing.write_listing(folder / "liste.csv", households=HOUSEHOLDS, seed=SEED, today=STARTS_AT.date())
        running.changes = {**running.changes, "CONFIG_DIR": str(folder / "config")}
        running.start_product()
        yield Office(running, folder, run)


def follow(guide: str, run: Run = as_typed) -> str:
    """The guide with the answers of today. Raises Broken where a command does not end as it says."""
    made = []
    with office(run) as at:
        for part in re.split(r"(```console\n.*?```)", guide, flags=re.DOTALL):
            if part.startswith("```console"):
                block = part.removeprefix("```console\n").removesuffix("```")
                made.append(f"```console\n{at.answer(block)}```")
            else:
                for word in STEER.findall(part):
                    at.steer(word)
                made.append(part)
    return "".join(made)


def main() -> None:
    """Writes the answers of today into each guide that is named."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(follow(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
