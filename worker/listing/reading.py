"""The way in: a file becomes a listing."""

from datetime import date
from pathlib import Path

from worker.domain.folding import fold
from worker.domain.listings import Listing, Problem, Reading
from worker.listing import codes, households, tables
from worker.listing.cells import Cells
from worker.listing.phones import PhoneReader
from worker.listing.rows import Row, RowReader
from worker.listing.rules import Column, Rules
from worker.listing.tables import Table

ACCENTED_SHOWN = 3


def read(path: Path, *, rules: Rules, today: date) -> Listing:
    """The listing in a file. today: local date.

    Raises BadListing for a file that is no listing; what is wrong with single rows is in its problems.
    """
    table = tables.read(path, rules)
    reader = RowReader(rules, today, PhoneReader(rules), _agency_codes(table, rules))
    rows: list[Row] = []
    problems: list[Problem] = []
    seen = 0
    for number, line in table.below_header():
        cells = Cells(number, line, table.header, problems)
        row = reader.read(cells)
        seen += 1
        if row:
            rows.append(row)
    gathered, disagreements = households.gather(rows)
    return Listing(
        reading=_reading(table, rows, seen),
        households=tuple(gathered),
        problems=tuple(sorted([*problems, *disagreements], key=lambda p: (p.row, p.code))),
    )


def _agency_codes(table: Table, rules: Rules) -> dict[str, str]:
    """Folded agency name -> code, from the rows that say both: some rows give only the name."""
    found: dict[str, str] = {}
    places = (table.header.places.get(Column.AGENCY_CODE), table.header.places.get(Column.AGENCY_NAME))
    if places[0] is None or places[1] is None:
        return found
    for number, line in table.below_header():
        cells = Cells(number, line, table.header)
        code = codes.agency(cells.first(Column.AGENCY_CODE), rules.agencies.code_width)
        name = fold(cells.first(Column.AGENCY_NAME))
        if code and name:
            found.setdefault(name, code)
    return found


def _reading(table: Table, rows: list[Row], seen: int) -> Reading:
    return Reading(
        kind=table.kind,
        encoding=table.encoding,
        separator=table.separator,
        header_row=table.header.row,
        ignored_headers=table.header.ignored,
        accented=_accented(rows) if table.encoding else (),
        rows=seen,
        digest=table.digest,
    )


def _accented(rows: list[Row]) -> tuple[tuple[int, str], ...]:
    """The first names that show whether the encoding is right."""
    written = ((row.tenant.row, f"{row.tenant.last_name} {row.tenant.first_name}".strip()) for row in rows)
    telling = (pair for pair in written if not pair[1].isascii())
    return tuple(pair for pair, _count in zip(telling, range(ACCENTED_SHOWN), strict=False))
