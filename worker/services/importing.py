"""Bringing the roll of tenants up to a landlord's listing: look first, then apply, all or nothing."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

import structlog

from worker.domain import changes as deciding
from worker.domain.changes import Changes
from worker.domain.errors import BadListing, Refused
from worker.domain.listings import REFUSED_PHONES, Listing, Problem, Reading, Weight
from worker.domain.phone_changes import Counts
from worker.domain.roll import Roll
from worker.i18n import _
from worker.listing import reading
from worker.listing.rules import Rules
from worker.services import departures
from worker.store import listing as store
from worker.store import listing_changes
from worker.store.database import Connection, Database

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. problems are in the order of the rows; nothing in them quotes the file.

    vanishing_share: the part of present tenants whom the listing no longer has, 0 to 1.
    """

    reading: Reading
    tenants: Counts
    households: Counts
    phones: Counts
    problems: tuple[Problem, ...]
    active_before: int
    vanishing: int
    listing: Listing

    @property
    def vanishing_share(self) -> float:
        return self.vanishing / self.active_before if self.active_before else 0.0

    def counts(self) -> dict[str, dict[str, int]]:
        """new, changed, gone, unchanged, rejected of tenants, households and phones."""
        return {"tenants": asdict(self.tenants), "households": asdict(self.households), "phones": asdict(self.phones)}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: the plan as it stood at the moment of applying it."""

    plan: ImportPlan
    applied_at: datetime


def plan(db: Database, file: Path, *, rules: Rules, today: date) -> ImportPlan:
    """Reads a listing and compares it with what we hold. Changes nothing. today: local date.

    Raises BadListing for a file that is no listing, Unavailable when the database does not answer.
    """
    listing = read(file, rules=rules, today=today)
    with db.begin() as connection:
        store.snapshot(connection)
        roll = store.roll(connection)
    found, _changes = _compare(listing, roll)
    return found


def read(file: Path, *, rules: Rules, today: date) -> Listing:
    """The listing in a file. Raises BadListing, also when no row of it is a tenant."""
    listing = reading.read(file, rules=rules, today=today)
    if not listing.households:
        raise BadListing(_("Le fichier est lisible mais ne contient aucun locataire."))
    return listing


def apply(
    db: Database, planned: ImportPlan, *, allow_shrink: bool, max_vanished: float, today: date, now: datetime
) -> ImportReport:
    """Applies a plan in one transaction, compared anew with what is held at that moment.

    Raises Refused when more than max_vanished (0 to 1) of the present tenants would vanish, unless allow_shrink.
    """

    def work(connection: Connection) -> ImportPlan:
        store.lock(connection)
        found, changes = _compare(planned.listing, store.roll(connection))
        if not allow_shrink:
            refuse_shrinking(found, max_vanished)
        _apply(connection, changes, today=today, now=now)
        listing_changes.record(connection, digest=found.reading.digest, counts=found.counts(), now=now)
        return found

    found = db.run(work)
    log.info("listing_imported", **{f"tenants_{k}": v for k, v in asdict(found.tenants).items()})
    return ImportReport(found, now)


def _apply(connection: Connection, changes: Changes, *, today: date, now: datetime) -> None:
    """Whoever left is owed nothing more from this moment. Before anything else is written: a receipt, which touches
    texts first and numbers after them, must find us going the same way."""
    listing_changes.lock_households(connection, changes)
    departures.stop(connection, changes.closed, departures.GONE_FROM_LISTING, now=now)
    listing_changes.save(connection, changes, today=today, now=now)


def refuse_shrinking(found: ImportPlan, max_vanished: float) -> None:
    """Raises Refused when too many would vanish: more likely half a file than half a town moving out."""
    if found.vanishing_share <= max_vanished:
        return
    raise Refused(
        _(
            "{gone} locataires présents sur {before} ({share:.0%}) ne sont plus dans ce fichier ; "
            "la limite est {limit:.0%}. Vérifiez que la liste est complète. "
            "Pour l'appliquer quand même : --allow-shrink."
        ).format(gone=found.vanishing, before=found.active_before, share=found.vanishing_share, limit=max_vanished)
    )


def _compare(listing: Listing, roll: Roll) -> tuple[ImportPlan, Changes]:
    changes = deciding.compare(listing.households, roll)
    problems = sorted([*listing.problems, *changes.problems], key=lambda p: (p.row, p.code))
    changes.tenant_counts.rejected = sum(p.weight is Weight.REJECTED for p in problems)
    changes.phones.counts.rejected = sum(p.code in REFUSED_PHONES for p in problems)
    found = ImportPlan(
        reading=listing.reading,
        tenants=changes.tenant_counts,
        households=changes.household_counts,
        phones=changes.phones.counts,
        problems=tuple(problems),
        active_before=changes.active_before,
        vanishing=len(changes.departed),
        listing=listing,
    )
    return found, changes
