"""What one reply is about: whom it may speak for, what they had been asked by then, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from worker.domain import line, replies, unreached
from worker.domain.campaigns import Kind
from worker.domain.channels import Channel, Sender
from worker.domain.recipients import RecipientState
from worker.domain.replies import Intent
from worker.services.desk import Desk
from worker.store import inbound as rows
from worker.store import people, recipients
from worker.store.database import Connection, Database


@dataclass(frozen=True, slots=True)
class Rules:
    """Times and caps of reading replies."""

    acks_per_day: int
    ack_quiet: timedelta
    absence: timedelta


@dataclass(frozen=True, slots=True)
class Rig:
    """What reading replies needs."""

    db: Database
    desk: Desk
    senders: Mapping[str, Sender]
    rules: Rules


@dataclass(frozen=True, slots=True)
class Heard:
    """One reply with all that is needed to act on it. standings: newest event first, as of when it came."""

    message: rows.Unread
    reading: replies.Reading
    households: Sequence[int]
    standings: Sequence[recipients.Standing]
    now: datetime

    @property
    def is_shared(self) -> bool:
        """The number belongs to several households: one answer cannot settle them all."""
        return len(self.households) > 1

    def newest(self, household: int) -> recipients.Standing | None:
        """The household's latest event that still takes replies."""
        return next((s for s in self.standings if s.household_id == household), None)

    def in_state(self, *states: RecipientState) -> list[recipients.Standing]:
        return [s for s in self.standings if s.state in states]

    def asked_in_state(self, *states: RecipientState) -> list[recipients.Standing]:
        """Those whose text had left when this was written: a reply answers no question that was never put."""
        return [s for s in self.in_state(*states) if _was_put(s, self.message.received_at)]

    def missed(self) -> list[recipients.Standing]:
        """Those who were asked and counted as unreached before this came, for want of an answer."""
        asked = self.asked_in_state(RecipientState.UNREACHED)
        return [s for s in asked if s.reason in unreached.MAY_YET_ANSWER]


def hear(connection: Connection, rig: Rig, message: rows.Unread, now: datetime) -> Heard:
    """Finds the households behind the number and locks them, then reads the text or the key.

    A reply that is read late is read as of the moment it came: it says nothing about what was asked since.
    """
    households, standings = whom(connection, message)
    reading = _read_key(message) if message.channel == Channel.VOICE else _read_text(rig, message, standings)
    if not households and reading.intent in _NEVER_UNHEARD:
        households, standings = _those_once_there(connection, message)
    heard = Heard(message, reading, households, standings, now)
    over = reading.intent is Intent.ABSENT and away_until(rig, heard) <= now
    return Heard(message, replies.Reading(Intent.UNCLEAR), households, standings, now) if over else heard


def _read_text(rig: Rig, message: rows.Unread, standings: Sequence[recipients.Standing]) -> replies.Reading:
    at = message.received_at
    return replies.read(
        message.body,
        opt_out_type=message.opt_out_type,
        on=rig.desk.local_date(at),
        asked=_was_asked(standings, at),
        with_picture=message.media_count > 0,
    )


def _read_key(message: rows.Unread) -> replies.Reading:
    """A key says what the question offered; it is not read as words are."""
    return replies.Reading(line.intent_of(message.body))


def whom(connection: Connection, message: rows.Unread) -> tuple[list[int], list[recipients.Standing]]:
    """The households a reply may speak for, locked, and where they stood when it came."""
    households = people.households_of_number(connection, message.e164, now=message.received_at)
    return households, _locked(connection, households, message)


# Who asks "who is this?" and then calls for help may well be the tenant: that costs a call, silence might cost more.
_NEVER_UNHEARD = frozenset({Intent.EMERGENCY, Intent.HELP})


def _those_once_there(connection: Connection, message: rows.Unread) -> tuple[list[int], list[recipients.Standing]]:
    households = people.households_without_number(connection, message.e164)
    return households, _locked(connection, households, message)


def _locked(connection: Connection, households: list[int], message: rows.Unread) -> list[recipients.Standing]:
    people.lock(connection, households)
    return recipients.of_households(connection, households, now=message.received_at)


def last_day_away(rig: Rig, heard: Heard) -> date:
    """The last day of an absence; the default absence when the reply names no day."""
    return heard.reading.absent_until or rig.desk.local_date(heard.message.received_at + rig.rules.absence)


def away_until(rig: Rig, heard: Heard) -> datetime:
    """The midnight after the last day away."""
    day = last_day_away(rig, heard) + timedelta(days=1)
    return datetime.combine(day, time(), tzinfo=rig.desk.timezone)


def _was_asked(standings: Sequence[recipients.Standing], at: datetime) -> bool:
    """Whether the latest text asked how things are: "oui" to "courses difficiles ?" is not "all is well"."""
    put = [s for s in standings if _was_put(s, at)]
    latest = max(put, key=lambda s: (s.asked_at or at, s.id), default=None)
    return latest is not None and latest.kind == Kind.CHECK_IN


def _was_put(standing: recipients.Standing, at: datetime) -> bool:
    return standing.asked_at is not None and standing.asked_at <= at
