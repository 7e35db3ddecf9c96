"""Many texts at once over one session; lives in the gateway's event loop."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from worker import logs
from worker.domain.messages import Outcome, SendResult
from worker.twilio import errors, heads, outgoing
from worker.twilio.account import Account
from worker.twilio.gate import Gate, Turn
from worker.twilio.outgoing import Draft, Outgoing
from worker.twilio.transport import NotSent, Transport
from worker.twilio.wire import FateUnknown

log = structlog.get_logger()

# A text that waited for its turn longer than this past its moment is given a new one: several late ones on the heels of
# the next would outrun the sender's pace. With the way to the provider it is what the slack between moments allows for
# (store/limits.py).
LATEST = timedelta(milliseconds=60)
# A text that waited for a place longer than this goes back: it left its event's hands so long ago that a pause or a
# cancel meanwhile did not reach it, and both count within a second.
TURN_WITHIN = timedelta(seconds=0.9)
# But on a machine that is late with everything, one leaves all the same when none has for so long.
AT_LEAST_ONE_EVERY = timedelta(seconds=10)
# Beside texts without a moment, one with a moment has its place kept for at most so long before.
KEPT_FOR = timedelta(milliseconds=200)
OTHERS_COME_AGAIN_S = 1.0
# A refusal for being one too many is felt at once in this process, and for so long whatever the database says.
NARROW_FOR_S = 5.0
# How much the latest answer counts for in the time that answers take.
NEWEST = 0.1


class Sending:
    """The provider's client for texts that leave. Create, use and close it inside one event loop.

    twilio-python says what a request begins with (address, headers, credentials); the answer is read here instead of by
    the SDK, whose error type drops the headers and whose success type parses eighteen fields we do not use.
    """

    def __init__(self, account: Account, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._transport = Transport(account)
        self._gate = Gate()
        # Texts without a result yet: at once, and each at its moment. These three may be read from any thread.
        self.in_hand = 0
        self.timed_in_hand = 0
        self.takes_s: float | None = None  # an answer, of late; None before the first
        self._kept = 0
        self._narrowed_at, self._narrowed_to = float("-inf"), 1
        self._others_at = float("-inf")
        self._longest = timedelta(seconds=account.timeout_s)
        self._left_at: dict[str, datetime] = {}
        self._heads = {resource: heads.of(account, resource) for resource in (outgoing.TEXTS, outgoing.CALLS)}

    async def send(self, drafts: Sequence[Draft], *, in_flight: Callable[[], int]) -> list[SendResult]:
        """One result per draft, in order. in_flight: this process's share for all its batches together, as it is by the
        time they begin."""
        self._count(drafts)
        self._gate.widen_to(lambda: min(in_flight(), self._cap()))
        results = await asyncio.gather(*map(self._hold, drafts))
        _log_alarms(results)
        return results

    def keep_to(self, in_flight: int) -> int:
        """Narrows the gate, never widens it; returns the requests in the air. From any thread."""
        return self._gate.narrow_to(in_flight)

    async def close(self) -> None:
        """Gives the connections back."""
        await self._transport.close()

    def _count(self, drafts: Sequence[Draft], step: int = 1) -> None:
        timed = sum(draft.text.leave_at is not None for draft in drafts)
        self.timed_in_hand += step * timed
        self.in_hand += step * (len(drafts) - timed)
        if len(drafts) > timed:
            self._others_at = time.monotonic()

    async def _hold(self, draft: Draft) -> SendResult:
        try:
            return await self._send_one(draft)
        finally:
            self._count([draft], -1)

    async def _send_one(self, draft: Draft) -> SendResult:
        text = draft.text
        kept = await self._wait_near(text.leave_at)
        came = self._clock()
        try:
            async with self._gate.at(_turn(draft)):
                await self._wait_for(text.leave_at)
                return await self._in_its_place(draft, came)
        finally:
            self._kept -= kept

    async def _in_its_place(self, draft: Draft, came: datetime) -> SendResult:
        text, now = draft.text, self._clock()
        if now - came > TURN_WITHIN and not draft.first:
            return outgoing.lapsed(text)
        if text.lease_until is not None and now + self._longest > text.lease_until:
            return outgoing.lapsed(text)  # the request could outlive our claim, and be made twice
        if self._is_late(text, now):
            return outgoing.lapsed(text)
        validity = outgoing.validity_s(text.void_at, now)
        if validity < 1:
            return outgoing.void(text)
        return await self._ask(draft, {**draft.form, **({"ValidityPeriod": validity} if draft.expires else {})})

    def _is_late(self, text: Outgoing, now: datetime) -> bool:
        """Whether the moment reserved for this text has passed, so that it needs another one."""
        if text.leave_at is None:
            return False
        last = self._left_at.setdefault(text.sender_key, text.leave_at)
        late = now > text.leave_at + LATEST and now < last + AT_LEAST_ONE_EVERY
        if not late:
            self._left_at[text.sender_key] = now
        return late

    async def _wait_near(self, leave_at: datetime | None) -> bool:
        """Until a text should ask for its place: at its moment; but beside others, which may take all places at once,
        as long before it as one takes to come free, and then it is kept. No more than half of the places are kept."""
        if leave_at is None:
            return False
        early = KEPT_FOR if self.takes_s is None else min(2 * timedelta(seconds=self.takes_s), KEPT_FOR)
        await self._wait_for(leave_at - early)
        if self._beside_others() and self._kept < self._gate.width // 2:
            self._kept += 1
            return True
        await self._wait_for(leave_at)
        return False

    def _beside_others(self) -> bool:
        """Whether texts without a moment leave, or did until just now: between two batches there are none."""
        return self.in_hand > 0 or time.monotonic() - self._others_at < OTHERS_COME_AGAIN_S

    async def _wait_for(self, leave_at: datetime | None) -> None:
        if leave_at is not None and (wait_s := (leave_at - self._clock()).total_seconds()) > 0:
            await asyncio.sleep(wait_s)

    async def _ask(self, draft: Draft, form: dict[str, object]) -> SendResult:
        text, began = draft.text, time.monotonic()
        try:
            answer = await self._transport.post(self._heads[draft.resource], form)
        except NotSent:
            return outgoing.without_answer(text, Outcome.TRANSIENT)
        except FateUnknown:
            return outgoing.without_answer(text, Outcome.UNKNOWN)
        except Exception as error:  # noqa: BLE001  # our own mistake must not lose the fate of the other texts
            _log_crash(text, error)
            return outgoing.without_answer(text, Outcome.UNKNOWN)
        finally:
            self._took(time.monotonic() - began)
        if answer.status == errors.TOO_MANY and began > self._narrowed_at:
            self._narrow()
        return outgoing.result(
            text,
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
            now=self._clock(),
            named=draft.sid,
        )

    def _narrow(self) -> None:
        """One request too many was under way: half as many from the very next one on, once for all those that were in
        the air together. The workers hear of it when the batch is over (services/shares.py), and mend it in time."""
        self._narrowed_at = time.monotonic()
        self._narrowed_to = max(1, self._gate.width // 2)
        self._gate.narrow_to(self._narrowed_to)

    def _cap(self) -> int:
        return self._narrowed_to if time.monotonic() < self._narrowed_at + NARROW_FOR_S else sys.maxsize

    def _took(self, seconds: float) -> None:
        before = seconds if self.takes_s is None else self.takes_s
        self.takes_s = before + NEWEST * (seconds - before)


def _turn(draft: Draft) -> Turn:
    if draft.first:
        return Turn.FIRST
    return Turn.BULK


def _log_crash(text: Outgoing, error: Exception) -> None:
    log.error("send_crashed", message_id=text.message_id, error=type(error).__name__, at=logs.where(error))


def _log_alarms(results: Sequence[SendResult]) -> None:
    """One line per kind of refusal that a person should look at, not one per text."""
    kinds = Counter(
        (r.http_status, r.code) for r in results if r.http_status and errors.classify(r.http_status, r.code).alarm
    )
    for (status, code), count in kinds.items():
        log.warning("provider_refused", http_status=status, code=code, texts=count)
