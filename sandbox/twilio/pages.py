"""Lists: pages, and the relative address of the next one; messages with their filters."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from sandbox.twilio.errors import Refusal
from sandbox.twilio.journal import Journal, newest_first
from sandbox.twilio.records import API, Message, shown

USUAL_SIZE, LARGEST_SIZE = 50, 1000
FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
TOKEN = "PA"  # noqa: S105  # a place in a list


class Entry(Protocol):
    """What can be listed: it has a place in the order of the day."""

    @property
    def sid(self) -> str: ...
    @property
    def seq(self) -> int: ...


E = TypeVar("E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[E]):
    """One kind of record. matching: those a query lets through, newest first, from before a place in the list."""

    name: str
    filters: tuple[str, ...]
    by_sid: Mapping[str, E]
    matching: Callable[[Mapping[str, str], int | None], Iterator[E]]
    shown: Callable[[E, str], dict[str, Any]]


def page(journal: Journal, query: Mapping[str, str], account_sid: str) -> dict[str, Any]:
    """One page of messages, newest first."""
    shelf = Shelf("Messages", FILTERS, journal.by_sid, lambda q, place: _matching(journal, q, place), shown)
    return page_of(shelf, query, account_sid)


def page_of(shelf: Shelf[E], query: Mapping[str, str], account_sid: str) -> dict[str, Any]:
    """One page. A page token is a place in the list, so new records do not shift pages."""
    size = _number(query.get("PageSize"), USUAL_SIZE, low=1, high=LARGEST_SIZE)
    number = _number(query.get("Page"), 0, low=0, high=1 << 30)
    token = query.get("PageToken", "")
    last = shelf.by_sid.get(token.removeprefix(TOKEN)) if token else None
    skipped = 0 if token else number * size
    found = list(islice(shelf.matching(query, last.seq if last else None), skipped, skipped + size + 1))
    more, found = len(found) > size, found[:size]

    def uri(at: int, place: str = "") -> str:
        pairs = [(name, query[name]) for name in shelf.filters if query.get(name)]
        pairs += [("PageSize", str(size)), ("Page", str(at))]
        pairs += [("PageToken", place)] if place else []
        told = "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
        return f"{API}/{account_sid}/{shelf.name}.json?{told}"

    return {
        "first_page_uri": uri(0),
        "end": number * size + max(len(found) - 1, 0),
        "previous_page_uri": uri(number - 1) if number else None,
        shelf.name.lower(): [shelf.shown(record, account_sid) for record in found],
        "uri": uri(number),
        "page_size": size,
        "start": number * size,
        "next_page_uri": uri(number + 1, TOKEN + found[-1].sid) if more else None,
        "page": number,
    }


def _matching(journal: Journal, query: Mapping[str, str], before_seq: int | None) -> Iterator[Message]:
    to, sender = query.get("To") or None, query.get("From") or None
    messages: Iterable[Message] = newest_first(journal.matching(to, sender), before_seq)
    if to is not None and sender is not None:
        messages = (m for m in messages if m.sender == sender)
    spans = [span(name, query[name]) for name in FILTERS[2:] if query.get(name)]
    for low, high in spans:
        # A message that was not sent yet has no date_sent, so a filter on it leaves it out.
        messages = [m for m in messages if m.sent is not None and low <= m.sent < high]
    return iter(messages)


def span(name: str, text: str) -> tuple[float, float]:
    """The times a filter lets through: a day in GMT, or everything to its end, or from its beginning."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(20001, f"{name} is not a date: {text}") from None
    start = (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()
    end = start + (timedelta(days=1).total_seconds() if len(text) == len("2026-07-08") else 1.0)
    return {"<": (0.0, end), ">": (start, float("inf"))}.get(name[-1], (start, end))


def _number(text: str | None, usual: int, *, low: int, high: int) -> int:
    return min(max(int(text), low), high) if text is not None and text.isdigit() else usual
