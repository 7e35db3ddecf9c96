"""Which rows are no tenants: totals, companies, guarantors, garages, people who have left."""

from collections.abc import Callable
from datetime import date

from worker.domain.folding import fold
from worker.domain.listings import ProblemCode
from worker.listing import dates, people
from worker.listing.cells import Cells
from worker.listing.rules import Column, Rules

_MOST_CELLS_IN_A_FOOTER = 3

Reason = tuple[ProblemCode, Column]


def is_footer(cells: Cells, rules: Rules) -> bool:
    """A total, a page number, or the header once more."""
    filled = [cell for cell in cells.cells if cell and not cell.isspace()]
    if len(filled) <= _MOST_CELLS_IN_A_FOOTER:
        first = fold(filled[0])
        return any(first == word or first.startswith(word + " ") for word in rules.cells.footers)
    return fold(filled[0]) == fold(cells.header.first_title) and _repeats_header(cells)


def _repeats_header(cells: Cells) -> bool:
    return [fold(c) for c in cells.cells if c.strip()] == [fold(t) for t in cells.header.titles if t]


def reason_to_leave_out(cells: Cells, rules: Rules, today: date) -> Reason | None:
    """The first reason why a row is no present tenant, with the column that says so; None for a tenant."""
    return next((reason for check in _CHECKS if (reason := check(cells, rules, today))), None)


def _no_home(cells: Cells, rules: Rules, _today: date) -> Reason | None:
    home = people.is_home(cells.first(Column.TYPOLOGY), rules)
    return None if home else (ProblemCode.NOT_A_HOME, Column.TYPOLOGY)


def _no_name(cells: Cells, _rules: Rules, _today: date) -> Reason | None:
    if cells.first(Column.LAST_NAME) or cells.first(Column.FIRST_NAME):
        return None
    somebody = cells.first(Column.ERP_ID) and cells.first(Column.BIRTH_DATE)
    return (ProblemCode.NAME_MISSING if somebody else ProblemCode.NO_TENANT), Column.LAST_NAME


def _no_person(cells: Cells, rules: Rules, _today: date) -> Reason | None:
    reason = people.no_tenant(
        last_name=cells.first(Column.LAST_NAME),
        first_name=cells.first(Column.FIRST_NAME),
        title=people.civility(cells.first(Column.CIVILITY), rules),
        rules=rules,
    )
    return (reason, Column.LAST_NAME) if reason else None


def _guarantor(cells: Cells, rules: Rules, _today: date) -> Reason | None:
    _role, problem = people.role(cells.first(Column.ROLE), rules)
    return (problem, Column.ROLE) if problem is ProblemCode.GUARANTOR else None


def _has_left(cells: Cells, rules: Rules, today: date) -> Reason | None:
    left_on, _readable = dates.day(cells.first(Column.LEFT_ON), rules=rules, today=today)
    return (ProblemCode.LEFT, Column.LEFT_ON) if left_on and left_on < today else None


_CHECKS: tuple[Callable[[Cells, Rules, date], Reason | None], ...] = (
    _no_home,
    _no_name,
    _no_person,
    _guarantor,
    _has_left,
)
