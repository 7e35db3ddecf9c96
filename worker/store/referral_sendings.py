"""Hand-overs of referrals to partners: by telephone, on paper, by e-mail. An e-mail's row is there before it leaves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

# uq_referral_sending_email refuses a second e-mail while one left, or may have.
_START = text(
    """
INSERT INTO referral_sending (referral_id, via, by, started_at) VALUES (:referral_id, 'by_email', :by, :now)
ON CONFLICT DO NOTHING RETURNING id
"""
)

_FINISH = text(
    "UPDATE referral_sending SET finished_at = :now, outcome = :outcome, code = :code WHERE id = :id AND outcome IS NULL"
)

_DONE = text(
    """
INSERT INTO referral_sending (referral_id, via, by, started_at, finished_at, outcome)
VALUES (:referral_id, :via, :by, :now, :now, 'done')
"""
)

# A process that died while its mail was under way: it may have left.
_LOST = text(
    """
UPDATE referral_sending SET finished_at = :now, outcome = 'unknown_fate' WHERE outcome IS NULL AND started_at < :before
RETURNING referral_id
"""
)

_OF = text(
    "SELECT id, via, by, started_at, finished_at, outcome, code FROM referral_sending WHERE referral_id = :id ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Sending:
    """One hand-over. outcome None: under way."""

    id: int
    via: str
    by: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    code: str


def start_email(connection: Connection, referral_id: int, *, by: str, now: datetime) -> int | None:
    """The id of an e-mail that is about to leave; None when one has left, or may have."""
    return connection.execute(_START, {"referral_id": referral_id, "by": by, "now": now}).scalar()


def finish(connection: Connection, sending_id: int, *, outcome: str, code: str, now: datetime) -> None:
    """What became of it; the first word counts."""
    connection.execute(_FINISH, {"id": sending_id, "outcome": outcome, "code": code, "now": now})


def note(connection: Connection, referral_id: int, *, via: str, by: str, now: datetime) -> None:
    """A person handed it over."""
    connection.execute(_DONE, {"referral_id": referral_id, "via": via, "by": by, "now": now})


def give_up(connection: Connection, *, before: datetime, now: datetime) -> list[int]:
    """E-mails under way since before then have an unknown fate; returns their referrals."""
    return list(connection.execute(_LOST, {"before": before, "now": now}).scalars())


def of(connection: Connection, referral_id: int) -> list[Sending]:
    """All hand-overs of a referral, oldest first."""
    return [Sending(**row._asdict()) for row in connection.execute(_OF, {"id": referral_id})]
