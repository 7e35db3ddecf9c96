"""What the results of a batch of requests change: messages, recipients, numbers, and the event itself."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from worker import catalogue
from worker.domain import moves
from worker.domain.campaigns import Campaign
from worker.domain.channels import Channel
from worker.domain.messages import MessageState, NumberFault, Outcome, SendResult, Step
from worker.domain.recipients import Reason
from worker.i18n import _
from worker.services import outages
from worker.services.events import first_wait
from worker.store import automatic_calls, events, outbox, people, recipients, refused_answers, second_numbers
from worker.store.database import Connection, Database
from worker.twilio.errors import TOO_MANY

log = structlog.get_logger()

# What a refusal means for the household that relied on the text.
REASON_OF_FAULT = {
    NumberFault.OPTED_OUT: Reason.OPTED_OUT,
    NumberFault.NOT_MOBILE: Reason.LANDLINE_ONLY,
    NumberFault.DEAD: Reason.NUMBER_REFUSED,
    NumberFault.BLOCKED: Reason.NUMBER_REFUSED,
}


def record(
    db: Database,
    results: Sequence[SendResult],
    *,
    numbers: Mapping[int, str],
    attempts_made: Mapping[int, int],
    campaign: Campaign | None,
    max_attempts: int,
    holder: str,
    now: datetime,
) -> None:
    """Saves a batch's results in one transaction.

    numbers: message id -> E.164. attempts_made: requests so far per message, this one included.
    campaign: the event's, None for acknowledgements. holder: the worker that made the requests.
    """
    by_id = {r.message_id: r for r in results}
    changes = [_change(r, attempts_made.get(r.message_id, 1), max_attempts, now) for r in results]
    finished = [outbox.Finished(r.attempt_id, r.outcome, r.http_status, r.code, r.provider_sid) for r in results]
    faults = [(numbers[r.message_id], r.fault) for r in results if r.fault]

    def save(connection: Connection) -> None:
        silence = outbox.finish(connection, finished, now=now)
        due = changes if campaign is not None else _more_patient(connection, changes, results, now)
        moved = outbox.change(connection, due, now=now)
        note_faults(connection, faults, now)
        outages.note(connection, results, holder=holder, silence=silence, now=now)
        if campaign is not None:
            follow(connection, moved, by_id, campaign, now)
            _alarm(connection, results, moved, now)

    db.run(save)


def _more_patient(
    connection: Connection, changes: Sequence[outbox.Change], results: Sequence[SendResult], now: datetime
) -> list[outbox.Change]:
    """An answer has no event that a wrong set-up could stop: it waits longer each time it is refused for that, and the
    first of all is told. One number alone may be what the set-up does not allow, so the others do not wait for it."""
    wrong = [r for r in results if r.outcome is Outcome.CONFIGURATION]
    if not wrong:
        return [*changes]
    times = refused_answers.times(connection, [r.message_id for r in wrong])
    if max(times.values(), default=1) == 1 and not refused_answers.waiting(connection).texts:
        log.error("answers_refused", code=wrong[0].code, http_status=wrong[0].http_status)
    return [
        replace(c, due_at=now + _patience(times[c.id])) if c.id in times and c.state == MessageState.QUEUED else c
        for c in changes
    ]


def _patience(times: int) -> timedelta:
    jitter = 0.5 + random.random() / 2  # noqa: S311  # spreads retries, hides nothing
    return moves.backoff(times, retry_after_s=None, jitter=jitter)


def follow(
    connection: Connection,
    moved: Sequence[outbox.Moved],
    results: Mapping[int, SendResult],
    campaign: Campaign,
    now: datetime,
) -> None:
    """Starts the clock of those whose first text left, and the next rung of those it cannot reach."""
    _start_clocks(connection, [m for m in moved if m.state not in _NOT_LEFT], campaign, now)
    mark_failed(connection, moved, {m: r.fault for m, r in results.items()}, now)


def start_clocks(connection: Connection, moved: Sequence[outbox.Moved], now: datetime) -> None:
    """First texts and calls of several events left, or may have: their households' time to answer runs from now."""
    opening = [m for m in moved if m.step in _OPENING]
    for event_id in sorted({m.event_id for m in opening if m.event_id is not None}):
        event = events.get(connection, event_id)
        if event is not None:
            its_own = [m for m in opening if m.event_id == event_id]
            _start_clocks(connection, its_own, catalogue.thaw(event.definition), now)


