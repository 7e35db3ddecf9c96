"""Everything owed to a household ends at once, in every event: it left, somebody died, or it wants no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain.callbacks import TaskState
from worker.domain.messages import MessageState
from worker.domain.recipients import Reason, RecipientState
from worker.i18n import _
from worker.store import inbound, recipients, referral_checks, tasks
from worker.store.database import Connection


@dataclass(frozen=True, slots=True)
class Ending:
    """How it shows in the accounts, and on the callers' list. closed_as: the word kept on the task."""

    state: RecipientState
    reason: Reason
    task_state: TaskState
    closed_as: str

    @property
    def ends_referrals(self) -> bool:
        """Nobody is left to ring back, or to be helped; or they want no call any more."""
        return self.state is RecipientState.UNREACHED or self.reason is Reason.REFUSED


GONE_FROM_LISTING = Ending(RecipientState.UNREACHED, Reason.MOVED, TaskState.CANCELLED, "gone")


def stop(connection: Connection, households: Sequence[int], ending: Ending, *, now: datetime) -> None:
    """Settles their recipients of all events, takes back texts that have not left, closes their open task.

    The caller holds the locks of the households (people.lock), as whoever opens a task for them does. A neighbour who
    waits for the same text at the same number still gets it.
    """
    if not households:
        return
    owed = recipients.unsettled(connection, households)
    if owed:
        recipients.settle(connection, [(id_, ending.state, ending.reason) for id_ in owed], now=now)
        inbound.withdraw_texts(connection, owed, state=MessageState.CANCELLED, now=now)
    if ending.ends_referrals:
        why = _("le foyer ne veut plus d'appel") if ending.reason is Reason.REFUSED else _("le foyer n'est plus là")
        referral_checks.end_of(connection, households, by="courtoisie", note=why, now=now)
    tasks.close_of(connection, households, state=ending.task_state, closed_as=ending.closed_as, now=now)
