"""A landlord whose machine rings: the town with a line, and a provider of calls that does as it is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import text

from tests import builders
from tests.integration.conftest import DESK, OUTAGE, SENDERS, Town
from worker.domain import calendar
from worker.domain.campaigns import Campaign
from worker.domain.channels import Capability, Sender
from worker.domain.messages import FoundCall, Outcome, OutgoingCall, SendResult
from worker.domain.rungs import LadderStep, Rung, When
from worker.domain.voice import INTENT_OF_KEY, Word
from worker.rendering import Texts
from worker.services import (
    calling,
    escalating,
    events,
    following,
    hearing,
    inbound,
    reconciling,
    sending,
    shares,
    sweeping,
)
from worker.services.desk import Line
from worker.twilio import calls
from worker.twilio.calls import Place

LINE = Sender("voix", "+33939000001", Capability.VOICE, calls_per_s=1.0, calls_at_once=2)
CALL_DESK = replace(DESK, line=Line("voix", calendar.CallHours()))
TEXTS = Texts(Path(__file__).parents[2] / "templates")
HOUR = timedelta(hours=1)
_sids = count(1)
LADDER = (
    LadderStep(Rung.REMINDER, HOUR, When.SILENT, "heat_reminder"),
    LadderStep(Rung.VOICE, 1.5 * HOUR, script="heat_orange_check"),
    LadderStep(Rung.CALLBACK, 4 * HOUR),
)


def calling_campaign(**more: object) -> Campaign:
    """An orange check-in whose ladder has a call by the machine."""
    said = {"reply_deadline": None, "reminder_text": None, "reminder_after": None, "ladder": LADDER}
    return builders.campaign(**said | more)


@dataclass
class Exchange:
    """In the gateway's place. fates: how the next requests go; accepted when there are no more."""

    rung: list[tuple[OutgoingCall, str]] = field(default_factory=list)
    fates: list[SendResult] = field(default_factory=list)
    records: list[FoundCall] = field(default_factory=list)

    def ring(
        self, owed: Sequence[OutgoingCall], *, senders: Mapping[str, Sender], in_flight: Callable[[], int]
    ) -> list[SendResult]:
        del senders, in_flight
        return [self._asked(call) for call in owed]

    def _asked(self, call: OutgoingCall) -> SendResult:
        sid = f"CA{next(_sids):032x}"
        fate = self.fates.pop(0) if self.fates else SendResult(0, 0, Outcome.ACCEPTED, sid, http_status=201)
        if fate.outcome is Outcome.ACCEPTED:
            self.rung.append((call, sid))
        return replace(fate, message_id=call.message_id, attempt_id=call.attempt_id)

    def clock_ahead(self) -> timedelta:
        return timedelta()

    def keep_to(self, _in_flight: Callable[[], int]) -> int:
        return 0

    def in_hand(self, *, timed: bool) -> int:
        del timed
        return 0

    def takes_s(self) -> float | None:
        return None

    def find_calls(self, to: str, sender_address: str, since: datetime) -> list[FoundCall]:
        del sender_address
        return [f for f in self.records if f.to == to and f.created_at >= since]

    def fetch_call(self, sid: str) -> FoundCall | None:
        return next((f for f in self.records if f.provider_sid == sid), None)


