"""The product's command line on a clock that a rehearsal moves: python -m sandbox.clocks FILE worker …

Nothing of the product is replaced but the clock it asks for the time. Waits and timeouts are not moved.
"""

import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from worker import bootstrap
from worker.cli import main as product


@dataclass(frozen=True, slots=True)
class MovedClock:
    """A clock ahead of the machine's, or behind it; it runs on at the machine's speed. file: by how many seconds."""

    file: Path

    def now(self) -> datetime:
        """What the processes take for now."""
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))

    def move_to(self, at: datetime) -> None:
        """Every process that lives by this file is at that moment from now on."""
        new = self.file.with_suffix(".new")
        new.write_text(str((at - datetime.now(UTC)).total_seconds()))
        new.replace(self.file)  # nobody reads half a number


def main() -> None:
    """Runs the rest of the command line as the product's own."""
    bootstrap.time_of_day = MovedClock(Path(sys.argv.pop(1))).now
    product()


if __name__ == "__main__":
    main()