def _start_clocks(connection: Connection, left: Sequence[outbox.Moved], campaign: Campaign, now: datetime) -> None:
    wait = first_wait(campaign)
    first = [(m.event_id, m.e164) for m in left if m.step == Step.FIRST and m.event_id is not None]
    if first:
        recipients.mark_contacted(connection, first, first_wait=wait, now=now)
    second = [m.id for m in left if m.step == Step.SECOND_NUMBER]
    if second:
        second_numbers.mark_left(connection, second, first_wait=wait, now=now)
    calls = [m.id for m in left if m.step == Step.VOICE]
    if calls:
        automatic_calls.mark_left(connection, calls, answer_in=campaign.calls_after, now=now)


def mark_failed(
    connection: Connection, moved: Sequence[outbox.Moved], faults: Mapping[int, NumberFault | None], now: datetime
) -> None:
    """The households whose first text failed, or the one to their other number, are due for their next rung at once."""
    failed = [m for m in moved if m.state in _REASON_OF_STATE]
    mark_lost(connection, [(m, reason_of(m.state, faults.get(m.id))) for m in failed], now)


def mark_lost(connection: Connection, lost: Sequence[tuple[outbox.Moved, Reason]], now: datetime) -> None:
    """Texts and calls that ended without reaching anybody, each with the reason: who relied on one is due at once.

    That a second number or a call failed is told by its own row; the reason of the recipient is about the first text.
    """
    first = [(m.event_id, m.e164, why) for m, why in lost if m.step == Step.FIRST and m.event_id is not None]
    if first:
        recipients.mark_due(connection, first, now=now)
    second = [m.id for m, _why in lost if m.step == Step.SECOND_NUMBER]
    if second:
        second_numbers.mark_failed(connection, second, now=now)
    calls = [m.id for m, _why in lost if m.step == Step.VOICE]
    if calls:
        automatic_calls.mark_ended(connection, calls, at=now)


# The steps by which a household first hears of an event.
_OPENING = frozenset({Step.FIRST, Step.SECOND_NUMBER, Step.VOICE})


_NOT_LEFT = frozenset(
    {
        MessageState.QUEUED,
        MessageState.SENDING,  # another attempt has it in hand: this word was about an older one
        MessageState.FAILED,
        MessageState.SUPPRESSED,
        MessageState.EXPIRED,
        MessageState.CANCELLED,
    }
)
_REASON_OF_STATE = {
    MessageState.FAILED: Reason.UNDELIVERED,
    MessageState.UNDELIVERED: Reason.UNDELIVERED,
    MessageState.SUPPRESSED: Reason.OPTED_OUT,
    MessageState.EXPIRED: Reason.EXPIRED,
}


def reason_of(state: str, fault: NumberFault | None) -> Reason:
    """Why a text did not arrive: what the number taught us, else what the state says."""
    return REASON_OF_FAULT[fault] if fault else _REASON_OF_STATE[MessageState(state)]


def _accepted(result: SendResult, _made: int, _most: int, _now: datetime) -> outbox.Change:
    return outbox.Change(result.message_id, MessageState.SENT, sid=result.provider_sid)


def _refused_number(result: SendResult, _made: int, _most: int, _now: datetime) -> outbox.Change:
    opted_out = result.fault is NumberFault.OPTED_OUT
    state = MessageState.SUPPRESSED if opted_out else MessageState.FAILED
    return outbox.Change(result.message_id, state, code=result.code)


def _refused_content(result: SendResult, _made: int, _most: int, _now: datetime) -> outbox.Change:
    """A text that became void while it waited for its turn never left: it expired."""
    state = MessageState.EXPIRED if result.code == moves.VALIDITY_EXPIRED else MessageState.FAILED
    return outbox.Change(result.message_id, state, code=result.code)


def _configuration(result: SendResult, _made: int, _most: int, now: datetime) -> outbox.Change:
    """Nobody's fault but ours: the text goes back as if it had not been tried."""
    later = now + moves.backoff(1, retry_after_s=None, jitter=1.0)
    return outbox.Change(result.message_id, MessageState.QUEUED, code=result.code, due_at=later, uncounted=True)


