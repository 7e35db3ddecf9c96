"""Calls by the machine in the ledger: who is owed one, which may be made now, who relied on one."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.store.outbox import Moved, Plan
from worker.store.wanted import RUNS_OUT, WAITS

_CHOOSE = text(
    """
UPDATE recipient r SET call_e164 = n.e164
FROM unnest(CAST(:recipients AS bigint[]), CAST(:numbers AS text[])) AS n(id, e164)
WHERE r.id = n.id AND r.event_id = :event_id AND r.state = 'waiting'
"""
)

# Who shares a number with somebody who is rung in this event relies on that call. Relies on uq_message_number, so a
# repeat adds nothing.
_QUEUE = text(
    """
INSERT INTO message (event_id, recipient_id, household_id, e164, channel, step, lane, sender, template, language,
                     state, due_at, window_closes_at, void_at, created_at, need)
SELECT r.event_id, r.id, r.household_id, r.call_e164, 'voice', :step, 'calls', :sender, :template, r.language,
       'queued', :due_at, :closes_at, :void_at, :now, n.need
FROM recipient r JOIN unnest(CAST(:recipients AS bigint[]), CAST(:needs AS int[])) AS n(id, need) ON n.id = r.id
WHERE r.event_id = :event_id AND r.state = 'waiting' AND r.call_e164 IS NOT NULL
ORDER BY n.need DESC, r.id
ON CONFLICT DO NOTHING
"""
)

# Whose call is still owed, or in the air.
_ALIVE = text(
    """
SELECT r.id FROM recipient r JOIN message m ON m.event_id = r.event_id AND m.e164 = r.call_e164 AND m.channel = 'voice'
WHERE r.id = ANY (:recipients) AND m.state IN ('queued', 'sending', 'unknown', 'sent')
"""
)

_RELYING = "(r.event_id, r.call_e164) IN (SELECT m.event_id, m.e164 FROM message m WHERE m.id = ANY (:messages))"

# The first call was made: for whom nothing was written, the time to answer runs from now. At its end somebody looks again,
# whether or not the end of the call is told and the next one finds a line.
_LEFT = text(
    f"""
WITH touched AS (
    SELECT r.id FROM recipient r WHERE {_RELYING} AND r.state = 'waiting' AND r.contacted_at IS NULL
    ORDER BY r.id FOR NO KEY UPDATE
)
UPDATE recipient r SET contacted_at = :now, due_at = least(r.due_at, CAST(:now AS timestamptz) + CAST(:answer_in AS interval))
FROM touched WHERE r.id = touched.id
"""  # noqa: S608  # our own constant
)

_ENDED = text(
    f"""
WITH touched AS (
    SELECT r.id FROM recipient r WHERE {_RELYING} AND r.state = 'waiting' ORDER BY r.id FOR NO KEY UPDATE
)
UPDATE recipient r SET due_at = least(r.due_at, CAST(:at AS timestamptz)) FROM touched WHERE r.id = touched.id
"""  # noqa: S608  # our own constant
)

_INFORMED = text(
    f"""
WITH touched AS (
    SELECT r.id FROM recipient r WHERE {_RELYING} AND r.state = 'waiting' ORDER BY r.id FOR NO KEY UPDATE
)
UPDATE recipient r SET state = 'informed', reason = :reason, settled_at = :now, contacted_at = coalesce(contacted_at, :now)
FROM touched WHERE r.id = touched.id
"""  # noqa: S608  # our own constant
)

# A bridged call takes a line for the caller's own phone, and one more for the household once a key connects it. A long
# talk is not counted to its end: better a request that is refused and made again than a line that seems taken for ever.
_UNDER_WAY = text(
    """
SELECT (SELECT count(*) FROM automatic_call WHERE sender = :sender AND ended_at IS NULL AND opened_at > :since)
     + (SELECT count(*) + count(connected_at) FROM bridged_call
        WHERE sender = :sender AND ended_at IS NULL AND asked_at > :since)
