"""One row of the table as a person, a home and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from worker.domain.folding import fold
from worker.domain.listings import ListedDwelling, ListedTenant, ProblemCode, identity
from worker.listing import codes, dates, people, sieve
from worker.listing.cells import Cells
from worker.listing.phones import Number, PhoneReader
from worker.listing.rules import COUPLE, Column, Rules

_PHONES = (Column.PHONE_MOBILE, Column.PHONE_FIXED, Column.PHONE_OTHER)


@dataclass(frozen=True, slots=True)
class Row:
    """A tenant in a home, and the numbers of the row with the title each stood under."""

    tenant: ListedTenant
    dwelling: ListedDwelling
    numbers: tuple[tuple[Number, str], ...]
    couple: bool


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads rows by the rules. today: local date. agency_codes: folded agency name -> code, from rows that say both."""

    rules: Rules
    today: date
    phones: PhoneReader
    agency_codes: Mapping[str, str]

    def read(self, cells: Cells) -> Row | None:
        """The row as a tenant; None when it is none. Everything to be said about it is in cells.problems."""
        if sieve.is_footer(cells, self.rules):
            return None
        reason = sieve.reason_to_leave_out(cells, self.rules, self.today)
        if reason:
            cells.report(*reason)
            return None
        dwelling_code = _dwelling_code(cells)
        return self._row(cells, dwelling_code) if dwelling_code else None

    def _row(self, cells: Cells, dwelling_code: str) -> Row:
        civility = people.civility(cells.first(Column.CIVILITY), self.rules)
        couple = civility == COUPLE
        if couple:
            cells.report(ProblemCode.COUPLE_IN_ONE_ROW, Column.CIVILITY)
        return Row(
            tenant=self._tenant(cells, dwelling_code, people.COUPLE if couple else civility),
            dwelling=self._dwelling(cells, dwelling_code),
            numbers=self._numbers(cells, civility),
            couple=couple,
        )

    def _tenant(self, cells: Cells, dwelling_code: str, civility: str) -> ListedTenant:
        erp_id = cells.code(Column.ERP_ID) or None
        last_name = people.name(cells.first(Column.LAST_NAME))
        first_name = people.name(cells.first(Column.FIRST_NAME))
        birth, problem = dates.birth(cells.first(Column.BIRTH_DATE), rules=self.rules, today=self.today)
        if problem:
            cells.report(problem, Column.BIRTH_DATE)
        role, problem = people.role(cells.first(Column.ROLE), self.rules)
        if problem:
            cells.report(problem, Column.ROLE)
        return ListedTenant(
            row=cells.row,
            erp_id=erp_id,
            contract=cells.code(Column.CONTRACT) or None,
            civility=civility,
            last_name=last_name or first_name,
            first_name=first_name if last_name else "",
            birth=birth,
            role=role,
            language=self.rules.language_of.get(fold(cells.first(Column.LANGUAGE))),
            email=_email(cells),
            entered_on=self._day(cells, Column.ENTERED_ON),
            left_on=self._day(cells, Column.LEFT_ON),
            identity=identity(
                erp_id=erp_id, last_name=last_name, first_name=first_name, birth=birth, dwelling=dwelling_code
            ),
        )

    def _day(self, cells: Cells, column: Column) -> date | None:
        found, readable = dates.day(cells.first(column), rules=self.rules, today=self.today)
        if not readable:
            cells.report(ProblemCode.DATE_UNREADABLE, column)
        return found

    def _dwelling(self, cells: Cells, code: str) -> ListedDwelling:
        residence = cells.told(Column.RESIDENCE)
        agency_code, agency_name = self._agency(cells)
        insee_code = codes.insee(cells.first(Column.INSEE_CODE))
        postcode = _postcode(cells)
        departement = codes.departement(insee_code, postcode)
        if departement is None and cells.has(Column.POSTCODE, Column.INSEE_CODE):
            cells.report(ProblemCode.DEPARTEMENT_UNKNOWN, Column.POSTCODE)
        return ListedDwelling(
            code=code,
            agency_code=agency_code,
            agency_name=agency_name,
            residence=residence,
            senior=residence is not None and self.rules.is_senior(residence),
            address=_joined(cells, Column.ADDRESS),
            address_extra=_joined(cells, Column.ADDRESS_EXTRA),
            postcode=postcode,
            commune=cells.told(Column.COMMUNE) or "",
            insee_code=insee_code,
            departement=departement,
            building=cells.code(Column.BUILDING) or None,
            staircase=cells.code(Column.STAIRCASE) or None,
            floor=cells.code(Column.FLOOR) or None,
            adapted=self._is_adapted(cells),
        )

    def _is_adapted(self, cells: Cells) -> bool | None:
        """An empty cell says no; a listing without the column says nothing."""
        return fold(cells.first(Column.ADAPTED)) in self.rules.cells.yes if cells.has(Column.ADAPTED) else None

    def _agency(self, cells: Cells) -> tuple[str, str]:
        """(code, name). A row without either is kept, under a code that shows the lack."""
        name = cells.told(Column.AGENCY_NAME) or ""
        code = codes.agency(cells.first(Column.AGENCY_CODE), self.rules.agencies.code_width)
        code = code or self.agency_codes.get(fold(name), name)
        if code:
            return code, name
        cells.report(ProblemCode.AGENCY_MISSING, Column.AGENCY_CODE)
        return self.rules.agencies.unknown_code, self.rules.agencies.unknown_name

    def _numbers(self, cells: Cells, civility: str) -> tuple[tuple[Number, str], ...]:
        numbers: list[tuple[Number, str]] = []
        for column in _PHONES:
            for title, cell in cells.all(column):
                found = self.phones.read(cell, civility)
                numbers += [(number, title) for number in found.numbers]
                for problem in found.problems:
                    cells.report_under(title, problem)
        return tuple(numbers)


def _dwelling_code(cells: Cells) -> str | None:
    """The home's code. A tenant whose home has none is kept under the tenant's own number, if there is one."""
    code = cells.code(Column.DWELLING)
    if code:
        return code
    erp_id = cells.code(Column.ERP_ID)
    cells.report(ProblemCode.DWELLING_NAMED_BY_TENANT if erp_id else ProblemCode.DWELLING_MISSING, Column.DWELLING)
    return f"LOC-{erp_id}" if erp_id else None


def _postcode(cells: Cells) -> str:
    found = codes.postcode(cells.first(Column.POSTCODE))
    if found is None:
        cells.report(ProblemCode.POSTCODE_UNREADABLE, Column.POSTCODE)
    return found or ""


def _joined(cells: Cells, column: Column) -> str:
    return ", ".join(dict.fromkeys(" ".join(cell.split()) for _title, cell in cells.all(column)))


def _email(cells: Cells) -> str | None:
    text = cells.told(Column.EMAIL) or ""
    return text if "@" in text and " " not in text else None
