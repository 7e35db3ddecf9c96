"""A long callers' list, made in one statement."""

from datetime import datetime

from sqlalchemy import text

from worker.store.database import Database

# Each household its own dwelling; agencies and priorities take turns, so that every band is there in every agency.
_TASKS = text(
    """
WITH agencies AS (
    INSERT INTO agency (code, name) SELECT to_char(n, 'FM00'), 'Agence ' || n FROM generate_series(1, :agencies) n
    ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id, code
), listed AS (
    SELECT n, a.id AS agency_id FROM generate_series(CAST(:after AS int) + 1, CAST(:after AS int) + :count) n
    JOIN agencies a ON a.code = to_char(1 + (n - 1) % :agencies, 'FM00')
), dwellings AS (
    INSERT INTO dwelling (code, agency_id) SELECT 'Q-' || n, agency_id FROM listed RETURNING id, agency_id, code
), households AS (
    INSERT INTO household (dwelling_id, created_at) SELECT id, :now FROM dwellings RETURNING id, dwelling_id
)
INSERT INTO callback_task (household_id, agency_id, state, reasons, priority, score, created_at, due_at)
SELECT h.id, d.agency_id, 'open', '{no_reply}', 10 + (h.id * 37) % 110, '[]', CAST(:now AS timestamptz),
       CAST(:now AS timestamptz) + interval '2 hours'
FROM households h JOIN dwellings d ON d.id = h.dwelling_id
"""
)


def fill(db: Database, count: int, *, agencies: int = 1, after: int = 0, now: datetime) -> None:
    """So many open tasks, with priorities from 10 to 119, due in two hours. after: how many there are already."""
    with db.begin() as connection:
        connection.execute(_TASKS, {"count": count, "after": after, "agencies": agencies, "now": now})
        connection.execute(text("ANALYZE callback_task"))