"""
)

# A household (r) whose hours are these, that has no such wish, or whose hours begin too late for the call to be of use.
_SUITS = """
EXISTS (SELECT 1 FROM household w, (SELECT CAST(:now AS timestamptz) AT TIME ZONE :timezone AS at) here
        WHERE w.id = r.household_id
          AND (w.preferred_from IS NULL OR (here.at::time >= w.preferred_from AND here.at::time < w.preferred_until)
               OR (here.at::date + (here.at::time >= w.preferred_from)::int + w.preferred_from) AT TIME ZONE :timezone
                  >= least(r.due_at, m.void_at, m.window_closes_at)))
"""

# A household to which a caller is put through, or soon will be, and the number at which they talk; found once for all the
# calls that are looked at, by an index of what is under way (uq_bridged_call_task, uq_bridged_call_caller).
_SPOKEN_WITH = """
m.e164 = ANY (ARRAY(SELECT b.e164 FROM bridged_call b WHERE b.ended_at IS NULL))
OR m.household_id = ANY (ARRAY(SELECT b.household_id FROM bridged_call b WHERE b.ended_at IS NULL))
"""

# An older call is over, whatever was told of it.
_RINGS_AT_MOST = timedelta(minutes=15)

# The event is locked too, so that a pause waits for the claim in hand and the next claim sees it. Nobody is rung any more
# once nobody who relied on the call waits for it. The queue is put in order, which is small by nature: an event's calls are
# as many as its landlines. It is then walked only as far as needed: each look at a call costs a quarter of a millisecond.
_CLAIM = text(
    f"""
WITH due AS MATERIALIZED (
    SELECT m.id
    FROM (SELECT m.id, m.event_id, m.e164, m.household_id, m.due_at, m.void_at, m.window_closes_at, e.definition
          FROM message m JOIN campaign_event e ON e.id = m.event_id
          WHERE m.lane = 'calls' AND m.state = 'queued' AND m.sender = :sender AND m.due_at <= :now
            AND m.void_at > :now AND m.window_closes_at > :now AND e.state = 'running'
          ORDER BY e.priority DESC, m.need DESC, m.due_at, m.id OFFSET 0) m
    WHERE NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = m.e164 AND o.undone_at IS NULL
                      AND o.channel IN ('voice', 'all') AND o.purpose IN ('all', m.definition->>'purpose') OFFSET 0)
      AND EXISTS (SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.call_e164 = m.e164 AND {WAITS}
                  AND {_SUITS} OFFSET 0)
      AND NOT EXISTS (SELECT 1 FROM automatic_call c JOIN message o ON o.id = c.message_id
                      WHERE c.ended_at IS NULL AND c.opened_at > CAST(:now AS timestamptz) - CAST(:longest AS interval)
                        AND o.e164 = m.e164 OFFSET 0)
      AND NOT ({_SPOKEN_WITH})
    LIMIT :looked_at
)
SELECT m.id, m.event_id, m.e164, m.void_at
FROM message m JOIN campaign_event e ON e.id = m.event_id
WHERE m.id IN (SELECT id FROM due) AND m.state = 'queued' AND e.state = 'running'
ORDER BY e.priority DESC, m.need DESC, m.due_at, m.id
LIMIT :limit
FOR UPDATE OF m SKIP LOCKED FOR SHARE OF e
"""  # noqa: S608  # our own constant
)

_OPEN = text(
    """
INSERT INTO automatic_call (attempt_id, message_id, sender, opened_at)
SELECT a, m, :sender, :now FROM unnest(CAST(:attempts AS bigint[]), CAST(:messages AS bigint[])) AS u(a, m)
"""
)

# What a request came to counts only while its own attempt is the newest and nothing newer was told: a call may ring, end
# and be owed again before its request is answered. One that was looked for in vain and is owed again is not, once it is there.
_RECORD = text(
    """
UPDATE message m SET state = r.state, code = r.code, due_at = coalesce(r.due_at, m.due_at), lease_until = NULL,
       attempts = m.attempts - CASE WHEN r.uncounted THEN 1 ELSE 0 END,
       sent_at = CASE WHEN r.state = 'sent' THEN coalesce(m.sent_at, :now) ELSE m.sent_at END,
       settled_at = CASE WHEN r.state IN ('failed', 'expired') THEN CAST(:now AS timestamptz) END
FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS bigint[]), CAST(:states AS text[]), CAST(:codes AS int[]),
            CAST(:dues AS timestamptz[]), CAST(:uncounted AS boolean[])) AS r(id, attempt_id, state, code, due_at, uncounted)
WHERE m.id = r.id
  AND (m.state = 'sending' OR (m.state = 'unknown' AND r.state = 'sent')
       OR (m.state = 'queued' AND r.state = 'sent'
           AND EXISTS (SELECT 1 FROM automatic_call c WHERE c.attempt_id = r.attempt_id AND c.status IS NULL)))
  AND r.attempt_id = (SELECT max(a.id) FROM attempt a WHERE a.message_id = m.id)
RETURNING m.id, m.event_id, m.e164, m.step, m.state
"""
)

_NAME = text(
    """
UPDATE automatic_call c SET provider_sid = coalesce(c.provider_sid, n.sid),
       ended_at = CASE WHEN c.status IS NOT NULL THEN c.ended_at END
FROM unnest(CAST(:attempts AS bigint[]), CAST(:sids AS text[])) AS n(attempt_id, sid)
WHERE c.attempt_id = n.attempt_id
"""
)

_NOT_MADE = text("UPDATE automatic_call SET ended_at = :now WHERE attempt_id = ANY (:attempts) AND ended_at IS NULL")

# A wrong set-up concerns every call of the sender.
_HOLD_BACK = text(
    "UPDATE message SET due_at = :until WHERE lane = 'calls' AND state = 'queued' AND sender = :sender AND due_at < :until"
)

_HAS_DUE = text(
    """
SELECT EXISTS (SELECT 1 FROM campaign_event e
               WHERE e.state = 'running'
                 AND EXISTS (SELECT 1 FROM message m WHERE m.lane = 'calls' AND m.event_id = e.id AND m.state = 'queued'
                             AND m.due_at <= :now OFFSET 0))
"""
)

_CLOSED_WINDOWS = text(
    f"""
SELECT DISTINCT event_id FROM message
WHERE lane = 'calls' AND state = 'queued' AND {RUNS_OUT} AND window_closes_at <= :now AND void_at > :now
"""  # noqa: S608  # our own constant
)

_REPLAN = text(
    """
UPDATE message SET due_at = greatest(due_at, CAST(:opens_at AS timestamptz)), window_closes_at = :closes_at
WHERE event_id = :event_id AND lane = 'calls' AND state = 'queued' AND window_closes_at <= :now
"""
)

_EXPIRE = text(
    """
