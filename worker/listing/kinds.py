"""What a file is, told by its first bytes and not by its name."""

import io
import zipfile
from enum import StrEnum

from worker.domain.errors import BadListing
from worker.i18n import _

MAX_UNPACKED_BYTES = 2_000_000_000


class Kind(StrEnum):
    """The files we read: separated text, or a workbook."""

    TEXT = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"

# Files people send instead of the listing: first bytes -> what to call them.
_STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "image PNG"),
    (b"\xff\xd8\xff", "image JPEG"),
    (b"GIF8", "image GIF"),
    (b"BM", "image BMP"),
    (b"II*\x00", "image TIFF"),
    (b"MM\x00*", "image TIFF"),
    (b"RIFF", "image ou son RIFF"),
    (b"{\\rtf", "document RTF"),
    (b"\x1f\x8b", "archive GZIP"),
    (b"7z\xbc\xaf", "archive 7-Zip"),
    (b"Rar!", "archive RAR"),
    (b"\x7fELF", "programme"),
    (b"MZ", "programme"),
)
_WEB = (b"<!doctype html", b"<html", b"<table", b"<?xml", b"<head", b"<meta")
_ASCII_STRANGERS = frozenset({b"BM", b"MZ"})  # two letters that a header could begin with


def kind_of(content: bytes) -> Kind:
    """The kind of a file's content.

    Raises BadListing for an empty file and for anything that is not a listing, naming what it is.
    """
    if not content.strip(b"\x00\xff\xfe\xef\xbb\xbf \t\r\n;,"):
        raise BadListing(_("Le fichier est vide."))
    if content.startswith(OLE):
        return Kind.XLS
    if content.startswith(ZIP):
        return _packed(content)
    _refuse_strangers(content)
    return Kind.TEXT


def _packed(content: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            unpacked = sum(entry.file_size for entry in archive.infolist())
            mimetype = archive.read("mimetype") if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError):
        raise BadListing(_("Le fichier est un classeur ou une archive abîmé. Exportez-le de nouveau.")) from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise BadListing(_("Le classeur est démesurément grand une fois décompressé."))
    return _packed_kind(names, mimetype)


def _packed_kind(names: set[str], mimetype: bytes) -> Kind:
    if names & {"xl/workbook.xml", "xl/workbook.bin"}:
        return Kind.XLSX
    if b"opendocument.spreadsheet" in mimetype:
        return Kind.ODS
    if b"opendocument" in mimetype or any(n.startswith(("word/", "ppt/")) for n in names):
        raise _not_a_listing(_("un document de bureautique"))
    raise BadListing(_("Le fichier est une archive ZIP. Décompressez-la et importez le fichier qu'elle contient."))


def _refuse_strangers(content: bytes) -> None:
    for start, name in _STRANGERS:
        if content.startswith(start) and (start not in _ASCII_STRANGERS or b"\x00" in content[:64]):
            raise _not_a_listing(name)
    if content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_WEB):
        raise _not_a_listing(_("une page web ou du XML, même si son nom finit par .xls"))


def _not_a_listing(name: str) -> BadListing:
    return BadListing(
        _(
            "Le fichier n'est pas une liste de locataires lisible : c'est {name}. "
            "Enregistrez la liste en CSV, XLSX, XLS ou ODS."
        ).format(name=name)
    )
