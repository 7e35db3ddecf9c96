"""An event after the fact: who was reached, how and when, who was not; computed from rows every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from worker.domain.pricing import Spent
from worker.domain.reports import Figures, Happening, Hour, Waiting


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of an event: since <= moment < until, in one agency. None: no limit."""

    since: datetime | None = None
    until: datetime | None = None
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """One household of an event, by its dwelling: where it stands, how it was reached, what was tried last, what is next.

    text_*: the first text. last_attempt: "text", "machine" for an automatic call, or "call" for a person's; last_result: the
    state of the text, what either call came to.
    calls: made so far. reached_by: a word of Happening.
    """

    agency: str
    dwelling: str
    commune: str
    state: str
    reason: str | None
    intent: str | None
    contacted_at: datetime | None
    reminded_at: datetime | None
    replied_at: datetime | None
    settled_at: datetime | None
    text_state: str | None
    text_code: int | None
    task_state: str | None
    priority: int | None
    task_due_at: datetime | None
    reached_by: str | None
    first_call_at: datetime | None
    calls: int
    last_attempt: str | None
    last_attempt_at: datetime | None
    last_result: str | None
    next_at: datetime | None


# Each recipient of the span with its end as it stands. Who waits or is to be rung has not ended, whatever was before.
_SEEN = """
WITH seen AS (
    SELECT r.id, r.event_id, r.household_id, r.e164, r.call_e164, r.state, r.reason, r.intent, r.contacted_at, r.reminded_at, r.replied_at,
           r.settled_at, r.due_at, r.task_id,
           e.opened_at, g.code AS agency, d.code AS dwelling, d.commune,
           CASE WHEN r.state NOT IN ('waiting', 'callback') THEN r.settled_at END AS ended_at,
           CASE WHEN r.state IN ('fine', 'absent') AND r.reason = 'replied' THEN 'reached_by_reply'
                WHEN r.state IN ('fine', 'absent', 'reached') THEN 'reached_by_call'
                WHEN r.state = 'informed' THEN 'reached_by_text' END AS reached_by
    FROM recipient r JOIN campaign_event e ON e.id = r.event_id JOIN household h ON h.id = r.household_id
    JOIN dwelling d ON d.id = h.dwelling_id JOIN agency g ON g.id = d.agency_id
    WHERE r.event_id = :event_id AND (CAST(:agency AS text) IS NULL OR g.code = :agency)
), told AS (
    SELECT seen.*, coalesce(ended_at < :until, false) AS has_ended,
           coalesce(contacted_at >= :since AND contacted_at < :until, false) AS texted_now,
           coalesce(replied_at >= :since AND replied_at < :until, false) AS replied_now,
           (SELECT min(o.ended_at) FROM call_outcome o WHERE o.task_id = seen.task_id AND o.undone_at IS NULL) AS first_call_at
    FROM seen
    WHERE (ended_at IS NULL OR ended_at >= :since) AND opened_at < :until
)
"""

# The whole in the last row, so that its medians are true ones.
_FIGURES = text(
    f"""{_SEEN}
SELECT coalesce(told.agency, '') AS agency, count(*) AS listed,
       count(*) FILTER (WHERE has_ended AND told.state = 'excluded') AS excluded,
       count(*) FILTER (WHERE texted_now) AS texted,
       count(*) FILTER (WHERE has_ended AND reached_by = 'reached_by_reply') AS replied,
       count(*) FILTER (WHERE has_ended AND reached_by = 'reached_by_call') AS called,
       count(*) FILTER (WHERE has_ended AND reached_by = 'reached_by_text') AS informed,
       count(*) FILTER (WHERE has_ended AND told.state = 'unreached') AS unreached,
       count(*) FILTER (WHERE has_ended AND told.state = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE NOT has_ended) AS still_open,
       count(*) FILTER (WHERE told.reason = 'unknown_outcome' OR EXISTS (
           SELECT 1 FROM message m WHERE m.event_id = told.event_id AND m.e164 = told.e164 AND m.state = 'unknown')) AS unknown_fates,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM contacted_at - opened_at)::float)
           FILTER (WHERE texted_now AND contacted_at >= opened_at) AS median_first_text_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM replied_at - contacted_at)::float)
           FILTER (WHERE replied_now AND replied_at >= contacted_at) AS median_reply_s,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first_call_at - k.created_at)::float)
           FILTER (WHERE first_call_at >= :since AND first_call_at < :until) AS median_call_s
FROM told LEFT JOIN callback_task k ON k.id = told.task_id
GROUP BY GROUPING SETS ((told.agency), ()) ORDER BY grouping(told.agency), 1
"""  # noqa: S608  # our own constant
)

