"""Listing messages: filters, pages, and the relative address of the next one."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import quote

from sandbox.twilio.errors import Refusal
from sandbox.twilio.journal import Journal, newest_first
from sandbox.twilio.records import API, Message, shown

USUAL_SIZE, LARGEST_SIZE = 50, 1000
FILTERS = ("To", "From", "DateSent", "DateSent<", "DateSent>")
TOKEN = "PA"  # noqa: S105  # a place in a list


def page(journal: Journal, query: Mapping[str, str], account_sid: str) -> dict[str, Any]:
    """One page of messages, newest first. A page token is a place in the list, so new messages do not shift pages."""
    size = _number(query.get("PageSize"), USUAL_SIZE, low=1, high=LARGEST_SIZE)
    number = _number(query.get("Page"), 0, low=0, high=1 << 30)
    token = query.get("PageToken", "")
    matching = _matching(journal, query, _place(journal, token))
    skipped = 0 if token else number * size
    found = list(islice(matching, skipped, skipped + size + 1))
    more, found = len(found) > size, found[:size]
    return {
        "first_page_uri": _uri(account_sid, query, size, 0),
        "end": number * size + max(len(found) - 1, 0),
        "previous_page_uri": _uri(account_sid, query, size, number - 1) if number else None,
        "messages": [shown(message, account_sid) for message in found],
        "uri": _uri(account_sid, query, size, number),
        "page_size": size,
        "start": number * size,
        "next_page_uri": _uri(account_sid, query, size, number + 1, TOKEN + found[-1].sid) if more else None,
        "page": number,
    }


def _matching(journal: Journal, query: Mapping[str, str], before_seq: int | None) -> Iterator[Message]:
    to, sender = query.get("To") or None, query.get("From") or None
    messages: Iterable[Message] = newest_first(journal.matching(to, sender), before_seq)
    if to is not None and sender is not None:
        messages = (m for m in messages if m.sender == sender)
    spans = [_span(name, query[name]) for name in FILTERS[2:] if query.get(name)]
    for low, high in spans:
        # A message that was not sent yet has no date_sent, so a filter on it leaves it out.
        messages = [m for m in messages if m.sent is not None and low <= m.sent < high]
    return iter(messages)


def _span(name: str, text: str) -> tuple[float, float]:
    """The times a filter lets through: a day in GMT, or everything to its end, or from its beginning."""
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(20001, f"{name} is not a date: {text}") from None
    start = (day if day.tzinfo else day.replace(tzinfo=UTC)).timestamp()
    end = start + (timedelta(days=1).total_seconds() if len(text) == len("2026-07-08") else 1.0)
    return {"DateSent": (start, end), "DateSent<": (0.0, end), "DateSent>": (start, float("inf"))}[name]


def _place(journal: Journal, token: str) -> int | None:
    message = journal.by_sid.get(token.removeprefix(TOKEN)) if token else None
    return message.seq if message else None


def _number(text: str | None, usual: int, *, low: int, high: int) -> int:
    return min(max(int(text), low), high) if text is not None and text.isdigit() else usual


def _uri(account_sid: str, query: Mapping[str, str], size: int, number: int, token: str = "") -> str:
    pairs = [(name, query[name]) for name in FILTERS if query.get(name)]
    pairs += [("PageSize", str(size)), ("Page", str(number))]
    pairs += [("PageToken", token)] if token else []
    return f"{API}/{account_sid}/Messages.json?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)
