"""A listing brought by hand: examined first, then applied as it was examined, once, and deleted."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from worker.domain.errors import BadListing, Refused
from worker.domain.roles import Person
from worker.i18n import _
from worker.listing import rules
from worker.services import auditing, importing
from worker.services.auditing import Action
from worker.services.desk import Desk
from worker.services.importing import ImportPlan
from worker.settings import Settings
from worker.store import uploads
from worker.store.database import Connection, Database

KINDS = ("csv", "tsv", "txt", "xlsx", "xls", "ods")
# Long enough to read the report, short enough for a file full of names.
KEPT_FOR = timedelta(minutes=30)
REMEMBERED = timedelta(days=1)
PATIENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rig:
    """What examining and applying need."""

    db: Database
    desk: Desk
    settings: Settings


@dataclass(frozen=True, slots=True)
class Examined:
    """What an import would do, and under which number the file waits until when."""

    upload: int
    plan: ImportPlan
    until: datetime
    would_be_refused: bool


def examine(rig: Rig, content: bytes, *, name: str, by: Person, now: datetime) -> Examined:
    """Reads a listing and keeps it for a while. Raises BadListing, in words, for what is no listing."""
    kind = name.rpartition(".")[2].lower()
    if kind not in KINDS:
        raise BadListing(
            _("Ce fichier ne se lit pas : il faut une liste {kinds}.").format(kinds=", ".join(f".{k}" for k in KINDS))
        )
    if not content:
        raise BadListing(_("Ce fichier est vide."))
    plan = _plan(rig, content, kind, now)
    until = now + KEPT_FOR
    with rig.db.begin() as connection:
        _forget(connection, now)
        upload = uploads.stage(
            connection,
            who=by.login,
            kind=kind,
            digest=plan.reading.digest,
            file=content,
            expires_at=until,
            now=now,
        )
    return Examined(upload, plan, until, plan.vanishing_share > rig.settings.limits.import_max_vanished)


def apply(rig: Rig, upload: int, *, digest: str, allow_shrink: bool, by: Person, now: datetime) -> ImportPlan | None:
    """Applies what was examined; None when that was done before.

    Raises Refused when it waited too long, when somebody is at it, and when too many tenants would vanish.
    """
    with rig.db.begin() as connection:
        _forget(connection, now)
        taken = uploads.take(connection, upload, who=by.login, digest=digest, patience=PATIENCE, now=now)
        if taken is None and _is_done(connection, upload, digest, by):
            return None
    if taken is None:
        raise Refused(
            _("Cet examen a expiré : le fichier a été effacé. Choisissez-le de nouveau et relisez le rapport.")
        )
    kind, content = taken
    try:
        done = importing.apply(
            rig.db,
            _plan(rig, content, kind, now),
            allow_shrink=allow_shrink,
            max_vanished=rig.settings.limits.import_max_vanished,
            today=rig.desk.local_date(now),
            now=now,
        )
    except Exception:
        with rig.db.begin() as connection:
            uploads.give_back(connection, upload)
        raise
    with rig.db.begin() as connection:
        uploads.done(connection, upload, now=now)
        auditing.note(connection, by, Action.IMPORTED, "listing", [done.plan.reading.digest], now=now)
    return done.plan


def forget(db: Database, *, now: datetime) -> None:
    """Deletes what nobody applied in time. Safe at any time."""
    with db.begin() as connection:
        _forget(connection, now)


def _forget(connection: Connection, now: datetime) -> None:
    uploads.forget(connection, remembered=REMEMBERED, now=now)


def _is_done(connection: Connection, upload: int, digest: str, by: Person) -> bool:
    found = uploads.find(connection, upload, who=by.login)
    if found is None or found.digest != digest:
        return False
    if found.applied_at is None and found.taken_at is not None:
        raise Refused(_("Cette liste est en cours d'enregistrement : attendez un instant."))
    return found.applied_at is not None


def _plan(rig: Rig, content: bytes, kind: str, now: datetime) -> ImportPlan:
    today = rig.desk.local_date(now)
    with _file(content, kind) as path:
        try:
            return importing.plan(rig.db, path, rules=rules.load(rig.settings.config_dir), today=today)
        except BadListing as error:
            raise BadListing(str(error).replace(str(path), path.name)) from None


@contextmanager
def _file(content: bytes, kind: str) -> Iterator[Path]:
    """The content as a file that is gone afterwards: it holds names and numbers."""
    with tempfile.TemporaryDirectory(prefix="courtoisie-") as folder:
        path = Path(folder) / f"liste.{kind}"
        path.write_bytes(content)
        yield path
