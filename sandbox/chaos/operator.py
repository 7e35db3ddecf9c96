"""Who opens, pauses and cancels: as the command line does, but without a new process for each of hundreds of events."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dramatiq
import redis

from sandbox.chaos.plan import Drive, Plan
from sandbox.chaos.town import CALLS, SENDERS, TEMPLATES, campaign, shipped
from sandbox.stack import DATABASE, Stack
from worker import broker
from worker.domain.campaigns import Campaign
from worker.domain.errors import NotFound, Refused, Unavailable
from worker.services import desk, events, reporting
from worker.settings import Settings
from worker.store import database

# A launch by hand wakes the workers; half of them here do not, as if the queue had lost it.
WAKING_EVERY = 2


@dataclass(slots=True)
class Operator:
    """opened: campaign -> event id, from the moment the opening was confirmed."""

    stack: Stack
    plan: Plan
    begins: datetime
    zone: ZoneInfo
    opened: dict[str, int] = field(default_factory=dict)
    _db: database.Database = field(init=False)
    _queue: broker.Queue = field(init=False)
    _desk: desk.Desk = field(init=False)
    _shipped: Mapping[str, Campaign] = field(init=False)

    def __post_init__(self) -> None:
        self._db = database.connect(self.stack.postgres.url(DATABASE), pool_size=2)
        self._queue = broker.build(self.stack.redis.url)
        templates = self.stack.home / TEMPLATES  # without its scripts there would be nothing to say in a call
        told = {"timezone": str(self.zone), "senders": SENDERS, "calls": CALLS, "templates_dir": templates}
        self._desk = desk.of(Settings.model_validate(told))
        self._shipped = shipped(self.stack.home)

    def open(self, drive: Drive) -> bool:
        """Opens the campaign's event; False when the database did not answer: to be tried again."""
        asked = campaign(drive, self.plan.scale, shipped=self._shipped, begins=self.begins, zone=self.zone)
        try:
            opened = events.open_event(self._db, asked, occasion="essai", desk=self._desk, now=datetime.now(UTC))
        except Unavailable:
            return False
        self.opened[drive.key] = opened.event_id
        if opened.event_id % WAKING_EVERY == 0:
            self._wake("default", "fan_out", opened.event_id)
        return True

    def newest(self) -> int:
        """The event opened last; 0 when there is none."""
        return max(self.opened.values(), default=0)

    def pause(self, event_id: int) -> bool:
        return self._steer(lambda: events.pause(self._db, event_id))

    def resume(self, event_id: int) -> bool:
        return self._steer(lambda: events.resume(self._db, event_id))

    def cancel(self, event_id: int) -> bool:
        return self._steer(lambda: events.cancel(self._db, event_id, now=datetime.now(UTC)))

    def look_for_replies(self) -> None:
        """The look at the provider's list of replies that the scheduler takes now and then."""
        self._wake("default", "fetch_missed_replies")

    def reports(self) -> dict[str, dict[str, int]]:
        """What the program's own report says of each event, to be compared with the rows."""
        return {key: reporting.report(self._db, event).account.recipients for key, event in self.opened.items()}

    def close(self) -> None:
        self._queue.close()
        self._db.close()

    def _steer(self, order: Callable[[], object]) -> bool:
        """True when it was done or refused as too late; False when the database did not answer."""
        try:
            order()
        except (Refused, NotFound):
            return True
        except Unavailable:
            return False
        return True

    def _wake(self, queue: str, actor: str, *arguments: int) -> None:
        with suppress(redis.RedisError, dramatiq.errors.BrokerConnectionError, OSError):
            self._queue.declare_queue(queue)
            self._queue.enqueue(
                dramatiq.Message(queue_name=queue, actor_name=actor, args=arguments, kwargs={}, options={})
            )
