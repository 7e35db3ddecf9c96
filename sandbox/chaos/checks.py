"""What a check of the evidence is, and the words of the rows that several checks know."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.chaos.evidence import Evidence

# Both clocks are this machine's; the journal's is rounded to milliseconds and drifts a little.
CLOCKS = timedelta(seconds=0.5)
OPEN = frozenset({"open", "claimed"})
SILENCE = frozenset({"no_reply", "no_reply_orange", "no_reply_red", "weekly"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check came to: how many things it looked at, and a line for each that is wrong."""

    looked_at: int
    wrong: tuple[str, ...] = ()


Check = Callable[[Evidence], Verdict]
