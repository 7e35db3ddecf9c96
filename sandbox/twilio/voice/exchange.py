"""A call's life: the account's queue, the ringing, who picks up, the end; and the second legs of transfers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.callees import Callee, Pickup
from sandbox.habits import Behaviour
from sandbox.twilio.errors import Refusal
from sandbox.twilio.faults import RECEIPTS, FaultKind
from sandbox.twilio.state import CALL_QUEUE_S, State
from sandbox.twilio.voice.player import Line
from sandbox.twilio.voice.records import Call, Orders
from sandbox.twilio.voice.script import Dial, Target
from sandbox.twilio.voice.talk import Talk
from sandbox.twilio.voice.telling import Teller
from sandbox.twilio.webhooks import Webhooks

SET_UP_S = 1.0  # from being placed to ringing
FATE = frozenset({FaultKind.FATE})
BUSY, TIMED_OUT, NO_SUCH = 486, 487, 404  # what SIP calls them
NOT_ANSWERED = {Pickup.BUSY: BUSY, Pickup.UNREACHABLE: NO_SUCH, Pickup.NO_ANSWER: TIMED_OUT}
Over = Callable[[dict[str, str], float], None]


@dataclass(slots=True)
class Legs:
    """The numbers one Dial rings at once. over: told how it went. target: of each child's sid."""

    parent: Call
    dial: Dial
    over: Over
    children: list[Call] = field(default_factory=list)
    target: dict[str, Target] = field(default_factory=dict)
    bridged: Call | None = None
    bridged_at: float = 0.0


