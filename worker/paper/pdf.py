"""Plain pages of PDF: lines of text with boxes to tick, wrapped and put on pages here, drawn by reportlab.

The fonts are those that every reader has, whose letters are those of Windows-1252: é, œ, ’ and € among them. Whatever
else a name is written with is told in the nearest of these letters, so that no name keeps a sheet from being printed.
"""

import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 15 * mm, 15 * mm, 14 * mm, 18 * mm
ROOM = WIDTH - LEFT - RIGHT
BOX = 3.2 * mm
LEADING = 1.28
# Letters that do not come apart into a plain one and its accent.
NEAREST = str.maketrans(
    {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "ħ": "h", "Ħ": "H", "ŋ": "n", "ə": "e", "ʼ": "’"}
    | {"\u202f": "\u00a0", "\u2011": "-", "\u2212": "-", "\u2192": ">"}
)


def written(words: str) -> str:
    """The words in letters that the fonts have; a letter that nothing is near to becomes a question mark."""
    return "".join(
        _written(letter) for letter in words.translate(NEAREST) if letter.isprintable() or letter == "\u00a0"
    )


def _written(letter: str) -> str:
    if _has(letter):
        return letter
    plain = "".join(part for part in unicodedata.normalize("NFKD", letter) if _has(part))
    return plain or ("" if unicodedata.combining(letter) else "?")


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Style:
    """How words look. size in points."""

    size: float = 10
    font: str = PLAIN


@dataclass(frozen=True, slots=True)
class Line:
    """One line: words and boxes at their places from the left, and a rule below it from place to place."""

    height: float
    words: Sequence[tuple[float, str, Style]] = ()
    boxes: Sequence[float] = ()
    rules: Sequence[tuple[float, float]] = ()


@dataclass(slots=True)
class Block:
    """Lines that stay together on one page. framed: with a line around them."""

    lines: list[Line] = field(default_factory=list)
    framed: bool = False
    new_page: bool = False

    @property
    def height(self) -> float:
        return sum(line.height for line in self.lines) + (2 * PADDING + GAP if self.framed else 0)

    @property
    def room(self) -> float:
        return ROOM - (2 * PADDING if self.framed else 0)

    def say(self, words: str, style: Style = Style(), *, indent: float = 0) -> None:  # frozen
        """A paragraph, wrapped."""
        for line in wrap(written(words), style, self.room - indent):
            self.lines.append(Line(style.size * LEADING, [(indent, line, style)]))

    def choices(self, labels: Iterable[str], style: Style, *, columns: int | None = None, indent: float = 0) -> None:
        """A box to tick before each label; in columns, or one after the other."""
        placed = _in_columns if columns else _in_a_row
        self.lines += placed([written(label) for label in labels], style, self.room, columns or 1, indent)

    def ask(self, question: str, answers: Sequence[str], style: Style) -> None:
        """A question with a box for each answer: on its line if they fit, below it else."""
        question, labels = written(question), [written(answer) for answer in answers]
        begins = stringWidth(question, style.font, style.size) + 12
        row = _in_a_row(labels, style, self.room, 1, begins)
        if len(row) == 1 and begins + sum(_wide(label, style) for label in labels) <= self.room:
            only = row[0]
            self.lines.append(Line(only.height, [(0, question, style), *only.words], boxes=only.boxes))
            return
        self.say(question, style)
        self.choices(answers, style, indent=12)

    def space(self, height: float) -> None:
        self.lines.append(Line(height))

    def blank(self, height: float = 7 * mm) -> None:
        """A line to write on."""
        self.lines.append(Line(height, rules=[(0, self.room)]))

    def fill_in(self, labels: Sequence[str], style: Style) -> None:
        """Labels in a row, each with a line to write on behind it."""
        each = self.room / len(labels)
        words, rules = [], []
        for place, label in enumerate(map(written, labels)):
            x = place * each
            words.append((x, label, style))
            rules.append((x + stringWidth(label, style.font, style.size) + 4, x + each - 8))
        self.lines.append(Line(7 * mm, words, rules=rules))


PADDING, GAP = 3 * mm, 4 * mm


