"""The line that people ring: which keys it takes beside those of a question, and what becomes of a transfer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from worker.domain.campaigns import Kind, Level
from worker.domain.replies import Intent
from worker.domain.voice import INTENT_OF_KEY

# To speak to the agency. Kept as a reply only where the agency could not be reached: then a person calls.
AGENCY_KEYS = frozenset({"4", "0"})
AGENCY = "4"
# Shorter than that nobody has told an agency anything: they hung up on its voicemail, or were cut off.
HARDLY_S = 30
_INTENT: Mapping[str, Intent] = {**INTENT_OF_KEY, **dict.fromkeys(AGENCY_KEYS, Intent.HELP)}

# What is said of an event whose campaign has no script of its own: it was asked by text.
_SCRIPTS: Mapping[tuple[str, str], str] = {
    (Kind.CHECK_IN, Level.RED): "heat_red_check",
    (Kind.CHECK_IN, Level.ORANGE): "heat_orange_check",
    (Kind.CHECK_IN, Level.YELLOW): "weekly_check",
    (Kind.CHECK_IN, Level.NONE): "weekly_check",
    (Kind.ADVICE, Level.YELLOW): "heat_advice",
}


class Transfer(StrEnum):
    """What became of handing a call over to the agency."""

    TALKED = "put_through"
    MISSED = "agency_missed"


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call that reached our line. e164: None where the number is withheld. to_address: the number that was rung."""

    provider_sid: str
    e164: str | None
    to_address: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """A call to our line as the provider's own record has it. ended_at: None while it goes on. lasted_s: as far as the
    record tells."""

    call: Ringing
    ended_at: datetime | None
    lasted_s: int


def intent_of(key: str) -> Intent:
    """What a key says; anything else is for a person to understand."""
    return _INTENT.get(key, Intent.UNCLEAR)


def script_for(kind: str, level: str, own: str | None) -> str | None:
    """The script that repeats what a household was told. own: that of the campaign, if it has one."""
    return own or _SCRIPTS.get((kind, level))


def transfer_of(dial_status: str, talked_s: int | None) -> Transfer:
    """Somebody at the agency spoke with them, or nobody did: who meets a voicemail hangs up after its greeting."""
    was_picked_up = dial_status in {"completed", "answered"} and (talked_s or 0) >= HARDLY_S
    return Transfer.TALKED if was_picked_up else Transfer.MISSED
