"""Which texts leave next: claimed by one worker at a time, the most urgent event first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from worker.domain.messages import OutgoingText, Step
from worker.store.wanted import WAITS

# Claims walk ix_message_queued from its beginning and stop when they have enough, so the last one costs what the first
# did; OFFSET 0 keeps each EXISTS from being turned into a reading of whole tables for a few rows. SKIP LOCKED lets
# several workers claim side by side.
_DUE = """
m.state = 'queued' AND m.lane = {lane} AND {whose} AND m.due_at <= :now
  AND m.void_at > :now AND m.window_closes_at > :now
"""

# Nobody is written to any more once nobody who relied on the text waits for it: a request that was refused may bring it
# back after they were let go.
_WANTED = f"""
(m.step = 'ack'
 OR (NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.e164 = m.e164 AND o.undone_at IS NULL
                 AND o.channel IN ('sms', 'all') AND o.purpose IN ('all', {{purpose}}) OFFSET 0)
     AND CASE WHEN m.step = 'second_number'
              THEN EXISTS (SELECT 1 FROM recipient r WHERE r.id = m.recipient_id AND {WAITS} OFFSET 0)
              ELSE EXISTS (SELECT 1 FROM recipient r WHERE r.event_id = m.event_id AND r.e164 = m.e164
                           AND {WAITS} OFFSET 0) END))
"""  # noqa: S608  # our own constant

_MAY_LEAVE = f"{_DUE} AND {_WANTED}"

_COLUMNS = "m.id, m.e164, m.sender, m.template, m.language, m.variables, m.void_at, m.step, m.attempts"

_TAKE = """
SELECT {columns}
FROM message m
WHERE {may_leave}
ORDER BY m.due_at, m.id
LIMIT :limit
FOR UPDATE OF m SKIP LOCKED
"""

# What nobody wants steps back for a while, so that no claim meets it twice: a tick ends what a refusal or a lost number
# stops, and who is away or was let go by mistake may still want theirs.
_CLAIM = text(
    """
WITH head AS MATERIALIZED ({head}), back AS (
    UPDATE message m SET due_at = CAST(:now AS timestamptz) + :back_for FROM head WHERE m.id = head.id AND NOT head.wanted
)
SELECT * FROM head
""".format(  # noqa: S608  # our own constant
        head=_TAKE.format(
            columns=f"{_COLUMNS}, {_WANTED.format(purpose=':purpose')} AS wanted",
            may_leave=_DUE.format(lane="'bulk'", whose="m.event_id = :event_id"),
        )
    )
)
BACK_FOR = timedelta(minutes=1)

_CLAIM_ANSWERS = text(
    _TAKE.format(columns=_COLUMNS, may_leave=_MAY_LEAVE.format(lane="'answers'", whose="true", purpose="'all'"))
)

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


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an event's queue. full: as many as were asked for were there, wanted or not."""

    texts: Sequence[Claimed]
    full: bool


def claim(connection: Connection, event_id: int, *, purpose: str, limit: int, now: datetime) -> Head:
    """Due bulk texts of one event, locked; nobody else gets them while the transaction is open.

    Reads `limit` of them at most: those that nobody wants are put off, and are not among the texts.
    """
    values = {"event_id": event_id, "purpose": purpose, "limit": limit, "back_for": BACK_FOR, "now": now}
    found = connection.execute(_CLAIM, values).all()
    return Head([Claimed(*claimed) for *claimed, wanted in found if wanted], full=len(found) == limit)


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
    return [Claimed(*row) for row in connection.execute(_CLAIM_ANSWERS, values)]
