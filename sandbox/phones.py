"""Simulated phones of older people: what the network makes of a text to them, and what they write back."""

from dataclasses import dataclass, field

from sandbox.chance import between, choose, draw, weighted
from sandbox.habits import DEFAULT_MIX, HABITS, Behaviour, asks_for_reply

MOBILE_PREFIXES = (
    "+336",
    "+337",
    "+262692",
    "+262693",
    "+262639",
    "+590690",
    "+590691",
    "+594694",
    "+596696",
    "+596697",
)


@dataclass(frozen=True, slots=True)
class Line:
    """What the network makes of a text: refused at once with a code, or a final status with its code. `sent` is final
    where nothing more is ever heard."""

    refusal: int | None = None
    final: str = "delivered"
    code: int | None = None

    @property
    def rings(self) -> bool:
        """Whether the person gets to see the text."""
        return self.refusal is None and self.final in {"delivered", "sent"}


@dataclass(frozen=True, slots=True)
class Answer:
    """A text the person writes, so long after the one received."""

    after_s: float
    body: str


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone. answers, when set, is an exact script that takes the place of the habit's texts."""

    number: str
    behaviour: Behaviour
    code: int | None = None
    answers: tuple[Answer, ...] | None = None


@dataclass(slots=True)
class Phones:
    """All phones of the country: those set explicitly, and everybody else by the mix and the seed."""

    seed: str
    mix: dict[Behaviour, float] = field(default_factory=lambda: dict(DEFAULT_MIX))
    _set: dict[str, Phone] = field(default_factory=dict)
    _asked: dict[str, int] = field(default_factory=dict)

    def put(self, phone: Phone) -> None:
        """Gives a number a behaviour of its own."""
        self._set[phone.number] = phone

    def get(self, number: str) -> Phone:
        """The phone behind a number."""
        return self._set.get(number) or Phone(number, self._by_chance(number))

    def line(self, number: str) -> Line:
        """What the network makes of a text to this number."""
        phone = self.get(number)
        if phone.behaviour is Behaviour.LANDLINE:
            return Line(refusal=phone.code or (21635 if self._draw("landline", number) < 0.5 else 21614))
        if phone.behaviour is Behaviour.OPTED_OUT:
            return Line(refusal=21610)
        if phone.behaviour is Behaviour.DEAD:
            return Line(final="undelivered", code=phone.code or (30005 if self._draw("dead", number) < 0.7 else 30003))
        if phone.behaviour is Behaviour.NO_RECEIPT:
            return Line(final="sent")
        return Line(final="undelivered", code=phone.code) if phone.code else Line()

    def receives(self, number: str, body: str) -> tuple[Answer, ...]:
        """What the person writes back. Only a text that asks for a reply gets one."""
        if not asks_for_reply(body):
            return ()
        phone, habit = self.get(number), HABITS[self.get(number).behaviour]
        asked = self._asked[number] = self._asked.get(number, 0) + 1
        if asked % habit.answers_every:
            return ()
        if phone.answers is not None:
            return phone.answers
        return self._habitual(number, asked)

    def clear(self) -> None:
        """Forgets all phones and what they were asked."""
        self._set.clear()
        self._asked.clear()

    def _habitual(self, number: str, asked: int) -> tuple[Answer, ...]:
        habit = HABITS[self.get(number).behaviour]
        answers: list[Answer] = []
        after_s = 0.0
        for turn, (texts, delay_s) in enumerate(habit.turns):
            after_s += between(delay_s, self.seed, "delay", number, asked, turn)
            answers.append(Answer(after_s, choose(texts, self.seed, "text", number, asked, turn)))
        return tuple(answers)

    def _by_chance(self, number: str) -> Behaviour:
        if number.startswith("+33") and not number.startswith(MOBILE_PREFIXES):
            return Behaviour.LANDLINE
        return weighted(self.mix, self.seed, "behaviour", number)

    def _draw(self, *parts: str) -> float:
        return draw(self.seed, *parts)
