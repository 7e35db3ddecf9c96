"""The callers' list page by page: a row's place in the order is its own, so what arrives meanwhile moves no other."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from worker.store.tasks import CARD, Task

_PAGE = text(
    CARD
    + """
WHERE k.state IN ('open', 'claimed') AND (CAST(:agencies AS text[]) IS NULL OR g.code = ANY (:agencies))
  AND (CAST(:id AS bigint) IS NULL
       OR (-k.priority, k.due_at, k.id) > (-CAST(:priority AS int), CAST(:due_at AS timestamptz), CAST(:id AS bigint)))
ORDER BY k.priority DESC, k.due_at, k.id
LIMIT :limit
"""
)


def page(
    connection: Connection,
    *,
    agencies: Sequence[str] | None,
    after: tuple[int, datetime, int] | None = None,
    limit: int,
) -> list[Task]:
    """The list of these agencies, None: all, after the row with this priority, due time and id."""
    priority, due_at, task_id = after or (None, None, None)
    values = {
        "agencies": None if agencies is None else list(agencies),
        "priority": priority,
        "due_at": due_at,
        "id": task_id,
        "limit": limit,
    }
    return [Task(**row._asdict()) for row in connection.execute(_PAGE, values)]
