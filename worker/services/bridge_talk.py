"""What a caller hears on their own phone, and how a bridged call ends."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from worker.domain import bridges, routing
from worker.domain.bridges import BridgeEnd
from worker.domain.callbacks import OPEN_STATES
from worker.services import bridge_ends, claims
from worker.services.answering import NOTHING
from worker.services.desk import Desk
from worker.services.speaking import Speaker
from worker.settings import Settings
from worker.store import bridges as rows
from worker.store import claims as claim_rows
from worker.store.bridges import Bridge
from worker.store.database import Connection, Database
from worker.twilio import calls
from worker.twilio.calls import BridgePlace

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Rig:
    """What it needs. public_url: our address as the provider knows it."""

    db: Database
    desk: Desk
    settings: Settings
    speech: Speaker
    public_url: str


@dataclass(frozen=True, slots=True)
class Dialled:
    """What became of ringing the household. own: how the caller's own side stands; talked_s: of the talk."""

    status: str
    own: str
    talked_s: int | None


def pick_up(rig: Rig, at: BridgePlace, *, now: datetime) -> str:
    """Somebody or something picked up the caller's phone: who comes next, and that a key connects."""

    def work(connection: Connection) -> str:
        bridge = _ours(connection, at)
        if bridge is None or bridge.ended_at is not None or not _is_held(connection, bridge, now):
            return NOTHING
        action = calls.bridge_address("connect", bridge.id, public_url=rig.public_url) + calls.SOON_AGAIN
        return rig.speech.menu(
            _words(rig), language=_language(rig), values=_values(connection, rig, bridge), action=action
        )

    return rig.db.run(work)


def connect(rig: Rig, at: BridgePlace, key: str, *, now: datetime) -> str:
    """A key: the household is rung. Without one nobody is: a voicemail of the caller never meets a tenant."""

    def work(connection: Connection) -> str:
        bridge = _ours(connection, at)
        if bridge is None or bridge.ended_at is not None:
            return NOTHING
        if not key:
            rows.end(connection, bridge.id, BridgeEnd.NOT_CONNECTED, now=now)
            return NOTHING
        if not _is_held(connection, bridge, now):
            rows.end(connection, bridge.id, BridgeEnd.NOT_CONNECTED, now=now)
            return rig.speech.say("bridge_gone", language=_language(rig), values=_values(connection, rig, bridge))
        rows.connect(connection, bridge.id, now=now)
        # The card stays theirs for as long as they may talk, also where no script keeps it.
        until = now + bridge_ends.rules_of(rig.settings).patience.longest
        claim_rows.hold(connection, bridge.task_id, bridge.caller, until=until)
        return _dial(rig, bridge)

    return rig.db.run(work)


def hang_up(rig: Rig, at: BridgePlace, dialled: Dialled, *, now: datetime) -> str:
    """How ringing the household ended."""
    _end(rig, at, bridges.end_of_dial(dialled.status, own=dialled.own), talked_s=dialled.talked_s, now=now)
    return NOTHING


def away(rig: Rig) -> str:
    """What a caller hears when nothing can be looked up: that the system does not answer, and to ring again."""
    values = {"bailleur": rig.desk.landlord, "tel": rig.desk.phone}
    return rig.speech.say("bridge_away", language=_language(rig), values=values)


def follow(rig: Rig, at: BridgePlace, status: str, *, now: datetime) -> None:
    """How the caller's own side goes."""

    def work(connection: Connection) -> BridgeEnd | None:
        bridge = _ours(connection, at)
        return None if bridge is None else bridges.end_of_own(status, connected=bridge.connected_at is not None)

    end = rig.db.run(work)
    if end is not None:
        _end(rig, at, end, talked_s=None, now=now)


def _end(rig: Rig, at: BridgePlace, end: BridgeEnd, *, talked_s: int | None, now: datetime) -> None:
    def work(connection: Connection) -> bool:
        bridge = _ours(connection, at)
        if bridge is None:
            return False
        lease = claims.rules_of(rig.settings).lease
        return bridge_ends.settle(connection, bridge, end, talked_s=talked_s, lease=lease, now=now)

    if rig.db.run(work):
        log.info("bridge_ended", bridge_id=at.bridge_id, end=str(end))


def _ours(connection: Connection, at: BridgePlace) -> Bridge | None:
    """The call that a word is about, locked; None for any other. The first word names it, if the answer was lost."""
    bridge = rows.lock(connection, at.bridge_id)
    if bridge is None or bridge.asked_at is None or bridge.provider_sid not in {None, at.provider_sid}:
        log.warning("bridge_not_ours", bridge_id=at.bridge_id, provider_sid=at.provider_sid)
        return None
    rows.note_sid(connection, bridge.id, at.provider_sid)
    return bridge


def _is_held(connection: Connection, bridge: Bridge, now: datetime) -> bool:
    task = claim_rows.lock(connection, bridge.task_id)
    return (
        task is not None
        and task.state in OPEN_STATES
        and routing.holder(task.claimed_by, task.claimed_until, now=now) == bridge.caller
    )


def _words(rig: Rig) -> list[str]:
    return ["bridge_context", "bridge"] if rig.settings.bridge.whisper else ["bridge"]


def _language(rig: Rig) -> str:
    return rig.settings.language


def _values(connection: Connection, rig: Rig, bridge: Bridge) -> dict[str, str]:
    tenants, reasons = rows.context(connection, bridge.task_id)
    return {"bailleur": rig.desk.landlord, "tel": rig.desk.phone, "foyer": bridges.whispered(tenants, reasons)}


def _dial(rig: Rig, bridge: Bridge) -> str:
    return rig.speech.connect(
        number=bridge.e164,
        caller_id=rig.settings.senders[bridge.sender].address,
        ring_s=rig.settings.bridge.ring_s,
        longest_s=rig.settings.bridge.longest_s,
        action=calls.bridge_address("ended", bridge.id, public_url=rig.public_url) + calls.SOON_AGAIN,
    )
