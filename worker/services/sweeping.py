"""Finds what a lost queue, a dead worker or a closed window left behind, and says whom to wake."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker import catalogue
from worker.services import outages, recording
from worker.services.desk import Desk
from worker.services.inbound import UNREAD_AFTER
from worker.store import (
    automatic_calls,
    call_words,
    claims,
    events,
    fates,
    inbound,
    learning,
    limits,
    outbox,
    sweeping,
    undoing,
    unqueued,
)
from worker.store.database import Connection, Database

log = structlog.get_logger()

# No answering machine listens for longer.
LISTENS_AT_MOST = timedelta(minutes=3)
# A text whose fate nobody could tell counts as failed this long after it was last useful.
UNKNOWN_AT_MOST = timedelta(days=1)
# What was to be done about a lost number is done by then, also in an event that runs for weeks.
LOST_LATELY = timedelta(days=2)
# Whoever queues an event's texts does a slice in less than a second; after so long nobody does any more.
UNQUEUED_AFTER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Wakes:
    """What is due and should be put on the queue again."""

    unopened_events: Sequence[int] = ()
    sending_events: Sequence[int] = ()
    answers: bool = False
    calls: bool = False
    machines: Sequence[tuple[int, int]] = ()
    escalation: bool = False
    unread: bool = False


def sweep(db: Database, *, desk: Desk, outage: outages.Rules, now: datetime) -> Wakes:
    """Mends the rows, settles finished events, returns what must be woken. Safe at any time, any number of times."""
    db.run(lambda connection: _mend(connection, desk, outage, now))
    with db.begin() as connection:
        sweeping.expect_few(connection)
        settled = events.settle_finished(connection, now=now)
        wakes = Wakes(
            unopened_events=[
                *sweeping.unopened(connection, now=now),
                *unqueued.left(connection, before=now - UNQUEUED_AFTER),
            ],
            sending_events=sweeping.events_with_due_texts(connection, now=now),
            answers=sweeping.has_due_answers(connection, now=now),
            calls=automatic_calls.has_due(connection, now=now),
            machines=call_words.machines(connection, since=now - LISTENS_AT_MOST),
            escalation=sweeping.has_due_recipients(connection, now=now),
            unread=inbound.has_unread(connection, before=now - UNREAD_AFTER),
        )
    for event_id in settled:
        log.info("event_settled", event_id=event_id)
    return wakes


def _mend(connection: Connection, desk: Desk, outage: outages.Rules, now: datetime) -> None:
    sweeping.expect_few(connection)
    sweeping.cancel_left_over(connection, now=now)
    _expire(connection, now)
    _replan(connection, desk, now)
    outages.hand_over(connection, outage, desk=desk, now=now)
    limits.forget_old_shares(connection, now=now)
    claims.expire(connection, now=now)
    undoing.forget(connection, now=now)
    learning.forget_health(connection, now=now)


def _expire(connection: Connection, now: datetime) -> None:
    """Leases, useful times and refusals that ended; the households concerned go on to their next rung."""
    lost = sweeping.expire_leases(connection, now=now)
    if lost:
        log.warning("leases_expired", messages=len(lost))
        recording.start_clocks(connection, lost, now)  # a text of unknown fate may have arrived
    over = [
        *sweeping.expire_void(connection, now=now),
        *fates.give_up_unknown(connection, before=now - UNKNOWN_AT_MOST, now=now),
    ]
    recording.mark_failed(connection, over, {}, now)
    _mind_the_news(connection, now)


def _mind_the_news(connection: Connection, now: datetime) -> None:
    """Numbers that refused or were lost while events are under way: sought from there, not in all that is queued."""
    since = sweeping.live_since(connection)
    if since is None:
        return
    lately = max(since, now - LOST_LATELY)
    over = [
        *sweeping.suppress_refused(connection, since=since, now=now),
        *sweeping.fail_retired(connection, since=lately, now=now),
    ]
    recording.mark_failed(connection, over, {}, now)
    sweeping.let_go_of_lost_numbers(connection, since=lately, now=now)


def _replan(connection: Connection, desk: Desk, now: datetime) -> None:
    """What did not fit into a window waits for the next one if that is still in time, else it ends now."""
    for event_id in sweeping.with_closed_window(connection, now=now):
        event = events.get(connection, event_id)
        if event is None:
            continue
        opens_at, closes_at = desk.next_opening(catalogue.thaw(event.definition).window, now)
        if opens_at < event.void_at:
            sweeping.replan(connection, event_id, opens_at=opens_at, closes_at=closes_at, now=now)
        else:
            recording.mark_failed(connection, outbox.expire_queued(connection, event_id, now=now), {}, now)
    _replan_calls(connection, desk, now)


def _replan_calls(connection: Connection, desk: Desk, now: datetime) -> None:
    """The same for calls, by the hours in which the machine rings."""
    for event_id in automatic_calls.with_closed_window(connection, now=now):
        event = events.get(connection, event_id)
        if event is None:
            continue
        opens_at, closes_at = desk.line_opening(catalogue.thaw(event.definition), now)
        if opens_at < event.void_at:
            automatic_calls.replan(connection, event_id, opens_at=opens_at, closes_at=closes_at, now=now)
        else:
            recording.mark_failed(connection, automatic_calls.expire(connection, event_id, now=now), {}, now)
