"""Referrals as people look at them: whose they are to see, the list by deadline, and one with all that happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain import referrals as domain
from worker.domain.errors import NotFound
from worker.domain.referrals import ReferralState
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing
from worker.services.auditing import Action
from worker.services.drafts import KEPT
from worker.store import hands, histories, referral_needs
from worker.store import referral_sendings as sendings
from worker.store import referrals as rows
from worker.store.database import Connection, Database
from worker.store.histories import Home
from worker.store.referral_needs import Heard
from worker.store.referral_sendings import Sending
from worker.store.referrals import Moved, Referral


@dataclass(frozen=True, slots=True)
class Whole:
    """A referral with how it came to be where it is."""

    referral: Referral
    moves: Sequence[Moved]
    sendings: Sequence[Sending]

    @property
    def may_become(self) -> tuple[ReferralState, ...]:
        """The moves that are open to a person now, in the order of the list."""
        nexts = domain.MOVES[ReferralState(self.referral.state)]
        return tuple(state for state in ReferralState if state in nexts)


def board(db: Database, person: Person) -> list[Referral]:
    """Open referrals of the person's agencies, by deadline; the look is written down by the caller."""
    with db.begin() as connection:
        return rows.board(connection, agencies=person.scope)


def page(
    db: Database,
    person: Person,
    *,
    open_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> list[Referral]:
    """Referrals of the person's agencies, newest first."""
    with db.begin() as connection:
        return rows.page(connection, agencies=person.scope, open_only=open_only, before=before, limit=limit)


def of_household(db: Database, household: int, *, limit: int) -> list[Referral]:
    """A household's own, newest first, for whoever has its file or its card open."""
    with db.begin() as connection:
        return rows.page(connection, agencies=None, household=household, limit=limit)


def show(db: Database, referral_id: int, *, by: Person, now: datetime) -> Whole:
    """One referral, the look written down. Raises NotFound for another agency's too."""
    with db.begin() as connection:
        found = visible(connection, referral_id, by, now=now)
        auditing.note(connection, by, Action.VIEWED, "referral", [referral_id], now=now)
        return Whole(found, rows.moves(connection, referral_id), sendings.of(connection, referral_id))


def visible(connection: Connection, referral_id: int, person: Person, *, now: datetime) -> Referral:
    """A referral that is theirs to see. Raises NotFound for any other: whether it exists is not theirs to know."""
    found = rows.one(connection, referral_id)
    if found is None or not is_theirs(connection, found.household_id, found.agency, person, now=now):
        raise NotFound(_("Aucune orientation n° {id}.").format(id=referral_id))
    return found


def is_theirs(connection: Connection, household: int, agency: str, person: Person, *, now: datetime) -> bool:
    """Whether a household's referrals are this person's to make and to follow: it is of their agencies, or its call is
    or lately was in their hands, as of those who help out in another agency's queue."""
    return person.sees(agency) or hands.had(connection, household, person.login, since=now - KEPT)


def heard(db: Database, task_id: int, *, by: Person, now: datetime) -> Heard | None:
    """What the latest outcome of a call brought to light; None without one, or for a household that is not theirs."""
    with db.begin() as connection:
        found = referral_needs.heard(connection, task_id)
        home = histories.home(connection, found.household_id, now=now) if found else None
        theirs = home is not None and is_theirs(connection, home.id, home.agency, by, now=now)
        return found if theirs else None


def home_of(db: Database, household: int, *, by: Person, now: datetime) -> Home:
    """The household a referral is about to be made for, the look written down. Raises NotFound."""
    with db.begin() as connection:
        home = histories.home(connection, household, now=now)
        if home is None or not is_theirs(connection, household, home.agency, by, now=now):
            raise NotFound(_("Aucun foyer n° {id}.").format(id=household))
        auditing.note(connection, by, Action.VIEWED, "household", [household], now=now)
        return home
