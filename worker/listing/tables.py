"""From a file to rows of text under a known header."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from worker.domain.errors import BadListing
from worker.i18n import _, because
from worker.listing import encodings, headers, kinds, separated, workbooks
from worker.listing.headers import Header
from worker.listing.kinds import Kind
from worker.listing.rules import Rules

MAX_BYTES = 300_000_000


@dataclass(frozen=True, slots=True)
class Table:
    """A file as rows of text. digest: SHA-256 of its bytes."""

    kind: Kind
    encoding: str | None
    separator: str | None
    header: Header
    rows: Sequence[Sequence[str]]
    digest: str

    def below_header(self) -> Iterator[tuple[int, Sequence[str]]]:
        """(row number, cells) of what stands below the header, blank lines left out."""
        for number, cells in enumerate(self.rows[self.header.row :], start=self.header.row + 1):
            if any(cell and not cell.isspace() for cell in cells):
                yield number, cells


def read(path: Path, rules: Rules) -> Table:
    """The table in a file of any kind we know.

    Raises BadListing, which says what is wrong with the file and what to do.
    """
    content = _bytes(path)
    kind = kinds.kind_of(content)
    encoding = separator = None
    if kind is Kind.TEXT:
        text, encoding = encodings.decode(content)
        separator, rows = separated.read(text.removeprefix("\ufeff"), rules)
    else:
        rows = workbooks.read(content, rules)
    header = headers.require(headers.find(rows[: headers.SEARCHED_ROWS], rules), rules)
    return Table(kind, encoding, separator, header, rows, hashlib.sha256(content).hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadListing(_("{path} dépasse {mb} Mo.").format(path=path, mb=MAX_BYTES // 1_000_000))
        return path.read_bytes()
    except OSError as error:
        raise BadListing(
            _("{path} ne peut pas être lu ({error}). Donnez le chemin d'une liste CSV, XLSX, XLS ou ODS.").format(
                path=path, error=because(error)
            )
        ) from None
