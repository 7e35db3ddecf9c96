"""Which texts leave next: claimed by one worker at a time, the most urgent event first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from worker.domain.messages import OutgoingText, Step
from worker.store.wanted import WAITS

# Claims walk ix_message_queued from its beginning and stop when they have enough, so the last one costs what the first
# did; OFFSET 0 keeps each EXISTS from being turned into a reading of whole tables for a few rows. SKIP LOCKED lets
# several workers claim side by side. Nobody is written to any more once nobody who relied on the text waits for it: a
# request that was refused may bring it back after they were let go.
_MAY_LEAVE = f"""
m.state = 'queued' AND m.lane = {{lane}} AND {{whose}} AND m.due_at <= :now
  AND m.void_at > :now AND m.window_closes_at > :now
  AND (m.step = 'ack'
       OR (NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = m.e164 AND o.undone_at IS NULL
                       AND o.channel IN ('sms', 'all') AND o.purpose IN ('all', {{purpose}}) OFFSET 0)
           AND CASE WHEN m.step = 'second_number'
                    THEN EXISTS (SELECT 1 FROM recipient r WHERE r.id = m.recipient_id AND {WAITS} OFFSET 0)
                    ELSE EXISTS (SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.e164 = m.e164
                                 AND {WAITS} OFFSET 0) END))
"""  # noqa: S608  # our own constant

_TAKE = """
SELECT m.id, m.e164, m.sender, m.template, m.language, m.variables, m.void_at, m.step, m.attempts
FROM message m
WHERE {may_leave}
ORDER BY m.due_at, m.id
LIMIT :limit
FOR UPDATE OF m SKIP LOCKED
"""

_CLAIM = text(
    _TAKE.format(may_leave=_MAY_LEAVE.format(lane="'bulk'", whose="m.event_id = :event_id", purpose=":purpose"))
)

_CLAIM_ANSWERS = text(_TAKE.format(may_leave=_MAY_LEAVE.format(lane="'answers'", whose="true", purpose="'all'")))

# A sender with a pace is no bottleneck for the others, nor is an event that keeps a pace of its own for its neighbours.
_MORE_URGENT = text(
    """
SELECT e.id FROM campaign_event mine
JOIN campaign_event e ON e.state = 'running' AND e.priority > mine.priority AND e.pace_per_s IS NULL
WHERE mine.id = :event_id AND mine.state = 'running'
  AND (e.definition->>'sender' = mine.definition->>'sender' OR e.definition->>'sender' = ANY (:unpaced))
  AND EXISTS (SELECT 1 FROM message m WHERE {may_leave} OFFSET 0)
ORDER BY e.priority DESC, e.id LIMIT 1
""".format(may_leave=_MAY_LEAVE.format(lane="'bulk'", whose="m.event_id = e.id", purpose="e.definition->>'purpose'"))  # noqa: S608  # our own constant
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A queued text, locked for this transaction, not yet rendered."""

    id: int
    e164: str
    sender: str
    template: str
    language: str
    variables: dict[str, str]
    void_at: datetime
    step: str
    attempts: int

    def outgoing(
        self, attempt_id: int, body: str, segments: int, *, leave_at: datetime | None, lease_until: datetime
    ) -> OutgoingText:
        """The same, rendered and ready for one request."""
        return OutgoingText(
            self.id,
            attempt_id,
            self.e164,
            self.sender,
            body,
            segments,
            self.void_at,
            leave_at,
            lease_until,
            answer=self.step == Step.ACK,
        )


def claim(connection: Connection, event_id: int, *, purpose: str, limit: int, now: datetime) -> list[Claimed]:
    """Due bulk texts of one event, locked; nobody else gets them while the transaction is open."""
    values = {"event_id": event_id, "purpose": purpose, "limit": limit, "now": now}
    return [Claimed(**row._asdict()) for row in connection.execute(_CLAIM, values)]


def more_urgent(connection: Connection, event_id: int, *, unpaced: Sequence[str], now: datetime) -> int | None:
    """The running event of the highest priority above this one's that has texts to send; None when there is none.

    Only events that keep this one from sending: of the same sender, or of one without a pace (unpaced: their keys).
    """
    values = {"event_id": event_id, "unpaced": list(unpaced), "now": now}
    found: int | None = connection.execute(_MORE_URGENT, values).scalar()
    return found


def claim_answers(connection: Connection, *, limit: int, now: datetime) -> list[Claimed]:
    """Due acknowledgements of all events, locked."""
    values = {"limit": limit, "now": now}
    return [Claimed(**row._asdict()) for row in connection.execute(_CLAIM_ANSWERS, values)]
