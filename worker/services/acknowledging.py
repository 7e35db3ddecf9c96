"""Automatic answers: few, at once, through the same ledger as every other text."""

import json
from datetime import datetime, timedelta

from worker.domain import callbacks, wording
from worker.domain.callbacks import TaskReason
from worker.domain.campaigns import URGENT_LEVELS
from worker.domain.replies import Intent
from worker.services import hearing
from worker.services.hearing import Heard, Rig
from worker.store import inbound as rows
from worker.store.database import Connection

# An answer that comes later than this is noise.
ACK_USEFUL_FOR = timedelta(hours=1)
UNKNOWN_SENDER_QUIET = timedelta(hours=24)

TEXT_OF_INTENT = {
    Intent.OK: "ack_ok",
    Intent.HELP: "ack_help",
    Intent.EMERGENCY: "ack_emergency",
    Intent.UNCLEAR: "ack_unclear",
    Intent.STOP: "stop_ok",
    Intent.START: "start_ok",
    Intent.CONTACT: "contact_ok",
    Intent.WRONG_NUMBER: "wrong_number_ok",
    Intent.ABSENT: "absence_ok",
    Intent.RETURN: "return_ok",
}
UNKNOWN_SENDER_TEXT = "unknown_sender"
CLOSED_TEXT = "ack_help_closed"

# The last answer of the day is kept for these.
_RESERVED = frozenset({Intent.STOP, Intent.CONTACT, Intent.EMERGENCY, Intent.HELP})


def acknowledge(connection: Connection, rig: Rig, heard: Heard) -> None:
    """Queues the answer to one reply, unless the provider answered itself or the person had enough answers.

    At most `acks_per_day` a day and household, the last of them kept for what weighs most, and the same one not twice
    within `ack_quiet`.
    """
    sender = _sender(rig, heard)
    if sender is None or heard.message.opt_out_type is not None:
        return
    template = _template(rig, heard)
    quiet = rig.rules.ack_quiet if heard.households else UNKNOWN_SENDER_QUIET
    today, repeated = rows.recent_acks(
        connection,
        heard.message.e164,
        heard.households,
        template=template,
        quiet=quiet,
        day_start=rig.desk.day_start(heard.now),
        now=heard.now,
    )
    kept = 0 if heard.reading.intent in _RESERVED else 1
    if repeated or today >= max(1, rig.rules.acks_per_day) - kept:
        return
    rows.queue_ack(connection, _ack(connection, rig, heard, sender, template), now=heard.now)


def _sender(rig: Rig, heard: Heard) -> str | None:
    """The sender that was written to, which alone can carry the answer."""
    return next(
        (s.key for s in rig.senders.values() if s.address == heard.message.to_address and s.takes_replies), None
    )


def _template(rig: Rig, heard: Heard) -> str:
    if not heard.households:
        return UNKNOWN_SENDER_TEXT
    template = TEXT_OF_INTENT[heard.reading.intent]
    if template == "ack_help" and not _is_open(rig, heard):
        return CLOSED_TEXT
    return template


def _is_open(rig: Rig, heard: Heard) -> bool:
    return rig.desk.callers_are_there(heard.now, urgent=_is_urgent(heard))


def _is_urgent(heard: Heard) -> bool:
    """Whether callers keep the hours of an alert for this household now."""
    return any(standing.level in URGENT_LEVELS for standing in heard.standings)


def _ack(connection: Connection, rig: Rig, heard: Heard, sender: str, template: str) -> rows.Ack:
    household = heard.households[0] if heard.households else None
    newest = heard.newest(household) if household is not None else None
    language = rows.language_of(connection, household) if household is not None else "fr"
    return rows.Ack(
        inbound_id=heard.message.id,
        event_id=newest.event_id if newest else None,
        household_id=household,
        e164=heard.message.e164,
        sender=sender,
        template=template,
        language=language,
        variables=json.dumps(_variables(rig, heard, language)),
        void_at=heard.now + ACK_USEFUL_FOR,
    )


def _variables(rig: Rig, heard: Heard, language: str) -> dict[str, str]:
    """`quand`: by when a person will ring; `date`: the last day away."""
    values = {"quand": wording.quand(_rung_by(rig, heard), heard.now, tz=rig.desk.timezone, language=language)}
    if heard.reading.intent is Intent.ABSENT:
        values["date"] = wording.date(hearing.last_day_away(rig, heard), language=language)
    return values


def _rung_by(rig: Rig, heard: Heard) -> datetime:
    reason = TaskReason.ASKED_CALL if heard.reading.intent is Intent.HELP else TaskReason.UNCLEAR
    return rig.desk.due_at(callbacks.band(callbacks.POINTS[reason]), heard.now, urgent=_is_urgent(heard))