def wrap(words: str, style: Style, room: float) -> list[str]:
    """The words in lines that fit; a word longer than a line is cut."""
    lines, line = [], ""
    for word in words.split(" "):
        longer = f"{line} {word}" if line else word
        if stringWidth(longer, style.font, style.size) <= room:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while stringWidth(line, style.font, style.size) > room:
            most = next(
                n for n in range(len(line), 0, -1) if stringWidth(line[:n], style.font, style.size) <= room or n == 1
            )
            lines.append(line[:most])
            line = line[most:]
    return [*lines, line] if line or not lines else lines


def _in_columns(labels: Sequence[str], style: Style, room: float, columns: int, indent: float) -> list[Line]:
    deep = -(-len(labels) // columns)
    each = (room - indent) / columns
    lines = []
    for row in range(deep):
        mine = [
            (indent + column * each, labels[column * deep + row])
            for column in range(columns)
            if column * deep + row < len(labels)
        ]
        lines.append(_boxed(mine, style))
    return lines


def _in_a_row(labels: Sequence[str], style: Style, room: float, _columns: int, indent: float) -> list[Line]:
    lines: list[Line] = []
    row: list[tuple[float, str]] = []
    x = indent
    for label in labels:
        width = _wide(label, style)
        if row and x + width > room:
            lines.append(_boxed(row, style))
            row, x = [], indent
        row.append((x, label))
        x += width
    return [*lines, _boxed(row, style)] if row else lines


def _wide(label: str, style: Style) -> float:
    return BOX + 4 + stringWidth(label, style.font, style.size) + 10


def _boxed(row: Sequence[tuple[float, str]], style: Style) -> Line:
    return Line(
        max(style.size * LEADING, BOX + 2.5),
        [(x + BOX + 4, label, style) for x, label in row],
        boxes=[x for x, _label in row],
    )


def document(blocks: Iterable[Block], *, title: str, foot: str) -> bytes:
    """The blocks on as many pages as they need. foot: at the bottom of each, beside its number."""
    pages = _paged(blocks)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1)
    canvas.setTitle(title)
    canvas.setCreator("Courtoisie")
    for number, page in enumerate(pages, 1):
        _draw(canvas, page)
        _number(canvas, written(foot), f"{number} / {len(pages)}")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _paged(blocks: Iterable[Block]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    left = HEIGHT - TOP - BOTTOM
    for block in (part for whole in blocks for part in _fitting(whole)):
        if pages[-1] and (block.new_page or block.height > left):
            pages.append([])
            left = HEIGHT - TOP - BOTTOM
        pages[-1].append(block)
        left -= block.height
    return pages


def _fitting(block: Block) -> list[Block]:
    """A block that is higher than a page goes on the next one."""
    most = HEIGHT - TOP - BOTTOM
    if block.height <= most:
        return [block]
    parts = [Block(framed=block.framed, new_page=block.new_page)]
    for line in block.lines:
        if parts[-1].height + line.height > most:
            parts.append(Block(framed=block.framed, new_page=True))
        parts[-1].lines.append(line)
    return parts


def _draw(canvas: Canvas, page: Sequence[Block]) -> None:
    y = HEIGHT - TOP
    for block in page:
        inset = PADDING if block.framed else 0
        if block.framed:
            height = block.height - GAP
            canvas.setLineWidth(1.2)
            canvas.rect(LEFT, y - height, ROOM, height)
        y -= inset
        for line in block.lines:
            _draw_line(canvas, line, LEFT + inset, y)
            y -= line.height
        y -= inset + (GAP if block.framed else 0)


def _draw_line(canvas: Canvas, line: Line, x: float, top: float) -> None:
    size = max((style.size for _x, _words, style in line.words), default=10)
    base = top - (line.height + size * 0.7) / 2 if line.rules else top - size
    for place, words, style in line.words:
        canvas.setFont(style.font, style.size)
        canvas.drawString(x + place, base, words)
    canvas.setLineWidth(0.8)
    for place in line.boxes:
        canvas.rect(x + place, base - 1, BOX, BOX)
    for begins, ends in line.rules:
        canvas.line(x + begins, top - line.height + 2, x + ends, top - line.height + 2)


def _number(canvas: Canvas, foot: str, page: str) -> None:
    canvas.setFont(PLAIN, 8)
    canvas.drawString(LEFT, BOTTOM - 8 * mm, foot)
    canvas.drawRightString(WIDTH - RIGHT, BOTTOM - 8 * mm, page)
