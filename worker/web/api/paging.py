"""Pages by cursor: an opaque place in an order, so that what arrives meanwhile neither repeats nor hides a row."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from worker.i18n import _
from worker.web.api.problems import Trouble

MOST = 200
# PostgreSQL's bigint: a larger number is nobody's id.
ID_MOST = 2**63 - 1
INT_MOST = 2**31 - 1

T = TypeVar("T")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=MOST, description="rows on this page")]
Cursor = Annotated[
    str | None, Query(max_length=300, description="`next_cursor` of the page before; without it, the first page")
]


class Page(BaseModel, Generic[T]):
    """One page. Without `next_cursor` it is the last."""

    items: list[T]
    next_cursor: str | None = Field(default=None, examples=["WzQxXQ"])


def read(cursor: str | None, *kinds: Callable[[Any], Any]) -> tuple[Any, ...] | None:
    """The values in a cursor; None without one. Raises Trouble for a cursor that is not one of ours."""
    if cursor is None:
        return None
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return tuple(kind(value) for kind, value in zip(kinds, _listed(values), strict=True))
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        raise Trouble("bad_cursor", _("Ce curseur n'est pas le « next_cursor » d'une page précédente.")) from None


def page(
    rows: Sequence[Row], limit: int, *, show: Callable[[Row], T], place: Callable[[Row], tuple[Any, ...]]
) -> Page[T]:
    """A page out of one row more than it shows: the surplus says whether another follows."""
    shown = rows[:limit]
    follows = _write(place(shown[-1])) if len(rows) > limit else None
    return Page(items=[show(row) for row in shown], next_cursor=follows)


def whole(value: Any) -> int:
    """A number that fits a column of the database."""
    if type(value) is not int or not -ID_MOST <= value <= ID_MOST:
        raise ValueError(value)
    return value


def small(value: Any) -> int:
    """The same for a smaller column."""
    if abs(whole(value)) > INT_MOST:
        raise ValueError(value)
    return whole(value)


def moment(value: Any) -> datetime:
    """A moment with its zone."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at


def _listed(values: Any) -> list[Any]:
    if not isinstance(values, list):
        raise TypeError(values)
    return values


def _write(values: tuple[Any, ...]) -> str:
    plain = [v.isoformat() if isinstance(v, datetime) else v for v in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")
