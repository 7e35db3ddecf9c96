"""What the provider tells of a call by the machine, and what its message comes to by it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.voice import NOT_FOUND, Call, CallEnd

# The message is locked before the call, as everywhere.
_LOCK_MESSAGE = text("SELECT 1 FROM message WHERE id = :message_id AND channel = 'voice' FOR NO KEY UPDATE")

_LOCK = text(
    """
SELECT c.attempt_id, c.message_id, c.provider_sid, c.status, c.sequence, c.answered_by, c.key, c.wrong_key, c.heard_out,
       c.sip_code, c.duration_s, c.ended_at, c.came_to, m.state AS message_state, m.event_id, m.e164, m.void_at,
       c.attempt_id = (SELECT max(a.id) FROM attempt a WHERE a.message_id = m.id) AS is_newest,
       e.kind = 'advice' AS is_advice, c.voicemail_at IS NOT NULL AS machine_told
FROM automatic_call c JOIN message m ON m.id = c.message_id JOIN campaign_event e ON e.id = m.event_id
WHERE c.message_id = :message_id AND c.attempt_id = :attempt_id
FOR NO KEY UPDATE OF c
"""
)

# The last call to a number, in any event of late. Walks ix_message_call.
_NOT_FOUND = text(
    """
SELECT c.came_to = 'dead' AND c.sip_code = :not_found
FROM message m JOIN automatic_call c ON c.message_id = m.id
WHERE m.event_id = ANY (ARRAY(SELECT id FROM campaign_event WHERE opened_at > :since)) AND m.e164 = :e164
  AND m.channel = 'voice' AND c.came_to IS NOT NULL AND c.ended_at < :before
ORDER BY c.ended_at DESC LIMIT 1
"""
)

_SAVE = text(
    """
UPDATE automatic_call SET provider_sid = coalesce(provider_sid, :sid), status = :status, sequence = :sequence,
       answered_by = :answered_by, key = :key, wrong_key = :wrong_key, heard_out = :heard_out, sip_code = :sip_code,
       duration_s = :duration_s, ended_at = :ended_at, came_to = :came_to
WHERE attempt_id = :attempt_id
"""
)

# Whose word comes before the request is answered still holds the lease; it ends with that answer. A call that was looked
# for in vain may be owed again when the first word of it comes.
_SENT = text(
    """
UPDATE message SET state = 'sent', sent_at = coalesce(sent_at, :now)
WHERE id = :id AND (state IN ('sending', 'unknown') OR (:untold AND state = 'queued'))
"""
)

_AGAIN = text(
    """
UPDATE message SET state = 'queued', due_at = :due_at, window_closes_at = :closes_at, lease_until = NULL, settled_at = NULL,
       lookups = 0, looked_up_at = NULL, sent_at = coalesce(sent_at, :now)
WHERE id = :id AND state NOT IN ('delivered', 'cancelled', 'suppressed', 'expired')
"""
)

_OVER = text(
    """
UPDATE message SET state = :state, settled_at = :now, lease_until = NULL, sent_at = coalesce(sent_at, :now)
WHERE id = :id AND state <> 'delivered' AND (state NOT IN ('cancelled', 'suppressed', 'expired') OR :state = 'delivered')
"""
)

_TRIED = text(
    """
SELECT count(*) FILTER (WHERE c.provider_sid IS NOT NULL) AS calls, count(*) FILTER (WHERE c.came_to = :end) AS alike,
       (SELECT min(r.contacted_at) FROM message m JOIN recipient r ON r.event_id = m.event_id AND r.call_e164 = m.e164
        WHERE m.id = :id AND r.state = 'waiting') AS since,
       EXISTS (SELECT 1 FROM message m JOIN recipient r ON r.event_id = m.event_id AND r.call_e164 = m.e164
               WHERE m.id = :id AND r.state = 'waiting') AS is_awaited
FROM automatic_call c WHERE c.message_id = :id
"""
)

_ATTEMPT_OF = text("SELECT message_id, attempt_id FROM automatic_call WHERE provider_sid = :sid")

# Taken by whoever asks, so that several workers ask about different ones.
_SILENT = text(
    """
UPDATE automatic_call c SET asked_about_at = :now
FROM (SELECT attempt_id FROM automatic_call
      WHERE ended_at IS NULL AND provider_sid IS NOT NULL AND opened_at < :before
        AND (asked_about_at IS NULL OR asked_about_at < :before) AND opened_at > :oldest
      ORDER BY opened_at LIMIT :limit FOR UPDATE SKIP LOCKED) taken
WHERE c.attempt_id = taken.attempt_id RETURNING c.message_id, c.attempt_id, c.provider_sid
"""
)

# A machine that still listens, and was told nothing yet. Taken once, by whoever comes first.
_TAKE_MACHINE = text(
    """
UPDATE automatic_call SET voicemail_at = :now
WHERE message_id = :message_id AND attempt_id = :attempt_id AND voicemail_at IS NULL AND ended_at IS NULL AND key IS NULL
  AND starts_with(answered_by, 'machine') AND provider_sid IS NOT NULL
RETURNING provider_sid
"""
)

_MACHINES = text(
    """
SELECT message_id, attempt_id FROM automatic_call
WHERE ended_at IS NULL AND voicemail_at IS NULL AND key IS NULL AND starts_with(answered_by, 'machine') AND opened_at > :since
"""
)

_SAID = text(
    """
