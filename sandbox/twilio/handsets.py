"""Messages from phones: the people of the sandbox write, Twilio handles its own words, and the app is told."""

from sandbox.phones import Answer
from sandbox.twilio import posting, segments, twiml
from sandbox.twilio.carrier import Carrier
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import INBOUND, FaultKind
from sandbox.twilio.optouts import ANSWERS
from sandbox.twilio.records import Message
from sandbox.twilio.senders import Sender
from sandbox.twilio.state import State
from sandbox.twilio.webhooks import Event, Webhooks


class Handsets:
    """Where texts arrive and answers come from."""

    def __init__(self, state: State, hooks: Webhooks, carrier: Carrier) -> None:
        self._state = state
        self._hooks = hooks
        self._carrier = carrier

    def arrived(self, message: Message, at: float) -> None:
        """A text has reached a phone: whoever reads it may write back."""
        if message.direction != "outbound-api" or message.sender is None:
            return
        for answer in self._state.phones.receives(message.to, message.body):
            self._write_back(message.to, message.sender, answer, at)

    def receive(self, phone: str, to: str, body: str, at: float) -> Message:
        """A phone writes to a sender. Raises Refusal where no message can reach it (21211-like: a name, nobody)."""
        sender = self._state.senders.known(to)
        if sender is None or not sender.takes_replies:
            raise Refusal(21211, f"{to} cannot receive messages")
        message = self._entered(phone, sender, body, at)
        word = self._state.optouts.hear(sender, self._state.source(to), phone, body)
        if word is not None:
            self._answer_itself(message, sender, word, at)
        self._tell_app(message, sender, word, at)
        return message

    def _write_back(self, phone: str, sender: str, answer: Answer, at: float) -> None:
        if not self._can_write_to(sender):
            self._state.journal.totals["answers impossible"] += 1
            return
        due = at + answer.after_s / self._state.settings.reply_speed
        self._state.clock.at(due, lambda then: self._receive_quietly(phone, sender, answer.body, then))

    def _receive_quietly(self, phone: str, sender: str, body: str, at: float) -> None:
        self.receive(phone, sender, body, at)

    def _can_write_to(self, address: str) -> bool:
        sender = self._state.senders.known(address)
        return sender is not None and sender.takes_replies

    def _entered(self, phone: str, sender: Sender, body: str, at: float) -> Message:
        service = self._state.senders.service_of(sender.address)
        message = Message(
            to=sender.address,
            sender=phone,
            body=body,
            direction="inbound",
            status="received",
            segments=segments.count(body),
            created=at,
            service=service.address if service else None,
        )
        message.move("received", at)
        self._state.journal.keep(message)
        return message

    def _answer_itself(self, message: Message, sender: Sender, word: str, at: float) -> None:
        """Twilio's own answer; the application never hears of it."""
        self._send_reply(message, sender, ANSWERS[word], at, exempt=True)

    def _tell_app(self, message: Message, sender: Sender, word: str | None, at: float) -> None:
        if self._is_loop(message, at):
            code, text = 14107, "Too many messages between this pair of numbers: reply loop stopped"
            self._state.journal.alert(code, text, at=at, sid=message.sid)
            return
        script = self._state.faults.every(INBOUND, to=message.sender or "", sender=sender.address)
        message.faults += tuple(script)
        url = sender.inbound_url or self._state.settings.inbound_url
        if not url or FaultKind.INBOUND_LOST in script:
            return
        event = Event(
            kind="inbound",
            sid=message.sid,
            to=sender.address,
            label="received",
            url=url,
            fields=self._fields(message, word if sender.opt_out == "advanced" else None),
            forged=FaultKind.INBOUND_FORGED in script,
            fallback_url=sender.fallback_url,
        )
        for _ in range(2 if FaultKind.INBOUND_DUPLICATED in script else 1):
            self._hooks.send(event.again(), lambda answer: self._obey(answer, message, sender))

    async def _obey(self, answer: posting.Answer, message: Message, sender: Sender) -> None:
        """Sends what the application's TwiML asks for."""
        at = self._state.clock.now()
        try:
            replies = twiml.read(answer.content_type, answer.body, status=answer.status)
        except twiml.Unreadable as error:
            self._state.journal.alert(error.code, str(error), at=at, sid=message.sid)
            return
        for reply in replies:
            self._send_reply(message, sender, reply.body, at, to=reply.to, callback=reply.callback)

    def _send_reply(
        self,
        message: Message,
        sender: Sender,
        body: str,
        at: float,
        *,
        to: str | None = None,
        callback: str | None = None,
        exempt: bool = False,
    ) -> None:
        phone = to or message.sender or ""
        if not exempt and self._state.optouts.is_blocked(self._state.source(sender.address), phone):
            self._state.journal.alert(21610, "Attempt to send to unsubscribed recipient", at=at, to=phone)
            return
        reply = Message(
            to=phone,
            sender=sender.address,
            body=body,
            direction="outbound-reply",
            status="queued",
            segments=segments.count(body),
            created=at,
            callback=callback,
        )
        self._state.journal.keep(reply)
        self._carrier.accept(reply, at)

    def _is_loop(self, message: Message, at: float) -> bool:
        settings = self._state.settings
        recent = self._state.recent[(message.sender or "", message.to)]
        recent.append(at)
        while recent[0] <= at - settings.loop_window_s:
            recent.popleft()
        return len(recent) > settings.loop_limit

    def _fields(self, message: Message, opt_out_type: str | None) -> dict[str, str]:
        fields = {
            "ToCountry": "FR",
            "ToState": "",
            "SmsMessageSid": message.sid,
            "NumMedia": "0",
            "ToCity": "",
            "FromZip": "",
            "SmsSid": message.sid,
            "FromState": "",
            "SmsStatus": "received",
            "FromCity": "",
            "Body": message.body,
            "FromCountry": "FR",
            "To": message.to,
            "ToZip": "",
            "NumSegments": str(message.segments),
            "MessageSid": message.sid,
            "AccountSid": self._state.account.sid,
            "From": message.sender or "",
            "ApiVersion": "2010-04-01",
        }
        if message.service:
            fields["MessagingServiceSid"] = message.service
        if opt_out_type:
            fields["OptOutType"] = opt_out_type
        return fields
