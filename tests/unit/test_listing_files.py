"""Every kind of file a listing comes in, and every kind that is none."""

import contextlib
import io
import os
import random
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import listings
from worker.domain.errors import BadListing
from worker.domain.listings import ProblemCode
from worker.listing import encodings, workbooks

ROWS = [
    listings.tenant(1, name="LEFÈVRE", first="Françoise"),
    listings.tenant(2, name="BERGÉ", first="Noël"),
    listings.tenant(3, name="GARCIA", first="Benoît"),
    listings.tenant(4, name="GUÉRIN", first="Hélène"),
]


def people(path: Path) -> list[tuple[str, str]]:
    return [(t.last_name, t.first_name) for h in listings.read(path).households for t in h.tenants]


EVERYBODY = [("LEFÈVRE", "Françoise"), ("BERGÉ", "Noël"), ("GARCIA", "Benoît"), ("GUÉRIN", "Hélène")]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "mac_roman", "utf-32"]
)
def test_accents_survive_every_encoding_an_export_uses(tmp_path: Path, encoding: str) -> None:
    path = listings.write(tmp_path / "liste.csv", ROWS, encoding=encoding)

    assert people(path) == EVERYBODY
    assert listings.read(path).reading.accented == (
        (2, "LEFÈVRE Françoise"),
        (3, "BERGÉ Noël"),
        (4, "GARCIA Benoît"),
    )


def test_cp1252_keeps_what_latin_1_lacks(tmp_path: Path) -> None:
    rows = [listings.tenant(1, name="LEBŒUF", residence="L’ÉTANG – 5 €"), *ROWS]

    path = listings.write(tmp_path / "liste.csv", rows, encoding="cp1252")

    assert people(path)[0] == ("LEBŒUF", "Odette")
    assert listings.read(path).reading.encoding == "cp1252"


def test_one_broken_byte_does_not_spoil_a_utf8_file(tmp_path: Path) -> None:
    path = listings.write(tmp_path / "liste.csv", ROWS * 10)
    path.write_bytes(path.read_bytes() + b"\xe9")

    assert people(path)[:1] == [("LEFÈVRE", "Françoise")]


def test_plain_letters_need_no_confirmation(tmp_path: Path) -> None:
    listing = listings.read(listings.write(tmp_path / "liste.csv", [listings.tenant(1)]))

    assert (listing.reading.encoding, listing.reading.accented) == ("utf-8", ())


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(BadListing):
        text, encoding = encodings.decode(content)

        assert isinstance(text, str)
        assert encoding


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
@pytest.mark.parametrize("name", ["liste.csv", "liste.txt", "liste.tsv", "liste", "liste.xls"])
def test_the_separator_is_found_whatever_the_files_name(tmp_path: Path, separator: str, name: str) -> None:
    rows = [listings.tenant(1, name="A;B,C\tD|E"), listings.tenant(2, name='LE "GRAND"\nLOUIS')]

    path = listings.write(tmp_path / name, rows, separator=separator)

    assert [last for last, _first in people(path)] == ["A;B,C D|E", 'LE "GRAND" LOUIS']
    assert listings.read(path).reading.separator == separator


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_any_end_of_line_will_do(tmp_path: Path, newline: str) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(listings.separated([listings.HEADER, *ROWS]).replace("\r\n", newline).encode())

    assert people(path) == EVERYBODY


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    """Blank lines count; a cell of two lines is one row."""
    path = tmp_path / "liste.csv"
    rows = [["Liste"], [], listings.HEADER, [], listings.tenant(1, name="DEUX\nLIGNES"), listings.tenant(2, name="")]
    path.write_text(listings.separated(rows), encoding="utf-8", newline="")

    listing = listings.read(path)

    assert listing.reading.header_row == 3
    assert [t.row for h in listing.households for t in h.tenants] == [5, 6]


