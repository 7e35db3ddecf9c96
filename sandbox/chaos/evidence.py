"""What there is to judge by: the provider's journal, the rows of the database, and what was planned. No verdicts here.

Read with statements of our own, so that a mistake in the program's own accounts cannot hide itself.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import psycopg
from psycopg.rows import class_row

T = TypeVar("T")

# Every text of a campaign names it and its step: c017-1 is the first of c017, c017-2 its reminder.
MARKER = re.compile(r"\b(c\d+)-([12])\b")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A text the provider took. asked: when the request came in. campaign is empty for an acknowledgement."""

    sid: str
    to: str
    campaign: str
    step: str
    message_id: int | None
    asked: datetime
    at: datetime
    validity_s: float
    status: str

    @property
    def what(self) -> str:
        """What may leave once: this campaign's step to this number, or this one acknowledgement."""
        return f"{self.campaign}-{self.step} to {self.to}" if self.campaign else f"message {self.message_id}"


@dataclass(frozen=True, slots=True)
class Heard:
    """A text from a phone, as the provider has it. kept_at: when our hook had said that we have it, None if it never
    did."""

    sid: str
    number: str
    body: str
    at: datetime
    kept_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """A call the provider took. attempt_id: which of our tries it was, by the address that is told of it."""

    sid: str
    to: str
    message_id: int | None
    attempt_id: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Key:
    """Keys pressed in a call, which the program was told and took with a good answer, which was there at kept_at."""

    call_sid: str
    digits: str
    kept_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    campaign: str
    kind: str
    state: str
    void_at: datetime
    fanned_out_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recipient:
    id: int
    campaign: str
    dwelling: str
    number: str | None
    state: str
    reason: str | None
    due_at: datetime | None
    task_state: str | None
    task_reasons: list[str] | None
    # Numbers of the household beside the one the event writes to.
    others: tuple[str, ...] | list[str] = ()
    # The number that the machine rings.
    landline: str | None = None
    # When its time to answer began, and when the call was made that it was handed to last, whatever became of that one.
    contacted_at: datetime | None = None
    task_created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    id: int
    campaign: str | None
    number: str
    step: str
    state: str
    sid: str | None
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class Stored:
    sid: str
    number: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Request:
    """One request for a text or a call, as it ended. started_at: when it was claimed, before it left."""

    id: int
    message_id: int
    outcome: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Books:
    """The program's rows, all as of one moment."""

    at: datetime
    events: tuple[Event, ...]
    recipients: tuple[Recipient, ...]
    messages: tuple[Message, ...]
    stored: tuple[Stored, ...]
    requests: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """The provider's side."""

    accepted: tuple[Accepted, ...] = ()
    heard: tuple[Heard, ...] = ()
    called: tuple[Called, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a campaign promises. window: when its texts may leave, None at any time. deadline_s: of a check-in."""

    audience: frozenset[str]
    deadline_s: float | None = None
    window: tuple[datetime, datetime] | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Both sides and the promise. opened: the campaigns whose opening was confirmed to the operator.

    grace: so long after a deadline somebody may still wait, for a reply may be found late and a fate must be looked up.
    """

    terms: Mapping[str, Terms]
    opened: frozenset[str]
    books: Books
    journal: Journal = Journal()
    fine: frozenset[str] = frozenset()
    said_by_report: Mapping[str, Mapping[str, int]] | None = None
    later: timedelta = timedelta()
    grace: timedelta = timedelta(minutes=10)

    @property
    def now(self) -> datetime:
        """The moment it is judged at: that of the rows, or so much later on the clock of a rehearsal."""
        return self.books.at + self.later


_EVENTS = "SELECT id, campaign, kind, state, void_at, fanned_out_at FROM campaign_event"
_RECIPIENTS = """
SELECT r.id, e.campaign, d.code AS dwelling, r.e164 AS number, r.state, r.reason, r.due_at,
       k.state AS task_state, k.reasons AS task_reasons,
       ARRAY(SELECT p.e164 FROM phone p
             WHERE p.household_id = r.household_id AND p.e164 IS DISTINCT FROM r.e164) AS others,
       r.call_e164 AS landline, r.contacted_at, k.created_at AS task_created_at
FROM recipient r JOIN campaign_event e ON e.id = r.event_id JOIN household h ON h.id = r.household_id
JOIN dwelling d ON d.id = h.dwelling_id LEFT JOIN callback_task k ON k.id = r.task_id
"""
_MESSAGES = """
SELECT m.id, e.campaign, m.e164 AS number, m.step, m.state, m.provider_sid AS sid, m.channel
FROM message m LEFT JOIN campaign_event e ON e.id = m.event_id
"""
_REQUESTS = "SELECT id, message_id, outcome, started_at FROM attempt"
_STORED = "SELECT provider_sid AS sid, e164 AS number, read_at FROM inbound_message"


def books(connection: psycopg.Connection[Any]) -> Books:
    """All rows in one snapshot. The connection is used for a transaction of its own."""
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        row = connection.execute("SELECT now()").fetchone()
        return Books(
            row[0] if row else datetime.min,  # noqa: DTZ901  # there is always a row
            _rows(connection, Event, _EVENTS),
            _rows(connection, Recipient, _RECIPIENTS),
            _rows(connection, Message, _MESSAGES),
            _rows(connection, Stored, _STORED),
            _rows(connection, Request, _REQUESTS),
        )


def journal(
    lines: Iterable[Mapping[str, Any]],
    calls: Iterable[Mapping[str, Any]] = (),
    gathers: Iterable[Mapping[str, Any]] = (),
    hooks: Iterable[Mapping[str, Any]] = (),
) -> Journal:
    """The provider's journal from the lines of its control API: texts, calls, keys as they were posted, and the posts
    (hooks) of texts from phones."""
    listed, kept = list(lines), _kept(hooks)
    return Journal(
        tuple(_accepted(line) for line in listed if line["direction"] == "outbound-api"),
        tuple(
            Heard(line["sid"], line["from"], line["body"], _time(line["at"]), kept.get(line["sid"]))
            for line in listed
            if line["direction"] == "inbound"
        ),
        tuple(_called(line) for line in calls),
        tuple(
            Key(post["sid"], post["digits"], _answered_at(post))
            for post in gathers
            if post["answer"] == 200 and post.get("digits")
        ),
    )


def _kept(hooks: Iterable[Mapping[str, Any]]) -> dict[str, datetime]:
    """When the first good answer to a post about a text was there, by the text's id."""
    kept: dict[str, datetime] = {}
    for post in hooks:
        if post["answer"] == 200:
            answered_at = _answered_at(post)
            kept[post["sid"]] = min(answered_at, kept.get(post["sid"], answered_at))
    return kept


def _answered_at(post: Mapping[str, Any]) -> datetime:
    return _time(post["at"]) + timedelta(milliseconds=post["took_ms"])


def _rows(connection: psycopg.Connection[Any], kind: type[T], statement: Any) -> tuple[T, ...]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return tuple(cursor.execute(statement).fetchall())


def _accepted(line: Mapping[str, Any]) -> Accepted:
    found = MARKER.search(line["body"])
    asked = parse_qs(urlsplit(line["status_callback"] or "").query).get("m", [""])[0]
    return Accepted(
        line["sid"],
        line["to"],
        found[1] if found else "",
        found[2] if found else "",
        _id(asked),
        _time(line["asked"]),
        _time(line["at"]),
        line["validity_s"],
        line["status"],
    )


def _called(line: Mapping[str, Any]) -> Called:
    asked = parse_qs(urlsplit(line["status_callback"] or "").query)
    message, attempt = (asked.get(name, [""])[0] for name in ("m", "a"))
    return Called(line["sid"], line["to"], _id(message), _id(attempt), line["status"])


def _id(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