class Exchange:
    """Moves calls along the stand-in's clock. A second of a call is a second of that clock, divided by call_speed."""

    def __init__(self, state: State, webhooks: Webhooks) -> None:
        self._state = state
        self.teller = Teller(state, webhooks)
        self.talk = Talk(state, webhooks, self.teller, self)
        self._legs: dict[str, Legs] = {}  # by the parent's sid

    def accept(self, call: Call, at: float) -> None:
        """Takes over a call just entered: it waits its turn, one a second."""
        call.script = self._state.faults.every(RECEIPTS, to=call.to, sender=call.sender, resource="calls")
        call.faults += tuple(call.script)
        queue = self._state.call_queue
        queue.rate = self._state.settings.calls_per_s
        leaves_at = queue.place(1, at, CALL_QUEUE_S)
        if leaves_at is None:
            self._later(call, at, CALL_QUEUE_S, lambda due: self.end(call, "failed", due, why="waited a day"))
        else:
            self._state.clock.at(leaves_at, lambda due: self._place(call, due))

    def ring_us(self, phone: str, to: str, callee: Callee, at: float) -> Call:
        """A phone rings one of our numbers. Raises Refusal where nobody asks what to say."""
        sender = self._state.senders.known(to)
        url = (sender.voice_url if sender else "") or self._state.settings.voice_url
        if sender is None or not sender.takes_calls or not url:
            raise Refusal(21211, f"{to} takes no calls")
        callback = sender.voice_status_callback or None
        orders = Orders(url, sender.voice_method, fallback=sender.voice_fallback_url or None, callback=callback)
        call = Call(to, phone, "inbound", at, orders, callee=callee, started=at)
        self._state.calls.keep(call)
        call.move("ringing", at)
        self.talk.begin(call, at)
        return call

    def answer(self, call: Call, at: float) -> None:
        """Somebody has picked up."""
        if call.is_final:
            return
        call.answered = at
        self._step(call, "in-progress", at)
        seconds = call.orders.time_limit_s
        self._later(call, at, seconds, lambda due: self.end(call, "completed", due, why="time limit"), limit=True)
        if call.direction == "outbound-api":
            self._detect(call, at)
        if call.parent is not None:
            self._picked_up(call, at)

    def end(self, call: Call, status: str, at: float, *, sip: int | None = None, why: str = "") -> None:
        """The end, once: what was heard is kept, the application is told."""
        if call.is_final:
            return
        if call.answered is not None:
            call.seconds = (at - call.answered) * self._state.settings.call_speed
        self.talk.cut(call, call.seconds)
        call.ended, call.sip, call.why = at, sip, why
        self._step(call, status, at)
        if call.answered is not None and call.answered_by is None and call.orders.detection:
            self._detected(call, "unknown", at)
        if call.sid in self._legs:
            for child in self._legs.pop(call.sid).children:
                self.end(child, "completed" if child.answered is not None else "canceled", at, why="other side")
        elif call.parent in self._legs:
            self._leg_over(self._legs[call.parent], call, at)

    def hang_up(self, call: Call, at: float) -> None:
        """The application ends it, whatever its age."""
        self.end(call, "completed" if call.answered is not None else "canceled", at, why="application")

    def dial(self, parent: Call, dial: Dial, at: float, over: Over) -> None:
        """Rings the numbers of a Dial for a call."""
        caller_id = dial.caller_id or (parent.to if parent.direction == "outbound-dial" else parent.sender)
        known = self._state.senders.known(caller_id)
        if not dial.targets or (caller_id != parent.sender and not (known and known.takes_calls)):
            self._state.journal.alert(13214, f"Dial: invalid callerId {caller_id}", at=at, sid=parent.sid)
            over({"DialCallStatus": "failed"}, at)
            return
        legs = self._legs[parent.sid] = Legs(parent, dial, over)
        for target in dial.targets:
            orders = Orders(
                callback=target.callback,
                events=target.events,
                ring_s=dial.timeout_s,
                time_limit_s=dial.time_limit_s,
            )
            child = Call(target.number, caller_id, "outbound-dial", at, orders, parent=parent.sid)
            legs.children.append(child)
            legs.target[child.sid] = target
            self._state.calls.keep(child)
        for child in tuple(legs.children):
            self._place(child, at)

    def bridge(self, child: Call, at: float) -> None:
        """Two people are connected, until one of them hangs up."""
        legs = self._legs.get(child.parent or "")
        if legs is None or child.is_final:
            return
        legs.bridged, legs.bridged_at = child, at
        for person in (child, legs.parent):
            self._later(person, at, person.callee.talk_s, self._hanging_up(person))

    def _hanging_up(self, call: Call) -> Callable[[float], None]:
        return lambda due: self.end(call, "completed", due, why="person")

    def _place(self, call: Call, at: float) -> None:
        if call.is_final:
            return
        call.started, call.callee = at, self._callee(call)
        if call.status != "initiated":  # it may have been told early
            self._step(call, "initiated", at)
        self._later(call, at, SET_UP_S, lambda due: self._ring(call, due))

    def _ring(self, call: Call, at: float) -> None:
        if call.is_final:
            return
        pickup = call.callee.pickup
        if pickup in {Pickup.BUSY, Pickup.UNREACHABLE}:
            self.end(call, pickup, at, sip=call.callee.sip or NOT_ANSWERED[pickup])
            return
        self._step(call, "ringing", at)
        if pickup is Pickup.ANSWERED and call.callee.ring_s < call.orders.ring_s:
            self._later(call, at, call.callee.ring_s, lambda due: self.answer(call, due))
        else:
            self._later(call, at, call.orders.ring_s, lambda due: self.end(call, "no-answer", due, sip=TIMED_OUT))

    def _callee(self, call: Call) -> Callee:
        """Who picks up: by the script of faults, else by the number."""
        fate = self._state.faults.first(FATE, to=call.to, sender=call.sender, resource="calls")
        if fate is not None:
            call.faults += (fate.kind,)
            return Callee(Pickup(fate.final))
        if not self._state.callees.knows(call.to) and self._state.phones.get(call.to).behaviour is Behaviour.DEAD:
            return Callee(Pickup.UNREACHABLE)
        return self._state.callees.rings(call.to)

    def _detect(self, call: Call, at: float) -> None:
        orders, callee = call.orders, call.callee
        takes_s, found = callee.detection_s, callee.answered_by
        if found == "machine":
            ends = orders.detection == "DetectMessageEnd"
            takes_s, found = (callee.greeting_s, "machine_end_beep") if ends else (takes_s, "machine_start")
        if takes_s > orders.detection_s:
            takes_s, found = orders.detection_s, "unknown"
        if not orders.detection:
            self.talk.begin(call, at)
            return
        if orders.asynchronous:
            self.talk.begin(call, at)
        self._later(call, at, takes_s, lambda due: self._detected(call, found, due))

    def _detected(self, call: Call, found: str, at: float) -> None:
        if call.answered_by is not None or call.answered is None:
            return
        call.answered_by = found
        if call.orders.asynchronous:
            self.teller.detected(call, at, (at - call.answered) * self._state.settings.call_speed)
        elif not call.is_final:
            self.talk.begin(call, at)  # nobody has heard anything so far

    def _picked_up(self, child: Call, at: float) -> None:
        """The first who picks up is connected, after words of their own if there are any; the others ring no more."""
        legs = self._legs.get(child.parent or "")
        if legs is None:
            return
        for other in legs.children:
            if other is not child:
                self.end(other, "canceled", at, why="another picked up")
        target = legs.target[child.sid]
        if target.url:
            self.talk.whisper(child, target, legs.parent.url, at)
        else:
            self.bridge(child, at)

    def _leg_over(self, legs: Legs, child: Call, at: float) -> None:
        if not all(leg.is_final for leg in legs.children):
            return
        del self._legs[legs.parent.sid]
        speed = self._state.settings.call_speed
        fields = {"DialCallStatus": child.status, "DialCallSid": child.sid}
        if legs.bridged is child:
            seconds = (at - legs.bridged_at) * speed
            fields |= {"DialCallDuration": str(round(seconds)), "DialBridged": "true"}
            began = (legs.bridged_at - (legs.parent.answered or legs.bridged_at)) * speed
            legs.parent.lines.append(Line(began, seconds, f"[connected with {child.to}]"))
        else:
            fields |= {"DialBridged": "false"}
        if not legs.parent.is_final:
            legs.over(fields, at)

    def _step(self, call: Call, status: str, at: float) -> None:
        call.move(status, at)
        self.teller.status(call, at)

    def _later(
        self, call: Call, at: float, seconds: float, action: Callable[[float], None], *, limit: bool = False
    ) -> None:
        """After so many seconds of the call, unless it is over by then."""

        def unless_over(due: float) -> None:
            if not call.is_final:
                action(due)

        self._state.clock.at(at + seconds / self._state.settings.call_speed, unless_over, limit=limit)
