"""What the web process needs of the rest, named one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from worker.domain.campaigns import Campaign
from worker.domain.forms import Form
from worker.rendering import Texts
from worker.services.desk import Desk
from worker.services.speaking import Speaker
from worker.settings import Settings
from worker.store.database import Database


@dataclass(frozen=True, slots=True)
class Program:
    """What people and programs use through the web. fan_out: tells the workers of a new event, by its id.

    speech: what calls say. leave_voicemail: tells the workers of an answering machine, by message and attempt.
    place_bridge: has them ring a caller's own phone, by the bridged call.
    broken: campaigns whose file is not usable, with what is wrong.
    """

    settings: Settings
    campaigns: Mapping[str, Campaign]
    texts: Texts
    desk: Desk
    fan_out: Callable[[int], None]
    speech: Speaker
    leave_voicemail: Callable[[int, int], None]
    place_bridge: Callable[[int], None]
    forms: Sequence[Form] = ()
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parts:
    """wake: tells the workers of a stored reply, by its id. ping_queue: raises Unavailable when the queue is away.

    tokens: the account's auth tokens that may sign hooks. public_url: our address as the provider knows it.
    """

    db: Database
    clock: Callable[[], datetime]
    wake: Callable[[int], None]
    ping_queue: Callable[[], None]
    public_url: str
    program: Program
    tokens: tuple[str, ...] = field(repr=False)
