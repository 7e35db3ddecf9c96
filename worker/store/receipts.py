"""The provider's later words: kept once each, and applied as one conditional update."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.messages import Receipt
from worker.store.outbox import Moved

# The unique key (provider_sid, status, code) drops what was heard before.
_KEEP = text(
    """
INSERT INTO delivery_receipt (message_id, provider_sid, status, code, received_at)
SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:sids AS text[]), CAST(:statuses AS text[]), CAST(:codes AS int[]),
                     CAST(:times AS timestamptz[]))
ON CONFLICT DO NOTHING
"""
)

# Only moves in the table are made (`allowed`: from>to), so late and repeated words do nothing. A word about an
# older request of the same message counts only when it is good news.
_APPLY = text(
    """
WITH word AS (
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:sids AS text[]), CAST(:states AS text[]), CAST(:statuses AS text[]),
                         CAST(:codes AS int[])) AS w(message_id, sid, state, status, code)
), named AS (
    SELECT coalesce(w.message_id, m.id) AS id, w.* FROM word w
    LEFT JOIN message m ON w.message_id IS NULL AND m.provider_sid = w.sid
), locked AS (
    SELECT m.id, m.state AS before FROM message m WHERE m.id IN (SELECT n.id FROM named n)
    ORDER BY m.id FOR NO KEY UPDATE
), moved AS (
UPDATE message m SET
    state = n.state, provider_status = n.status, code = CASE WHEN n.code = 0 THEN m.code ELSE n.code END,
    provider_sid = CASE WHEN m.provider_sid IS NULL OR n.state = 'delivered' THEN n.sid ELSE m.provider_sid END,
    sent_at = coalesce(m.sent_at, :now),
    -- its worker has not written yet: should it be dead, the end of the lease tells
    lease_until = CASE WHEN m.state NOT IN ('queued', 'unknown') THEN m.lease_until END,
    settled_at = CASE WHEN n.state = 'sent' THEN NULL ELSE CAST(:now AS timestamptz) END
FROM named n, locked l
WHERE m.id = n.id AND l.id = m.id AND (m.state || '>' || n.state) = ANY (:allowed)
  AND (m.provider_sid IS NULL OR m.provider_sid = n.sid OR n.state = 'delivered')
RETURNING m.id, m.event_id, m.e164, m.step, m.state, m.code, l.before
)
SELECT m.*, e.kind FROM moved m LEFT JOIN campaign_event e ON e.id = m.event_id
WHERE m.before IN ('queued', 'unknown') OR m.state NOT IN ('sent', 'delivered') OR (m.state = 'delivered' AND e.kind = 'advice')
"""
)


@dataclass(frozen=True, slots=True)
class Word:
    """One receipt, translated into our states and ready to be applied."""

    receipt: Receipt
    state: str


@dataclass(frozen=True, slots=True)
class Applied(Moved):
    """A message that a receipt moved. code: the provider's error, 0 or None without. before: its state until now.

    kind: of its event, None for an answer.
    """

    code: int | None = None
    before: str | None = None
    kind: str | None = None


def keep(connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Stores every receipt once, whether or not we know its message."""
    connection.execute(
        _KEEP,
        {
            "ids": [r.message_id for r in receipts],
            "sids": [r.provider_sid for r in receipts],
            "statuses": [r.status for r in receipts],
            "codes": [r.code or 0 for r in receipts],
            "times": [r.received_at for r in receipts],
        },
    )


def apply(connection: Connection, words: Sequence[Word], *, allowed: Sequence[str], now: datetime) -> list[Applied]:
    """Moves the messages that may move; at most one word per message. allowed: "from>to" pairs.

    Returns those for which something follows: the first word there is of a request, bad news, advice that arrived. For
    the others, nearly all, nothing does.
    """
    values = {
        "ids": [w.receipt.message_id for w in words],
        "sids": [w.receipt.provider_sid for w in words],
        "states": [w.state for w in words],
        "statuses": [w.receipt.status for w in words],
        "codes": [w.receipt.code or 0 for w in words],
        "allowed": list(allowed),
        "now": now,
    }
    return [Applied(*row) for row in connection.execute(_APPLY, values)]
