"""The line that people ring: it knows the household by the number, says again what concerns it, and takes the keys.

Whoever rings from a number that we do not know learns nothing. A call is kept before anything is said, and so is a key
that answers; what follows from it is decided where replies are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker import catalogue
from worker.domain import callbacks, line, voice, wording
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import URGENT_LEVELS, Campaign
from worker.domain.line import AGENCY, AGENCY_KEYS, Ringing, Transfer
from worker.domain.messages import Inbound
from worker.services import agency_lines, ringing_back, variables
from worker.services.agency_lines import AgencyLine
from worker.services.answering import MOST_ROUNDS, NOTHING, Said
from worker.services.desk import Desk
from worker.services.speaking import Speaker
from worker.settings import Settings
from worker.store import inbound as inbound_rows
from worker.store import line as rows
from worker.store import people
from worker.store.database import Connection, Database
from worker.twilio import calls


@dataclass(frozen=True, slots=True)
class Rig:
    """What the line needs. public_url: our address as the provider knows it."""

    db: Database
    desk: Desk
    settings: Settings
    speech: Speaker
    public_url: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whose number rings, and what concerns them. script: what they were told, None when nothing is open.

    awaited: an answer to it is still waited for, so that a person rings who gives none. agency: whom they can be put
    through to now; None out of its hours.
    """

    households: Sequence[int]
    language: str
    script: str | None
    awaited: bool
    values: Mapping[str, str]
    agency: AgencyLine | None


_OF_KEY = {"1": "fine", "2": "help", "9": "stop"}
# In place of a round: the wish that a missed transfer leaves.
AFTER_TRANSFER = "t"


def ring(rig: Rig, call: Ringing, *, now: datetime) -> str:
    """Somebody rings: the call is kept, shown on an open task, and answered."""
    known = rig.db.run(lambda connection: _arrive(connection, rig, call, now))
    return unknown(rig) if known is None else _menu(rig, known, round_=0)


def press(rig: Rig, call: Ringing, key: str, *, round_: int, now: datetime) -> Said:
    """What follows a key, or none. round_: how often the line said its words before."""
    known = rig.db.run(lambda connection: _known(connection, rig, call, now))
    if known is None:
        return Said(unknown(rig))
    if key in voice.INTENT_OF_KEY:
        return Said(_say(rig, _OF_KEY[key], known), _keep(rig, call, key, round_))
    if key in AGENCY_KEYS:
        return _to_agency(rig, call, known, round_)
    if key and round_ + 1 < MOST_ROUNDS:
        return Said(_menu(rig, known, round_=round_ + 1))
    return Said(_say(rig, "no_input" if known.awaited else "goodbye", known))


def keep_late(rig: Rig, call: Ringing, key: str, *, round_: int) -> int | None:
    """A key that could not be kept when it was pressed. Who wished to be put through is rung by a person now.

    Returns the new reply's id; None for a key that says nothing, or that was kept already.
    """
    says_something = key in voice.INTENT_OF_KEY or key in AGENCY_KEYS
    return _keep(rig, call, key, round_) if says_something and call.e164 is not None else None


def transferred(rig: Rig, call: Ringing, transfer: Transfer, *, talked_s: int | None, now: datetime) -> Said:
    """The agency spoke with them, or nobody picked up: then a person calls, and they are told so."""

    def work(connection: Connection) -> Known | None:
        rows.note_transfer(connection, call.provider_sid, transfer=transfer, talked_s=talked_s)
        return _known(connection, rig, call, now)

    known = rig.db.run(work)
    if transfer is Transfer.TALKED:
        return Said(NOTHING)
    if known is None:
        return Said(unknown(rig))
    return Said(_say(rig, "transfer_failed", known), _keep(rig, call, AGENCY, AFTER_TRANSFER))


def keep_transfer_late(rig: Rig, call: Ringing, transfer: Transfer, *, talked_s: int | None) -> int | None:
    """What became of a transfer, where it could not be kept at once: whom nobody spoke with is rung by a person.

    Returns the new reply's id, None where there is none.
    """
    rig.db.run(
        lambda connection: rows.note_transfer(connection, call.provider_sid, transfer=transfer, talked_s=talked_s)
    )
    return None if transfer is Transfer.TALKED or call.e164 is None else _keep(rig, call, AGENCY, AFTER_TRANSFER)


