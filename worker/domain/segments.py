"""How many SMS a text is, counted as Twilio bills it.

Source: GSM 03.38 and Twilio's own calculator (npm `sms-segments-calculator` 1.3.0), which answers for the cases in
tests/unit/test_segments.py.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIGNS = "\n\r !\"#$%&'()*+,-./0123456789:;<=>?@_£¥§¡¿¤"
_ACCENTED = "àäåæèéìñòöøùüßÄÅÆÇÉÑÖØÜΓΔΘΛΞΠΣΦΨΩ"
GSM_BASIC = frozenset(_LETTERS + _SIGNS + _ACCENTED)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

_GSM = "".join(sorted(GSM_BASIC | GSM_EXTENSION))
_NOT_BASIC = re.compile(f"[^{re.escape(''.join(sorted(GSM_BASIC)))}]")
_NOT_GSM = re.compile(f"[^{re.escape(_GSM)}]")

# One sign as a person sees it: a flag, or a character with its accents, variants and joined parts. Twilio's calculator
# keeps it in one part. Ranges: combining marks, joiner, variation selectors, skin tones, tags.
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff"
_CLUSTER = re.compile(
    f"[\U0001f1e6-\U0001f1ff]{{2}}|\r|\n|.(?:\u200d[^\r\n]|[{_MARKS}\U000e0020-\U000e007f])*", re.DOTALL
)


class Encoding(StrEnum):
    """How the text travels. One character outside GSM-7 makes the whole text UCS-2."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Size:
    """Units in a text that fits one part, and in each part of a longer one (the rest is the parts' header)."""

    single: int
    part: int


SIZES = {Encoding.GSM_7: Size(160, 153), Encoding.UCS_2: Size(70, 67)}


@dataclass(frozen=True, slots=True)
class Measured:
    """units: septets or UTF-16 units. offenders: the characters that force UCS-2, each once, in order of appearance."""

    encoding: Encoding
    units: int
    segments: int
    offenders: tuple[str, ...] = ()


def measure(text: str) -> Measured:
    """Encoding, units and segments of a text as it will be sent. An empty text is one segment, as Twilio counts it."""
    if _NOT_BASIC.search(text) is None:  # nearly every text: each character is one unit, so counting is dividing
        size = SIZES[Encoding.GSM_7]
        return Measured(Encoding.GSM_7, len(text), 1 if len(text) <= size.single else ceil(len(text) / size.part))
    if _NOT_GSM.search(text) is None:
        return _measured(Encoding.GSM_7, [2 if c in GSM_EXTENSION else 1 for c in text])
    return _measured(Encoding.UCS_2, _utf16_widths(text), _offenders(text))


def _measured(encoding: Encoding, widths: Iterable[int], offenders: tuple[str, ...] = ()) -> Measured:
    widths = tuple(widths)
    return Measured(encoding, sum(widths), _segments(widths, SIZES[encoding]), offenders)


def _segments(widths: tuple[int, ...], size: Size) -> int:
    """Parts needed when no character may straddle two of them."""
    if sum(widths) <= size.single:
        return 1
    parts, room = 1, size.part
    for width in widths:
        if width > room:
            parts, room = parts + 1, size.part
        room -= width
    return parts


def _utf16_widths(text: str) -> Iterator[int]:
    for cluster in _CLUSTER.findall(text):
        yield sum(2 if c > "\uffff" else 1 for c in cluster)


def _offenders(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NOT_GSM.findall(text)))
