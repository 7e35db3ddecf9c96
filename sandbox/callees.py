"""What people do when the telephone rings: the closed list of manners, and each one's exact doings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sandbox.chance import weighted


class Manner(StrEnum):
    """What happens when a number is rung."""

    FINE = "fine"  # 1, in the middle of the words
    HELP = "help"  # 2
    REPEAT = "repeat"  # 3, then 1
    STOP = "stop"  # 9
    DEAF = "deaf"  # does not catch the question the first time; 1 the second time
    SILENT = "silent"  # hears everything out, presses nothing
    WRONG_KEY = "wrong_key"  # 7, whatever is said
    WRONG_THEN_FINE = "wrong_then_fine"
    LATE_KEY = "late_key"  # 1, long after nobody listens any more
    HANGS_UP = "hangs_up"  # in the middle of a sentence
    PRESSES_AND_LEAVES = "presses_and_leaves"  # 1, and the receiver is down before anything can be said
    BUSY = "busy"
    BUSY_ONCE = "busy_once"  # then fine
    NO_ANSWER = "no_answer"
    NO_ANSWER_ONCE = "no_answer_once"  # then fine
    MACHINE = "machine"
    MISJUDGED = "misjudged"  # a person who is slow to say who is there, and is taken for a machine; 1 all the same
    FAX = "fax"
    UNKNOWN = "unknown"  # a person whom the detection of machines cannot tell; 1
    SLOW_DETECTION = "slow_detection"  # a person who presses 1 before it is told who picked up
    DEAD = "dead"  # no such number
    DECLINES = "declines"  # looks who rings, and turns the call away
    BLOCKED = "blocked"  # a filter has our number for a nuisance


class Pickup(StrEnum):
    """How ringing ends."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    UNREACHABLE = "failed"


@dataclass(frozen=True, slots=True)
class Press:
    """Keys pressed at a question: after this share of its words, and so many seconds more."""

    keys: str
    words: float = 0.8
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Callee:
    """Who or what picks up, on one occasion. presses: at the first question, at the second...; the last one is the
    answer to all further questions too. greeting_s: of an answering machine, which records what is said after it; of
    somebody taken for one, who listens after their own words.

    sip: what the carrier says of a call that is not answered, where that is not the usual word for it.
    hangs_up_s: after picking up. leaves_at_key: hangs up as the key goes down. talk_s: how long they talk to a person.
    """

    pickup: Pickup = Pickup.ANSWERED
    ring_s: float = 6.0
    answered_by: str = "human"
    detection_s: float = 3.0
    greeting_s: float = 0.0
    presses: tuple[Press | None, ...] = (None,)
    hangs_up_s: float | None = None
    leaves_at_key: bool = False
    talk_s: float = 60.0
    sip: int | None = None

    def press(self, question: int) -> Press | None:
        """What is pressed at a question, counted from 1."""
        return self.presses[min(question, len(self.presses)) - 1] if self.presses else None


