"""Households that want neither texts nor calls: who they are, and how one is taken back."""

from datetime import datetime

import structlog

from worker.domain.errors import Refused
from worker.i18n import _
from worker.store import people, refusals
from worker.store.database import Connection, Database
from worker.store.refusals import Refusing

log = structlog.get_logger()


def listed(db: Database, *, agency: str | None = None) -> list[Refusing]:
    """Present households that refuse everything, by agency and dwelling."""
    with db.begin() as connection:
        return refusals.listed(connection, agency=agency)


def lift(db: Database, household: int, *, now: datetime) -> None:
    """The household wishes to hear from us again, from the next event on.

    A STOP that came from its own telephone stays. Raises Refused when the household refuses nothing.
    """

    def work(connection: Connection) -> list[int]:
        people.lock(connection, [household])
        return refusals.take_back(connection, [household], now=now)

    if not db.run(work):
        raise Refused(
            _("Le foyer n° {id} n'a rien refusé, ou n'existe pas.").format(id=household), command="courtoisie refusals"
        )
    log.info("refusal_lifted", household_id=household)
