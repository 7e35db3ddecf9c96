"""Tenant listings: the file is the body of the request; looked at first, then applied."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from worker.domain.errors import BadListing
from worker.i18n import _
from worker.listing import rules
from worker.services import auditing, importing
from worker.services.auditing import Action
from worker.services.importing import ImportPlan
from worker.web.api import answers, problems
from worker.web.api.house import AtHand, House, Imports
from worker.web.api.problems import Trouble
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["imports"], route_class=Repeatable)

KINDS = ("csv", "tsv", "txt", "xlsx", "xls", "ods")
BINARY = "application/octet-stream"
PROBLEMS_MOST = 1000

Listing = Annotated[bytes, Body(media_type=BINARY, min_length=1, description="the file as it is")]
Kind = Annotated[str, Query(pattern="^(" + "|".join(KINDS) + ")$", description="the file's ending", examples=["csv"])]
REFUSED = problems.responses("refused", "too_large", "bad_listing")


class RowProblem(answers.FromRow):
    """What is wrong with one row. Nothing here quotes the row."""

    row: int = Field(examples=[17])
    code: str = Field(examples=["phone_invalid"])
    weight: str = Field(examples=["listed"])
    column: str | None


class Read(BaseModel):
    """What an import would do, or did. digest: of the file, to apply exactly what was looked at."""

    applied: bool
    digest: str
    rows: int
    tenants: answers.Counts = Field(examples=[{"new": 12, "changed": 3, "gone": 1, "unchanged": 284, "rejected": 2}])
    households: answers.Counts
    phones: answers.Counts
    active_before: int
    vanishing: int
    would_be_refused: bool = Field(description="more tenants would vanish than the settings allow")
    problems: list[RowProblem] = Field(description=f"the first {PROBLEMS_MOST}")
    problems_total: int


@router.post("/imports/dry-run", openapi_extra=PARAMETER, responses=REFUSED)
def look(listing: Listing, kind: Kind, _person: Imports, at: AtHand) -> Read:
    """Reads a listing and says what it would change. Changes nothing."""
    with _file(listing, kind) as path:
        return _read(_plan(at, path), at, applied=False)


@router.post("/imports", openapi_extra=PARAMETER, responses=REFUSED)
def apply(
    listing: Listing,
    kind: Kind,
    person: Imports,
    at: AtHand,
    *,
    digest: Annotated[str | None, Query(max_length=128, description="of the dry run: another file is refused")] = None,
    allow_shrink: Annotated[bool, Query(description="more than a fifth of the tenants may vanish")] = False,
) -> Read:
    """Brings the roll of tenants up to the listing, all or nothing."""
    with _file(listing, kind) as path:
        planned = _plan(at, path)
    if digest is not None and digest != planned.reading.digest:
        raise Trouble("changed_meanwhile", _("Examinez ce fichier d'abord, puis appliquez-le avec son empreinte."))
    limits, now = at.program.settings.limits, at.now()
    done = importing.apply(
        at.db,
        planned,
        allow_shrink=allow_shrink,
        max_vanished=limits.import_max_vanished,
        today=at.program.desk.local_date(now),
        now=now,
    )
    auditing.record(at.db, person, Action.IMPORTED, "listing", [planned.reading.digest], now=now)
    return _read(done.plan, at, applied=True)


@contextmanager
def _file(listing: bytes, kind: str) -> Iterator[Path]:
    """The body as a file that is gone afterwards: it holds names and numbers."""
    with tempfile.TemporaryDirectory(prefix="courtoisie-") as folder:
        path = Path(folder) / f"liste.{kind}"
        path.write_bytes(listing)
        yield path


def _plan(at: House, path: Path) -> ImportPlan:
    today = at.program.desk.local_date(at.now())
    try:
        return importing.plan(at.db, path, rules=rules.load(at.program.settings.config_dir), today=today)
    except BadListing as error:
        raise BadListing(str(error).replace(str(path), path.name)) from None


def _read(plan: ImportPlan, at: House, *, applied: bool) -> Read:
    limit = at.program.settings.limits.import_max_vanished
    counts: dict[str, Any] = plan.counts()
    return Read(
        applied=applied,
        digest=plan.reading.digest,
        rows=plan.reading.rows,
        **counts,
        active_before=plan.active_before,
        vanishing=plan.vanishing,
        would_be_refused=plan.vanishing_share > limit,
        problems=[RowProblem.model_validate(p) for p in plan.problems[:PROBLEMS_MOST]],
        problems_total=len(plan.problems),
    )
