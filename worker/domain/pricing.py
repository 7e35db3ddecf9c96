"""What texts cost, in whole millionths of a euro: sums are exact, and a share of a cent is not lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MICRO = 1_000_000
EVERYWHERE = "+"
_CENT = Decimal("0.01")
_THIN = "\u202f"  # narrow no-break space: between thousands and before €, as French typography has it


@dataclass(frozen=True, slots=True)
class Price:
    """One line of the price table. destination: the beginning of a number, "+33"; "+" for every number.

    sender: one of ours, or None for all. micro: millionths of a euro for one segment of a text, or one minute of voice.
    """

    destination: str
    channel: str
    micro: int
    since: date
    source: str
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Segments (or minutes) that left, or would leave, towards one destination."""

    channel: str
    sender: str
    destination: str
    units: int


@dataclass(frozen=True, slots=True)
class Cost:
    """micro: the sum over what has a price. unpriced: the units for which the table has none."""

    micro: int = 0
    unpriced: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.micro + other.micro, self.unpriced + other.unpriced)


@dataclass(frozen=True, slots=True)
class PriceTable:
    """All prices; several lines for one destination are its history."""

    prices: tuple[Price, ...] = ()

    @property
    def destinations(self) -> tuple[str, ...]:
        """The beginnings of numbers that the table tells apart, "+" always among them."""
        return tuple(sorted({EVERYWHERE, *(p.destination for p in self.prices)}))

    def price(self, *, destination: str, channel: str, sender: str, on: date) -> Price | None:
        """The price in force that day: the longest destination counts, then the sender's own line, then the newest."""
        fitting = [
            p
            for p in self.prices
            if p.channel == channel
            and destination.startswith(p.destination)
            and p.sender in {None, sender}
            and p.since <= on
        ]
        return max(fitting, key=lambda p: (len(p.destination), p.sender is not None, p.since), default=None)

    def cost(self, spent: Iterable[Spent], *, on: date) -> Cost:
        """What this comes to at the prices of that day."""
        return sum((self._one(s, on) for s in spent), Cost())

    def _one(self, spent: Spent, on: date) -> Cost:
        found = self.price(destination=spent.destination, channel=spent.channel, sender=spent.sender, on=on)
        return Cost(unpriced=spent.units) if found is None else Cost(found.micro * spent.units)


def micro_of(euro: Decimal) -> int:
    """Whole millionths. Raises ValueError for less than nothing, or for a finer amount than a millionth."""
    exact = euro * MICRO
    if not exact.is_finite() or exact != exact.to_integral_value() or exact < 0:
        raise ValueError(f"{euro} is no amount in millionths of a euro")
    return int(exact)


def plain(micro: int) -> str:
    """For programs: "12.345600", always six places."""
    return f"{micro // MICRO}.{micro % MICRO:06}"


def euros(micro: int) -> str:
    """For people, to the cent: "1 234,56 €"."""
    cents = (Decimal(micro) / MICRO).quantize(_CENT, rounding=ROUND_HALF_UP)
    return f"{cents:,.2f}".replace(",", _THIN).replace(".", ",") + f"{_THIN}€"
