"""What the web process needs of the rest, named one by one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from worker.store.database import Database


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
    tokens: tuple[str, ...] = field(repr=False)
