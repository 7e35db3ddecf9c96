"""What the application is told of a call: its status at each step, and who picked up; in order or out of it."""

from collections.abc import Callable

from sandbox.twilio.faults import FaultKind
from sandbox.twilio.records import rfc2822
from sandbox.twilio.state import State
from sandbox.twilio.voice.records import Call, minutes
from sandbox.twilio.webhooks import Event, Webhooks

SHUFFLE_GAP_S = 1.0
PLACES = tuple(f"{who}{what}" for who in ("From", "To", "Caller", "Called") for what in ("City", "State", "Zip"))
# status -> the name under which it is subscribed to
SUBSCRIBED = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


class Teller:
    """Posts events of calls, as the script of faults has it."""

    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self._state = state
        self._webhooks = webhooks

    def status(self, call: Call, at: float) -> None:
        """The call has taken a status: whoever wants to know is told."""
        if call.orders.callback and SUBSCRIBED.get(call.status, "completed") in call.orders.events:
            self._post(call, call.status, self.status_event(call, at), at)

    def detected(self, call: Call, at: float, took_s: float) -> None:
        """It is known who picked up."""
        fields = {
            "CallSid": call.sid,
            "AccountSid": self._state.account.sid,
            "AnsweredBy": call.answered_by or "unknown",
            "MachineDetectionDuration": str(round(took_s * 1000)),
        }
        url, method = call.orders.detection_callback, call.orders.detection_method
        if url:
            self._post(call, "amd", Event("call amd", call.sid, call.to, "amd", url, fields, method=method), at)

    async def early(self, call: Call, at: float) -> None:
        """Tells `initiated` before the create request is answered."""
        call.move("initiated", at)
        if "initiated" in call.orders.events:
            await self._webhooks.deliver(self.status_event(call, at))

    def again(self, call: Call, status: str) -> None:
        """Posts a status that the call's life does not ask for."""
        self._webhooks.send(self.status_event(call, self._state.clock.now(), status))

    def status_event(self, call: Call, at: float, status: str = "") -> Event:
        """One event of a call's progress; each has the next number."""
        status = status or call.status
        fields = self.fields(call, status) | {
            "Timestamp": rfc2822(at),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(call.told),
        }
        call.told += 1
        if status == call.status and call.is_final:
            fields["CallDuration"] = str(round(call.seconds))
            fields |= {"Duration": str(minutes(call))} if status == "completed" else {}
            fields |= {"SipResponseCode": str(call.sip)} if call.sip else {}
        url, method = call.orders.callback or "", call.orders.callback_method
        return Event("call status", call.sid, call.to, status, url, fields, method=method)

    def fields(self, call: Call, status: str = "") -> dict[str, str]:
        """What every webhook of a call carries; places are empty strings, and belong to the signature."""
        fields = {
            "CallSid": call.sid,
            "AccountSid": self._state.account.sid,
            "From": call.sender,
            "To": call.to,
            "Caller": call.sender,
            "Called": call.to,
            "CallStatus": status or call.status,
            "ApiVersion": "2010-04-01",
            "Direction": call.direction,
            **dict.fromkeys(PLACES, ""),
            **{f"{who}Country": "FR" for who in ("From", "To", "Caller", "Called")},
        }
        fields |= {"ParentCallSid": call.parent} if call.parent else {}
        return fields | ({"AnsweredBy": call.answered_by} if call.answered_by else {})

    def _post(self, call: Call, label: str, event: Event, at: float) -> None:
        script = call.script
        lost = script.get(FaultKind.RECEIPTS_LOST)
        if lost is not None and (lost.statuses is None or label in lost.statuses):
            return
        event.forged = FaultKind.RECEIPTS_FORGED in script
        if FaultKind.RECEIPTS_SHUFFLED in script and not call.is_final:
            call.held.append(event)
            return
        late = script.get(FaultKind.RECEIPTS_LATE)
        for _ in range(2 if FaultKind.RECEIPTS_DUPLICATED in script else 1):
            post = self._sending(event.again())
            if late is not None:
                self._state.clock.at(at + late.seconds, post)
            else:
                post(at)
        if call.is_final:
            for held in call.held:
                self._state.clock.at(at + SHUFFLE_GAP_S, self._sending(held))
            call.held.clear()

    def _sending(self, event: Event) -> Callable[[float], None]:
        return lambda _due: self._webhooks.send(event)