UPDATE message SET state = 'expired', settled_at = :now
WHERE event_id = :event_id AND lane = 'calls' AND state = 'queued' AND window_closes_at <= :now
RETURNING id, event_id, e164, step, state
"""
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call that is owed, locked for this transaction."""

    id: int
    event_id: int
    e164: str
    void_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What a request does to the call it was made for. due_at only when it is owed again."""

    id: int
    attempt_id: int
    state: str
    sid: str | None = None
    code: int | None = None
    due_at: datetime | None = None
    uncounted: bool = False


def queue(
    connection: Connection,
    event_id: int,
    plan: Plan,
    numbers: Mapping[int, str],
    *,
    needs: Mapping[int, int],
    now: datetime,
) -> set[int]:
    """One call for each number (recipient id -> E.164); several households that share one rely on the same. needs: whose
    call is made first, by recipient id.

    Returns whose call is to come: that of a number may be over when a second household comes to rely on it.
    """
    values = {"event_id": event_id, "recipients": list(numbers), "numbers": list(numbers.values())}
    connection.execute(_CHOOSE, values)
    values |= {"needs": [needs.get(recipient, 0) for recipient in numbers], "now": now}
    connection.execute(_QUEUE, asdict(plan) | values)
    return set(connection.execute(_ALIVE, {"recipients": list(numbers)}).scalars())


def mark_left(connection: Connection, messages: Sequence[int], *, answer_in: timedelta | None, now: datetime) -> None:
    """Calls were made, or may have been, by message id. answer_in: how long an answer is waited for, if there is a limit."""
    connection.execute(_LEFT, {"messages": list(messages), "answer_in": answer_in, "now": now})


def mark_ended(connection: Connection, messages: Sequence[int], *, at: datetime) -> None:
    """Calls are over, by message id: somebody looks again at the households that relied on them."""
    connection.execute(_ENDED, {"messages": list(messages), "at": at})


def mark_informed(connection: Connection, messages: Sequence[int], *, reason: str, now: datetime) -> None:
    """An advice came to whoever relied on these calls, by message id: nothing more is owed."""
    connection.execute(_INFORMED, {"messages": list(messages), "reason": reason, "now": now})


def under_way(connection: Connection, sender: str, *, since: datetime) -> int:
    """How many lines of a sender are taken. since: an older call has ended, whatever was told."""
    return int(connection.execute(_UNDER_WAY, {"sender": sender, "since": since}).scalar_one())


def claim(connection: Connection, sender: str, *, limit: int, timezone: str, now: datetime) -> list[Claimed]:
    """Due calls of running events, the most urgent event first and in it the greatest need, locked. At the hours that a household prefers, and not
    while the number is rung for another event, or a caller speaks with the household: that call comes after it."""
    values = {"sender": sender, "limit": limit, "timezone": timezone, "now": now, "longest": _RINGS_AT_MOST}
    values["looked_at"] = 4 * limit  # other workers may have some of them in hand
    found: dict[str, Claimed] = {}
    for row in connection.execute(_CLAIM, values):
        found.setdefault(row.e164, Claimed(**row._asdict()))
    return list(found.values())


def open_calls(connection: Connection, sender: str, attempts: Mapping[int, int], *, now: datetime) -> None:
    """Rows for calls about to be made: message id -> attempt id. From now on they are under way."""
    values = {"attempts": list(attempts.values()), "messages": list(attempts), "sender": sender, "now": now}
    connection.execute(_OPEN, values)


def record(connection: Connection, changes: Sequence[Change], *, now: datetime) -> list[Moved]:
    """Writes what the requests came to; what was told of a call meanwhile stays."""
    ordered = sorted(changes, key=lambda c: c.id)
    named = [c for c in ordered if c.sid]
    connection.execute(_NAME, {"attempts": [c.attempt_id for c in named], "sids": [c.sid for c in named]})
    values = {
        "ids": [c.id for c in ordered],
        "attempts": [c.attempt_id for c in ordered],
        "states": [c.state for c in ordered],
        "codes": [c.code for c in ordered],
        "dues": [c.due_at for c in ordered],
        "uncounted": [c.uncounted for c in ordered],
        "now": now,
    }
    return [Moved(**row._asdict()) for row in connection.execute(_RECORD, values)]


def not_made(connection: Connection, attempts: Sequence[int], *, now: datetime) -> None:
    """These were never under way."""
    connection.execute(_NOT_MADE, {"attempts": list(attempts), "now": now})


def hold_back(connection: Connection, sender: str, *, until: datetime) -> None:
    """No call of this sender is made before then."""
    connection.execute(_HOLD_BACK, {"sender": sender, "until": until})


def has_due(connection: Connection, *, now: datetime) -> bool:
    """Whether a call may be made now. Walks ix_message_queued."""
    return bool(connection.execute(_HAS_DUE, {"now": now}).scalar_one())


def with_closed_window(connection: Connection, *, now: datetime) -> list[int]:
    """Events with calls left over from hours that are over."""
    return list(connection.execute(_CLOSED_WINDOWS, {"now": now}).scalars())


def replan(connection: Connection, event_id: int, *, opens_at: datetime, closes_at: datetime, now: datetime) -> None:
    """Moves left-over calls of an event to the next hours."""
    values = {"event_id": event_id, "opens_at": opens_at, "closes_at": closes_at, "now": now}
    connection.execute(_REPLAN, values)


def expire(connection: Connection, event_id: int, *, now: datetime) -> list[Moved]:
    """Ends the calls of an event whose hours are over for good."""
    values = {"event_id": event_id, "now": now}
    return [Moved(**row._asdict()) for row in connection.execute(_EXPIRE, values)]
