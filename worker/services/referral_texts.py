"""The text that tells a household, as agreed on the telephone, who will be in touch: one for each referral."""

import json
from datetime import datetime, time, timedelta

import structlog

from worker.domain import wording
from worker.services.desk import Desk
from worker.store import inbound, referral_texts
from worker.store.database import Connection
from worker.store.referral_texts import Owed

log = structlog.get_logger()

TEMPLATE = "referral_ok"
# One automatic text of the day stays free for an answer to whoever asks for help.
RESERVED = 1
# The hours of an alert: whoever has just been on the telephone expects the text.
EARLIEST, LATEST = time(8, 30), time(20)
USEFUL_AT_LEAST = timedelta(hours=4)


def tell(connection: Connection, referral_id: int, *, desk: Desk, now: datetime) -> bool:
    """Queues the text, in the transaction that hands the referral over; False where there is none to send.

    Only who agreed is told, at a mobile of their own that is nobody else's and has not refused texts, and not beyond
    the automatic texts of a day. In the ledger it is an acknowledgement like any other: sent once.
    """
    if desk.answers is None:
        return False
    to = referral_texts.addressee(connection, referral_id, now=now)
    if to is None or to.due_at is None or _had_enough(connection, to, desk, now):
        return False
    language = inbound.language_of(connection, to.household_id)
    leaves_at = _in_hours(desk, now)
    owed = Owed(
        referral_id=referral_id,
        household_id=to.household_id,
        e164=to.e164,
        sender=desk.answers.sender,
        template=TEMPLATE,
        language=language,
        variables=json.dumps(
            {"partenaire": to.partner, "date": wording.date(desk.local_date(to.due_at), language=language)}
        ),
        due_at=leaves_at,
        void_at=max(to.due_at, leaves_at + USEFUL_AT_LEAST),
    )
    queued = referral_texts.queue(connection, owed, now=now)
    log.info("referral_text_queued", referral_id=referral_id, queued=queued)
    return queued


def _had_enough(connection: Connection, to: referral_texts.Addressee, desk: Desk, now: datetime) -> bool:
    assert desk.answers is not None  # noqa: S101  # asked before
    today, _repeated = inbound.recent_acks(
        connection,
        to.e164,
        [to.household_id],
        template=TEMPLATE,
        quiet=timedelta(),
        day_start=desk.day_start(now),
        now=now,
    )
    return today >= max(1, desk.answers.a_day - RESERVED)


def _in_hours(desk: Desk, now: datetime) -> datetime:
    local = now.astimezone(desk.timezone)
    opens = local.replace(hour=EARLIEST.hour, minute=EARLIEST.minute, second=0, microsecond=0)
    if local < opens:
        return opens
    return now if local.time() < LATEST else opens + timedelta(days=1)
