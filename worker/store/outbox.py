"""The ledger of texts: claimed before a request, recorded after it. The row's state is the outbox."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain.messages import Step
from worker.store.outages import KNOWN

# Two households may share one number: it gets one text, the second recipient relies on it.
# Relies on uq_message_step and uq_message_number, so a repeat adds nothing.
_QUEUE = text(
    """
INSERT INTO message (event_id, recipient_id, household_id, e164, channel, step, lane, sender, template, language,
                     state, due_at, window_closes_at, void_at, created_at)
SELECT r.event_id, r.id, r.household_id, r.e164, 'sms', :step, 'bulk', :sender, :template, r.language,
       'queued', :due_at, :closes_at, :void_at, :now
FROM recipient r
WHERE r.event_id = :event_id AND r.state = 'waiting' AND r.e164 IS NOT NULL AND r.reason IS NULL
  AND (:step <> 'first' OR r.contacted_at IS NULL)
  AND (CAST(:recipients AS bigint[]) IS NULL OR r.id = ANY (:recipients))
  AND r.id > :after AND r.id <= :upto
ORDER BY r.id
-- whoever ends the matter for one of them meanwhile is waited for, and they for us
FOR SHARE OF r
ON CONFLICT DO NOTHING
"""
)

# The attempt is committed before its request: a process that dies in between leaves a trace. Looks for an older one prove
# nothing about it.
_START = text(
    """
WITH started AS (
    UPDATE message m SET state = 'sending', attempts = m.attempts + 1, lease_until = :lease_until,
           body = c.body, segments = c.segments, lookups = 0, looked_up_at = NULL
    FROM unnest(CAST(:ids AS bigint[]), CAST(:bodies AS text[]), CAST(:segments AS int[])) AS c(id, body, segments)
    WHERE m.id = c.id AND m.state = 'queued'
    RETURNING m.id
)
INSERT INTO attempt (message_id, started_at) SELECT id, :now FROM started RETURNING id, message_id
"""
)

_FINISH_ATTEMPTS = text(
    f"""
WITH finished AS (
UPDATE attempt a SET finished_at = :now, outcome = f.outcome, http_status = f.http_status, code = f.code,
       provider_sid = f.sid
FROM unnest(CAST(:ids AS bigint[]), CAST(:outcomes AS text[]), CAST(:http AS int[]), CAST(:codes AS int[]),
            CAST(:sids AS text[])) AS f(id, outcome, http_status, code, sid)
WHERE a.id = f.id AND (a.finished_at IS NULL OR a.outcome = 'unknown')
)
SELECT {KNOWN}
"""  # noqa: S608  # our own constant
)

# What a result says counts for the attempt it is about, the latest one; that the provider has the text counts always,
# for it must not be sent again.
_COUNTS = """
    ((m.state = 'sending' AND m.attempts = r.attempt)
     OR (m.state = 'unknown' AND (r.attempt IS NULL OR m.attempts = r.attempt OR r.sid IS NOT NULL))
     OR (m.state IN ('sending', 'queued') AND r.sid IS NOT NULL))
"""

# A receipt may have come first: then only the provider's id is noted, the state stays.
_RECORD = text(
    f"""
UPDATE message m SET
    state = CASE WHEN {_COUNTS} THEN r.state ELSE m.state END,
    provider_sid = coalesce(m.provider_sid, CASE WHEN NOT EXISTS (SELECT 1 FROM message o WHERE o.provider_sid = r.sid)
                                                 THEN r.sid END),
    code = CASE WHEN {_COUNTS} THEN r.code ELSE m.code END,
    due_at = CASE WHEN {_COUNTS} THEN coalesce(r.due_at, m.due_at) ELSE m.due_at END,
    attempts = m.attempts - CASE WHEN r.uncounted AND {_COUNTS} THEN 1 ELSE 0 END,
    lease_until = CASE WHEN {_COUNTS} OR m.attempts = r.attempt THEN NULL ELSE m.lease_until END,
    sent_at = CASE WHEN r.sid IS NOT NULL THEN coalesce(m.sent_at, :now) ELSE m.sent_at END,
    settled_at = CASE WHEN {_COUNTS} AND r.state IN ('failed', 'suppressed', 'expired') THEN :now
                      ELSE m.settled_at END
FROM unnest(CAST(:ids AS bigint[]), CAST(:states AS text[]), CAST(:sids AS text[]), CAST(:codes AS int[]),
            CAST(:dues AS timestamptz[]), CAST(:uncounted AS boolean[]), CAST(:attempts AS int[]))
     AS r(id, state, sid, code, due_at, uncounted, attempt)
WHERE m.id = r.id
RETURNING m.id, m.event_id, m.e164, m.step, m.state
"""  # noqa: S608  # our own constant
)


LAST = 2**63 - 1  # of all ids


@dataclass(frozen=True, slots=True)
class Change:
    """What a result does to a message. sid only when accepted; due_at only when queued again.

    attempt: the how-manieth request it is about; None for a finding about a message of unknown fate.
    """

    id: int
    state: str
    sid: str | None = None
    code: int | None = None
    due_at: datetime | None = None
    uncounted: bool = False
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """A message after a change, with what is needed to find the recipients who rely on it."""

    id: int
    event_id: int | None
    e164: str
    step: str
    state: str


@dataclass(frozen=True, slots=True)
class Finished:
    """An attempt's end as the ledger keeps it."""

    attempt_id: int
    outcome: str
    http_status: int | None
    code: int | None
    sid: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """When and how the texts of one step leave."""

    step: Step
    sender: str
    template: str
    due_at: datetime
    closes_at: datetime
    void_at: datetime


