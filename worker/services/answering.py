"""What the machine says while a call goes on: the question, what follows a key, words for an answering machine."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from worker import catalogue
from worker.domain import callbacks, voice, wording
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import URGENT_LEVELS, Campaign
from worker.domain.errors import BadDefinition, Unavailable
from worker.domain.messages import Inbound
from worker.domain.voice import Word
from worker.services import following, variables
from worker.services.desk import Desk
from worker.services.speaking import Speaker
from worker.store import call_words as rows
from worker.store.call_words import Known
from worker.store.database import Database
from worker.twilio import calls
from worker.twilio.calls import Place
from worker.twilio.client import Gateway

log = structlog.get_logger()

# Asked to repeat, or given keys that mean nothing, the machine puts the question again so often in one call.
MOST_ROUNDS = 4


# Which words follow a key.
_PART_OF_KEY = {"1": "fine", "2": "help", "9": "stop"}
# What is said to who presses none: to an advice no answer is waited for, and nobody rings for want of one.
_NO_KEY = {True: "no_input", False: "heard"}
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@dataclass(frozen=True, slots=True)
class Rig:
    """What talking needs. public_url: our address as the provider knows it."""

    db: Database
    desk: Desk
    speech: Speaker
    public_url: str


@dataclass(frozen=True, slots=True)
class Said:
    """document: what the provider plays next. stored: the reply that a key was, None for any other."""

    document: str
    stored: int | None = None


def pick_up(rig: Rig, at: Place, word: Word, *, now: datetime) -> Said:
    """Somebody or something picked up: the question. A machine known as such is not asked for keys."""
    known = following.hear(rig.db, at, word, desk=rig.desk, now=now)
    if _is_machine(known, word):
        return _to_machine(rig, at, now)
    return Said(_question(rig, at, now=now))


def press(rig: Rig, at: Place, key: str, answer: Inbound | None, *, answered_by: str | None, now: datetime) -> Said:
    """What follows the keys that were pressed, or none: an answer is kept before anything is said.

    at.round: how often the question was put before. answered_by: as the provider's detection has it by now.
    """
    is_last = at.round + 1 >= MOST_ROUNDS
    word = Word(key=key or None, heard_out=not key or is_last, answered_by=answered_by)
    kept = answer if key in voice.INTENT_OF_KEY else None
    known, stored = following.press(rig.db, at, word, kept, desk=rig.desk, now=now)
    if not key and _is_machine(known, word):
        return _to_machine(rig, at, now)
    if key in _PART_OF_KEY:
        return Said(_sentence(rig, at, _PART_OF_KEY[key], now=now), stored)
    if key and not is_last:
        return Said(_question(rig, at, round_=at.round + 1, now=now))
    return Said(_sentence(rig, at, None, now=now))


def keep_late(
    rig: Rig, at: Place, key: str, answer: Inbound | None, *, answered_by: str | None, now: datetime
) -> int | None:
    """A key that could not be kept when it was pressed. Returns the new reply's id, None when it was kept already."""
    _known, stored = following.press(rig.db, at, Word(key=key, answered_by=answered_by), answer, desk=rig.desk, now=now)
    return stored


def _is_machine(known: Known | None, word: Word) -> bool:
    """Who pressed a key before is none, whatever the detection says."""
    return known is not None and known.call.key is None and voice.after(known.call, word).by_machine


def _to_machine(rig: Rig, at: Place, now: datetime) -> Said:
    """What a machine records in place of a question; nothing more where a worker has told it already."""
    with rig.db.begin() as connection:
        is_owed = rows.take_machine(connection, at.message_id, at.attempt_id, now=now) is not None
    return Said((voicemail(rig, at.message_id, at.attempt_id, now=now) if is_owed else None) or NOTHING)


def not_kept(speech: Speaker, desk: Desk, *, language: str) -> str:
    """What is said when nothing could be looked up or kept: that no choice was noted, and how to reach us.

    A call of ours that ends so ends without a key, and is a person's in the end.
    """
    return speech.say("not_kept", language=language, values={"bailleur": desk.landlord, "tel": desk.phone})


def voicemail(rig: Rig, message_id: int, attempt_id: int, *, now: datetime) -> str | None:
    """What an answering machine is told; None for a message that is no call. A key counts: then it is none."""
    asked = _asked(rig, message_id)
    if asked is None:
        return None
    return rig.speech.voicemail(
        asked.template,
        language=asked.language,
        values=_values(rig, asked, catalogue.thaw(asked.definition), now),
        action=_keys_to(rig, message_id, attempt_id),
    )


def leave_voicemail(rig: Rig, gateway: Gateway, message_id: int, attempt_id: int, *, now: datetime) -> bool:
    """Gives an answering machine words of its own in place of the question, once; says whether it still listened.

    They are a courtesy: when the provider cannot be asked just now, they are not said.
    """
    with rig.db.begin() as connection:
        sid = rows.take_machine(connection, message_id, attempt_id, now=now)
    document = voicemail(rig, message_id, attempt_id, now=now) if sid is not None else None
    if sid is None or document is None:
        return False
    try:
        return gateway.say_instead(sid, document)
    except (BadDefinition, Unavailable):
        log.warning("voicemail_not_left", message_id=message_id)
        return False


def _question(rig: Rig, at: Place, *, round_: int = 0, now: datetime) -> str:
    asked = _asked(rig, at.message_id)
    if asked is None:
        return NOTHING
    campaign = catalogue.thaw(asked.definition)
    return rig.speech.question(
        asked.template,
        language=asked.language,
        values=_values(rig, asked, campaign, now),
        action=_keys_to(rig, at.message_id, at.attempt_id, round_=round_),
        asks=campaign.wants_reply,
    )


def _keys_to(rig: Rig, message_id: int, attempt_id: int, *, round_: int = 0) -> str:
    return calls.address("gather", message_id, attempt_id, public_url=rig.public_url, round_=round_) + calls.SOON_AGAIN


def _sentence(rig: Rig, at: Place, part: str | None, *, now: datetime) -> str:
    asked = _asked(rig, at.message_id)
    if asked is None:
        return NOTHING
    campaign = catalogue.thaw(asked.definition)
    said = part or _NO_KEY[campaign.wants_reply]
    return rig.speech.sentence(asked.template, said, language=asked.language, values=_values(rig, asked, campaign, now))


def _asked(rig: Rig, message_id: int) -> rows.Question | None:
    with rig.db.begin() as connection:
        return rows.question(connection, message_id)


def _values(rig: Rig, asked: rows.Question, campaign: Campaign, now: datetime) -> dict[str, str]:
    """As for texts; but `quand` is when somebody rings who asks for it now. `pour`: whom it concerns, and `plusieurs`
    that they are several; both empty for one."""
    due_at = rig.desk.due_at(
        callbacks.band(callbacks.POINTS[TaskReason.ASKED_CALL]), now, urgent=campaign.level in URGENT_LEVELS
    )
    quand = wording.quand(due_at, now, tz=rig.desk.timezone, language=asked.language)
    return variables.common(rig.desk, language=asked.language, now=now, campaign=campaign) | {
        "quand": quand,
        "pour": wording.together(asked.tenants, language=asked.language),
        "plusieurs": wording.several(len(asked.tenants)),
    }
