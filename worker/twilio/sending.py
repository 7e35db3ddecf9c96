"""Many texts at once over one session; lives in the gateway's event loop."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from twilio.base.version import Version
from twilio.rest import Client

from worker import logs
from worker.domain.messages import Outcome, SendResult
from worker.twilio import errors, outgoing
from worker.twilio.account import Account
from worker.twilio.gate import Gate
from worker.twilio.outgoing import Draft, Outgoing
from worker.twilio.transport import FateUnknown, NotSent, Transport

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


class Sending:
    """The provider's client for texts that leave. Create, use and close it inside one event loop.

    twilio-python builds the request (address, headers, credentials); the answer is read here instead of by the SDK,
    whose error type drops the headers and whose success type parses eighteen fields we do not use.
    """

    def __init__(self, account: Account, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._transport = Transport(account)
        self._gate = Gate()
        self.in_hand = 0  # texts without a result yet; may be read from any thread
        self._longest = timedelta(seconds=account.timeout_s)
        self._left_at: dict[str, datetime] = {}
        # A non-empty environment keeps TWILIO_EDGE and TWILIO_REGION of the machine from moving the host.
        client = Client(
            account.user,
            account.password,
            account.sid,
            http_client=self._transport,
            environment={"TWILIO_ACCOUNT_SID": account.sid},
        )
        self._api: Version = client.api.v2010
        self._path = f"/Accounts/{account.sid}/"

    async def send(self, drafts: Sequence[Draft], *, in_flight: int) -> list[SendResult]:
        """One result per draft, in order. in_flight is this process's share for all its batches together."""
        self._gate.widen_to(in_flight)
        results = await asyncio.gather(*map(self._hold, drafts))
        _log_alarms(results)
        return results

    def keep_to(self, in_flight: int) -> int:
        """Narrows the gate, never widens it; returns the requests in the air. From any thread."""
        self._gate.narrow_to(in_flight)
        return self._gate.inside

    async def close(self) -> None:
        """Gives the connections back."""
        await self._transport.close()

    async def _hold(self, draft: Draft) -> SendResult:
        self.in_hand += 1
        try:
            return await self._send_one(draft)
        finally:
            self.in_hand -= 1

    async def _send_one(self, draft: Draft) -> SendResult:
        text = draft.text
        await self._wait_for(text.leave_at)
        came = self._clock()
        async with self._gate.first if draft.first else self._gate:
            now = self._clock()
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

    async def _wait_for(self, leave_at: datetime | None) -> None:
        if leave_at is not None and (wait_s := (leave_at - self._clock()).total_seconds()) > 0:
            await asyncio.sleep(wait_s)

    async def _ask(self, draft: Draft, form: dict[str, object]) -> SendResult:
        text = draft.text
        try:
            answer = await self._api.request_async("POST", self._path + draft.resource, data=form)
        except NotSent:
            return outgoing.without_answer(text, Outcome.TRANSIENT)
        except FateUnknown:
            return outgoing.without_answer(text, Outcome.UNKNOWN)
        except Exception as error:  # noqa: BLE001  # our own mistake must not lose the fate of the other texts
            _log_crash(text, error)
            return outgoing.without_answer(text, Outcome.UNKNOWN)
        return outgoing.result(
            text,
            status=answer.status_code,
            body=answer.text,
            headers=answer.headers or {},
            now=self._clock(),
            named=draft.sid,
        )


def _log_crash(text: Outgoing, error: Exception) -> None:
    log.error("send_crashed", message_id=text.message_id, error=type(error).__name__, at=logs.where(error))


def _log_alarms(results: Sequence[SendResult]) -> None:
    """One line per kind of refusal that a person should look at, not one per text."""
    kinds = Counter(
        (r.http_status, r.code) for r in results if r.http_status and errors.classify(r.http_status, r.code).alarm
    )
    for (status, code), count in kinds.items():
        log.warning("provider_refused", http_status=status, code=code, texts=count)
