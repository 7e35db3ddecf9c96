"""Everything the stand-in remembers, in one place that every part of it is given."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from sandbox.callees import Callees
from sandbox.phones import Phones
from sandbox.twilio.account import Account, from_seed
from sandbox.twilio.clock import Clock
from sandbox.twilio.faults import Faults
from sandbox.twilio.journal import Journal
from sandbox.twilio.optouts import OptOuts
from sandbox.twilio.queues import Queue
from sandbox.twilio.senders import Senders
from sandbox.twilio.settings import Settings
from sandbox.twilio.voice.log import Calls

CALL_QUEUE_S = 24 * 3600.0  # a call that waits longer is lost


@dataclass(slots=True)
class State:
    """The state of one run. Parts hold this object, never a piece of it: a reset replaces pieces."""

    seed: str
    account: Account
    settings: Settings
    clock: Clock
    phones: Phones
    callees: Callees
    faults: Faults
    first_seed: str
    first_settings: Settings
    first_speed: float
    senders: Senders = field(default_factory=Senders)
    optouts: OptOuts = field(default_factory=OptOuts)
    journal: Journal = field(default_factory=Journal)
    calls: Calls = field(default_factory=Calls)
    call_queue: Queue = field(default_factory=lambda: Queue(rate=1.0, longest_s=CALL_QUEUE_S))
    recent: defaultdict[tuple[str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def reset(self, seed: str | None = None) -> None:
        """Forgets the run: messages, calls, faults, phones, opt-outs, queues and the time. Account, senders and
        settings stay."""
        self.seed = seed or self.seed
        self.clock.reset()
        self.phones = Phones(self.seed)
        self.callees = Callees(self.seed)
        self.faults = Faults(self.seed)
        self.senders.forget_queues()
        self.optouts.clear()
        self.recent.clear()
        self.journal = Journal(in_flight=self.journal.in_flight, in_flight_from=self.journal.in_flight_from)
        self.calls = Calls()
        self.call_queue = Queue(rate=1.0, longest_s=CALL_QUEUE_S)

    def begin_again(self, seed: str | None = None) -> None:
        """Forgets everything that was done or changed since the start."""
        self.reset(seed)
        self.clock.set_speed(self.first_speed)
        self.settings, self.senders = self.first_settings, Senders()
        self.account = from_seed(self.first_seed)

    def source(self, sender: str) -> str:
        """The unit an opt-out is for: the service a sender is in, else the sender."""
        service = self.senders.service_of(sender)
        return service.address if service else sender


def fresh(seed: str, *, settings: Settings | None = None, speed: float = 1.0, now: float | None = None) -> State:
    """The state at the start of the day."""
    settings = settings or Settings()
    return State(
        seed=seed,
        account=from_seed(seed),
        settings=settings,
        clock=Clock(now, speed=speed),
        phones=Phones(seed),
        callees=Callees(seed),
        faults=Faults(seed),
        first_seed=seed,
        first_settings=settings,
        first_speed=speed,
    )
