"""What a phone can do, what a sender can do."""

import re
from dataclasses import dataclass
from enum import StrEnum

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def is_telephone_number(words: str) -> bool:
    """Whether these words are a number that can be rung and written to, in the international form (E.164). What comes
    from a short code, a name or a withheld number has none."""
    return _E164.fullmatch(words) is not None


class Channel(StrEnum):
    SMS = "sms"
    VOICE = "voice"


class PhoneKind(StrEnum):
    """Line type, from the numbering plan at import or from the provider's word later."""

    MOBILE = "mobile"
    FIXED = "fixed"
    VOIP = "voip"
    FOREIGN = "foreign"


class Capability(StrEnum):
    """What can pass through a sender. In France an alphanumeric sender gets no reply, not even STOP."""

    TWO_WAY = "two_way"
    ONE_WAY = "one_way"
    VOICE = "voice"


class PhoneLabel(StrEnum):
    """Whose phone it is, as the listing says it beside the number."""

    SELF = "self"
    SPOUSE = "spouse"
    CHILD = "child"
    NEIGHBOUR = "neighbour"
    OTHER = "other"


# Somebody else's than the household's own: whom one may ask for news.
CONTACTS = frozenset({PhoneLabel.CHILD, PhoneLabel.NEIGHBOUR, PhoneLabel.OTHER})


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender as configured: its name at the provider, what it can do, how fast.

    segments_per_s, calls_per_s: pace over all workers together; 0 segments a second means no pacing. calls_at_once: so
    many calls of this sender are under way at most.
    """

    key: str
    address: str
    capability: Capability
    segments_per_s: float = 10.0
    calls_per_s: float = 1.0
    calls_at_once: int = 2
    messaging_service: bool = False

    @property
    def takes_replies(self) -> bool:
        return self.capability is Capability.TWO_WAY
