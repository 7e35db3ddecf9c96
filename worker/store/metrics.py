"""What a monitoring system may know: counts by state and ages, no person."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from worker.store import refused_answers

_MESSAGES = text("SELECT lane, state, count(*) AS n FROM message GROUP BY 1, 2")
_RECIPIENTS = text(
    """
SELECT r.state, count(*) AS n FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE e.state IN ('planned', 'running', 'paused') GROUP BY 1
"""
)
_TASKS = text("SELECT state, count(*) AS n FROM callback_task WHERE state IN ('open', 'claimed') GROUP BY 1")
_EVENTS = text("SELECT state, count(*) AS n FROM campaign_event GROUP BY 1")
_ALARMS = text("SELECT count(*) FROM campaign_event WHERE alarm IS NOT NULL AND state = 'paused'")
_MISSED = text("SELECT count(*) FROM missed_occasion WHERE seen_at IS NULL")
_OVERDUE = text(
    """
SELECT coalesce(max(extract(epoch FROM now() - r.due_at)), 0) FROM recipient r JOIN campaign_event e ON e.id = r.event_id
WHERE r.state = 'waiting' AND r.due_at < now() AND e.state IN ('running', 'paused')
"""
)
_UNREAD = text("SELECT count(*) FROM inbound_message WHERE read_at IS NULL")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts by labels, at one moment."""

    messages: dict[tuple[str, str], int]
    recipients: dict[str, int]
    tasks: dict[str, int]
    events: dict[str, int]
    alarms: int
    answers_refused: int
    missed_occasions: int
    unread_replies: int
    ladder_lag_s: float


def snapshot(connection: Connection) -> Snapshot:
    """Everything /metrics shows about the rows."""
    return Snapshot(
        messages={(row.lane, row.state): row.n for row in connection.execute(_MESSAGES)},
        recipients={row.state: row.n for row in connection.execute(_RECIPIENTS)},
        tasks={row.state: row.n for row in connection.execute(_TASKS)},
        events={row.state: row.n for row in connection.execute(_EVENTS)},
        alarms=connection.execute(_ALARMS).scalar_one(),
        answers_refused=refused_answers.waiting(connection).texts,
        missed_occasions=connection.execute(_MISSED).scalar_one(),
        unread_replies=connection.execute(_UNREAD).scalar_one(),
        ladder_lag_s=float(connection.execute(_OVERDUE).scalar_one()),
    )
