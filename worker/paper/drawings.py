"""Pictures of figures, drawn here as SVG: no script, no style of their own; colours come from the page's classes.

Each says in words what it shows, to those who do not see it; the figures themselves stand in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH = 640
ROW, GAP, TEXT_UP = 34, 6, 13
NAMES_WIDTH, NUMBERS_WIDTH = 190, 60
CHART_HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 240, 44, 44, 12, 8
MARKS = 4
# As wide as there is room, always as high as a line of text.
STRETCHED = ' height="18" preserveAspectRatio="none"'


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole. fill: a class of the stylesheet."""

    name: str
    value: int
    fill: str = "fill"


@dataclass(frozen=True, slots=True)
class Series:
    """One line or row of columns over time, a value for each mark of the time line."""

    name: str
    values: Sequence[int]
    fill: str = "fill"


def bar(shares: Sequence[Share], *, title: str) -> Markup:
    """A whole and its parts in one thin bar."""
    whole = sum(share.value for share in shares)
    pieces, x = [], 0.0
    for share in shares:
        width = WIDTH * share.value / whole if whole else 0.0
        if width:
            pieces.append(_rect(x, 0, width, 18, share.fill))
        x += width
    return _svg(18, title, _told((s.name, s.value) for s in shares), pieces, STRETCHED)


def funnel(steps: Sequence[Share], *, title: str) -> Markup:
    """How many are left at each step, the first of which is the whole."""
    whole = max((step.value for step in steps), default=0)
    room = WIDTH - NAMES_WIDTH - NUMBERS_WIDTH
    pieces = []
    for place, step in enumerate(steps):
        y = place * (ROW + GAP)
        width = room * step.value / whole if whole else 0
        pieces += [
            _text(NAMES_WIDTH - 8, y + ROW / 2 + 5, step.name, anchor="end"),
            _rect(NAMES_WIDTH, y, room, ROW, "fill-none"),
            _rect(NAMES_WIDTH, y, width, ROW, step.fill),
            _text(WIDTH, y + ROW / 2 + 5, str(step.value), anchor="end"),
        ]
    height = max(1, len(steps)) * (ROW + GAP) - GAP
    return _svg(height, title, _told((s.name, s.value) for s in steps), pieces)


def columns(marks: Sequence[str], series: Sequence[Series], *, title: str) -> Markup:
    """Columns side by side for each mark of the time line."""
    most = _round_up(max((v for one in series for v in one.values), default=0))
    step = _step(marks)
    width = step * 0.8 / max(1, len(series))
    pieces = _frame(marks, most)
    for place, one in enumerate(series):
        for mark, value in enumerate(one.values):
            height = _high(value, most)
            if height:
                x = LEFT + mark * step + step * 0.1 + place * width
                pieces.append(_rect(x, TOP + _room() - height, width, height, one.fill))
    return _svg(CHART_HEIGHT, title, _summary(marks, series), pieces)


def steps(marks: Sequence[str], one: Series, *, title: str) -> Markup:
    """A quantity that goes up and down, as an area in steps."""
    most = _round_up(max(one.values, default=0))
    step = _step(marks)
    pieces = _frame(marks, most)
    for mark, value in enumerate(one.values):
        height = _high(value, most)
        if height:
            pieces.append(_rect(LEFT + mark * step, TOP + _room() - height, step, height, one.fill))
    return _svg(CHART_HEIGHT, title, _summary(marks, [one]), pieces)


def _frame(marks: Sequence[str], most: int) -> list[Markup]:
    """The scale on the left, the time line below; not more marks than can be read."""
    pieces = []
    for part in range(MARKS + 1):
        y = TOP + _room() * (1 - part / MARKS)
        pieces.append(
            Markup('<line class="stroke" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(LEFT, _n(y), WIDTH - RIGHT, _n(y))
        )
        pieces.append(_text(LEFT - 6, y + 5, str(most * part // MARKS), anchor="end"))
    every = max(1, -(-len(marks) // 10))
    for place, mark in enumerate(marks):
        if place % every == 0:
            pieces.append(_text(LEFT + (place + 0.5) * _step(marks), CHART_HEIGHT - BOTTOM + 20, mark, anchor="middle"))
    return pieces


def _room() -> int:
    return CHART_HEIGHT - TOP - BOTTOM


def _step(marks: Sequence[str]) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, len(marks))


def _high(value: int, most: int) -> float:
    return _room() * value / most if most else 0.0


def _round_up(value: int) -> int:
    """The next number that four even steps lead to."""
    if value <= MARKS:
        return MARKS
    size: int = 10 ** (len(str(value)) - 1)
    return next(m for f in (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10) if (m := _fours(f * size)) >= value)


def _fours(value: float) -> int:
    return -(-int(value) // MARKS) * MARKS


def _told(pairs: object) -> str:
    return ", ".join(f"{name} {value}" for name, value in pairs)  # type: ignore[attr-defined]


def _summary(marks: Sequence[str], series: Sequence[Series]) -> str:
    return " ; ".join(
        f"{one.name} : " + _told((mark, value) for mark, value in zip(marks, one.values, strict=True) if value)
        for one in series
    )


def _svg(height: int, title: str, told: str, pieces: Sequence[Markup], more: str = "") -> Markup:
    """more: attributes of our own."""
    head = Markup('<svg class="drawing" viewBox="0 0 {} {}" role="img"').format(WIDTH, height) + Markup(more)  # noqa: S704
    return head + Markup("><title>{}</title><desc>{}</desc>{}</svg>").format(title, told, Markup().join(pieces))


def _rect(x: float, y: float, width: float, height: float, fill: str) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        fill, _n(x), _n(y), _n(width), _n(height)
    )


def _text(x: float, y: float, words: str, *, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(_n(x), _n(y), anchor, words)


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
