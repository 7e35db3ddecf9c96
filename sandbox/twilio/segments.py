"""How many parts a text is billed as: GSM 03.38 with its extension, else UTF-16."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
GSM = BASIC | EXTENSION

# What SmartEncoded replaces.
SMART = str.maketrans(
    {"«": '"', "»": '"', "“": '"', "”": '"', "‘": "'", "’": "'", "`": "'", "´": "'"}
    | {"…": "...", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "}
)


def count(body: str) -> int:
    """The number of parts. A character of two units never straddles two parts."""
    letters = set(body)
    if letters <= BASIC:
        return _parts([1] * len(body), single=160, part=153) if len(body) > 160 else 1
    if letters <= GSM:
        return _parts([2 if c in EXTENSION else 1 for c in body], single=160, part=153)
    return _parts([2 if ord(c) > 0xFFFF else 1 for c in body], single=70, part=67)


def _parts(units: list[int], *, single: int, part: int) -> int:
    if sum(units) <= single:
        return 1
    parts, room = 1, part
    for unit in units:
        if unit > room:
            parts, room = parts + 1, part
        room -= unit
    return parts
