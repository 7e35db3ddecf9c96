"""What one seed stands for: the town, its phones, the campaigns, and every fault with its moment.

Times are seconds from the beginning of the run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from sandbox.callees import Manner
from sandbox.chaos import blows
from sandbox.chaos.blows import DISRUPTIVE, Blow
from sandbox.habits import Behaviour

T = TypeVar("T")

# People's exact words, so that the checker needs no reading of its own. Fine: plainly "all is well".
FINE = ("1", "1.", "Oui tout va bien", "Tout va bien")
WORDS = {
    Behaviour.HELP: ("2", "rappelez moi svp"),
    Behaviour.EMERGENCY: ("Je suis tombée",),
    Behaviour.FREE_TEXT: ("Qui va me faire les courses cette semaine ?",),
    Behaviour.STOP: ("STOP",),
    Behaviour.WRONG_NUMBER: ("Mauvais numéro",),
    Behaviour.ABSENT: ("Je suis en vacances",),
}
MIX = {
    Behaviour.FINE: 42,
    Behaviour.SILENT: 14,
    Behaviour.UNTIL_REMINDER: 8,
    Behaviour.LATE: 6,
    Behaviour.TWICE: 6,
    Behaviour.HELP: 6,
    Behaviour.FREE_TEXT: 3,
    Behaviour.EMERGENCY: 1,
    Behaviour.STOP: 2,
    Behaviour.WRONG_NUMBER: 2,
    Behaviour.ABSENT: 2,
    Behaviour.DEAD: 4,
    Behaviour.NO_RECEIPT: 3,
    Behaviour.OPTED_OUT: 1,
}
# How landlines are answered when the machine rings them.
MANNERS = {
    Manner.FINE: 30,
    Manner.HELP: 8,
    Manner.STOP: 2,
    Manner.DEAF: 8,
    Manner.SILENT: 8,
    Manner.WRONG_KEY: 5,
    Manner.HANGS_UP: 8,
    Manner.PRESSES_AND_LEAVES: 10,
    Manner.SLOW_DETECTION: 6,
    Manner.BUSY_ONCE: 5,
    Manner.NO_ANSWER: 4,
    Manner.MACHINE: 4,
    Manner.DEAD: 2,
}
RESENDS = (True, None, None, False)
# Of the fine, every so many answer just in time: what they write is read, or not, while their deadline passes.
LAST_MOMENT_EVERY, LAST_MOMENT_S = 3, 1.0
LEVELS = ("none", "yellow", "orange", "red")
NO_MOBILE, SHARED, CHECK_INS = 0.16, 0.05, 0.6

# How long before something dies a campaign is opened: from drawn up to all sent.
BEFORE_S, MOSTLY = (0.0, 0.8), 0.8


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a run. faults_s: how long things go wrong; the rest of `seconds` is for coming to an end."""

    seconds: float
    faults_s: float
    agencies: int
    homes: int
    deadline_s: int
    reminder_s: int
    blow_every_s: float


def scale_of(seconds: float) -> Scale:
    """A run that fits into so many seconds, after the servers are up."""
    if seconds < 60:
        return Scale(seconds, seconds * 0.45, agencies=7, homes=6, deadline_s=7, reminder_s=3, blow_every_s=0.6)
    return Scale(seconds, seconds * 0.6, int(seconds / 4), homes=10, deadline_s=18, reminder_s=8, blow_every_s=1.6)


@dataclass(frozen=True, slots=True)
class Home:
    """One household and its phone. number None: a landline only, rung by the machine. answers: (seconds after a text,
    words)."""

    dwelling: str
    agency: str
    number: str | None
    behaviour: Behaviour = Behaviour.SILENT
    answers: tuple[tuple[float, str], ...] = ()
    landline: str | None = None
    manner: Manner = Manner.FINE


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a campaign is for and what it is about. agency None: everybody."""

    agency: str | None
    check_in: bool
    level: str

    @property
    def purpose(self) -> str:
        return "care" if self.check_in else "advice"


@dataclass(frozen=True, slots=True)
class Drive:
    """One campaign, opened once. resend: whether a lost text is sent again; None: as the shipped campaign says. closes:
    its window ends at a minute of the run itself."""

    key: str
    at_s: float
    subject: Subject
    sender: str
    resend: bool | None
    reminder: bool
    void_after_s: int
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a seed decides."""

    seed: int
    scale: Scale
    homes: tuple[Home, ...]
    drives: tuple[Drive, ...]
    blows: tuple[Blow, ...]
    by_number: dict[str, Home] = field(init=False, hash=False, compare=False)

    def __post_init__(self) -> None:
        numbers = {home.number: home for home in self.homes if home.number}
        object.__setattr__(self, "by_number", numbers)

    def audience(self, drive: Drive) -> frozenset[str]:
        """The dwellings a campaign concerns."""
        return frozenset(h.dwelling for h in self.homes if drive.subject.agency in {None, h.agency})


