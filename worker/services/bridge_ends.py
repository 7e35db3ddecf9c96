"""How bridged calls end: for how long a card stays in hand then, and what the provider is asked when nobody tells."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from worker.domain import bridges
from worker.domain.bridges import BridgeEnd
from worker.domain.messages import FoundCall
from worker.services import claims, questions
from worker.services.questions import Asked
from worker.settings import Settings
from worker.store import bridges as rows
from worker.store import claims as claim_rows
from worker.store.bridges import Bridge, Patience
from worker.store.database import Connection, Database
from worker.twilio.client import Gateway

log = structlog.get_logger()

# Who pressed the button waits beside the telephone for so long; a call that comes later would surprise them.
WAITED_FOR = timedelta(seconds=60)
# Ringing, listening to the whisper, pressing the key.
SPARE = timedelta(seconds=60)
HUNG_UP_BY = timedelta(seconds=30)
OLDEST_ASKED = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rules:
    """patience: when a call cannot be under way any more. lease: for so long a card stays in hand after a call.

    ask_after: how long an end, or the next word of a talk that goes on, may take to come by itself.
    """

    patience: Patience
    lease: timedelta
    ask_after: timedelta


@dataclass(frozen=True, slots=True)
class Sides:
    """What the provider has on record. own: of the caller's side, not asked for where there is the other."""

    own: FoundCall | None
    household: FoundCall | None


def rules_of(settings: Settings) -> Rules:
    """As the settings have them."""
    bridge = settings.bridge
    return Rules(
        Patience(
            unasked=WAITED_FOR,
            unheard=WAITED_FOR + timedelta(seconds=bridge.ring_s) + SPARE,
            longest=timedelta(seconds=bridge.longest_s + bridge.ring_s) + HUNG_UP_BY,
        ),
        claims.rules_of(settings).lease,
        timedelta(seconds=bridge.ask_after_s),
    )


def settle(
    connection: Connection, bridge: Bridge, end: BridgeEnd, *, talked_s: int | None, lease: timedelta, now: datetime
) -> bool:
    """Says how a call, locked, ended; False when that was known. Its card stays in hand for one lease more, to be
    written: from the first word of an end on, since another call may be under way when a better one comes."""
    if not rows.end(connection, bridge.id, end, talked_s=talked_s, now=now):
        return False
    if bridge.ended_at is None:
        claim_rows.hold(connection, bridge.task_id, bridge.caller, until=now + lease)
    return True


def ask(db: Database, gateway: Gateway, rules: Rules, *, at_once: int, clock: Callable[[], datetime]) -> Asked:
    """Asks about calls of which no end was told; what cannot be under way any more is over for want of an answer too.

    One that goes on is left alone, and asked about again. An end that was not known may be learnt for two days.
    """

    def take(limit: int) -> Sequence[tuple[int, str]]:
        now = clock()
        with db.begin() as connection:
            return rows.take_untold(
                connection, before=now - rules.ask_after, oldest=now - OLDEST_ASKED, limit=limit, now=now
            )

    def fetch(untold: tuple[int, str]) -> Sides:
        dialled = gateway.dialled_by(untold[1])
        return Sides(None, dialled[0]) if dialled else Sides(gateway.fetch_call(untold[1]), None)

    def note(untold: tuple[int, str], found: Sides) -> int:
        return db.run(lambda connection: _note(connection, untold[0], found, rules, now=clock()))

    asked = questions.ask_all(take, fetch, note, at_once=at_once, purpose="fetch_bridge", clock=clock)
    with db.begin() as connection:
        rows.forget_lost(connection, rules.patience, now=clock())
    return asked


def _note(connection: Connection, bridge_id: int, found: Sides, rules: Rules, *, now: datetime) -> int:
    bridge = rows.lock(connection, bridge_id)
    if bridge is None:
        return 0
    if found.own is None and found.household is None:
        return int(rows.give_up(connection, bridge_id, rules.patience, now=now))
    connected = bridge.connected_at is not None
    end = bridges.end_on_record(_status(found.own), _status(found.household), connected=connected)
    if end is None:
        return 0
    talked_s = _talked_s(end, found.household)
    if not settle(connection, bridge, end, talked_s=talked_s, lease=rules.lease, now=now):
        return 0
    log.info("bridge_ended", bridge_id=bridge_id, end=str(end), asked=True)
    return 1


def _status(side: FoundCall | None) -> str | None:
    return None if side is None else side.status


def _talked_s(end: BridgeEnd, household: FoundCall | None) -> int | None:
    return household.duration_s if household is not None and end is BridgeEnd.TALKED else None