@pytest.mark.parametrize("at", [0, 2, 3])
def test_a_quote_left_open_is_refused_with_its_row(tmp_path: Path, at: int) -> None:
    """It would swallow the rows after it, and their people would seem to have left."""
    path = tmp_path / "liste.csv"
    lines = listings.separated([listings.HEADER, *ROWS]).splitlines()
    lines[at + 1] = lines[at + 1].replace("12 rue", '"12 rue')
    path.write_text("\r\n".join([*lines, ""]), encoding="utf-8", newline="")

    with pytest.raises(BadListing, match=f"Ligne {at + 2} : un guillemet"):
        listings.read(path)


FIRST: list[listings.Cell] = [
    *(12345.0, "Mme", "LEFÈVRE", "Françoise", date(1938, 3, 15), "12 rue", 31500.0, "TOULOUSE", None, "TIL-1", 4.0),
    *("Sud", 536491001, 600001001.0, None, "Titulaire"),
]
SECOND: list[listings.Cell] = [
    *("0012346", "M.", "BERGÉ", "Noël", 12784, "13 rue", 9100, "PAMIERS", None, 42, "04"),
    *("Sud", None, "06 00 00 10 02", date(2030, 1, 1), None),
]
TYPED = [["Liste des locataires"], [None], listings.HEADER, FIRST, SECOND, ["TOTAL", 2]]

WORKBOOKS: dict[str, Callable[[Path, Sequence[Sequence[listings.Cell]]], Path]] = {
    "xlsx": listings.xlsx,
    "xls": listings.xls,
    "ods": listings.ods,
}


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_typed_cells_of_a_workbook_say_what_a_person_would_type(tmp_path: Path, kind: str) -> None:
    listing = listings.read(WORKBOOKS[kind](tmp_path / "liste.bin", TYPED))

    first, second = listing.households
    assert (listing.reading.kind, listing.reading.encoding, listing.reading.header_row) == (kind, None, 3)
    assert [t.row for h in listing.households for t in h.tenants] == [4, 5]
    assert (first.tenants[0].erp_id, first.tenants[0].birth.on) == ("12345", date(1938, 3, 15))
    assert (first.dwelling.postcode, first.dwelling.agency_code, first.dwelling.departement) == ("31500", "04", "31")
    assert [p.e164 for p in first.phones] == ["+33600001001", "+33536491001"]
    assert (second.dwelling.code, second.dwelling.postcode, second.tenants[0].left_on) == (
        "42",
        "09100",
        date(2030, 1, 1),
    )
    assert (second.tenants[0].erp_id, second.tenants[0].birth.on) == ("0012346", date(1934, 12, 31))
    assert not listing.problems


def test_the_sheet_with_the_listing_is_found(tmp_path: Path) -> None:
    path = listings.xlsx(tmp_path / "liste.xlsx", [listings.HEADER, *ROWS], other_sheet=True)

    assert people(path) == EVERYBODY


@pytest.mark.parametrize(
    ("cell", "text"), [(31500.0, "31500"), (1.5, "1.5"), (True, "oui"), (False, "non"), ("", ""), (7, "7")]
)
def test_a_cell_as_text(cell: object, text: str) -> None:
    assert workbooks.as_text(cell) == text


def _zip(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "vide"),
        (b"\n\n  \n", "vide"),
        (b"\xef\xbb\xbf", "vide"),
        (b";;;;\r\n;;;;\r\n", "vide"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "JPEG"),
        (b"GIF89a\1\0", "GIF"),
        (b"\x1f\x8b\x08\0\0\0", "GZIP"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (b"{\\rtf1 bonjour}", "RTF"),
        (b"<html><table><tr><td>Nom</td></tr></table></html>", "page web"),
        (b'<?xml version="1.0"?><Workbook>', "page web"),
        (_zip("liste.csv"), "Décompressez"),
        (_zip("word/document.xml"), "bureautique"),
        (_zip("xl/workbook.xml"), "illisible ou abîmé"),
        (b"PK\x03\x04 tronqu\xc3\xa9", "abîmé"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "illisible ou abîmé"),
        (bytes(range(256)) * 8, "pas du texte"),
        (b"\xff\xfeN\0o", "UTF|utf"),
        (b"bonjour\nceci n'est pas une liste\n", "Aucune ligne d'en-tête"),
        (listings.separated([listings.HEADER]).encode(), ""),
    ],
)  # fmt: skip
def test_what_is_no_listing_is_refused_by_its_content_with_a_clear_word(
    tmp_path: Path, content: bytes, says: str
) -> None:
    path = tmp_path / "liste.csv"
    path.write_bytes(content)

    if not says:
        assert listings.read(path).households == ()
        return
    with pytest.raises(BadListing, match=says):
        listings.read(path)


