"""The whole route in one process, hand in hand with a provider that does as it is told: for tests of any order."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

from sqlalchemy import text

from sandbox.chaos import evidence
from sandbox.chaos.evidence import Accepted, Evidence, Heard, Journal, Terms
from tests import builders
from tests.integration.conftest import DESK, OUTAGE, RULES, SENDERS
from tests.integration.provider import Died, Provider, Taken
from worker.domain.campaigns import Campaign
from worker.domain.errors import Refused
from worker.domain.messages import Inbound, Receipt
from worker.domain.outcomes import OutcomeCode
from worker.rendering import Texts
from worker.services import (
    calls,
    escalating,
    events,
    hearing,
    inbound,
    receipts,
    reconciling,
    sending,
    shares,
    sweeping,
)
from worker.store.database import Database

TEXTS = Texts(Path(__file__).parents[2] / "templates")
LEASE, MARGIN = timedelta(seconds=60), timedelta(seconds=60)
# Recipients whose texts are queued at a time: so few that every event is queued in parts.
SLICE = 2
SHORT_CODE = SENDERS["court"].address


@dataclass(slots=True)
class Rehearsal:
    """A landlord, seven homes of which two share a number and two another one of theirs, a provider, and the time.

    Begins with empty tables.
    """

    db: Database
    now: datetime
    homes: list[builders.Household] = field(default_factory=list)
    opened: dict[int, Campaign] = field(default_factory=dict)
    provider: Provider = field(init=False)
    unread: list[int] = field(default_factory=list)
    _dwellings: dict[int, str] = field(default_factory=dict)
    _sids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        with self.db.begin() as connection:
            connection.execute(text(_EMPTY))
        self.provider = Provider(self)
        shared, other = builders.mobile(), builders.mobile()
        self.homes = [
            builders.household(self.db, mobiles=(builders.mobile(), builders.mobile())),
            builders.household(self.db, mobiles=(builders.mobile(), other)),
            builders.household(self.db, mobiles=(shared,)),
            builders.household(self.db, mobiles=(shared,)),
            builders.household(self.db, mobiles=(builders.mobile(), other)),
            builders.household(self.db),
            builders.household(self.db, mobiles=(), landlines=(builders.landline(),)),
        ]
        with self.db.begin() as connection:
            rows = connection.execute(
                text("SELECT h.id, d.code FROM household h JOIN dwelling d ON d.id = h.dwelling_id")
            )
            self._dwellings = {row.id: row.code for row in rows}

    @property
    def numbers(self) -> list[str]:
        return sorted({home.phone for home in self.homes if home.phone.startswith("+336")})

    @property
    def others(self) -> list[str]:
        """The second numbers of those who have one."""
        return sorted({home.phones[1] for home in self.homes if len(home.phones) > 1})

    # What the landlord does.

    def open(self, campaign: Campaign, *, dies_after: int = 0) -> int:
        opened = events.open_event(self.db, campaign, occasion="today", desk=DESK, now=self.now)
        self.opened[opened.event_id] = campaign
        self.draw_up(opened.event_id, dies_after=dies_after)
        return opened.event_id

    def draw_up(self, event_id: int, *, dies_after: int = 0) -> None:
        """dies_after: whoever queues the texts ends after so many slices of them; 0: they do not."""
        slices = count(1)

        def queued() -> None:
            if next(slices) == dies_after:
                raise Died

        with suppress(Died):
            events.fan_out(self.db, event_id, desk=DESK, now=self.now, slice_of=SLICE, queued=queued)

    def steer(self, event_id: int, order: str) -> None:
        orders = {
            "pause": lambda: events.pause(self.db, event_id),
            "resume": lambda: events.resume(self.db, event_id),
            "cancel": lambda: events.cancel(self.db, event_id, now=self.now),
        }
        with suppress(Refused):  # too late
            orders[order]()

    def call(self, outcome: OutcomeCode) -> None:
        """The most urgent call is made and ends so."""
        with self.db.begin() as connection:
            task = connection.execute(
                text("SELECT min(id) FROM callback_task WHERE state IN ('open', 'claimed')")
            ).scalar()
        if task is not None:
            calls.record_outcome(self.db, task, outcome=outcome, caller="odile", note="", desk=DESK, now=self.now)

    # What the workers do.

    def send(self, event_id: int) -> None:
        with suppress(Died):
            sending.send_batch(self._sending(), event_id)

    def send_answers(self) -> None:
        with suppress(Died):
            sending.send_answers(self._sending())

    def tick(self) -> None:
        """Mends the rows, climbs the ladder."""
        for event_id in sweeping.sweep(self.db, desk=DESK, outage=OUTAGE, now=self.now).unopened_events:
            self.draw_up(event_id)
        while escalating.escalate(self.db, desk=DESK, now=self.now).more:
            pass

    def ask(self) -> None:
        """The provider is asked about what is not known."""
        reconciling.settle_unknown(self._reconciling())
        reconciling.fetch_missing_receipts(self._reconciling())

    def read(self) -> None:
        """Every stored reply is read, twice: the queue may deliver a wake-up again."""
        for stored in [*self.unread, *self.unread]:
            inbound.handle(self._reading(), stored, now=self.now)
        self.unread.clear()

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def work(self) -> None:
        """One round of everything, as it goes on all day."""
        self.read()
        self.tick()
        for event_id in self.opened:
            self.send(event_id)
        self.send_answers()
        self.ask()

    # What the provider and people do.

    def word(self, taken: Taken, status: str) -> None:
        """A receipt. A final word is the text's fate; it is heard again, never another one. What is not taken yet is
        silent."""
        if taken.at > self.now:
            return
        taken.said = status if taken.said != taken.fate else taken.said
        receipt = Receipt(
            taken.text.message_id, taken.sid, status, taken.code if status == taken.fate else None, self.now
        )
        receipts.record(self.db, [receipt], now=self.now)

    def write(self, number: str, body: str) -> Inbound:
        """Somebody writes; the hook stores it, nobody has read it yet."""
        message = self.spoken(number, body)
        self.hook(message)
        return message

    def spoken(self, number: str, body: str) -> Inbound:
        """A text from a phone, as the provider has it; we have not heard of it."""
        message = Inbound(f"SM9{next(self._sids):031d}", number, SHORT_CODE, body, self.now)
        self.provider.heard.append(message)
        return message

    def hook(self, message: Inbound) -> None:
        """The provider tells of a text, perhaps not for the first time."""
        stored = inbound.store(self.db, message, now=self.now)
        if stored is not None:
            self.unread.append(stored)

    # What there is to judge by.

    def evidence(self) -> Evidence:
        with self.db.engine.connect() as connection:  # a kept one: this is asked after every step
            books = evidence.books(connection.connection.driver_connection)  # type: ignore[arg-type]
        about = {m.id: m for m in books.messages}
        accepted = tuple(_accepted(taken, about[taken.text.message_id]) for taken in self.provider.taken)
        heard = tuple(Heard(m.provider_sid, m.e164, m.body, m.received_at, m.received_at) for m in self.provider.heard)
        audience = frozenset(self._dwellings.values())
        terms = {c.key: Terms(audience, _seconds(c.calls_after)) for c in self.opened.values()}
        journal, later = Journal(accepted, heard), self.now - books.at
        return Evidence(terms, frozenset(terms), books, journal, frozenset({"1"}), later=later)

    def _sending(self) -> sending.Rig:
        return sending.Rig(
            db=self.db,
            gateway=self.provider,  # type: ignore[arg-type]  # in the gateway's place
            texts=TEXTS,
            senders=SENDERS,
            desk=DESK,
            share=shares.Share(self.db, self.provider, "w1", most=40, clock=lambda: self.now),  # type: ignore[arg-type]  # in the gateway's place
            batch_size=50,
            max_attempts=3,
            lease=LEASE,
            clock=lambda: self.now,
        )

    def _reconciling(self) -> reconciling.Rig:
        return reconciling.Rig(
            db=self.db,
            gateway=self.provider,  # type: ignore[arg-type]  # in the gateway's place
            senders=SENDERS,
            margin=MARGIN,
            receipt_patience=timedelta(minutes=30),
            clock=lambda: self.now,
        )

    def _reading(self) -> hearing.Rig:
        return hearing.Rig(self.db, DESK, SENDERS, RULES)


# Deleting a few rows is ten times quicker than TRUNCATE, which makes new files.
_EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;  -- foreign keys are not asked
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
END $$
"""
_STEPS = {"first": "1", "reminder": "2", "second_number": "3"}


def _accepted(taken: Taken, message: evidence.Message) -> Accepted:
    validity_s = (taken.text.void_at - taken.at).total_seconds()
    campaign = (message.campaign or "") if message.step in _STEPS else ""
    step = _STEPS.get(message.step, "")
    return Accepted(taken.sid, taken.text.to, campaign, step, message.id, taken.at, taken.at, validity_s, taken.said)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