# Refusals of the event's numbers since it opened, whoever wrote them down.
_OPT_OUTS = text(
    f"""{_SEEN}
SELECT coalesce(told.agency, '') AS agency, count(DISTINCT o.e164) AS numbers
FROM told JOIN opt_out o ON o.e164 = told.e164 AND o.since_at >= told.opened_at AND o.since_at >= :since AND o.since_at < :until
GROUP BY GROUPING SETS ((told.agency), ())
"""  # noqa: S608  # our own constant
)

# Needs heard in the event's calls and handed to partners. Walks ix_referral_event_id.
_REFERRALS = text(
    """
SELECT coalesce(g.code, '') AS agency,
       count(*) FILTER (WHERE f.sent_at >= :since AND f.sent_at < :until) AS sent,
       count(*) FILTER (WHERE f.acknowledged_at >= :since AND f.acknowledged_at < :until) AS acknowledged,
       count(*) FILTER (WHERE f.state = 'solved' AND f.closed_at >= :since AND f.closed_at < :until) AS solved
FROM referral f JOIN household h ON h.id = f.household_id JOIN dwelling d ON d.id = h.dwelling_id
JOIN agency g ON g.id = d.agency_id
WHERE f.event_id = :event_id AND (CAST(:agency AS text) IS NULL OR g.code = :agency)
GROUP BY GROUPING SETS ((g.code), ())
"""
)

