"""Each morning the call sheets of every agency are made, so that they are there when the machines are not."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote

import structlog

from worker.domain.errors import NotFound
from worker.domain.forms import Form
from worker.domain.roles import Person
from worker.i18n import _
from worker.services import auditing, call_sheets
from worker.services.auditing import Action
from worker.services.call_sheets import AgencySheets
from worker.services.desk import Desk
from worker.settings import Settings
from worker.store import morning_sheets as rows
from worker.store.database import Database
from worker.store.morning_sheets import Kept

log = structlog.get_logger()

# Whoever makes them has died if they are not there by then.
PATIENCE = timedelta(minutes=15)
Draw = Callable[[Sequence[AgencySheets]], bytes]
_OURS = re.compile(r"appels-(\d{4}-\d{2}-\d{2})-[\w.%~-]+\.pdf")


def make_due(db: Database, known: Sequence[Form], *, draw: Draw, desk: Desk, settings: Settings, now: datetime) -> int:
    """Makes the sheets of this morning that nobody has made yet, once the hour has come; returns of how many agencies.

    Safe at any time, any number of times, anywhere: one per day and agency. draw: the file of some sheets.
    """
    wanted, today = settings.sheets, desk.local_date(now)
    forget(db, settings=settings, today=today)
    if not wanted.morning or now.astimezone(desk.timezone).time() < time.fromisoformat(wanted.morning):
        return 0
    made = 0
    while _make_one(db, known, today, draw=draw, desk=desk, settings=settings, now=now):
        made += 1
    return made


def _make_one(
    db: Database, known: Sequence[Form], day: date, *, draw: Draw, desk: Desk, settings: Settings, now: datetime
) -> bool:
    with db.begin() as connection:
        claimed = rows.claim(connection, day, patience=PATIENCE, now=now)
    if claimed is None:
        return False
    found = call_sheets.sheets(db, known, landlord=desk.landlord, agency=claimed.agency, now=now)
    named = call_sheets.named(found)
    file = draw(found) if found else None
    with db.begin() as connection:
        kept = rows.keep(connection, claimed.id, households=named, file=file, now=now)
    if kept and file is not None and settings.sheets.folder is not None:
        _write(settings.sheets.folder, _name(day, claimed.agency), file)
    log.info("morning_sheets_made", agency=claimed.agency, calls=len(named))
    return True


def listed(db: Database, *, agencies: Sequence[str] | None) -> list[Kept]:
    """The sheets of these agencies, None: all; the newest first."""
    with db.begin() as connection:
        return rows.listed(connection, agencies=agencies)


def file(db: Database, sheet: int, person: Person, *, now: datetime) -> tuple[Kept, bytes]:
    """One of them, each of its households written down as having left on paper. Raises NotFound, also for another
    agency's."""
    with db.begin() as connection:
        found = rows.file(connection, sheet)
        if found is None or not person.sees(found[0].agency):
            raise NotFound(_("Ces feuilles n'existent pas, ou plus."))
        auditing.note(connection, person, Action.EXPORTED, "sheet", [sheet], now=now)
        auditing.note(connection, person, Action.EXPORTED, "household", found[0].household_ids, now=now)
    return found


def forget(db: Database, *, settings: Settings, today: date) -> None:
    """Sheets name people: after some days they go, from the database and from the folder."""
    before = today - timedelta(days=settings.sheets.keep_days)
    with db.begin() as connection:
        gone = rows.forget(connection, before=before)
    if gone:
        log.info("morning_sheets_deleted", sheets=gone)
    if settings.sheets.folder is not None and settings.sheets.folder.is_dir():
        for path in settings.sheets.folder.iterdir():
            ours = _OURS.fullmatch(path.name)
            if ours and date.fromisoformat(ours[1]) < before:
                path.unlink(missing_ok=True)


def _name(day: date, agency: str) -> str:
    """An agency's code may be anything; a file's name may not."""
    return f"appels-{day.isoformat()}-{quote(agency, safe='')}.pdf"


def _write(folder: Path, name: str, file: bytes) -> None:
    """Whole or not at all, for its owner alone. Without the folder the sheets are still in the database."""
    new = folder / f".{name}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(file)
        new.replace(folder / name)
    except OSError as error:
        log.warning("morning_sheets_not_written", error=type(error).__name__, reason=error.strerror)
