"""When the provider does not answer at all: wait together, try with one text, and in the end let people ring."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker.domain import moves
from worker.domain.messages import SendResult, Step
from worker.domain.recipients import Reason
from worker.i18n import _
from worker.services.desk import Desk
from worker.store import automatic_calls, events, outages, outbox, recipients, second_numbers
from worker.store.database import Connection
from worker.twilio.errors import TOO_MANY

log = structlog.get_logger()

SERVER_ERROR = 500
# A provider that takes fewer at once refuses some and takes others. When it has taken none for so long, it takes none.
REFUSED_FOR = timedelta(seconds=60)
# Whoever tries again has this long, at least as long as a request may take.
TRY_LASTS = timedelta(seconds=60)
# Not much longer than this after the provider is back, texts leave again.
LONGEST_WAIT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Rules:
    """alarm: an outage this old is told. patience: one this old hands its check-ins to the callers."""

    alarm: timedelta
    patience: timedelta


def note(connection: Connection, results: Sequence[SendResult], *, holder: str, silence: bool, now: datetime) -> None:
    """What a batch of requests says about the provider: it answers, or nobody does, or it refuses every one as one too
    many.

    silence: whether any worker met some of late; else an answer is no news.
    """
    asked = [r for r in results if r.asked]
    unanswered = sum(_is_silence(r) for r in asked)
    if any(_is_answer(r) for r in asked):
        if silence:
            _note_answer(connection, holder, now)
    elif not asked and len(results) == 1:
        # It may have been the one try of an outage, which found no place: somebody else may try.
        outages.give_back_try(connection, holder, now=now)
    elif unanswered:
        _note_silence(connection, unanswered, holder=holder, now=now)
    elif asked:
        wish = timedelta(seconds=max(r.retry_after_s or 0.0 for r in asked))
        _note_refusals(connection, holder=holder, wish=wish, now=now)


def _note_answer(connection: Connection, holder: str, now: datetime) -> None:
    since = outages.note_answer(connection, holder, now=now)
    if since is not None:
        log.info("provider_back", after_s=int((now - since).total_seconds()))


def _note_silence(connection: Connection, texts: int, *, holder: str, now: datetime) -> None:
    before = outages.current(connection, holder)
    failures = _failures(before, texts)
    if failures < outages.FEWEST_TO_TELL:
        outages.note_failure(connection, holder, failures=failures, retry_at=now, now=now)
        return
    jitter = 0.5 + random.random() / 2  # noqa: S311  # spreads tries, hides nothing
    tries = failures - outages.FEWEST_TO_TELL + 1
    wait = min(moves.backoff(tries, retry_after_s=None, jitter=jitter), LONGEST_WAIT)
    if not _is_told(before):
        log.warning("provider_silent", texts=failures)
    outages.note_failure(connection, holder, failures=failures, retry_at=now + wait, now=now)


def _note_refusals(connection: Connection, *, holder: str, wish: timedelta, now: datetime) -> None:
    """Nothing but "too many". Fewer are asked at once for it, and that will do; unless it goes on like this.

    wish: for how long the provider wants to be left alone, which is no pause in its refusals.
    """
    before = outages.current(connection, holder)
    if before is not None and _is_told(before):
        # Somebody is there, and may take the next one: tries do not become rarer for it, as they do in silence.
        retry_at = now + max(wish, moves.backoff(1, retry_after_s=None, jitter=1.0))
        outages.note_failure(connection, holder, failures=before.failures, retry_at=retry_at, now=now)
        return
    if before is not None and _goes_on(before, now):
        _note_silence(connection, outages.FEWEST_TO_TELL, holder=holder, now=now)
        return
    failures = before.failures if before is not None else 0
    outages.note_failure(connection, holder, failures=failures, retry_at=now + wish, memory=REFUSED_FOR, now=now)


def _goes_on(before: outages.Outage, now: datetime) -> bool:
    return now - before.since >= REFUSED_FOR and now - max(before.failed_at, before.retry_at) <= REFUSED_FOR


def _failures(before: outages.Outage | None, texts: int) -> int:
    """Single accidents add up until they are an outage; from then on each batch counts once, however large."""
    if before is not None and _is_told(before):
        return before.failures + 1
    return min(outages.FEWEST_TO_TELL, (before.failures if before else 0) + texts)


def _is_told(outage: outages.Outage | None) -> bool:
    return outage is not None and outage.failures >= outages.FEWEST_TO_TELL


def _is_silence(result: SendResult) -> bool:
    return result.http_status is None or result.http_status >= SERVER_ERROR


def _is_answer(result: SendResult) -> bool:
    return not _is_silence(result) and result.http_status != TOO_MANY


def allowance(connection: Connection, *, holder: str, now: datetime) -> tuple[int | None, float]:
    """How many texts may be claimed now, and how long to wait when none may: (None, 0) is no limit.

    In an outage one text at a time tries, so that it costs few texts of unknown fate to learn that it goes on.
    """
    outage = outages.current(connection, holder)
    if outage is None or not _is_told(outage):
        return None, 0.0
    if outages.take_try(connection, holder, lasts=TRY_LASTS, now=now):
        return 1, 0.0
    return 0, max(1.0, (outage.retry_at - now).total_seconds())


def give_back(connection: Connection, tries: int | None, claimed: int, *, holder: str, now: datetime) -> None:
    """After a claim that `allowance` let through: a try that found nothing to try with goes to somebody else."""
    if tries and not claimed:
        outages.give_back_try(connection, holder, now=now)


def hand_over(connection: Connection, rules: Rules, *, desk: Desk, now: datetime) -> int:
    """Tells of each outage once, and after the patience gives the check-ins that wait for it to the callers.

    Their texts are taken back: whoever is rung is not written to as well. As long as any worker gets answers, nothing
    is given away; texts and calls are judged each by its own. Returns the households.
    """
    outages.forget_old(connection, now=now)
    for holder, since in outages.take_alarms(connection, before=now - rules.alarm, now=now):
        log.error("provider_down", since=since.isoformat(), holder=holder)
    return sum(_hand_over(connection, rules, calls=calls, desk=desk, now=now) for calls in (False, True))


def _hand_over(connection: Connection, rules: Rules, *, calls: bool, desk: Desk, now: datetime) -> int:
    outage = outages.everywhere(connection, calls=calls, now=now)
    if outage is None:
        return 0
    if now - outage.since < rules.patience:
        return 0
    lost = outbox.expire_for_outage(connection, calls=calls, now=now)
    first = [(m.event_id, m.e164, Reason.EXPIRED) for m in lost if m.event_id and m.step == Step.FIRST]
    recipients.mark_due(connection, first, now=now)
    second_numbers.mark_failed(connection, [m.id for m in lost if m.step == Step.SECOND_NUMBER], now=now)
    automatic_calls.mark_ended(connection, [m.id for m in lost if m.step == Step.VOICE], at=now)
    for event_id in sorted({m.event_id for m in lost if m.event_id}):
        count = sum(m.event_id == event_id for m in lost)
        log.error("handed_to_callers", event_id=event_id, texts=count)
        events.note_alarm(connection, event_id, alarm=_told(outage, desk, calls=calls), now=now)
    return len(lost)


def _told(outage: outages.Outage, desk: Desk, *, calls: bool) -> str:
    since = outage.since.astimezone(desk.timezone)
    texts_wait = _(
        "Twilio ne prend plus de SMS depuis le {day} à {hour}. Les foyers qui attendaient un SMS sont confiés aux "
        "appelants : voyez « courtoisie tasks »."
    )
    calls_wait = _(
        "Twilio ne prend plus d'appels depuis le {day} à {hour}. Les foyers qui attendaient un appel automatique sont "
        "confiés aux appelants : voyez « courtoisie tasks »."
    )
    return (calls_wait if calls else texts_wait).format(day=since.strftime("%d/%m"), hour=since.strftime("%Hh%M"))