def draw(seed: int, seconds: float) -> Plan:
    """The same seed and length give the same plan."""
    scale = scale_of(seconds)
    homes = tuple(_homes(Random(f"homes {seed}"), scale))
    numbers = sorted({number for home in homes if (number := home.number or home.landline)})
    drawn = blows.draw(Random(f"blows {seed}"), numbers, within_s=scale.faults_s, every_s=scale.blow_every_s)
    when = Launches(Random(f"launches {seed}"), scale, tuple(blow.at_s for blow in drawn if blow.kind in DISRUPTIVE))
    drives = tuple(_drives(Random(f"drives {seed}"), scale, sorted({home.agency for home in homes}), when))
    return Plan(seed, scale, homes, drives, drawn)


def _homes(chance: Random, scale: Scale) -> Iterator[Home]:
    dealt = 0
    last: Home | None = None
    for place in range(scale.agencies * scale.homes):
        agency = f"A{place // scale.homes:02}"
        dwelling = f"{agency}-{place:05}"
        if chance.random() < NO_MOBILE:
            manner = chance.choices(list(MANNERS), list(MANNERS.values()))[0]
            yield Home(dwelling, agency, None, landline=f"+3353649{place:04}", manner=manner)
        elif last is not None and last.agency == agency and chance.random() < SHARED:
            yield Home(dwelling, agency, last.number, last.behaviour, last.answers)
        else:
            dealt += 1
            behaviour = chance.choices(list(MIX), list(MIX.values()))[0]
            answers = _answers(chance, behaviour, scale)
            if behaviour is Behaviour.FINE and dealt % LAST_MOMENT_EVERY == 0:
                answers = tuple((scale.deadline_s - LAST_MOMENT_S, words) for _, words in answers)
            last = Home(dwelling, agency, f"+33600{100000 + dealt}", behaviour, answers)
            yield last


def _answers(chance: Random, behaviour: Behaviour, scale: Scale) -> tuple[tuple[float, str], ...]:
    soon = chance.uniform(0.2, scale.reminder_s * 0.8)
    if behaviour is Behaviour.LATE:
        return ((scale.deadline_s * chance.uniform(1.2, 1.8), chance.choice(FINE)),)
    if behaviour is Behaviour.TWICE:
        return ((soon, chance.choice(FINE)), (soon + 0.3, chance.choice(FINE)))
    if behaviour in {Behaviour.SILENT, Behaviour.DEAD, Behaviour.OPTED_OUT}:
        return ()
    return ((soon, chance.choice(WORDS.get(behaviour, FINE))),)


@dataclass(frozen=True, slots=True)
class Launches:
    """When campaigns are opened: mostly just before something dies, so that it dies with texts in its hands."""

    chance: Random
    scale: Scale
    blows_at_s: tuple[float, ...]

    def series(self) -> list[float]:
        """A moment for each level, in order."""
        return sorted(self._moment() for _ in LEVELS)

    def _moment(self) -> float:
        latest = self.scale.faults_s * 0.9
        if self.blows_at_s and self.chance.random() < MOSTLY:
            return min(max(0.0, self.chance.choice(self.blows_at_s) - self.chance.uniform(*BEFORE_S)), latest)
        return self.chance.uniform(0, latest)


def _drives(chance: Random, scale: Scale, agencies: Sequence[str], when: Launches) -> Iterator[Drive]:
    """For each agency a series of rising level: one text a day is the rule, a higher level is the exception. The last
    one, for everybody, finds most of them contacted."""
    number = 0
    for agency in agencies:
        for level, at_s in zip(LEVELS, when.series(), strict=True):
            number += 1
            subject = Subject(agency, check_in=chance.random() < CHECK_INS, level=level)
            yield _drive(chance, scale, subject, key=f"c{number:03}", at_s=at_s)
    yield _drive(chance, scale, Subject(None, check_in=False, level="red"), key="c999", at_s=scale.faults_s * 0.8)


def _drive(chance: Random, scale: Scale, subject: Subject, *, key: str, at_s: float) -> Drive:
    short = chance.random() < 0.15
    return Drive(
        key,
        at_s,
        subject,
        sender="court" if subject.check_in else chance.choice(("court", "alpha", "paced")),
        resend=RESENDS[int(chance.random() * len(RESENDS))],
        reminder=subject.check_in and chance.random() < 0.6,
        void_after_s=chance.randint(2, 6) if short else int(scale.seconds),
        closes=chance.random() < 0.1,
    )
