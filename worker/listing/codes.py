"""Codes are text: their zeros are kept, and given back where a spreadsheet took them."""

import re

_FLOAT = re.compile(r"(\d+)[.,]0+")
_POSTCODE_DIGITS = 5
_INSEE = re.compile(r"(2[AB]\d{3}|\d{4,5})", re.IGNORECASE)
OVERSEAS = ("97", "98")


def clean(cell: str) -> str:
    """A code without stray spaces nor a decimal part: " 31500.0 " -> "31500". Error marks are nothing."""
    text = " ".join(cell.replace("\u200b", "").split())
    if text.startswith("#"):
        return ""
    whole = _FLOAT.fullmatch(text) if text.endswith("0") else None
    return whole[1] if whole else text


def agency(cell: str, width: int) -> str:
    """An agency's code, zeros given back: "4" -> "04"."""
    text = clean(cell).upper()
    return (text.lstrip("0") or "0").zfill(width) if text.isdigit() else text


def postcode(cell: str) -> str | None:
    """Five digits, the lost zero given back: "9100" -> "09100"; "" for none; None when it cannot be read."""
    text = clean(cell).replace(" ", "")
    if not text:
        return ""
    return text.zfill(_POSTCODE_DIGITS) if text.isdigit() and len(text) in (4, 5) else None


def insee(cell: str) -> str | None:
    """An INSEE commune code, or None: "9225" -> "09225", "2a004" -> "2A004"."""
    text = clean(cell).replace(" ", "").upper()
    return text.zfill(_POSTCODE_DIGITS) if _INSEE.fullmatch(text) else None


def departement(insee_code: str | None, post_code: str) -> str | None:
    """The département: from the INSEE code first, for some communes have a neighbour's postcode.

    Postcodes 20xxx are Corsica: 200 and 201 are 2A, the rest 2B. Overseas ones have three digits.
    """
    code = insee_code or post_code
    if not code:
        return None
    if code.startswith("20") and not insee_code:
        return "2A" if code < "20200" else "2B"
    return code[:3] if code.startswith(OVERSEAS) else code[:2]
