"""Separated text: which separator, and where a quote was left open."""

import csv
import io
from collections.abc import Iterator
from itertools import islice

from worker.domain.errors import BadListing
from worker.i18n import _
from worker.listing import headers
from worker.listing.rules import Rules

SEPARATORS = (";", "\t", ",", "|")
_MOST_LINES_IN_A_CELL = 20
_LARGEST_CELL = 1_000_000


def read(text: str, rules: Rules) -> tuple[str, list[list[str]]]:
    """(separator, rows): the separator is the one under which the header is understood best.

    Raises BadListing when a quote is opened and never closed: it would swallow the rows after it.
    """
    separator = max(SEPARATORS, key=lambda s: _known_columns(text, s, rules))
    rows = list(_parsed(text, separator))
    most = max(4, max(map(len, rows), default=0) // 2)
    for number, row in enumerate(rows, start=1):
        if any("\n" in cell or "\r" in cell for cell in row):
            _refuse_swallowed_rows(number, row, separator, most)
    return separator, rows


def _known_columns(text: str, separator: str, rules: Rules) -> int:
    try:
        header = headers.find(islice(_parsed(text, separator), headers.SEARCHED_ROWS), rules)
    except BadListing:
        return 0  # said again, and for good, if this turns out to be the separator
    return len(header.places) if header else 0


def _parsed(text: str, separator: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        yield from reader
    except csv.Error:
        raise _open_quote(reader.line_num) from None


def _refuse_swallowed_rows(number: int, row: list[str], separator: str, most: int) -> None:
    """A cell that holds whole rows shows a quote nobody closed."""
    for cell in row:
        lines = cell.splitlines()
        if len(lines) > _MOST_LINES_IN_A_CELL or any(line.count(separator) >= most for line in lines):
            raise _open_quote(number)


def _open_quote(number: int) -> BadListing:
    return BadListing(
        _("Ligne {row} : un guillemet est ouvert et n'est pas refermé. Corrigez cette ligne.").format(row=number)
    )