def queue_texts(
    connection: Connection,
    event_id: int,
    plan: Plan,
    *,
    now: datetime,
    recipients: Sequence[int] | None = None,
    after: int = 0,
    upto: int = LAST,
) -> int:
    """One text per waiting recipient and number; recipients narrows it to some, after and upto to ids above the one, up
    to the other. Returns how many were added."""
    values = asdict(plan) | {
        "event_id": event_id,
        "now": now,
        "recipients": None if recipients is None else [*recipients],
        "after": after,
        "upto": upto,
    }
    return connection.execute(_QUEUE, values).rowcount


def start(
    connection: Connection, texts: Sequence[tuple[int, str, int]], *, lease_until: datetime, now: datetime
) -> dict[int, int]:
    """Marks claimed texts as being sent and opens their attempts: message id -> attempt id.

    texts: (message id, body, segments).
    """
    values = {
        "ids": [t[0] for t in texts],
        "bodies": [t[1] for t in texts],
        "segments": [t[2] for t in texts],
        "lease_until": lease_until,
        "now": now,
    }
    return {row.message_id: row.id for row in connection.execute(_START, values)}


def finish(connection: Connection, attempts: Sequence[Finished], *, now: datetime) -> bool:
    """Closes attempts with what their requests came to. Whether any worker met silence of late (see store/outages.py)."""
    silence: bool = connection.execute(
        _FINISH_ATTEMPTS,
        {
            "ids": [a.attempt_id for a in attempts],
            "outcomes": [a.outcome for a in attempts],
            "http": [a.http_status for a in attempts],
            "codes": [a.code for a in attempts],
            "sids": [a.sid for a in attempts],
            "now": now,
        },
    ).scalar_one()
    return silence


def change(connection: Connection, changes: Sequence[Change], *, now: datetime) -> list[Moved]:
    """Moves messages that are being sent or of unknown fate; leaves those a receipt has settled."""
    ordered = sorted(changes, key=lambda c: c.id)
    values: dict[str, Any] = {
        "ids": [c.id for c in ordered],
        "states": [c.state for c in ordered],
        "sids": [c.sid for c in ordered],
        "codes": [c.code for c in ordered],
        "dues": [c.due_at for c in ordered],
        "uncounted": [c.uncounted for c in ordered],
        "attempts": [c.attempt for c in ordered],
        "now": now,
    }
    return [Moved(*row) for row in connection.execute(_RECORD, values)]


def cancel_queued(connection: Connection, event_id: int, *, now: datetime) -> int:
    """Takes back the texts and calls of an event that have not left; returns how many."""
    statement = text(
        "UPDATE message SET state = 'cancelled', settled_at = :now "
        "WHERE event_id = :event_id AND lane <> 'answers' AND state = 'queued'"
    )
    return connection.execute(statement, {"event_id": event_id, "now": now}).rowcount


def fail_queued(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Ends queued texts that can never leave as they are."""
    statement = text(
        "UPDATE message SET state = 'failed', settled_at = :now WHERE id = ANY (:ids) AND state = 'queued'"
    )
    connection.execute(statement, {"ids": list(ids), "now": now})


def expire_for_outage(connection: Connection, *, calls: bool, now: datetime) -> list[Moved]:
    """Ends the due texts, or calls, of running check-ins that cannot leave, where no text reached the household; returns
    them. The call of who was written to waits: a person rings at the deadline anyway."""
    statement = text(
        "UPDATE message m SET state = 'expired', settled_at = :now FROM campaign_event e "
        "WHERE e.id = m.event_id AND e.state = 'running' AND e.kind = 'check_in' AND m.state = 'queued' "
        "AND m.lane <> 'answers' AND m.step IN ('first', 'second_number', 'voice') AND m.due_at <= :now "
        "AND (m.channel = 'voice') = :calls AND (m.channel <> 'voice' OR EXISTS ("
        " SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.call_e164 = m.e164 AND r.state = 'waiting' "
        " AND (r.contacted_at IS NULL OR r.reason IS NOT NULL))) "
        "RETURNING m.id, m.event_id, m.e164, m.step, m.state"
    )
    return [Moved(*row) for row in connection.execute(statement, {"now": now, "calls": calls})]


def expire_queued(connection: Connection, event_id: int, *, now: datetime) -> list[Moved]:
    """Ends the texts of an event whose window closed for good before they could leave."""
    statement = text(
        "UPDATE message SET state = 'expired', settled_at = :now WHERE event_id = :event_id AND lane = 'bulk' "
        "AND state = 'queued' AND window_closes_at <= :now RETURNING id, event_id, e164, step, state"
    )
    return [Moved(*row) for row in connection.execute(statement, {"event_id": event_id, "now": now})]