SELECT m.template, m.language, m.event_id, e.level, e.definition,
       coalesce((SELECT jsonb_agg(jsonb_build_object('civility', t.civility, 'last_name', t.last_name)
                                  ORDER BY r.household_id, (t.role = 'holder') DESC, t.id)
                 FROM recipient r JOIN tenant t ON t.household_id = r.household_id AND t.status = 'active'
                 WHERE r.event_id = m.event_id AND r.call_e164 = m.e164 AND r.state = 'waiting'), '[]') AS tenants
FROM message m JOIN campaign_event e ON e.id = m.event_id WHERE m.id = :id AND m.channel = 'voice'
"""
)


@dataclass(frozen=True, slots=True)
class Known:
    """A call as its row has it, locked, with how its message stands. is_newest: no later one was made for the message.

    is_advice: nothing is asked. machine_told: an answering machine was given words of its own.
    """

    message_id: int
    attempt_id: int
    provider_sid: str | None
    call: Call
    ended_at: datetime | None
    came_to: CallEnd | None
    message_state: str
    event_id: int
    e164: str
    void_at: datetime
    is_newest: bool
    is_advice: bool = False
    machine_told: bool = False


@dataclass(frozen=True, slots=True)
class Tries:
    """calls: made for a message; alike: those that came to this end. since: when its household first heard of the event.

    is_awaited: somebody who relies on it still waits.
    """

    calls: int
    alike: int
    since: datetime | None
    is_awaited: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What a call says: the script, in which language, for which campaign as frozen with its event.

    tenants: whom it concerns, those of all households that wait for an answer at the number.
    """

    template: str
    language: str
    event_id: int
    level: str
    definition: dict[str, object]
    tenants: list[dict[str, object]]


def lock(connection: Connection, message_id: int, attempt_id: int) -> Known | None:
    """The call of an attempt, locked with its message; None when there is no such call."""
    if connection.execute(_LOCK_MESSAGE, {"message_id": message_id}).one_or_none() is None:
        return None
    row = connection.execute(_LOCK, {"message_id": message_id, "attempt_id": attempt_id}).one_or_none()
    if row is None:
        return None
    found = row._asdict()
    call = Call(**{name: found[name] for name in Call.__dataclass_fields__})
    came_to = CallEnd(found["came_to"]) if found["came_to"] else None
    rest = {name: found[name] for name in Known.__dataclass_fields__ if name not in {"call", "came_to"}}
    return Known(**rest, call=call, came_to=came_to)


def save(
    connection: Connection, known: Known, call: Call, *, sid: str, came_to: CallEnd | None, ended_at: datetime | None
) -> None:
    """What is known of a call now."""
    values = asdict(call) | {"attempt_id": known.attempt_id, "sid": sid, "came_to": came_to, "ended_at": ended_at}
    connection.execute(_SAVE, values)


def mark_sent(connection: Connection, message_id: int, *, untold: bool, now: datetime) -> bool:
    """The provider has the call; says whether that is news. untold: nothing was told of it before."""
    return connection.execute(_SENT, {"id": message_id, "untold": untold, "now": now}).rowcount == 1


def owe_again(connection: Connection, message_id: int, *, due_at: datetime, closes_at: datetime, now: datetime) -> bool:
    """The call is owed once more; says whether it still may be."""
    values = {"id": message_id, "due_at": due_at, "closes_at": closes_at, "now": now}
    return connection.execute(_AGAIN, values).rowcount == 1


def close(connection: Connection, message_id: int, *, state: str, now: datetime) -> bool:
    """No further call is made. An answer counts whatever was before; nothing else undoes an answer or a withdrawal."""
    return connection.execute(_OVER, {"id": message_id, "state": state, "now": now}).rowcount == 1


def tries(connection: Connection, message_id: int, *, end: CallEnd) -> Tries:
    """How often a message was rung so far."""
    return Tries(**connection.execute(_TRIED, {"id": message_id, "end": end}).one()._asdict())


def not_found_before(connection: Connection, e164: str, *, before: datetime, since: datetime) -> bool:
    """Whether the last call to this number before then, in an event opened since, met a number that was not found."""
    values = {"e164": e164, "before": before, "since": since, "not_found": NOT_FOUND}
    return bool(connection.execute(_NOT_FOUND, values).scalar())


def attempt_of(connection: Connection, sid: str) -> tuple[int, int] | None:
    """(message id, attempt id) of the provider's name for a call; None when we have none of that name."""
    row = connection.execute(_ATTEMPT_OF, {"sid": sid}).one_or_none()
    return None if row is None else (row.message_id, row.attempt_id)


def take_silent(
    connection: Connection, *, before: datetime, oldest: timedelta, limit: int, now: datetime
) -> list[tuple[int, int, str]]:
    """(message id, attempt id, provider id) of calls that should be over by now and of which no end was heard."""
    values = {"before": before, "oldest": now - oldest, "limit": limit, "now": now}
    return [(row.message_id, row.attempt_id, row.provider_sid) for row in connection.execute(_SILENT, values)]


def take_machine(connection: Connection, message_id: int, attempt_id: int, *, now: datetime) -> str | None:
    """The provider's name of a call to which a machine listens, for the caller to tell it something; None otherwise."""
    values = {"message_id": message_id, "attempt_id": attempt_id, "now": now}
    sid: str | None = connection.execute(_TAKE_MACHINE, values).scalar()
    return sid


def machines(connection: Connection, *, since: datetime) -> list[tuple[int, int]]:
    """(message id, attempt id) of calls in the air to which a machine listens, told nothing yet."""
    return [(row.message_id, row.attempt_id) for row in connection.execute(_MACHINES, {"since": since})]


def question(connection: Connection, message_id: int) -> Question | None:
    """What a call asks; None for a message that is no call."""
    row = connection.execute(_SAID, {"id": message_id}).one_or_none()
    return None if row is None else Question(**row._asdict())
