"""Finding the header line and knowing its columns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from worker.domain.errors import BadListing
from worker.domain.folding import fold
from worker.i18n import _
from worker.listing.rules import Column, Rules

SEARCHED_ROWS = 40
FEWEST_COLUMNS = 2


@dataclass(frozen=True, slots=True)
class Header:
    """row: where it stands, from 1. places: the positions of each column, best alias first."""

    row: int
    titles: tuple[str, ...]
    places: Mapping[Column, tuple[int, ...]]

    @property
    def first_title(self) -> str:
        return next(title for title in self.titles if title)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Titles nobody knows: shown, so that a missing alias is noticed."""
        used = {place for places in self.places.values() for place in places}
        return tuple(t for i, t in enumerate(self.titles) if t and i not in used)


def find(rows: Iterable[Sequence[str]], rules: Rules) -> Header | None:
    """The line that names most columns among the first ones; None when none names at least two."""
    best: Header | None = None
    for number, cells in enumerate(rows, start=1):
        header = _header(number, cells, rules)
        if len(header.places) >= FEWEST_COLUMNS and (best is None or len(header.places) > len(best.places)):
            best = header
    return best


def _header(number: int, cells: Sequence[str], rules: Rules) -> Header:
    ranked: dict[Column, list[tuple[int, int]]] = {}
    for place, cell in enumerate(cells):
        known = rules.column_of.get(fold(cell))
        if known:
            ranked.setdefault(known[0], []).append((known[1], place))
    places = {column: tuple(place for _rank, place in sorted(found)) for column, found in ranked.items()}
    return Header(number, tuple(" ".join(c.split()) for c in cells), places)


def require(header: Header | None, rules: Rules) -> Header:
    """The header, complete.

    Raises BadListing: which column is missing, the titles it may have, and those the file has.
    """
    if header is None:
        raise BadListing(
            _(
                "Aucune ligne d'en-tête reconnue dans les {count} premières lignes. Colonnes attendues : {columns}."
            ).format(count=SEARCHED_ROWS, columns=", ".join(_titles(group, rules) for group in rules.required.groups))
        )
    missing = [g for g in rules.required.groups if not any(c in header.places for c in g)]
    if missing:
        raise BadListing("\n".join([*(_missing(g, rules) for g in missing), _found(header)]))
    return header


def _titles(group: Sequence[Column], rules: Rules) -> str:
    return _(" ou ").join(f"« {rules.columns[column][0]} »" for column in group)


def _missing(group: Sequence[Column], rules: Rules) -> str:
    aliases = [alias for column in group for alias in rules.columns[column]]
    return _(
        "Colonne manquante : {title}. Titres acceptés : {aliases}. "
        "Renommez la colonne, ou ajoutez son titre dans config/listing.toml."
    ).format(title=_titles(group, rules), aliases=", ".join(aliases))


def _found(header: Header) -> str:
    return _("Titres trouvés à la ligne {row} : {titles}.").format(
        row=header.row, titles=", ".join(t for t in header.titles if t)
    )
