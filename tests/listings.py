"""Listings for tests: rows with what matters said, the rest plausible; written as any kind of file."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

import odf.opendocument
import odf.table
import odf.text
import openpyxl
import xlwt

from worker.domain.listings import Listing
from worker.listing import reading, rules

ROOT = Path(__file__).parents[1]
SAMPLES = Path(__file__).parent / "samples" / "listings"
RULES = rules.load(ROOT / "config")
TODAY = date(2026, 7, 8)

HEADER = (
    *("N° locataire", "Civilité", "Nom", "Prénom", "Date de naissance", "Adresse", "Code postal", "Commune"),
    *("Résidence", "N° logement", "Code agence", "Agence", "Tél. fixe", "Portable", "Date sortie", "Rôle"),
)
USUAL = {
    "Civilité": "Mme",
    "Prénom": "Odette",
    "Date de naissance": "15/03/1938",
    "Adresse": "12 rue des Tilleuls",
    "Code postal": "31500",
    "Commune": "TOULOUSE",
    "Résidence": "LES TILLEULS",
    "Code agence": "01",
    "Agence": "Agence Nord",
    "Rôle": "Titulaire",
}
COLUMNS = {
    "erp": "N° locataire",
    "civility": "Civilité",
    "name": "Nom",
    "first": "Prénom",
    "born": "Date de naissance",
    "postcode": "Code postal",
    "residence": "Résidence",
    "home": "N° logement",
    "agency": "Code agence",
    "agency_name": "Agence",
    "fixed": "Tél. fixe",
    "mobile": "Portable",
    "left": "Date sortie",
    "role": "Rôle",
}


def row(**said: str) -> list[str]:
    """A row under HEADER. Keys: those of COLUMNS; what is not said is plausible, or empty."""
    cells = USUAL | {COLUMNS[key]: cell for key, cell in said.items()}
    return [cells.get(title, "") for title in HEADER]


def tenant(number: int, **said: str) -> list[str]:
    """A tenant who lives alone: number makes the person, the home and the mobile."""
    usual = {
        "erp": f"{number:07}",
        "name": f"NOM{number}",
        "home": f"TIL-{number:04}",
        "mobile": f"06 00 01 {number:04}",
    }
    return row(**(usual | said))


def write(path: Path, rows: Iterable[Sequence[str]], *, encoding: str = "utf-8", separator: str = ";") -> Path:
    """A separated file with HEADER on its first line."""
    path.write_bytes(separated([HEADER, *rows], separator=separator).encode(encoding))
    return path


def separated(rows: Iterable[Sequence[str]], *, separator: str = ";") -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return text.getvalue()


def read(path: Path) -> Listing:
    return reading.read(path, rules=RULES, today=TODAY)


Cell = str | int | float | bool | date | None


def xlsx(path: Path, rows: Sequence[Sequence[Cell]], *, other_sheet: bool = False) -> Path:
    book = openpyxl.Workbook()
    if other_sheet:
        book.active.append(["Ce classeur vient du service des baux"])
        sheet = book.create_sheet("Export")
    else:
        sheet = book.active
    for cells in rows:
        sheet.append(list(cells))
    book.save(path)
    return path


def xls(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Export")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for r, cells in enumerate(rows):
        for c, cell in enumerate(cells):
            if isinstance(cell, date):
                sheet.write(r, c, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001 - a cell has no zone
            elif cell is not None:
                sheet.write(r, c, cell)
    book.save(str(path))
    return path


def ods(path: Path, rows: Sequence[Sequence[Cell]]) -> Path:
    document = odf.opendocument.OpenDocumentSpreadsheet()
    table = odf.table.Table(name="Export")
    for cells in rows:
        line = odf.table.TableRow()
        for cell in cells:
            line.addElement(_ods_cell(cell))
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(str(path))
    return path


def _ods_cell(cell: Cell) -> odf.table.TableCell:
    if cell is None:
        return odf.table.TableCell()
    if isinstance(cell, date):
        return odf.table.TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, int | float):
        return odf.table.TableCell(valuetype="float", value=cell)
    made = odf.table.TableCell(valuetype="string")
    made.addElement(odf.text.P(text=cell))
    return made