# Everything that left for the event, reminders and automatic answers too; of calls by the machine each begun minute.
# Walks uq_message_number.
_SPENT = text(
    """
SELECT coalesce(g.code, '') AS agency, m.channel, m.sender,
       (SELECT p FROM unnest(CAST(:destinations AS text[])) p WHERE starts_with(m.e164, p) ORDER BY length(p) DESC LIMIT 1)
           AS destination,
       sum(CASE m.channel WHEN 'voice' THEN spoken.calls ELSE 1 END)::int AS texts,
       coalesce(sum(CASE m.channel WHEN 'voice' THEN spoken.minutes ELSE m.segments END), 0)::int AS segments
FROM message m
LEFT JOIN LATERAL (SELECT sum(ceil(c.duration_s / 60.0)) AS minutes, count(*) AS calls FROM automatic_call c
                   WHERE c.message_id = m.id AND c.provider_sid IS NOT NULL) spoken ON m.channel = 'voice'
LEFT JOIN household h ON h.id = m.household_id LEFT JOIN dwelling d ON d.id = h.dwelling_id
LEFT JOIN agency g ON g.id = d.agency_id
WHERE m.event_id = :event_id AND m.sent_at >= :since AND m.sent_at < :until
  AND (CAST(:agency AS text) IS NULL OR g.code = :agency)
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
)

_HOURS = text(
    f"""{_SEEN}
, moments AS (
    SELECT agency, contacted_at AS at, 'texted' AS what FROM told WHERE texted_now
    UNION ALL SELECT agency, ended_at, reached_by FROM told WHERE has_ended AND reached_by IS NOT NULL
    UNION ALL SELECT t.agency, o.ended_at, 'call_made' FROM told t JOIN call_outcome o ON o.task_id = t.task_id
              WHERE o.undone_at IS NULL AND o.ended_at >= :since AND o.ended_at < :until
)
SELECT agency, CAST(at AT TIME ZONE :timezone AS date) AS day, CAST(extract(hour FROM at AT TIME ZONE :timezone) AS int) AS hour,
       what, count(*) AS households
FROM moments GROUP BY 1, 2, 3, 4 ORDER BY 2, 3, 1, 4
"""  # noqa: S608  # our own constant
)

# How many calls came and went in each local hour; those that were open before the event count from its first hour.
_CALLS = text(
    """
WITH mine AS (
    SELECT DISTINCT k.id, greatest(k.created_at, e.opened_at) AS opened_at, k.closed_at
    FROM recipient r JOIN campaign_event e ON e.id = r.event_id JOIN callback_task k ON k.id = r.task_id
    WHERE r.event_id = :event_id
), changes AS (
    SELECT date_trunc('hour', opened_at AT TIME ZONE :timezone) AS at, 1 AS more FROM mine
    UNION ALL SELECT date_trunc('hour', closed_at AT TIME ZONE :timezone), -1 FROM mine WHERE closed_at IS NOT NULL
)
SELECT at, CAST(sum(sum(more)) OVER (ORDER BY at) AS int) AS tasks FROM changes GROUP BY at ORDER BY at
"""
)

# Relies on uq_message_number and ix_call_outcome_task_id.
_HOMES = text(
    f"""{_SEEN}
SELECT told.agency, told.dwelling, told.commune, told.state, told.reason, told.intent, told.contacted_at, told.reminded_at,
       told.replied_at, told.settled_at, m.state AS text_state, m.code AS text_code, k.state AS task_state, k.priority,
       k.due_at AS task_due_at, told.reached_by, told.first_call_at, coalesce(k.calls, 0) AS calls,
       tried.attempt AS last_attempt, tried.at AS last_attempt_at, tried.result AS last_result,
       CASE told.state WHEN 'waiting' THEN told.due_at WHEN 'callback' THEN coalesce(k.not_before, k.due_at) END AS next_at
FROM told LEFT JOIN callback_task k ON k.id = told.task_id
LEFT JOIN message m ON m.event_id = told.event_id AND m.e164 = told.e164 AND m.channel = 'sms' AND m.step = 'first'
LEFT JOIN LATERAL (
    SELECT * FROM (
        SELECT 'text' AS attempt, t.sent_at AS at, t.state AS result FROM message t
        WHERE t.event_id = told.event_id AND t.e164 = told.e164 AND t.channel = 'sms' AND t.step <> 'ack'
          AND t.sent_at IS NOT NULL
        UNION ALL
        SELECT 'machine', coalesce(c.ended_at, c.opened_at), c.came_to
        FROM message v JOIN automatic_call c ON c.message_id = v.id
        WHERE v.event_id = told.event_id AND v.e164 = told.call_e164 AND v.channel = 'voice' AND c.came_to IS NOT NULL
        UNION ALL
        SELECT 'call', o.ended_at, o.code FROM call_outcome o WHERE o.task_id = told.task_id AND o.undone_at IS NULL
    ) tries ORDER BY at DESC LIMIT 1
) tried ON true
WHERE NOT :unreached_only OR told.state IN ('waiting', 'callback', 'unreached')
ORDER BY told.agency, told.dwelling, told.id
"""  # noqa: S608  # our own constant
)

_KEEP = text(
    """
INSERT INTO event_summary (event_id, campaign, occasion, opened_at, listed, figures, made_at, final)
VALUES (:event_id, :campaign, :occasion, :opened_at, :listed, CAST(:figures AS jsonb), :made_at, :final)
ON CONFLICT (event_id) DO UPDATE SET
    listed = excluded.listed, figures = excluded.figures, made_at = excluded.made_at, final = excluded.final
-- rows that were erased meanwhile must not shrink what was kept
WHERE excluded.listed >= event_summary.listed
"""
)

# Ended events without a summary, or whose calls and late replies may have changed it since.
_TO_KEEP = text(
    """
SELECT e.id, e.replies_until <= :now AND NOT EXISTS (
           SELECT 1 FROM recipient r JOIN callback_task k ON k.id = r.task_id AND k.state IN ('open', 'claimed')
           WHERE r.event_id = e.id) AS final
FROM campaign_event e LEFT JOIN event_summary s ON s.event_id = e.id
WHERE e.state IN ('settled', 'cancelled') AND (s.event_id IS NULL OR (NOT s.final AND s.made_at <= :made_before))
ORDER BY e.id LIMIT :limit
"""
)

# Wider than any event.
_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))

_KEPT = text("SELECT figures FROM event_summary WHERE event_id = :event_id")

_HAS_ROWS = text("SELECT EXISTS (SELECT 1 FROM recipient WHERE event_id = :event_id)")


def figures(connection: Connection, event_id: int, span: Span) -> list[Figures]:
    """By agency, the whole last; an event without recipients has only the whole."""
    return [Figures(**row._asdict()) for row in connection.execute(_FIGURES, _values(event_id, span))]


def opt_outs(connection: Connection, event_id: int, span: Span) -> dict[str, int]:
    """Numbers refused since the event opened, by agency; the whole under ""."""
    rows = connection.execute(_OPT_OUTS, _values(event_id, span))
    return {row.agency: row.numbers for row in rows}


def referrals(connection: Connection, event_id: int, span: Span) -> dict[str, tuple[int, int, int]]:
    """Referrals (sent, acknowledged, solved) by agency; the whole under ""."""
    rows = connection.execute(_REFERRALS, _values(event_id, span))
    return {row.agency: (row.sent, row.acknowledged, row.solved) for row in rows}


def spent(
    connection: Connection, event_id: int, span: Span, *, destinations: Sequence[str]
) -> list[tuple[str, int, Spent]]:
    """(agency, texts or calls by the machine, what left) for each agency, channel, sender and destination."""
    values = _values(event_id, span) | {"destinations": list(destinations)}
    return [
        (row.agency, row.texts, Spent(row.channel, row.sender, row.destination, row.segments))
        for row in connection.execute(_SPENT, values)
    ]


def hours(connection: Connection, event_id: int, span: Span, *, timezone: str) -> list[Hour]:
    """What happened in each local hour."""
    rows = connection.execute(_HOURS, _values(event_id, span) | {"timezone": timezone})
    return [Hour(row.agency, row.day, row.hour, Happening(row.what), row.households) for row in rows]


def calls_waiting(connection: Connection, event_id: int, *, timezone: str) -> list[Waiting]:
    """Open calls of an event at the end of each local hour in which one came or went."""
    rows = connection.execute(_CALLS, {"event_id": event_id, "timezone": timezone})
    return [Waiting(row.at.date(), row.at.hour, row.tasks) for row in rows]


def homes(connection: Connection, event_id: int, span: Span, *, unreached_only: bool = False) -> list[Home]:
    """The households of an event by dwelling, without a name or a number; or only those nobody has reached so far."""
    values = _values(event_id, span) | {"unreached_only": unreached_only}
    return [Home(**row._asdict()) for row in connection.execute(_HOMES, values)]


def to_keep(connection: Connection, *, made_before: datetime, now: datetime, limit: int = 20) -> list[tuple[int, bool]]:
    """(event, whether nothing of it can change any more) of ended events whose summary is missing or old."""
    rows = connection.execute(_TO_KEEP, {"made_before": made_before, "now": now, "limit": limit})
    return [(row.id, row.final) for row in rows]


def keep(connection: Connection, values: dict[str, Any]) -> None:
    """Keeps a summary, in place of an older one that counted no more households."""
    connection.execute(_KEEP, values)


def kept(connection: Connection, event_id: int) -> dict[str, Any] | None:
    """The figures kept of an event, or None."""
    return connection.execute(_KEPT, {"event_id": event_id}).scalar()


def has_rows(connection: Connection, event_id: int) -> bool:
    """Whether the event's recipients are still there."""
    return bool(connection.execute(_HAS_ROWS, {"event_id": event_id}).scalar_one())


def _values(event_id: int, span: Span) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "since": span.since or _EVER[0],
        "until": span.until or _EVER[1],
        "agency": span.agency,
    }
