"""A tenant listing such as a landlord's software exports: invented people, real untidiness, the same for a seed.

Numbers come from ranges that are valid on paper; the traffic never leaves the machine.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sandbox import names

HEADER = (
    *("N° locataire", "N° contrat", "Civilité", "Nom", "Prénom", "Date de naissance", "Adresse", "Compl. adresse"),
    *("Code postal", "Commune", "Code INSEE", "Résidence", "N° logement", "Typologie", "PMR", "Code agence", "Agence"),
    *("Tél. fixe", "Portable", "E-mail", "Date entrée", "Date sortie", "Rôle"),
)
TODAY = date(2026, 7, 8)

# Shares of a landlord's older households, as the seed's figures and French surveys have them.
COUPLES = 0.27
LANDLINE_ONLY = 0.16
NO_PHONE = 0.03
ALSO_LANDLINE = 0.45
OWN_MOBILE_EACH = 0.5
CHILDS_MOBILE = 0.05
ADAPTED = 0.0167
NOT_TENANTS = 0.05  # garages, companies, people who left, guarantors

# Kept by Arcep for fiction; 10,000 numbers each.
LANDLINES = ("19900", "26191", "35301", "46571", "53649")
MOBILES = 1_000_000


@dataclass(frozen=True, slots=True)
class Home:
    """What a right reading of the listing finds in one dwelling. Numbers in E.164; births None when not known.

    mobiles: the household's own. childs: a child's mobile noted beside the household's number.
    """

    dwelling: str
    agency: str
    departement: str
    births: tuple[date | None, ...]
    mobiles: tuple[str, ...]
    landlines: tuple[str, ...]
    childs: str | None
    senior: bool
    adapted: bool


@dataclass(slots=True)
class Author:
    """Invents one row after the other. Numbers are dealt out, never drawn twice."""

    chance: Random
    today: date
    mobiles: int = field(init=False)
    landlines: int = 1

    def __post_init__(self) -> None:
        self.mobiles = self.chance.randrange(1, MOBILES)

    def mobile(self) -> str:
        """06 00 xx xx xx: a million of them, in an order that looks like none."""
        self.mobiles = (self.mobiles + 386_731) % MOBILES or 386_731
        return f"600{self.mobiles:06}"

    def landline(self) -> str:
        """The fictional ranges first; past 50,000 households, the unassigned rest of 01 99."""
        dealt, self.landlines = self.landlines, self.landlines + 1
        start, rest = divmod(dealt, 10_000)
        return f"{LANDLINES[start]}{rest:04}" if start < len(LANDLINES) else f"199{dealt - 40_000:06}"

    def often(self, share: float) -> bool:
        return self.chance.random() < share


def write_listing(
    path: Path,
    *,
    households: int,
    seed: int | str,
    today: date = TODAY,
    encoding: str = "cp1252",
) -> list[Home]:
    """Writes a CSV of so many households and returns what a right reading of it finds, in the order of the file."""
    author = Author(Random(f"listing {seed}"), today)
    homes: list[Home] = []
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([f"Liste des locataires - extraction du {today:%d/%m/%Y}"])
        writer.writerow(HEADER)
        written = 0
        for number in range(households):
            home, rows = _household(author, number)
            homes.append(home)
            rows += _others(author, number)
            writer.writerows(rows)
            written += len(rows)
        writer.writerow(["TOTAL", written])
    return homes


def _household(author: Author, number: int) -> tuple[Home, list[list[str]]]:
    place = names.place(number)
    people = 2 if author.often(COUPLES) else 1
    births = [_birth(author) for _person in range(people)]
    mobiles, landlines, childs = _numbers(author, people)
    adapted = author.often(ADAPTED)
    dwelling = f"{place.code}-{number:06}"
    home = Home(
        dwelling=dwelling,
        agency=place.agency,
        departement=place.departement,
        births=tuple(sorted((b[0] for b in births), key=str)),
        mobiles=tuple(dict.fromkeys(f"+33{m}" for m in mobiles)),
        landlines=tuple(f"+33{n}" for n in landlines),
        childs=f"+33{childs}" if childs else None,
        senior=place.senior,
        adapted=adapted,
    )
    cells = _Cells(dwelling, place, births, mobiles, landlines, childs, adapted)
    return home, _rows(author, number, cells)


@dataclass(frozen=True, slots=True)
class _Cells:
    """What the rows of one household say, before it is typed."""

    dwelling: str
    place: names.Place
    births: list[tuple[date | None, str]]
    mobiles: list[str]
    landlines: list[str]
    childs: str | None
    adapted: bool


def _rows(author: Author, number: int, of: _Cells) -> list[list[str]]:
    last_name = author.chance.choice(names.LAST)
    civilities = ("Mme", "M.") if len(of.births) == 2 or author.often(0.68) else ("M.",)
    entered = author.today - timedelta(days=author.chance.randrange(200, 15_000))
    address = _address(author, number, of.place)
    return [
        [
            *(f"{number + 1:07}", f"C-{entered.year}-{number:06}", civilities[person], _spelt(author, last_name)),
            *(author.chance.choice(names.FIRST[civilities[person]]), born, *address, of.dwelling),
            *(author.chance.choice(("T2", "T3", "T3 avec garage", "T4")), "Oui" if of.adapted else ""),
            *(of.place.agency.lstrip("0") if author.often(0.01) else of.place.agency, of.place.agency_name),
            *_phone_cells(author, person, mobiles=of.mobiles, landlines=of.landlines, childs=of.childs),
            *("", f"{entered:%d/%m/%Y}", "", ("Titulaire", "Cotitulaire")[person]),
        ]
        for person, (_birth_read, born) in enumerate(of.births)
    ]


def _address(author: Author, number: int, place: "names.Place") -> list[str]:
    postcode = place.postcode.lstrip("0") if author.often(0.02) else place.postcode
    street = f"{number % 90 + 1} {place.street}"
    extra = author.chance.choice(("", "", f"Bât {'ABC'[number % 3]}", f"esc. {number % 4 + 1}; {number % 7}e étage"))
    return [street, extra, postcode, place.commune, place.insee, place.residence]


def _birth(author: Author) -> tuple[date | None, str]:
    """(the date a right reading finds, the cell). A year alone stands for its last day."""
    age_days = int(author.chance.triangular(60, 99, 72) * 365.25)
    born = author.today - timedelta(days=age_days)
    form = author.chance.random()
    if form < 0.010:
        return None, author.chance.choice(("", "01/01/1900"))
    if form < 0.025:
        return date(born.year, 12, 31), f"00/00/{born.year}"
    if form < 0.035:
        return born, str((born - date(1899, 12, 30)).days)
    if form < 0.055:
        return born, f"{born.day}/{born.month}/{born.year % 100:02}"
    return born, f"{born:%d/%m/%Y}"


def _numbers(author: Author, people: int) -> tuple[list[str], list[str], str | None]:
    """(a mobile for each person, landlines, a child's mobile), without the leading zero. Couples may share one."""
    sort = author.chance.random()
    if sort < NO_PHONE:
        return [], [], None
    if sort < NO_PHONE + LANDLINE_ONLY:
        return [], [author.landline()], None
    mobiles = [author.mobile()]
    if people == 2:
        mobiles.append(author.mobile() if author.often(OWN_MOBILE_EACH) else mobiles[0])
    landlines = [author.landline()] if author.often(ALSO_LANDLINE) else []
    return mobiles, landlines, author.mobile() if landlines and author.often(CHILDS_MOBILE) else None


def _phone_cells(
    author: Author, person: int, *, mobiles: list[str], landlines: list[str], childs: str | None
) -> list[str]:
    fixed = _written(author, landlines[0]) if landlines else author.chance.choice(("", "", "", "néant"))
    if childs and person == 0:
        fixed += f" / {_written(author, childs, tidy=True)} (fils)"
    return [fixed, _written(author, mobiles[person]) if mobiles else ""]


def _written(author: Author, national: str, *, tidy: bool = False) -> str:
    """A number as somebody typed it."""
    pairs = [national[i : i + 2] for i in range(1, 9, 2)]
    form = 0.0 if tidy else author.chance.random()
    if form < 0.55:
        return " ".join([f"0{national[0]}", *pairs])
    if form < 0.75:
        return ".".join([f"0{national[0]}", *pairs])
    if form < 0.95:
        return f"0{national}"
    return national if form < 0.98 else "+33 (0)" + " ".join([national[0], *pairs])


def _spelt(author: Author, last_name: str) -> str:
    return names.without_accents(last_name) if author.often(0.15) else last_name


def _others(author: Author, number: int) -> Iterator[list[str]] | list[list[str]]:
    """Now and then, a row that is no tenant."""
    if not author.often(NOT_TENANTS):
        return []
    kind = author.chance.choice(("garage", "company", "left", "left", "guarantor"))
    return [_OTHERS[kind](author, number)]


def _row(number: int, **cells: str) -> list[str]:
    place = names.place(number)
    usual = {
        "N° locataire": f"9{number:06}",
        "Adresse": f"{number % 90 + 1} {place.street}",
        "Code postal": place.postcode,
        "Commune": place.commune,
        "Code INSEE": place.insee,
        "Résidence": place.residence,
        "N° logement": f"{place.code}-X{number:05}",
        "Typologie": "T3",
        "Code agence": place.agency,
        "Agence": place.agency_name,
        "Date entrée": "01/03/2012",
        "Rôle": "Titulaire",
    }
    usual.update({_TITLES[key]: cell for key, cell in cells.items()})
    return [usual.get(title, "") for title in HEADER]


_TITLES = {
    "civility": "Civilité",
    "last_name": "Nom",
    "first_name": "Prénom",
    "born": "Date de naissance",
    "typology": "Typologie",
    "mobile": "Portable",
    "left": "Date sortie",
    "role": "Rôle",
}


def _garage(author: Author, number: int) -> list[str]:
    return _row(number, civility="M.", last_name=author.chance.choice(names.LAST), first_name="Jean", typology="GARAGE")


def _company(author: Author, number: int) -> list[str]:
    kind = author.chance.choice(("SARL", "INDIVISION", "ASSOCIATION"))
    return _row(number, last_name=f"{kind} {author.chance.choice(names.LAST)}")


def _left(author: Author, number: int) -> list[str]:
    gone = author.today - timedelta(days=author.chance.randrange(20, 900))
    last_name, first_name = author.chance.choice(names.LAST), author.chance.choice(names.FIRST["Mme"])
    mobile = _written(author, author.mobile())
    return _row(
        number, civility="Mme", last_name=last_name, first_name=first_name, left=f"{gone:%d/%m/%Y}", mobile=mobile
    )


def _guarantor(author: Author, number: int) -> list[str]:
    last_name = author.chance.choice(names.LAST)
    return _row(number, civility="M.", last_name=last_name, first_name="Luc", role="Garant", mobile="06 00 99 99 98")


_OTHERS = {"garage": _garage, "company": _company, "left": _left, "guarantor": _guarantor}
