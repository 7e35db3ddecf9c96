"""Calls to the application: signed, limited in time, retried as Twilio would, and only on this machine."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from sandbox.twilio import overrides, urls
from sandbox.twilio.posting import Answer, Failed, Poster
from sandbox.twilio.records import iso
from sandbox.twilio.signing import sign
from sandbox.twilio.state import State

WRONG_TOKEN = "not the token of this account"  # noqa: S105  # that is the point
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "User-Agent": "TwilioProxy/1.1",
    "Accept": "*/*",
    "X-Home-Region": "us1",
}
# failure -> the alert Twilio shows
ALERTS = {"ct": (11205, "HTTP connection failure"), "rt": (11200, "HTTP retrieval failure: no answer in time")}


@dataclass(slots=True)
class Event:
    """Something the application must hear of. label: a message status, or "received"."""

    kind: str
    sid: str
    to: str
    label: str
    url: str
    fields: dict[str, str]
    forged: bool = False
    method: str = "POST"
    fallback_url: str = ""
    token: str = field(default_factory=lambda: str(uuid4()))
    attempts: list[int | str] = field(default_factory=list)  # HTTP status, or ct / rt

    def again(self) -> "Event":
        """The same news once more: Twilio's own duplicate, with a token of its own."""
        return replace(self, token=str(uuid4()), attempts=[])


Then = Callable[[Answer], Awaitable[None]]


class Webhooks:
    """Posts events, so many at once; more wait their turn in order."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._waiting: deque[tuple[Event, Then | None]] = deque()
        self._posting: set[asyncio.Task[None]] = set()
        self._talking: set[asyncio.Task[None]] = set()
        self._poster = Poster()

    @property
    def under_way(self) -> int:
        return len(self._waiting) + len(self._posting) + len(self._talking)

    def talk(self, conversation: Coroutine[Any, Any, None]) -> None:
        """Runs something that delivers events of its own and needs their answers, whatever these are."""
        task = asyncio.create_task(conversation)
        self._talking.add(task)
        task.add_done_callback(self._talking.discard)

    def send(self, event: Event, then: Then | None = None) -> None:
        """Posts an event soon. then: what to do with a good answer."""
        self._waiting.append((event, then))
        if len(self._posting) < self._state.settings.connections:
            task = asyncio.create_task(self._work())
            self._posting.add(task)
            task.add_done_callback(self._posting.discard)

    async def deliver(self, event: Event) -> Answer | None:
        """Posts an event now, with retries and fallback; the answer if it was a good one. Enters it in the journal."""
        at, began = self._state.clock.now(), time.monotonic()
        answer = await self._try(event, event.url)
        if answer is None and event.fallback_url:
            answer = await self._try(event, event.fallback_url)
        self._enter(event, at, answer, took_ms=round((time.monotonic() - began) * 1000))
        return answer

    def forget(self) -> None:
        """Drops what was not posted yet."""
        self._waiting.clear()

    async def close(self) -> None:
        self._waiting.clear()
        for task in (*self._posting, *self._talking):
            task.cancel()
        self._poster.close()

    async def _work(self) -> None:
        while self._waiting:
            event, then = self._waiting.popleft()
            answer = await self.deliver(event)
            if answer is not None and then is not None:
                await then(answer)

    async def _try(self, event: Event, url: str) -> Answer | None:
        public, _, fragment = url.partition("#")
        fields = event.fields
        if event.method == "GET":  # everything is in the address, and signed there
            public += ("&" if "?" in public else "?") + encoded(fields).decode()
            fields = {}
        target = urls.rewritten(public, self._state.settings.rewrites)
        if not urls.is_loopback(target):
            event.attempts.append("not loopback")
            return None
        limits = overrides.read(fragment, self._usual())
        headers, body = self._headers(event, public, fields), encoded(fields)
        give_up_at = time.monotonic() + limits.total_s
        for _ in range(1 + limits.retries):
            read_s = min(limits.read_s, give_up_at - time.monotonic())
            try:
                answer = await self._poster.post(
                    target, headers, body, connect_s=limits.connect_s, read_s=read_s, method=event.method
                )
                failure = "" if answer.status < 400 else f"{answer.status // 100}xx"
                event.attempts.append(answer.status)
            except Failed as failed:
                failure = failed.kind
                event.attempts.append(failure)
            if not failure:
                return answer
            if not limits.retry(failure) or time.monotonic() >= give_up_at:
                break
        return None

    def _headers(self, event: Event, public_url: str, fields: Mapping[str, str]) -> dict[str, str]:
        mode = "wrong" if event.forged else self._state.settings.signature
        headers = HEADERS | {"I-Twilio-Idempotency-Token": event.token}
        if mode != "missing":
            token = WRONG_TOKEN if mode == "wrong" else self._state.account.signing_token
            headers["X-Twilio-Signature"] = sign(public_url, fields, token)
        return headers

    def _usual(self) -> overrides.Overrides:
        settings = self._state.settings
        return overrides.Overrides(
            retries=1,
            policies=frozenset({"ct"}),
            connect_s=settings.connect_timeout_s,
            read_s=settings.read_timeout_s,
            total_s=settings.total_timeout_s,
        )

    def _enter(self, event: Event, at: float, answer: Answer | None, *, took_ms: int) -> None:
        journal, last = self._state.journal, event.attempts[-1]
        entry: dict[str, Any] = {"at": iso(at), "kind": event.kind, "sid": event.sid, "to": event.to}
        entry |= {"label": event.label, "code": event.fields.get("ErrorCode"), "url": event.url}
        entry |= {"digits": event.fields["Digits"]} if "Digits" in event.fields else {}
        entry |= {"attempts": event.attempts, "answer": last, "token": event.token, "took_ms": took_ms}
        journal.webhooks.append(entry)
        journal.totals[f"webhook {event.kind} {last}"] += 1
        if answer is None:
            code, text = ALERTS.get(str(last), (11200, f"HTTP retrieval failure: {last}"))
            journal.alert(code, text, at=at, sid=event.sid, url=event.url)


def encoded(fields: Mapping[str, str]) -> bytes:
    """The form as it goes over the wire; most values need no escaping."""
    pairs = (
        f"{name}={value if value.isalnum() and value.isascii() else quote_plus(value)}"
        for name, value in fields.items()
    )
    return "&".join(pairs).encode()


async def settle(webhooks: Webhooks, *, timeout_s: float = 5.0) -> None:
    """Waits until nothing is being posted."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while webhooks.under_way:
                await asyncio.sleep(0.005)