def _transient(result: SendResult, made: int, most: int, now: datetime) -> outbox.Change:
    """Due again later. What the provider refuses for the text is capped; an outage is not the text's fault, and
    ends with it becoming void or with the patience for outages."""
    ours = result.http_status in {None, TOO_MANY}
    if made >= most and not ours:
        return outbox.Change(result.message_id, MessageState.FAILED, code=result.code)
    jitter = random.random()  # noqa: S311  # spreads retries, hides nothing
    wait = moves.backoff(made, retry_after_s=result.retry_after_s, jitter=jitter)
    later = now + wait if result.asked else now
    return outbox.Change(result.message_id, MessageState.QUEUED, code=result.code, due_at=later, uncounted=ours)


def _unknown(result: SendResult, _made: int, _most: int, _now: datetime) -> outbox.Change:
    return outbox.Change(result.message_id, MessageState.UNKNOWN, code=result.code)


_CHANGES: Mapping[Outcome, Callable[[SendResult, int, int, datetime], outbox.Change]] = {
    Outcome.ACCEPTED: _accepted,
    Outcome.REFUSED_NUMBER: _refused_number,
    Outcome.REFUSED_CONTENT: _refused_content,
    Outcome.CONFIGURATION: _configuration,
    Outcome.TRANSIENT: _transient,
    Outcome.UNKNOWN: _unknown,
}


def change(result: SendResult, now: datetime) -> outbox.Change:
    """What one request does to its message, one of few: what the provider could not take is asked for again."""
    return _change(result, 1, 2, now)


def _change(result: SendResult, made: int, most: int, now: datetime) -> outbox.Change:
    return replace(_CHANGES[result.outcome](result, made, most, now), attempt=made)


def note_faults(connection: Connection, faults: Sequence[tuple[str, NumberFault]], now: datetime) -> None:
    """What the provider's refusals teach about numbers outlives the event: (E.164, fault)."""
    refused = [number for number, fault in faults if fault is NumberFault.OPTED_OUT]
    if refused:
        people.opt_out(connection, refused, channel=Channel.SMS, source="provider", now=now)
    landlines = [number for number, fault in faults if fault is NumberFault.NOT_MOBILE]
    if landlines:
        people.mark_not_mobile(connection, landlines)
    dead = [(number, "provider_dead") for number, fault in faults if fault is NumberFault.DEAD]
    if dead:
        people.mark_bad(connection, dead, now=now)


def _alarm(connection: Connection, results: Sequence[SendResult], moved: Sequence[outbox.Moved], now: datetime) -> None:
    """A wrong set-up stops the event: every further request would fail the same way."""
    wrong = next((r for r in results if r.outcome is Outcome.CONFIGURATION), None)
    event_id = next((m.event_id for m in moved if m.event_id), None)
    if wrong is None or event_id is None:
        return
    log.error(
        "event_stopped", event_id=event_id, reason="configuration", code=wrong.code, http_status=wrong.http_status
    )
    events.raise_alarm(connection, event_id, alarm=alarm_text(wrong.code, wrong.http_status), now=now)


def calls_alarm_text(code: int | None, http_status: int | None) -> str:
    """What the operator reads when the provider refuses our set-up for calls; texts are not concerned."""
    return _(
        "Twilio refuse nos appels automatiques (code {code}, HTTP {status}) : l'émetteur voice est à corriger. Les SMS "
        "continuent, les appels sont retentés toutes les cinq minutes ; passé l'heure utile, une personne "
        "appelle. Lancez « courtoisie check --online »."
    ).format(code=code, status=http_status)


def blocked_alarm_text(sip_code: int | None) -> str:
    """What the operator reads when a carrier's or a household's filter turns our calls away as unwanted."""
    return _(
        "Un appel automatique a été rejeté comme indésirable (SIP {code}) : le numéro de l'émetteur voice semble "
        "bloqué par un opérateur ou un filtre. Demandez à Twilio de le faire débloquer, ou changez de numéro. "
        "Une personne appelle les foyers concernés."
    ).format(code=sip_code)


def alarm_text(code: int | None, http_status: int | None) -> str:
    """What the operator reads when the provider refuses our set-up; http_status None: it said so in a receipt."""
    where = "" if http_status is None else f", HTTP {http_status}"
    return _(
        "Twilio refuse nos demandes (code {code}{where}) : la configuration est à corriger. Rien n'est perdu. "
        "Lancez « courtoisie check --online », puis « courtoisie event resume »."
    ).format(code=code, where=where)
