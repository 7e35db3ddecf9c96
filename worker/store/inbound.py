"""What people answered: stored before it is read, read once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text
from sqlalchemy.dialects.postgresql import insert

from worker.domain.messages import Inbound
from worker.store.schema import inbound_message, reply

_LOCK_UNREAD = text(
    """
SELECT id, e164, to_address, body, opt_out_type, media_count, received_at, channel
FROM inbound_message WHERE id = :id AND read_at IS NULL FOR UPDATE SKIP LOCKED
"""
)

_READ = text("UPDATE inbound_message SET read_at = :now, intent = :intent, match = :match WHERE id = :id")

# Automatic answers lately to this number or its household: how many today, and was the same said a moment ago.
_ACKS = text(
    """
SELECT count(*) FILTER (WHERE m.created_at >= :day_start) AS today,
       count(*) FILTER (WHERE m.created_at > CAST(:now AS timestamptz) - CAST(:quiet AS interval) AND m.template = :template) AS repeated
FROM message m
WHERE (m.e164 = :e164 OR m.household_id = ANY (:households)) AND m.step = 'ack' AND m.created_at >= least(CAST(:day_start AS timestamptz), CAST(:now AS timestamptz) - CAST(:quiet AS interval))
"""
)

_ACK = text(
    """
INSERT INTO message (event_id, household_id, in_reply_to, e164, channel, step, lane, sender, template, language, variables,
                     state, due_at, window_closes_at, void_at, created_at)
VALUES (:event_id, :household_id, :inbound_id, :e164, 'sms', 'ack', 'answers', :sender, :template, :language,
        CAST(:variables AS jsonb), 'queued', :now, :void_at, :void_at, :now)
ON CONFLICT DO NOTHING
"""
)

# A tenant who has answered gets no further text or call of the same event; a neighbour who shares the number and still
# waits keeps theirs. The text to a second number is theirs alone. Asked for every reply: OFFSET 0 keeps each part on the
# few rows concerned, whatever the planner believes of tables that an event has just filled.
_OF_NUMBER = """
SELECT mine.id FROM recipient r
CROSS JOIN LATERAL (SELECT m.id FROM message m WHERE m.event_id = r.event_id AND m.e164 = r.{number}
                    AND m.state = 'queued' AND {which} OFFSET 0) mine
CROSS JOIN LATERAL (SELECT count(*) AS others FROM recipient o
                    WHERE o.event_id = r.event_id AND o.{number} = r.{number} AND o.state = 'waiting'
                    AND o.id <> ALL (:recipients) OFFSET 0) left_over
WHERE r.id = ANY (:recipients) AND left_over.others = 0
"""
_OF_TEXTS = _OF_NUMBER.format(number="e164", which="m.channel = 'sms' AND m.step <> 'ack'")
_OF_CALLS = _OF_NUMBER.format(number="call_e164", which="m.channel = 'voice'")

_WITHDRAW = text(
    f"""
UPDATE message SET state = :state, settled_at = :now
WHERE state = 'queued' AND id = ANY (ARRAY({_OF_TEXTS} UNION ALL {_OF_CALLS} UNION ALL
    SELECT id FROM message WHERE recipient_id = ANY (:recipients) AND step = 'second_number' AND state = 'queued'))
"""  # noqa: S608  # our own constants
)

_FAILURE = text("UPDATE inbound_message SET failures = failures + 1 WHERE id = :id RETURNING failures")

_LISTED = text("SELECT complete_until FROM reply_listing WHERE address = :to")

_LIST = text(
    """
INSERT INTO reply_listing (address, complete_until) VALUES (:to, :until)
ON CONFLICT (address) DO UPDATE SET complete_until = greatest(reply_listing.complete_until, excluded.complete_until)
"""
)

_NOT_STORED = text(
    """
SELECT sid FROM unnest(CAST(:sids AS text[])) AS sid
WHERE NOT EXISTS (SELECT 1 FROM inbound_message i WHERE i.provider_sid = sid)
"""
)

_LINK = text(
    """
INSERT INTO reply (inbound_id, household_id, recipient_id)
SELECT :inbound_id, * FROM unnest(CAST(:households AS bigint[]), CAST(:recipients AS bigint[]))
ON CONFLICT DO NOTHING
"""
)

_UNREAD = text(
    "SELECT id FROM inbound_message WHERE read_at IS NULL AND received_at < :before ORDER BY id LIMIT :limit"
)

_LANGUAGE = text(
    "SELECT language FROM tenant WHERE household_id = :household AND status = 'active' ORDER BY (role = 'holder') DESC, id LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Unread:
    """An inbound message, locked, not yet read."""

    id: int
    e164: str
    to_address: str
    body: str
    opt_out_type: str | None
    media_count: int
    received_at: datetime
    channel: str


@dataclass(frozen=True, slots=True)
class Ack:
    """An automatic answer to be queued."""

    inbound_id: int
    event_id: int | None
    household_id: int | None
    e164: str
    sender: str
    template: str
    language: str
    variables: str
    void_at: datetime


def store(connection: Connection, message: Inbound) -> int | None:
    """Keeps an inbound message; None when the provider's id was stored before."""
    return connection.execute(
        insert(inbound_message)
        .values(**asdict(message))
        .on_conflict_do_nothing(index_elements=["provider_sid"])
        .returning(inbound_message.c.id)
    ).scalar()


