"""The callers' list on paper: for the day on which the machines are down. Paper lies about, so it tells no more than a
call needs: no words of theirs, no notes, and numbers of relatives only where one of them is to be rung."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from worker.domain import forms, rungs
from worker.domain.callbacks import band
from worker.domain.campaigns import Level
from worker.domain.channels import CONTACTS
from worker.domain.forms import Form
from worker.domain.roles import Person
from worker.domain.rungs import Rung
from worker.services import auditing
from worker.services.auditing import Action
from worker.store import call_sheets, tasks
from worker.store.call_sheets import Tried
from worker.store.database import Database
from worker.store.tasks import Task

# What was tried before that says little about today.
MEMORY = timedelta(days=14)
TRIED_MOST = 4


@dataclass(frozen=True, slots=True)
class Sheet:
    """One household to ring. numbers: of the form's questions, as the guide counts them. dial: whom to ring, each with
    e164 and label."""

    task: Task
    dial: Sequence[Mapping[str, Any]]
    band: str
    form: Form
    numbers: Mapping[str, int]
    tried: Sequence[Tried]


@dataclass(frozen=True, slots=True)
class AgencySheets:
    """The households of one agency, the most needed first, and the forms they need."""

    code: str
    name: str
    forms: Sequence[Form]
    sheets: Sequence[Sheet]


def sheets(
    db: Database, known: Sequence[Form], *, landlord: str, agency: str | None = None, now: datetime
) -> list[AgencySheets]:
    """All open calls, by agency. known: the call forms. The names in the opening words are left to the caller."""
    with db.begin() as connection:
        owed = tasks.queue(connection, agency=agency)
        tries = call_sheets.tried(connection, [t.household_id for t in owed], since=now - MEMORY, each=TRIED_MOST)
    by_household = {h: tuple(group) for h, group in groupby(tries, key=lambda t: t.household_id)}
    by_agency = sorted(owed, key=lambda t: t.agency)  # stable: the order of need stays within an agency
    return [
        _agency(list(group), known, by_household, landlord)
        for _code, group in groupby(by_agency, key=lambda t: t.agency)
    ]


def for_person(
    db: Database,
    known: Sequence[Form],
    person: Person,
    *,
    landlord: str,
    agency: str | None = None,
    now: datetime,
) -> list[AgencySheets]:
    """The same, of the person's own agencies, each household written down as having left on paper."""
    theirs = [one for one in sheets(db, known, landlord=landlord, agency=agency, now=now) if person.sees(one.code)]
    auditing.record(db, person, Action.EXPORTED, "household", named(theirs), now=now)
    return theirs


def named(made: Sequence[AgencySheets]) -> list[int]:
    """The households on these sheets."""
    return [sheet.task.household_id for agency in made for sheet in agency.sheets]


def _agency(
    owed: Sequence[Task], known: Sequence[Form], tried: Mapping[int, Sequence[Tried]], landlord: str
) -> AgencySheets:
    name = owed[0].agency_name
    made = [_sheet(task, known, tried.get(task.household_id, ())) for task in owed]
    return AgencySheets(owed[0].agency, name, tuple(_opened(made, landlord, name)), made)


def _sheet(task: Task, known: Sequence[Form], tried: Sequence[Tried]) -> Sheet:
    form = forms.fitting(known, Level(task.level or Level.NONE), task.campaign)
    numbers = {question.key: number for number, question in enumerate(form.questions, 1)}
    return Sheet(task, _dial(task), band(task.priority), form, numbers, tried)


def _dial(task: Task) -> list[Mapping[str, Any]]:
    """The household's own numbers; those of others where they are to be asked, or where there are no own ones."""
    good: list[Mapping[str, Any]] = [number for number in task.phones or [] if not number["bad"]]
    contacts = [number for number in good if number["label"] in CONTACTS]
    if rungs.on_the_line(task.reasons) is Rung.TRUSTED_CONTACT:
        return contacts
    return [number for number in good if number not in contacts] or contacts


def _opened(made: Sequence[Sheet], landlord: str, agency: str) -> Iterator[Form]:
    """Each form once, its first words filled as far as they are known before the call."""
    for key in dict.fromkeys(sheet.form.key for sheet in made):
        form = next(sheet.form for sheet in made if sheet.form.key == key)
        words = forms.opening(form, names="…", caller="…", landlord=landlord, agency=agency)
        yield replace(form, opening=words)
