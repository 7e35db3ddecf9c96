"""How an SMS is encoded and billed, counted as the carrier does (3GPP TS 23.038)."""

import re
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Sent as an escape and a character: two units, which stay in one part.
EXTENSION = "€[]{}~^|\\\f"

_SIZES: dict[Encoding, tuple[int, int]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_NOT_GSM = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")
_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")

# What to write instead, so that a French text stays in GSM-7. A character not listed has no close relative.
REMEDIES = {
    **dict(zip("âêîôûëïÿçÀÂÈÊËÎÏÔÙÛ", "aeioueiycAAEEEIIOUU", strict=True)),
    **{"œ": "oe", "Œ": "OE", "æ": "æ", "’": "'", "‘": "'", "«": '"', "»": '"', "“": '"', "”": '"'},
    **{"…": "...", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "°": "o"},
}


@dataclass(frozen=True, slots=True)
class Measured:
    """units: septets or UTF-16 units. offenders: the characters that force UCS-2, each once, in order."""

    encoding: Encoding
    units: int
    segments: int
    offenders: tuple[str, ...] = ()


def measure(text: str) -> Measured:
    """Encoding, units and billed segments of a text. An empty text is one segment."""
    offenders = tuple(dict.fromkeys(_NOT_GSM.findall(text)))
    if offenders:
        return _counted("UCS-2", len(text.encode("utf-16-le")) // 2, [2 if ord(c) > 0xFFFF else 1 for c in text], offenders)
    escapes = len(_EXTENDED.findall(text))
    return _counted("GSM-7", len(text) + escapes, [2 if c in EXTENSION else 1 for c in text] if escapes else None, ())


def _counted(encoding: Encoding, units: int, widths: list[int] | None, offenders: tuple[str, ...]) -> Measured:
    single, part = _SIZES[encoding]
    if units <= single:
        return Measured(encoding, units, 1, offenders)
    if widths is None:
        return Measured(encoding, units, -(-units // part), offenders)
    return Measured(encoding, units, _parts(widths, part), offenders)


def _parts(widths: list[int], part: int) -> int:
    """A two-unit character never straddles a part: it moves whole to the next."""
    parts, used = 1, 0
    for width in widths:
        if used + width > part:
            parts, used = parts + 1, 0
        used += width
    return parts