def reply_sid(call: Ringing, round_: int | str) -> str:
    """The name of the reply that a key of this round is."""
    return f"{call.provider_sid}.{round_}"


def unknown(rig: Rig) -> str:
    """A neutral word to whoever we do not know, or cannot look up: where the landlord is reached, and the emergency."""
    values = {"bailleur": rig.desk.landlord, "tel": rig.desk.phone}
    return rig.speech.say("caller_unknown", language=rig.settings.language, values=values)


def _arrive(connection: Connection, rig: Rig, call: Ringing, now: datetime) -> Known | None:
    stored = rows.store(connection, call)
    known = _known(connection, rig, call, now)
    if stored is not None and known is not None:
        rows.link(connection, stored, known.households)
        ringing_back.show(connection, known.households, now=now)
    return known


def _known(connection: Connection, rig: Rig, call: Ringing, now: datetime) -> Known | None:
    households = people.households_of_number(connection, call.e164, now=now) if call.e164 else []
    if not households:
        return None
    concern = rows.concern(connection, households, now=now)
    campaign = catalogue.thaw(concern.definition) if concern else None
    language = inbound_rows.language_of(connection, households[0])
    urgent = campaign is not None and campaign.level in URGENT_LEVELS
    codes = rows.agencies(connection, households)
    agency = agency_lines.of(rig.settings, codes, desk=rig.desk)
    can_take = agency and agency.number != call.to_address and agency.is_open(rig.desk, urgent=urgent, now=now)
    return Known(
        households,
        language,
        line.script_for(campaign.kind, campaign.level, campaign.script) if campaign else None,
        concern is not None and concern.is_open and campaign is not None and campaign.wants_reply,
        _values(rig.desk, campaign, language, urgent=urgent, now=now)
        | {"plusieurs": wording.several(rows.people(connection, households))},
        agency if can_take else None,
    )


def _values(desk: Desk, campaign: Campaign | None, language: str, *, urgent: bool, now: datetime) -> dict[str, str]:
    """As for calls by the machine: `quand` is when somebody rings who asks for it now; but no name is said."""
    due_at = desk.due_at(callbacks.band(callbacks.POINTS[TaskReason.ASKED_CALL]), now, urgent=urgent)
    quand = wording.quand(due_at, now, tz=desk.timezone, language=language)
    return variables.common(desk, language=language, now=now, campaign=campaign) | {"quand": quand, "pour": ""}


def _menu(rig: Rig, known: Known, *, round_: int) -> str:
    words = rig.speech.variant(known.script, "incoming") if known.script else "caller_known"
    keys = [words, "caller_menu"] if known.agency else [words]
    action = calls.line_address("keys", public_url=rig.public_url, round_=round_) + calls.SOON_AGAIN
    return rig.speech.menu(keys, language=known.language, values=known.values, action=action)


def _say(rig: Rig, key: str, known: Known) -> str:
    words = rig.speech.variant(known.script, key) if known.script else key
    return rig.speech.say(words, language=known.language, values=known.values)


def _to_agency(rig: Rig, call: Ringing, known: Known, round_: int) -> Said:
    if known.agency is None:
        return Said(_say(rig, "agency_closed", known), _keep(rig, call, AGENCY, round_))
    document = rig.speech.transfer(
        "transfer",
        language=known.language,
        values=known.values,
        number=known.agency.number,
        caller_id=call.to_address,
        action=calls.line_address("transferred", public_url=rig.public_url) + calls.SOON_AGAIN,
    )
    return Said(document)


def _keep(rig: Rig, call: Ringing, key: str, round_: int | str) -> int | None:
    """A key as a reply of its number; the same one of the same call is kept once."""
    assert call.e164 is not None  # noqa: S101  # who has no number is unknown
    reply = Inbound(reply_sid(call, round_), call.e164, call.to_address, key, call.began_at, channel="voice")
    with rig.db.begin() as connection:
        return inbound_rows.store(connection, reply)
