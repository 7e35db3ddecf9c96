"""A whole directory of partners from a file: looked at first, then taken over."""

from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from worker.domain.errors import Refused
from worker.services import partner_files, partnering
from worker.web.api import problems
from worker.web.api.house import AtHand, KeepsPartners
from worker.web.api.imports import BINARY
from worker.web.api.repeating import PARAMETER, Repeatable

router = APIRouter(tags=["partners"], route_class=Repeatable)

KINDS = ("csv", "toml")
PROBLEMS_MOST = 100

File = Annotated[bytes, Body(media_type=BINARY, min_length=1, description="the file as it is")]
Kind = Annotated[str, Query(pattern="^(" + "|".join(KINDS) + ")$", description="the file's ending", examples=["csv"])]
REFUSED = problems.responses("refused", "too_large")


class Taken(BaseModel):
    """What the file changes, or changed. problems: by the partner's place in the file; with one, nothing is taken."""

    applied: bool
    new: int
    changed: int
    unchanged: int
    problems: list[str] = Field(examples=[["partenaire 3, phone : numéro illisible."]])


@router.post("/partners/import/dry-run", openapi_extra=PARAMETER, responses=REFUSED)
def look(file: File, kind: Kind, person: KeepsPartners, at: AtHand) -> Taken:
    """Reads a directory and says what it would change. Changes nothing."""
    read = partner_files.parse(file, is_toml=kind == "toml")
    counts = partnering.take_over(at.db, read.entries, apply=False, by=person, now=at.now())
    return Taken(applied=False, **counts, problems=read.problems[:PROBLEMS_MOST])


@router.post("/partners/import", openapi_extra=PARAMETER, responses=REFUSED)
def take(file: File, kind: Kind, person: KeepsPartners, at: AtHand) -> Taken:
    """Adds and changes the partners of the file, all or none. Those that it does not name stay."""
    read = partner_files.parse(file, is_toml=kind == "toml")
    if read.problems:
        raise Refused(" ".join(read.problems[:3]))
    counts = partnering.take_over(at.db, read.entries, apply=True, by=person, now=at.now())
    return Taken(applied=True, **counts, problems=[])
