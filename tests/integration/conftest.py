"""The use cases with their real parts, on a fresh database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from tests import builders
from tests.integration import site as sites
from tests.integration.console_visits import Browser, Console
from tests.integration.site import Site
from worker.domain import calendar
from worker.domain.campaigns import Campaign
from worker.domain.channels import Capability, Sender
from worker.domain.messages import Inbound
from worker.services import escalating, events, hearing, inbound, outages, recording, sweeping
from worker.services.desk import Desk
from worker.store import accounts, outbox, schema
from worker.store.database import Database

SENDERS = {
    "court": Sender("court", "38000", Capability.TWO_WAY, segments_per_s=0),
    "alpha": Sender("alpha", "Les Chalets", Capability.ONE_WAY, segments_per_s=0),
}
DESK = Desk(
    timezone=ZoneInfo("Europe/Paris"),
    hours=calendar.CallHours(),
    landlord="Les Chalets",
    phone="05 36 49 00 01",
)
RULES = hearing.Rules(acks_per_day=3, ack_quiet=timedelta(minutes=10), absence=timedelta(days=14))
OUTAGE = outages.Rules(alarm=timedelta(minutes=1), patience=timedelta(minutes=30))
_sids = count(1)


@dataclass
class Town:
    """A landlord on one day: opens events, hears replies, climbs the ladder, and looks at the rows."""

    db: Database
    now: datetime

    def __post_init__(self) -> None:
        self.reading = hearing.Rig(self.db, DESK, SENDERS, RULES)

    def household(self, **what: object) -> builders.Household:
        return builders.household(self.db, **what)  # type: ignore[arg-type]

    def open(self, campaign: Campaign | None = None, occasion: str = "today") -> int:
        """Opens an event and draws up its recipients."""
        chosen = campaign or builders.campaign()
        opened = events.open_event(self.db, chosen, occasion=occasion, desk=DESK, now=self.now)
        events.fan_out(self.db, opened.event_id, desk=DESK, now=self.now)
        return opened.event_id

    def sent(self, event_id: int, _campaign: Campaign | None = None) -> None:
        """Every queued text of the event was accepted by the provider, now."""
        with self.db.begin() as connection:
            rows = connection.execute(
                text(
                    "UPDATE message SET state = 'sent', sent_at = :now, attempts = 1, segments = 1, "
                    "provider_sid = 'SM' || lpad(id::text, 32, '0') WHERE event_id = :id AND state = 'queued' "
                    "RETURNING id, event_id, e164, step, state"
                ),
                {"now": self.now, "id": event_id},
            ).all()
            recording.start_clocks(connection, [outbox.Moved(**r._asdict()) for r in rows], self.now)

    def reply(self, number: str, body: str, **more: object) -> int | None:
        """A text from a phone, stored and read. None when the provider's id was heard before."""
        sid = str(more.pop("sid", f"SM{next(_sids):032d}"))
        message = Inbound(sid, number, "38000", body, self.now, **more)  # type: ignore[arg-type]
        stored = inbound.store(self.db, message, now=self.now)
        if stored is not None:
            inbound.handle(self.reading, stored, now=self.now)
        return stored

    def later(self, **span: float) -> None:
        """Time passes, and who is due climbs."""
        self.now += timedelta(**span)
        self.climb()

    def sweep(self) -> sweeping.Wakes:
        """One tick."""
        return sweeping.sweep(self.db, desk=DESK, outage=OUTAGE, now=self.now)

    def climb(self) -> None:
        while escalating.escalate(self.db, desk=DESK, now=self.now).more:
            pass

    def dwelling(self, household: builders.Household) -> str:
        """The code of its dwelling."""
        query = text("SELECT d.code FROM dwelling d JOIN household h ON h.dwelling_id = d.id WHERE h.id = :id")
        with self.db.begin() as connection:
            return str(connection.execute(query, {"id": household.id}).scalar_one())

    def state(self, household: builders.Household, event_id: int | None = None) -> str:
        return self.recipient(household, event_id)["state"]

    def recipient(self, household: builders.Household, event_id: int | None = None) -> dict[str, object]:
        table = schema.recipient
        query = select(table).where(table.c.household_id == household.id).order_by(table.c.id.desc())
        if event_id is not None:
            query = query.where(table.c.event_id == event_id)
        with self.db.begin() as connection:
            return dict(connection.execute(query).mappings().first() or {"state": "absent from the event"})

    def task(self, household: builders.Household) -> dict[str, object] | None:
        """The household's open task."""
        return next((t for t in self.rows("callback_task", household) if t["state"] in {"open", "claimed"}), None)

    def rows(self, table: str, household: builders.Household | None = None) -> list[dict[str, object]]:
        where = "" if household is None else " WHERE household_id = :id"
        with self.db.begin() as connection:
            found = connection.execute(
                text(f"SELECT * FROM {table}{where} ORDER BY 1"),  # noqa: S608  # a test's own table name
                {"id": household.id} if household else {},
            )
            return [dict(row) for row in found.mappings()]

    def texts(self, household: builders.Household, step: str) -> list[dict[str, object]]:
        return [m for m in self.rows("message", household) if m["step"] == step]

    def account(self, event_id: int) -> accounts.Account:
        with self.db.begin() as connection:
            return accounts.of_event(connection, event_id)


@pytest.fixture
def town(db: Database, now: datetime) -> Town:
    return Town(db, now)


@pytest.fixture
def console(town: Town) -> Iterator[Site]:
    """The town's console, up."""
    with sites.running(Console(town.db, town.now)) as running:
        yield running


@pytest.fixture
def browser(console: Site) -> Browser:
    """A window of somebody who has not signed in."""
    return Browser(console.url)
