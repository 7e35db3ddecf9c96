"""A message's life after it was accepted: the queue, the carrier, the final word, and a receipt at each step."""

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox.chance import between
from sandbox.phones import Line
from sandbox.twilio.faults import RECEIPTS, Fault, FaultKind
from sandbox.twilio.records import Message
from sandbox.twilio.state import State
from sandbox.twilio.webhooks import Event, Webhooks

Arrived = Callable[[Message, float], None]
SHUFFLE_GAP_S = 1.0
FATE = frozenset({FaultKind.FATE})


def _nobody(_message: Message, _at: float) -> None:
    """A country without people."""


class Carrier:
    """Moves messages along the stand-in's clock. `arrived` is told of each text that reaches a handset."""

    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self._state = state
        self._webhooks = webhooks
        self.arrived: Arrived = _nobody

    def accept(self, message: Message, at: float) -> None:
        """Takes over a message just entered in the journal; what will happen to its receipts is settled here."""
        message.script = self._state.faults.every(RECEIPTS, to=message.to, sender=message.sender or message.service)
        message.faults += tuple(message.script)
        if message.send_at is not None:
            self._state.clock.at(message.send_at, lambda due: self._begin(message, due))
        else:
            self._begin(message, at)

    async def report_early(self, message: Message, at: float) -> None:
        """Posts `sent` before the create request is answered, as happens when the carrier is quicker than HTTP."""
        message.move("sent", at)
        await self._webhooks.deliver(self._event(message, "sent", None, at, forged=False))

    def report(self, message: Message, status: str, code: int | None) -> None:
        """Posts a receipt by hand: any status, whatever the message's own."""
        self._webhooks.send(self._event(message, status, code, self._state.clock.now(), forged=False))

    def _begin(self, message: Message, at: float) -> None:
        if message.service is not None and message.sender is None:
            delay = 0.0 if message.send_at is not None else self._state.settings.service_delay_s
            self._state.clock.at(at + delay, lambda due: self._choose_sender(message, due))
        else:
            self._enter_queue(message, at)

    def _choose_sender(self, message: Message, at: float) -> None:
        if message.is_final or message.service is None:
            return
        pool = self._state.senders.service(message.service).pool
        now = self._state.clock.now()
        sender = min(pool, key=lambda address: self._state.senders.queue(address).backlog_s(now))
        self._state.journal.sender_chosen(message, sender)
        self._step(message, "queued", at)
        self._enter_queue(message, at)

    def _enter_queue(self, message: Message, at: float) -> None:
        if message.is_final or message.sender is None:
            return
        queue = self._state.senders.queue(message.sender)
        overflow = 30001 if message.service is not None and queue.is_full(at) else None
        if message.doom or overflow:
            self._step(message, "failed", at, message.doom or overflow)
            return
        leaves_at = queue.place(message.segments, at, message.validity_s)
        if leaves_at is None:
            self._state.clock.at(at + message.validity_s, lambda due: self._step(message, "failed", due, 30036))
        else:
            self._state.clock.at(leaves_at, lambda due: self._leave(message, due))

    def _leave(self, message: Message, at: float) -> None:
        if message.is_final:
            return
        line = self._line(message)
        if line.final == "failed":
            self._step(message, "failed", at, line.code)
            return
        if message.status == "queued":
            message.move("sending", at)
        delay = self._delay(self._state.settings.sent_delay_s, "sent", message)
        self._state.clock.at(at + delay, lambda due: self._sent(message, line, due))

    def _sent(self, message: Message, line: Line, at: float) -> None:
        if message.status != "sent":  # it may have been reported early
            self._step(message, "sent", at)
        delay = self._delay(self._state.settings.final_delay_s, "final", message)
        self._state.clock.at(at + delay, lambda due: self._end(message, line, due))

    def _end(self, message: Message, line: Line, at: float) -> None:
        if line.final != "sent":
            self._step(message, line.final, at, line.code)
        for status, code in message.held:
            self._state.clock.at(at + SHUFFLE_GAP_S, self._poster(message, status, code, forged=False))
        message.held.clear()
        if line.rings:
            self.arrived(message, at)

    def _line(self, message: Message) -> Line:
        """What becomes of it: by the script of faults, else by the phone."""
        fate = self._state.faults.first(FATE, to=message.to, sender=message.sender)
        if fate is None:
            return self._state.phones.line(message.to)
        message.faults += (fate.kind,)
        return Line(final=fate.final, code=fate.code)

    def _step(self, message: Message, status: str, at: float, code: int | None = None) -> None:
        message.move(status, at, code)
        if message.callback:
            self._receipt(message, status, code, at)

    def _receipt(self, message: Message, status: str, code: int | None, at: float) -> None:
        script = message.script
        if _is_lost(script.get(FaultKind.RECEIPTS_LOST), status):
            return
        if FaultKind.RECEIPTS_SHUFFLED in script and not message.is_final:
            message.held.append((status, code))
            return
        late = script.get(FaultKind.RECEIPTS_LATE)
        post = self._poster(message, status, code, forged=FaultKind.RECEIPTS_FORGED in script)
        for _ in range(2 if FaultKind.RECEIPTS_DUPLICATED in script else 1):
            if late is not None:
                self._state.clock.at(at + late.seconds, post)
            else:
                post(at)

    def _poster(self, message: Message, status: str, code: int | None, *, forged: bool) -> Callable[[float], None]:
        return lambda due: self._webhooks.send(self._event(message, status, code, due, forged=forged))

    def _event(self, message: Message, status: str, code: int | None, at: float, *, forged: bool) -> Event:
        return Event(
            kind="status",
            sid=message.sid,
            to=message.to,
            label=status,
            url=message.callback or "",
            fields=self._fields(message, status, code, at),
            forged=forged,
        )

    def _fields(self, message: Message, status: str, code: int | None, at: float) -> dict[str, str]:
        fields = {
            "SmsSid": message.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": message.to,
            "MessageSid": message.sid,
            "AccountSid": self._state.account.sid,
            "From": message.sender or "",
            "ApiVersion": "2010-04-01",
        }
        if message.service:
            fields["MessagingServiceSid"] = message.service
        if code is not None:
            fields["ErrorCode"] = str(code)
        if status in {"delivered", "undelivered"}:
            fields["RawDlrDoneDate"] = f"{datetime.fromtimestamp(at, UTC):%y%m%d%H%M}"
        return fields | self._state.settings.receipt_extra

    def _delay(self, bounds: tuple[float, float], what: str, message: Message) -> float:
        return between(bounds, self._state.seed, what, message.to, message.seq)


def _is_lost(fault: Fault | None, status: str) -> bool:
    return fault is not None and (fault.statuses is None or status in fault.statuses)