_FINE = Callee(presses=(Press("1"), None))
CALLEES: Mapping[Manner, Callee] = {
    Manner.FINE: _FINE,
    Manner.HELP: Callee(presses=(Press("2"), None)),
    Manner.REPEAT: Callee(presses=(Press("3"), Press("1"), None)),
    Manner.STOP: Callee(presses=(Press("9", words=1.0, after_s=1.0), None)),
    Manner.DEAF: Callee(presses=(None, Press("1", words=0.5), None)),
    Manner.SILENT: Callee(),
    Manner.WRONG_KEY: Callee(presses=(Press("7"),)),
    Manner.WRONG_THEN_FINE: Callee(presses=(Press("7"), Press("1"), None)),
    Manner.LATE_KEY: Callee(presses=(Press("1", words=1.0, after_s=90.0), None)),
    Manner.HANGS_UP: Callee(hangs_up_s=5.0),
    Manner.PRESSES_AND_LEAVES: Callee(presses=(Press("1"), None), leaves_at_key=True),
    Manner.BUSY: Callee(Pickup.BUSY),
    Manner.NO_ANSWER: Callee(Pickup.NO_ANSWER),
    Manner.MACHINE: Callee(ring_s=20.0, answered_by="machine", detection_s=4.0, greeting_s=9.0),
    # Whichever words come first: those for a machine do when it is told before the question is asked for.
    Manner.MISJUDGED: Callee(answered_by="machine", greeting_s=4.0, presses=(Press("1", words=0.5),)),
    Manner.FAX: Callee(ring_s=9.0, answered_by="fax", detection_s=4.0, hangs_up_s=30.0),
    Manner.UNKNOWN: Callee(answered_by="unknown", presses=(Press("1"), None)),
    Manner.SLOW_DETECTION: Callee(detection_s=12.0, presses=(Press("1", words=0.3), None)),
    Manner.DEAD: Callee(Pickup.UNREACHABLE),
    Manner.DECLINES: Callee(Pickup.BUSY, sip=603),
    Manner.BLOCKED: Callee(Pickup.UNREACHABLE, sip=607),
}
# manner -> what happens the first time; later it is as with people who are fine
ONCE: Mapping[Manner, Pickup] = {
    Manner.BUSY_ONCE: Pickup.BUSY,
    Manner.NO_ANSWER_ONCE: Pickup.NO_ANSWER,
}

# An afternoon on the landlines of a town: most answer, a good part of them with a key.
DEFAULT_MANNERS: Mapping[Manner, float] = {
    Manner.FINE: 0.36,
    Manner.HELP: 0.05,
    Manner.REPEAT: 0.04,
    Manner.STOP: 0.01,
    Manner.DEAF: 0.07,
    Manner.SILENT: 0.06,
    Manner.WRONG_KEY: 0.02,
    Manner.WRONG_THEN_FINE: 0.02,
    Manner.LATE_KEY: 0.01,
    Manner.HANGS_UP: 0.07,
    Manner.PRESSES_AND_LEAVES: 0.02,
    Manner.BUSY: 0.01,
    Manner.BUSY_ONCE: 0.04,
    Manner.NO_ANSWER: 0.06,
    Manner.NO_ANSWER_ONCE: 0.06,
    Manner.MACHINE: 0.05,
    Manner.FAX: 0.005,
    Manner.UNKNOWN: 0.02,
    Manner.SLOW_DETECTION: 0.02,
    Manner.DEAD: 0.01,
    Manner.DECLINES: 0.005,
}


@dataclass(slots=True)
class Callees:
    """Everybody's manner on the telephone: those set explicitly, and the others by the mix and the seed."""

    seed: str
    mix: dict[Manner, float] = field(default_factory=lambda: dict(DEFAULT_MANNERS))
    _manners: dict[str, Manner] = field(default_factory=dict)
    _scripts: dict[str, Callee] = field(default_factory=dict)
    _rung: dict[str, int] = field(default_factory=dict)

    def put(self, number: str, manner: Manner, script: Callee | None = None) -> None:
        """Gives a number its manner. script: exact doings in place of the manner's own."""
        self._manners[number] = manner
        self._scripts.pop(number, None)
        if script is not None:
            self._scripts[number] = script

    def manner(self, number: str) -> Manner:
        """How a number behaves when it is rung."""
        return self._manners.get(number) or weighted(self.mix, self.seed, "manner", number)

    def knows(self, number: str) -> bool:
        """Whether it was set explicitly."""
        return number in self._manners

    def rings(self, number: str) -> Callee:
        """A number is rung once more: who picks up, and what they will do."""
        times = self._rung[number] = self._rung.get(number, 0) + 1
        if number in self._scripts:
            return self._scripts[number]
        return self._first_or_later(self.manner(number), times)

    def clear(self) -> None:
        """Forgets everybody."""
        self._manners.clear()
        self._scripts.clear()
        self._rung.clear()

    @staticmethod
    def _first_or_later(manner: Manner, times: int) -> Callee:
        if manner in ONCE:
            return Callee(ONCE[manner]) if times == 1 else _FINE
        return CALLEES[manner]