class Switchboard(Town):
    """The town of the other tests, whose desk has a line."""

    def __init__(self, db: object, now: datetime) -> None:
        super().__init__(db, now)  # type: ignore[arg-type]
        self.exchange = Exchange()
        self.reading = hearing.Rig(self.db, CALL_DESK, SENDERS, self.reading.rules)

    @property
    def texting(self) -> sending.Rig:
        return sending.Rig(
            db=self.db,
            gateway=self.exchange,  # type: ignore[arg-type]  # in the gateway's place
            texts=TEXTS,
            senders=SENDERS | {"voix": LINE},
            desk=CALL_DESK,
            share=shares.Share(self.db, self.exchange, "w1", most=40, clock=lambda: self.now),  # type: ignore[arg-type]  # in the gateway's place
            batch_size=50,
            max_attempts=3,
            lease=timedelta(seconds=60),
            clock=lambda: self.now,
        )

    def open(self, campaign: Campaign | None = None, occasion: str = "today") -> int:
        opened = events.open_event(
            self.db, campaign or calling_campaign(), occasion=occasion, desk=CALL_DESK, now=self.now
        )
        events.fan_out(self.db, opened.event_id, desk=CALL_DESK, now=self.now)
        return opened.event_id

    def climb(self) -> None:
        while escalating.escalate(self.db, desk=CALL_DESK, now=self.now).more:
            pass

    def sweep(self) -> sweeping.Wakes:
        return sweeping.sweep(self.db, desk=CALL_DESK, outage=OUTAGE, now=self.now)

    def place(self, line: Sender = LINE) -> list[OutgoingCall]:
        """Calls are placed as one worker would now; returns those that were asked for."""
        before = len(self.exchange.rung)
        calling.place(calling.Rig(self.texting, ring_s=30, longest_s=240), [line])
        return [call for call, _sid in self.exchange.rung[before:]]

    def asking(self) -> reconciling.Rig:
        return reconciling.Rig(
            db=self.db,
            gateway=self.exchange,  # type: ignore[arg-type]  # in the gateway's place
            senders=SENDERS | {"voix": LINE},
            margin=timedelta(seconds=60),
            receipt_patience=timedelta(minutes=30),
            clock=lambda: self.now,
            desk=CALL_DESK,
            call_patience=timedelta(minutes=6),
        )

    def gives_a_call_up(self) -> None:
        """Nobody answered the request for the call that is due; two vain looks prove that it was not made."""
        self.climb()
        self.exchange.fates.append(SendResult(0, 0, Outcome.UNKNOWN))
        self.place()
        for _look in range(2):
            self.now += timedelta(minutes=2)
            reconciling.settle_unknown(self.asking())
        self.climb()

    def sid(self, call: OutgoingCall) -> str:
        return next(sid for one, sid in self.exchange.rung if one is call)

    def place_of(self, call: OutgoingCall, round_: int = 0) -> Place:
        return Place(call.message_id, call.attempt_id, self.sid(call), round_)

    def word(self, call: OutgoingCall, **said: object) -> None:
        """The provider tells something of a call."""
        following.hear(self.db, self.place_of(call), Word(**said), desk=CALL_DESK, now=self.now)  # type: ignore[arg-type]

    def press(self, call: OutgoingCall, key: str, round_: int = 0) -> None:
        """A key is pressed; the hook keeps it, and one that answers is read."""
        at = self.place_of(call, round_)
        form = {"To": call.to, "From": LINE.address}
        answer = calls.pressed(form, at, key, now=self.now) if key in INTENT_OF_KEY else None
        _known, stored = following.press(self.db, at, Word(key=key), answer, desk=CALL_DESK, now=self.now)
        if stored is not None:
            inbound.handle(self.reading, stored, now=self.now)

    def ends(self, call: OutgoingCall, status: str, **said: object) -> None:
        self.word(call, status=status, sequence=3, **said)

    def call_row(self, home: builders.Household) -> dict[str, object]:
        """The call that a household's number got, with all its tries."""
        with self.db.begin() as connection:
            row = connection.execute(
                text(
                    "SELECT m.* FROM message m JOIN recipient r ON r.event_id = m.event_id AND r.call_e164 = m.e164 "
                    "WHERE m.channel = 'voice' AND r.household_id = :id"
                ),
                {"id": home.id},
            )
            return dict(row.mappings().one())

    def reasons(self, home: builders.Household) -> list[str]:
        task = self.task(home)
        return [] if task is None else list(task["reasons"])  # type: ignore[call-overload]
