"""The gateway to the provider: everything the services ask of it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from worker.domain.channels import Sender
from worker.domain.line import Listed
from worker.domain.messages import Found, FoundCall, Inbound, OutgoingCall, OutgoingText, SendResult
from worker.twilio import calls, outgoing
from worker.twilio.account import Account, AccountSettings

if TYPE_CHECKING:
    from worker.twilio.loop import LoopThread
    from worker.twilio.records import Records
    from worker.twilio.sending import Sending


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Gateway:
    """One per process, for all its threads. Nothing starts before the first call, so it may be built before a fork.

    Sending runs in an event loop of its own, in a thread of its own; asking for records is ordinary blocking code.
    twilio-python is imported when first needed: it takes a fifth of a second that a web process does not owe.
    """

    def __init__(self, settings: AccountSettings, *, public_url: str, clock: Callable[[], datetime] = _utc_now) -> None:
        self._account = Account.of(settings)
        self._public_url = public_url
        self._clock = clock
        self._lock = threading.Lock()
        self._loop: LoopThread | None = None
        self._sending: Sending | None = None
        self._records: Records | None = None

    @staticmethod
    def load() -> None:
        """Loads twilio-python now: the first text of a process that sends does not wait for it."""
        import worker.twilio.records
        import worker.twilio.sending  # noqa: F401

    def send(
        self, texts: Sequence[OutgoingText], *, senders: Mapping[str, Sender], in_flight: Callable[[], int]
    ) -> list[SendResult]:
        """Sends each text once and blocks until each has a result, in the order given.

        in_flight: how many requests this process may have under way, over all its threads; asked for when they begin.
        A text with leave_at waits for it. A text that is void by the time it would leave does not: its result is
        REFUSED_CONTENT with moves.VALIDITY_EXPIRED and no HTTP status, which nothing else produces.
        One text's failure is its result, never an exception. A sender that is not configured is our own mistake:
        KeyError, before anything leaves. CancelledError when the gateway is closed meanwhile.
        """
        drafts = [outgoing.draft(t, senders[t.sender_key], public_url=self._public_url) for t in texts]
        if not drafts:
            return []
        loop, sending = self._sender()
        return loop.run(sending.send(drafts, in_flight=in_flight))

    def ring(
        self, owed: Sequence[OutgoingCall], *, senders: Mapping[str, Sender], in_flight: Callable[[], int]
    ) -> list[SendResult]:
        """Asks for each call once, as `send` does for texts; how a call goes is told by the hooks."""
        drafts = [calls.draft(c, senders[c.sender_key], public_url=self._public_url) for c in owed]
        if not drafts:
            return []
        loop, sending = self._sender()
        return loop.run(sending.send(drafts, in_flight=in_flight))

    def bridge(
        self, owed: Sequence[OutgoingCall], *, senders: Mapping[str, Sender], in_flight: Callable[[], int]
    ) -> list[SendResult]:
        """The same for calls to callers' own phones."""
        drafts = [calls.bridge_draft(c, senders[c.sender_key], public_url=self._public_url) for c in owed]
        loop, sending = self._sender()
        return loop.run(sending.send(drafts, in_flight=in_flight))

    def keep_to(self, in_flight: int) -> int:
        """Begins no request beyond this many until the next `send` says otherwise; how many are in the air now."""
        sending = self._sending
        return 0 if sending is None else sending.keep_to(in_flight)

    def in_hand(self, *, timed: bool) -> int:
        """How many texts this process was given to send that have no result yet: at once, or each at its moment."""
        sending = self._sending
        if sending is None:
            return 0
        return sending.timed_in_hand if timed else sending.in_hand

    def takes_s(self) -> float | None:
        """How long the provider's answers took of late; None before the first."""
        sending = self._sending
        return None if sending is None else sending.takes_s

    def find(self, to: str, sender_address: str, since: datetime) -> list[Found]:
        """Texts the provider has from a sender to a number, created since a moment. Raises Unavailable."""
        return self._recorder().find(to, sender_address, since)

    def fetch(self, sid: str) -> Found | None:
        """One text as the provider has it; None when it has none of that name. Raises Unavailable."""
        return self._recorder().fetch(sid)

    def find_calls(self, to: str, sender_address: str, since: datetime) -> list[FoundCall]:
        """Calls the provider has from a sender to a number, created since a moment. Raises Unavailable."""
        return self._recorder().find_calls(to, sender_address, since)

    def fetch_call(self, sid: str) -> FoundCall | None:
        """One call as the provider has it; None when it has none of that name. Raises Unavailable."""
        return self._recorder().fetch_call(sid)

    def dialled_by(self, sid: str) -> list[FoundCall]:
        """The calls that a call of ours had dialled for it, newest first. Raises Unavailable."""
        return self._recorder().dialled_by(sid)

    def say_instead(self, sid: str, document: str) -> bool:
        """From now on a call in the air says this document; False when it is over. Raises Unavailable."""
        return self._recorder().say_instead(sid, document)

    def inbound(self, to: str, since: datetime) -> list[Inbound]:
        """Texts that reached a sender of ours since a moment. Raises Unavailable."""
        return self._recorder().inbound(to, since)

    def calls_to_us(self, to: str, since: datetime) -> list[Listed]:
        """Calls that reached a number of ours since a moment, whether we answered them or not. Raises Unavailable."""
        return self._recorder().calls_to_us(to, since)

    def put_through_s(self, sid: str) -> int:
        """For how long a call to us was connected with another number; 0 when it never was. Raises Unavailable."""
        return self._recorder().put_through_s(sid)

    def verify(self) -> None:
        """Tries the credentials. Raises BadDefinition when they are refused, Unavailable when nobody answers."""
        self._recorder().verify()

    def clock_ahead(self) -> timedelta:
        """How far our clock was ahead of the provider's when it last answered a question; nothing before the first."""
        return self._recorder().clock_ahead

    def close(self) -> None:
        """Ends the thread and gives the connections back. May be called twice, and without any use before."""
        with self._lock:
            if self._loop is not None and self._sending is not None:
                self._loop.close(self._sending.close())
            if self._records is not None:
                self._records.close()
            self._loop = self._sending = self._records = None

    def _sender(self) -> "tuple[LoopThread, Sending]":
        from worker.twilio.loop import LoopThread
        from worker.twilio.sending import Sending

        with self._lock:
            if self._loop is None or self._sending is None:
                self._loop = LoopThread("twilio")
                self._sending = self._loop.call(lambda: Sending(self._account, clock=self._clock))
            return self._loop, self._sending

    def _recorder(self) -> "Records":
        from worker.twilio.records import Records

        with self._lock:
            if self._records is None:
                self._records = Records(self._account, self._clock)
            return self._records
