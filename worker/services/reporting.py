"""What operators and outside programs are told: the account of an event, the callers' list."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from worker.domain.channels import Channel
from worker.domain.messages import MessageState
from worker.domain.recipients import RecipientState
from worker.domain.reports import next_step
from worker.domain.voice import CallEnd
from worker.services import events, next_steps
from worker.store import accounts, reports, task_pages
from worker.store import events as event_rows
from worker.store import tasks as task_rows
from worker.store.database import Database

WHOLE_EVENT = reports.Span()


@dataclass(frozen=True, slots=True)
class Report:
    """An event with its account, taken in one transaction."""

    event: event_rows.Event
    account: accounts.Account
    by_agency: Sequence[dict[str, Any]]
    next_steps: Sequence[next_steps.Next]


def report(db: Database, event_id: int) -> Report:
    """The account of one event. Raises NotFound."""
    event = events.get(db, event_id)
    with db.begin() as connection:
        return Report(
            event,
            accounts.of_event(connection, event_id),
            accounts.by_agency(connection, event_id),
            next_steps.of_event(connection, event_id),
        )


def rows(db: Database, event_id: int, span: reports.Span = WHOLE_EVENT) -> list[dict[str, Any]]:
    """One row per household of an event, without names or numbers. Raises NotFound."""
    events.get(db, event_id)
    with db.begin() as connection:
        return [row(home) for home in reports.homes(connection, event_id, span)]


def row(home: reports.Home) -> dict[str, Any]:
    """One household of an event as a line, with what comes next."""
    following = next_step(RecipientState(home.state), texted=home.contacted_at is not None)
    return asdict(home) | {"next_step": str(following)}


def tasks(db: Database, *, agency: str | None = None) -> list[task_rows.Task]:
    """The callers' list in the order of need."""
    with db.begin() as connection:
        return task_rows.queue(connection, agency=agency)


def tasks_page(
    db: Database, *, agencies: Sequence[str] | None, after: tuple[Any, ...] | None, limit: int
) -> list[task_rows.Task]:
    """A page of the callers' list of these agencies, None: all. after: priority, due time and id of the row before."""
    place = None if after is None else (after[0], after[1], after[2])
    with db.begin() as connection:
        return task_pages.page(connection, agencies=agencies, after=place, limit=limit)


def task(db: Database, task_id: int) -> task_rows.Task | None:
    """One call as the callers' list shows it, open or not."""
    with db.begin() as connection:
        return task_rows.one(connection, task_id)


def unknown_senders(db: Database, *, since: datetime) -> int:
    """How many messages from unknown numbers wait to be filed."""
    with db.begin() as connection:
        return accounts.unknown_senders(connection, since=since)


def as_json(report: Report) -> dict[str, Any]:
    """The account in the form other programs rely on."""
    account, event = report.account, report.event
    return {
        "event": str(event.id),
        "campaign": event.campaign,
        "occasion": event.occasion,
        "state": str(event.state),
        "opened_at": event.opened_at.isoformat(),
        "alarm": event.alarm,
        "test": event.is_test,
        "recipients": {
            "total": account.total,
            "by_state": account.recipients,
            "reasons": account.reasons,
            "unaccounted": account.unaccounted,
        },
        "messages": {
            "total": sum(account.messages.values()),
            "segments": account.segments,
            "by_state": {str(state): account.messages.get(state, 0) for state in MessageState},
            "by_channel": {str(channel): account.channels.get(channel, 0) for channel in Channel},
        },
        "calls": {
            "total": sum(account.calls.values()),
            "under_way": account.calls.get("under_way", 0),
            "by_end": {str(end): account.calls.get(end, 0) for end in CallEnd},
        },
        "replies": account.replies,
        "callback_tasks": {state: account.tasks.get(state, 0) for state in ("open", "claimed", "done", "cancelled")},
        "next_steps": next_steps.as_json(report.next_steps),
    }
