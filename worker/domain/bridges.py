"""A call that the system puts together: the caller's own phone is rung first, and a key connects the household."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from worker.domain.callbacks import SILENCE, TaskReason
from worker.domain.outcomes import OutcomeCode
from worker.domain.voice import FINAL
from worker.i18n import _


class BridgeEnd(StrEnum):
    """What became of a bridged call."""

    TALKED = "bridge_talked"
    BUSY = "bridge_busy"
    NO_ANSWER = "bridge_no_answer"
    FAILED = "bridge_failed"
    NOT_PICKED_UP = "bridge_not_picked_up"
    NOT_CONNECTED = "bridge_not_connected"
    REFUSED = "bridge_refused"
    NOT_MADE = "bridge_not_made"
    LOST = "bridge_lost"


# The provider's words for the household's side of the call, and for the caller's.
_OF_DIAL: Mapping[str, BridgeEnd] = {
    "completed": BridgeEnd.TALKED,
    "answered": BridgeEnd.TALKED,
    "busy": BridgeEnd.BUSY,
    "no-answer": BridgeEnd.NO_ANSWER,
    "canceled": BridgeEnd.FAILED,
}
_HUNG_UP = "completed"
_NOT_RUNG = frozenset({"busy", "no-answer", "failed", "canceled"})

# What the card proposes; a person confirms. A talk is for its caller to tell, and so is a machine that picked up.
PROPOSED: Mapping[BridgeEnd, OutcomeCode] = {
    BridgeEnd.BUSY: OutcomeCode.BUSY,
    BridgeEnd.NO_ANSWER: OutcomeCode.NO_ANSWER,
}

# What is whispered of the reasons for a call; nothing of anybody's health is.
_WHISPERED: Mapping[TaskReason, str] = dict.fromkeys(SILENCE, _("n'a pas répondu")) | {
    TaskReason.ASKED_CALL: _("demande un appel"),
    TaskReason.UNCLEAR: _("a répondu, à comprendre"),
    TaskReason.RANG_UNHEARD: _("a appelé notre ligne"),
    TaskReason.UNDELIVERED: _("le message n'est pas arrivé"),
    TaskReason.NO_MOBILE: _("pas de mobile"),
}


def end_of_dial(status: str, *, own: str = "") -> BridgeEnd:
    """How ringing the household ended; a word we do not know is no talk.

    own: how the caller's own side stands then. Who hangs up while it rings gives nobody the time to pick up.
    """
    end = _OF_DIAL.get(status, BridgeEnd.FAILED)
    return BridgeEnd.FAILED if end is BridgeEnd.NO_ANSWER and own == _HUNG_UP else end


def end_of_own(status: str, *, connected: bool) -> BridgeEnd | None:
    """How the caller's own side ended; None while it goes on. What a connected call came to is told by the dialling."""
    if status in _NOT_RUNG:
        return BridgeEnd.NOT_PICKED_UP
    if status != "completed":
        return None
    return BridgeEnd.LOST if connected else BridgeEnd.NOT_CONNECTED


def end_on_record(own: str | None, household: str | None, *, connected: bool) -> BridgeEnd | None:
    """How it ended by the provider's own records of both sides; None while it goes on, or without any.

    household: None when it was never rung; for all that a key was pressed, the call came to nothing then.
    """
    if household is not None:
        return end_of_dial(household) if household in FINAL else None
    end = None if own is None else end_of_own(own, connected=connected)
    return BridgeEnd.FAILED if end is BridgeEnd.LOST else end


def longest_whisper() -> str:
    """The most that is whispered of a household."""
    return max((whispered(10, [reason]) for reason in _WHISPERED), key=len)


def whispered(tenants: int, reasons: Iterable[str]) -> str:
    """Who comes next, in a few words: how many they are, and the first reason that may be said aloud."""
    people = _("une personne") if tenants == 1 else _("{n} personnes").format(n=tenants)
    said = (_WHISPERED.get(TaskReason(reason)) for reason in reasons)
    return ", ".join([people, *[reason for reason in said if reason][:1]])
