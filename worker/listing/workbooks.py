"""Workbooks: XLSX, XLS and ODS, cell by cell as text."""

import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from itertools import islice

import python_calamine

from worker.domain.errors import BadListing
from worker.i18n import _
from worker.listing import headers
from worker.listing.rules import Rules

_LARGEST_EXACT = 1e15


def read(content: bytes, rules: Rules) -> list[list[str]]:
    """The rows of the sheet whose header is understood best, from the sheet's first line on.

    Raises BadListing for a workbook that is damaged or locked by a password.
    """
    try:
        with python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as workbook:
            sheets = [workbook.get_sheet_by_index(i) for i in range(len(workbook.sheet_names))]
            return list(_rows(max(sheets, key=lambda s: _known_columns(s, rules))))
    except python_calamine.PasswordError:
        raise BadListing(_("Le classeur est protégé par un mot de passe. Enregistrez-le sans protection.")) from None
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise BadListing(
            _("Le classeur est illisible ou abîmé ({error}).").format(error=type(error).__name__)
        ) from None


def _known_columns(sheet: python_calamine.CalamineSheet, rules: Rules) -> int:
    header = headers.find(islice(_rows(sheet, headers.SEARCHED_ROWS), headers.SEARCHED_ROWS), rules)
    return len(header.places) if header else 0


def _rows(sheet: python_calamine.CalamineSheet, upto: int | None = None) -> Iterator[list[str]]:
    for row in sheet.to_python(skip_empty_area=False, nrows=upto):
        yield [as_text(cell) for cell in row]


def as_text(cell: object) -> str:
    """A typed cell as the text a person would type: 31500.0 -> "31500", a date -> "1938-03-15"."""
    convert = _CONVERSIONS.get(type(cell))
    return convert(cell) if convert else str(cell)


def _number(cell: float) -> str:
    return str(int(cell)) if cell.is_integer() and abs(cell) < _LARGEST_EXACT else repr(cell)


def _moment(cell: datetime) -> str:
    return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")


_CONVERSIONS: Mapping[type, Callable[..., str]] = {
    str: str,
    bool: lambda cell: "oui" if cell else "non",
    float: _number,
    datetime: _moment,
    date: date.isoformat,
}
