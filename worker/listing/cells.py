"""One row under its header."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from worker.domain.listings import Problem, ProblemCode
from worker.listing import codes
from worker.listing.headers import Header
from worker.listing.rules import Column


@dataclass(slots=True)
class Cells:
    """The cells of one row by column, and what is to be said about them. row: as the spreadsheet numbers it."""

    row: int
    cells: Sequence[str]
    header: Header
    problems: list[Problem] = field(default_factory=list)

    def all(self, column: Column) -> list[tuple[str, str]]:
        """(title, cell) of every place of a column, empty cells left out."""
        filled = ((p, self.cells[p].strip()) for p in self.header.places.get(column, ()) if p < len(self.cells))
        return [(self.header.titles[p], cell) for p, cell in filled if cell]

    def first(self, column: Column) -> str:
        """The first filled cell of a column, "" when there is none."""
        for place in self.header.places.get(column, ()):
            if place < len(self.cells) and (cell := self.cells[place].strip()):
                return cell
        return ""

    def code(self, column: Column) -> str:
        """A code as text, without what a spreadsheet added."""
        return codes.clean(self.first(column))

    def told(self, column: Column) -> str | None:
        """A cell's text, None when nothing is said."""
        return " ".join(self.first(column).split()) or None

    def has(self, *columns: Column) -> bool:
        return any(column in self.header.places for column in columns)

    def report(self, code: ProblemCode, column: Column | None = None) -> None:
        """Notes a problem under the column's own title."""
        place = self.header.places.get(column) if column else None
        self.problems.append(Problem(self.row, code, self.header.titles[place[0]] if place else None))

    def report_under(self, title: str, code: ProblemCode) -> None:
        self.problems.append(Problem(self.row, code, title))