def test_a_missing_file_and_a_folder_are_refused_with_their_path(tmp_path: Path) -> None:
    with pytest.raises(BadListing, match="absent"):
        listings.read(tmp_path / "absent.csv")
    with pytest.raises(BadListing, match="ne peut pas être lu"):
        listings.read(tmp_path)


def test_a_file_that_may_not_be_read_or_cannot_be_is_refused_with_the_reason(tmp_path: Path) -> None:
    locked = tmp_path / "locked.csv"
    locked.write_bytes(b"Nom;Adresse\n")
    locked.chmod(0)

    with nobody(), pytest.raises(BadListing, match=r"\(le droit manque\). Donnez le chemin"):
        listings.read(locked)
    with pytest.raises(BadListing, match=r"\(le disque ne répond pas\). Donnez le chemin"):
        listings.read(Path("/proc/self/mem"))


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Root may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Nom", ["Colonne manquante : « Nom »", "Nom d'usage", "config/listing.toml"]),
        ("N° logement", ["Colonne manquante : « N° logement »", "Module"]),
        ("Date de naissance", ["Colonne manquante : « Date de naissance »", "Né(e) le"]),
    ],
)
def test_a_missing_column_is_named_with_its_titles_and_those_found(
    tmp_path: Path, title: str, words: list[str]
) -> None:
    place = listings.HEADER.index(title)
    rows = [[c for i, c in enumerate(cells) if i != place] for cells in (listings.HEADER, *ROWS)]
    path = tmp_path / "liste.csv"
    path.write_text(listings.separated(rows), encoding="utf-8")

    with pytest.raises(BadListing) as refusal:
        listings.read(path)

    assert all(word in str(refusal.value) for word in [*words, "Titres trouvés à la ligne 1", "Tél. fixe"])
    assert "LEFÈVRE" not in str(refusal.value)


def test_one_column_of_a_group_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("Nom;Module;Né(e) le;Secteur;GSM\nDUPONT;M-1;1944;Nord;0600001001\n", encoding="utf-8")

    (home,) = listings.read(path).households

    assert (home.dwelling.agency_code, home.tenants[0].identity) == ("Nord", "@M-1|dupont|1944")
    assert home.dwelling.adapted is None


def test_neither_column_of_a_group_names_the_whole_group(tmp_path: Path) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("Nom;Module;Né(e) le;Secteur\nDUPONT;M-1;1944;Nord\n", encoding="utf-8")

    with pytest.raises(BadListing, match=r"« Portable » ou « Tél\. fixe » ou « Tél\. 3 »"):
        listings.read(path)


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_headers_are_known_whatever_their_order_case_and_punctuation(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    order = list(range(len(listings.HEADER)))
    chance.shuffle(order)
    spelt = [chance.choice([str.upper, str.lower, str.title, lambda t: f" {t}. "]) for _title in listings.HEADER]
    rows = [[spelt[i](listings.HEADER[i]) for i in order], *([cells[i] for i in order] for cells in ROWS)]
    path = tmp_path_factory.mktemp("entetes") / "liste.csv"
    path.write_text(listings.separated(rows), encoding="utf-8")

    listing = listings.read(path)

    assert people(path) == EVERYBODY
    assert listing.reading.ignored_headers == ()


def test_rows_of_one_home_that_disagree_are_named(tmp_path: Path) -> None:
    rows = [listings.tenant(1), listings.tenant(2, home="til-0001", agency="02", mobile="")]

    listing = listings.read(listings.write(tmp_path / "liste.csv", rows))

    assert [len(h.tenants) for h in listing.households] == [2]
    assert [(p.row, p.code) for p in listing.problems] == [(3, ProblemCode.DWELLING_DISAGREES)]
