"""Comparing words as people write them: without accents, case or punctuation."""

import re
import unicodedata
from functools import lru_cache

# Letters that Unicode does not take apart into a letter and an accent.
_WHOLE = {"œ": "oe", "æ": "ae", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "°": " ", "º": " ", "№": "n "}
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_LIGATURES = str.maketrans(_WHOLE)


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case words of letters and digits, one space between: "N° Locataire" -> "n locataire"."""
    if text.isascii():  # nearly every cell of a listing
        return _NOT_PLAIN.sub(" ", text.lower()).strip()
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    kept = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def without_leading_zeros(code: str) -> str:
    """A code as it stands after a spreadsheet took it for a number: "0012345" -> "12345"."""
    return (code.lstrip("0") or "0") if code.isdigit() else code
