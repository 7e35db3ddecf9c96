"""Messages of which we do not know enough: of unknown fate, or sent and never heard of again. What to ask about, and when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.outbox import Moved

# Taken by whoever asks, so that several workers ask about different ones. The few attempts of a message are sorted (+ 0):
# a planner that has not counted the table yet would rather walk all attempts backwards for each.
_UNKNOWN = text(
    """
UPDATE message m SET looked_up_at = :now
FROM (SELECT u.id, a.id AS attempt_id, a.started_at, coalesce(a.finished_at, a.started_at) AS finished_at
      FROM message u
      JOIN LATERAL (SELECT id, started_at, finished_at FROM attempt
                    WHERE message_id = u.id ORDER BY id + 0 DESC LIMIT 1) a ON true
      WHERE u.state = 'unknown' AND u.sender = ANY (:senders) AND coalesce(a.finished_at, a.started_at) < :before
        AND (u.looked_up_at IS NULL OR u.looked_up_at < :before)
      ORDER BY u.looked_up_at NULLS FIRST, u.id LIMIT :limit FOR UPDATE OF u SKIP LOCKED) taken
WHERE m.id = taken.id
RETURNING m.id, m.event_id, m.e164, m.step, m.channel, m.sender, m.body, m.lookups, m.attempts, taken.attempt_id,
          taken.started_at, taken.finished_at
"""
)

# Two who asked at the same time have asked once.
_MISSED = text(
    """
UPDATE message SET lookups = lookups + 1, looked_up_at = :now WHERE id = :id AND state = 'unknown' AND lookups = :seen
"""
)

_GIVEN_UP = text(
    """
UPDATE message SET state = 'failed', settled_at = :now WHERE state = 'unknown' AND void_at < :before
RETURNING id, event_id, e164, step, state
"""
)

_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:e164, 0))")

# By its own row, or by a receipt that names another message of ours, whose result is not recorded yet.
_TAKEN_SIDS = text(
    """
SELECT provider_sid FROM message WHERE provider_sid = ANY (:sids)
UNION SELECT provider_sid FROM automatic_call WHERE provider_sid = ANY (:sids)
UNION SELECT provider_sid FROM delivery_receipt WHERE provider_sid = ANY (:sids) AND message_id <> :message_id
"""
)

# Taken by whoever asks, so that several workers ask about different ones. Who was left alone for longest comes first: the
# order of ix_message_without_word, which holds only such texts and is left after so many.
_WITHOUT_WORD = text(
    """
UPDATE message m SET looked_up_at = :now
FROM (SELECT id FROM message
      WHERE state = 'sent' AND provider_sid IS NOT NULL AND sent_at > :oldest
        AND greatest(sent_at, looked_up_at) > :oldest AND greatest(sent_at, looked_up_at) < :before
      ORDER BY greatest(sent_at, looked_up_at) LIMIT :limit FOR UPDATE SKIP LOCKED) taken
WHERE m.id = taken.id RETURNING m.id, m.provider_sid
"""
)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A message of unknown fate: what to look for in the provider's list."""

    id: int
    event_id: int | None
    e164: str
    step: str
    channel: str
    sender: str
    body: str
    lookups: int
    attempts: int
    attempt_id: int
    started_at: datetime
    finished_at: datetime


def take_unknown(
    connection: Connection, *, before: datetime, senders: list[str], limit: int, now: datetime
) -> list[Unknown]:
    """Messages of unknown fate from these senders whose request ended, and that were last asked about, before then; for
    the caller to look for."""
    values = {"before": before, "senders": senders, "limit": limit, "now": now}
    return [Unknown(**row._asdict()) for row in connection.execute(_UNKNOWN, values)]


def count_miss(connection: Connection, message_id: int, *, seen: int, now: datetime) -> bool:
    """The provider's list does not have it; False when somebody else has counted this miss, or its fate is known."""
    return connection.execute(_MISSED, {"id": message_id, "seen": seen, "now": now}).rowcount == 1


def give_up_unknown(connection: Connection, *, before: datetime, now: datetime) -> list[Moved]:
    """Texts of unknown fate that nobody could tell about although they were void before then."""
    return [Moved(**row._asdict()) for row in connection.execute(_GIVEN_UP, {"before": before, "now": now})]


def settle_alone(connection: Connection, e164: str) -> None:
    """Until the end of the transaction nobody else settles what was sent to a number: of two with the same words only
    one may take the provider's id for its own."""
    connection.execute(_ALONE, {"e164": e164})


def taken_sids(connection: Connection, sids: list[str], *, message_id: int) -> set[str]:
    """Those of the provider's ids that already belong to one of our messages; to another one than this."""
    if not sids:
        return set()
    return set(connection.execute(_TAKEN_SIDS, {"sids": sids, "message_id": message_id}).scalars())


def take_without_final_word(
    connection: Connection, *, before: datetime, oldest: datetime, limit: int, now: datetime
) -> list[tuple[int, str]]:
    """(message id, provider id) of texts sent long ago about which nothing final was heard, for the caller to ask about."""
    values = {"before": before, "oldest": oldest, "limit": limit, "now": now}
    return [(row.id, row.provider_sid) for row in connection.execute(_WITHOUT_WORD, values)]
