"""Bytes to text. A French export rarely says how it is encoded."""

import codecs
import re

import charset_normalizer

from worker.domain.errors import BadListing
from worker.i18n import _

# A byte order mark settles the matter. The longer mark stands first: UTF-32 begins like UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What Windows, old DOS software and old Macs wrote in France. latin-1 is left out: it lacks œ and €.
_OLD = ("cp1252", "cp850", "mac_roman")
_SAMPLE_BYTES = 65_536
_NOT_ASCII_LINE = re.compile(rb"[^\n]*[\x80-\xff][^\n]*\n?")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]")


def decode(content: bytes) -> tuple[str, str]:
    """(text, encoding): byte order mark, else UTF-16 by its zeros, else strict UTF-8, else the best of the old ones.

    Raises BadListing when this is not text.
    """
    encoding = _marked(content) or _utf16(content)
    if encoding:
        return _decoded(content, encoding), encoding
    if _BINARY.search(content[:_SAMPLE_BYTES]):
        raise BadListing(_("Le fichier n'est pas du texte. Enregistrez la liste en CSV, XLSX, XLS ou ODS."))
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _damaged_utf8(content) or _old(content)


def _marked(content: bytes) -> str | None:
    return next((encoding for mark, encoding in _MARKS if content.startswith(mark)), None)


def _utf16(content: bytes) -> str | None:
    """Half the bytes of a French text in UTF-16 are zeros, all on one side."""
    head = content[:2000]
    zeros = (head[0::2].count(0), head[1::2].count(0))
    if max(zeros) < len(head) * 0.35:
        return None
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise BadListing(
            _("Le fichier s'annonce en {encoding} mais n'est pas lisible ainsi.").format(encoding=encoding)
        ) from None


def _damaged_utf8(content: bytes) -> tuple[str, str] | None:
    """One broken byte in a UTF-8 file must not spoil every name in it."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    accented = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    return (text, "utf-8") if accented > 20 * broken else None


def _old(content: bytes) -> tuple[str, str]:
    sample = b"".join(_NOT_ASCII_LINE.findall(content[: 8 * _SAMPLE_BYTES]) or [content])[:_SAMPLE_BYTES]
    best = charset_normalizer.from_bytes(sample, cp_isolation=list(_OLD)).best()
    encoding = best.encoding if best else _OLD[0]
    return content.decode(encoding, errors="replace"), encoding