def lock_unread(connection: Connection, inbound_id: int) -> Unread | None:
    """The message if nobody has read it yet, locked; a second reader gets None."""
    row = connection.execute(_LOCK_UNREAD, {"id": inbound_id}).one_or_none()
    return None if row is None else Unread(**row._asdict())


def count_failure(connection: Connection, inbound_id: int) -> int:
    """Reading the message broke once more; returns how often it did."""
    return int(connection.execute(_FAILURE, {"id": inbound_id}).scalar_one())


def listed_until(connection: Connection, to_address: str) -> datetime | None:
    """Up to when the provider's list of replies to a sender has been gone through; None: never yet."""
    return connection.execute(_LISTED, {"to": to_address}).scalar()


def note_listed(connection: Connection, to_address: str, until: datetime) -> None:
    """Every reply to the sender up to then is stored; never goes back."""
    connection.execute(_LIST, {"to": to_address, "until": until})


def not_stored(connection: Connection, sids: Sequence[str]) -> set[str]:
    """Those of the provider's ids that were not stored yet."""
    return set(connection.execute(_NOT_STORED, {"sids": list(sids)}).scalars())


def mark_read(connection: Connection, inbound_id: int, *, intent: str, match: str, now: datetime) -> None:
    """The message has been understood and acted on."""
    connection.execute(_READ, {"id": inbound_id, "intent": intent, "match": match, "now": now})


def link(connection: Connection, inbound_id: int, pairs: Sequence[tuple[int, int | None]]) -> None:
    """Makes it a reply of these households: (household id, recipient id or None)."""
    values = {"inbound_id": inbound_id, "households": [h for h, _ in pairs], "recipients": [r for _, r in pairs]}
    connection.execute(_LINK, values)


def recent_acks(
    connection: Connection,
    e164: str,
    households: Sequence[int],
    *,
    template: str,
    quiet: timedelta,
    day_start: datetime,
    now: datetime,
) -> tuple[int, bool]:
    """(automatic answers today, the same one within `quiet`) to a number or the households behind it.

    Walks ix_message_ack_number and ix_message_household_id.
    """
    values = {
        "e164": e164,
        "households": list(households),
        "template": template,
        "quiet": quiet,
        "day_start": day_start,
        "now": now,
    }
    row = connection.execute(_ACKS, values).one()
    return row.today, row.repeated > 0


def queue_ack(connection: Connection, ack: Ack, *, now: datetime) -> None:
    """Owes the writer an automatic answer; one per inbound message, by unique key."""
    connection.execute(_ACK, asdict(ack) | {"now": now})


def withdraw_texts(connection: Connection, recipients: Sequence[int], *, state: str, now: datetime) -> int:
    """Takes the queued texts and calls of these recipients back before they leave; returns how many."""
    return connection.execute(_WITHDRAW, {"recipients": list(recipients), "state": state, "now": now}).rowcount


def has_unread(connection: Connection, *, before: datetime) -> bool:
    """Whether somebody has been waiting to be read since before then."""
    return bool(unread(connection, before=before, limit=1))


def unread(connection: Connection, *, before: datetime, limit: int) -> list[int]:
    """Messages stored but not read since before then, the oldest first."""
    return list(connection.execute(_UNREAD, {"before": before, "limit": limit}).scalars())


def language_of(connection: Connection, household: int) -> str:
    """The language of the household's first tenant."""
    return connection.execute(_LANGUAGE, {"household": household}).scalar() or "fr"


def bodies_for_task(connection: Connection, household: int, *, limit: int = 5) -> list[tuple[datetime, str, str]]:
    """The latest replies of a household, newest first: (received_at, intent, body)."""
    rows = connection.execute(
        select(inbound_message.c.received_at, inbound_message.c.intent, inbound_message.c.body)
        .join(reply, reply.c.inbound_id == inbound_message.c.id)
        .where(reply.c.household_id == household)
        .order_by(inbound_message.c.received_at.desc())
        .limit(limit)
    )
    return [(row.received_at, row.intent, row.body) for row in rows]
