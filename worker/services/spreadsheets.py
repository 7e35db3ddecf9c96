"""Rows as a file that a French spreadsheet opens as it is, and in which no cell is ever run as a formula."""

import csv
import io
from collections.abc import Mapping, Sequence

# The last four are the wide forms of the first, which some spreadsheets take for them.
FORMULA_SIGNS = frozenset("=+-@\t\r\n|%\uff1d\uff0b\uff0d\uff20")


def csv_of(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Semicolons and a byte order mark; the first row's keys as the header."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";")
    writer.writerow(rows[0].keys() if rows else [])
    writer.writerows([[cell(value) for value in row.values()] for row in rows])
    return written.getvalue().encode("utf-8-sig")


def cell(value: object) -> str:
    """One value as text; an apostrophe keeps what looks like a formula from being one."""
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in FORMULA_SIGNS and text else text
