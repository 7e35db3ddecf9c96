"""What no text of ours may say, so that whoever writes such things in our name is recognised as a swindler.

No link, no money, no code: the text "how_to_recognise" promises it to the tenants.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Breach(StrEnum):
    LINK = "link"
    MONEY = "money"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Found:
    """words: as they stand in the text."""

    breach: Breach
    words: str


_ASKING = r"(?:donnez|envoyez|répondez|communiquez|saisissez|tapez|indiquez|send|give|enter|reply|type)"
_CODE = r"(?:code|mot de passe|numéro de carte|password|pin|card number)"
_PATTERNS = {
    Breach.LINK: r"https?\b|://|\bwww\.|\b[\w-]+\.(?:fr|com|net|org|eu|info|io|ly|me)\b",
    Breach.MONEY: r"€|\$|£|\beuros?\b|\bIBAN\b|\bRIB\b|\bvirements?\b|\bpaye[rz]\b|\bpaiements?\b|\bcarte bancaire\b"
    r"|\bloyers?\b|\bbank\b|\bpayments?\b|\bpay\b|\bpounds?\b",
    Breach.CODE: rf"\b{_ASKING}\b[^.?!]{{0,30}}\b{_CODE}\b",
}
_BREACHES = {breach: re.compile(pattern, re.IGNORECASE) for breach, pattern in _PATTERNS.items()}


def breaches(text: str) -> tuple[Found, ...]:
    """Every kind of thing said that must not be, with the first words that say it."""
    matches = ((breach, pattern.search(text)) for breach, pattern in _BREACHES.items())
    return tuple(Found(breach, match[0]) for breach, match in matches if match)
