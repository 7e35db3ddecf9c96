"""A tenant listing once read: who lives where, which numbers they have, and what was wrong with the rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.folding import fold, without_leading_zeros


class Role(StrEnum):
    """What a tenant is in the lease."""

    HOLDER = "holder"
    CO_HOLDER = "co_holder"
    SPOUSE = "spouse"
    OCCUPANT = "occupant"


class Precision(StrEnum):
    """How well a birth date is known."""

    DAY = "day"
    YEAR = "year"
    UNKNOWN = "unknown"


class ProblemCode(StrEnum):
    """What is to be said about one row. Never with the row's content."""

    NAME_MISSING = "name_missing"
    DWELLING_MISSING = "dwelling_missing"
    COMPANY = "company"
    VACANT = "vacant"
    LEFT = "left"
    GUARANTOR = "guarantor"
    NOT_A_HOME = "not_a_home"
    NO_TENANT = "no_tenant"
    DUPLICATE = "duplicate"
    BIRTH_MISSING = "birth_missing"
    BIRTH_UNREADABLE = "birth_unreadable"
    BIRTH_IMPLAUSIBLE = "birth_implausible"
    DATE_UNREADABLE = "date_unreadable"
    NO_PHONE = "no_phone"
    PHONE_LOST = "phone_lost"
    PHONE_UNREADABLE = "phone_unreadable"
    PHONE_INVALID = "phone_invalid"
    PHONE_REPEATED_DIGIT = "phone_repeated_digit"
    PHONE_SPECIAL = "phone_special"
    PHONE_FOREIGN = "phone_foreign"
    POSTCODE_UNREADABLE = "postcode_unreadable"
    DEPARTEMENT_UNKNOWN = "departement_unknown"
    AGENCY_MISSING = "agency_missing"
    DWELLING_NAMED_BY_TENANT = "dwelling_named_by_tenant"
    DWELLING_DISAGREES = "dwelling_disagrees"
    ROLE_UNKNOWN = "role_unknown"
    COUPLE_IN_ONE_ROW = "couple_in_one_row"
    PHONE_SHARED = "phone_shared"
    PHONE_DIFFERS_FROM_CALLER = "phone_differs_from_caller"
    DECEASED_STILL_LISTED = "deceased_still_listed"
    DEPARTED_STILL_LISTED = "departed_still_listed"


class Weight(StrEnum):
    """REJECTED: a person may be missing. SKIPPED: rightly left out. LISTED: kept, with a lack.
    REVIEW: kept as it was, somebody must decide."""

    REJECTED = "rejected"
    SKIPPED = "skipped"
    LISTED = "listed"
    REVIEW = "review"


_REJECTED = {ProblemCode.NAME_MISSING, ProblemCode.DWELLING_MISSING}
_SKIPPED = {
    ProblemCode.COMPANY,
    ProblemCode.VACANT,
    ProblemCode.LEFT,
    ProblemCode.GUARANTOR,
    ProblemCode.NOT_A_HOME,
    ProblemCode.NO_TENANT,
    ProblemCode.DUPLICATE,
}
_REVIEW = {
    ProblemCode.DWELLING_DISAGREES,
    ProblemCode.PHONE_FOREIGN,
    ProblemCode.PHONE_SHARED,
    ProblemCode.PHONE_DIFFERS_FROM_CALLER,
    ProblemCode.DECEASED_STILL_LISTED,
    ProblemCode.DEPARTED_STILL_LISTED,
}
WEIGHTS: Mapping[ProblemCode, Weight] = {
    **dict.fromkeys(ProblemCode, Weight.LISTED),
    **dict.fromkeys(_REJECTED, Weight.REJECTED),
    **dict.fromkeys(_SKIPPED, Weight.SKIPPED),
    **dict.fromkeys(_REVIEW, Weight.REVIEW),
}

# A number the listing gives and we cannot keep.
REFUSED_PHONES = frozenset(
    {
        ProblemCode.PHONE_LOST,
        ProblemCode.PHONE_UNREADABLE,
        ProblemCode.PHONE_INVALID,
        ProblemCode.PHONE_REPEATED_DIGIT,
        ProblemCode.PHONE_SPECIAL,
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """row: as the spreadsheet numbers it, from 1. column: the header as the file writes it."""

    row: int
    code: ProblemCode
    column: str | None = None

    @property
    def weight(self) -> Weight:
        return WEIGHTS[self.code]


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth date with its precision. Known by the year only, it stands for 31 December."""

    on: date | None
    precision: Precision

    @property
    def key(self) -> str:
        """What tells two births apart: the day, the year, or nothing."""
        if self.on is None:
            return ""
        return str(self.on.year) if self.precision is Precision.YEAR else self.on.isoformat()

    def may_be(self, other: "Birth") -> bool:
        """True unless both are known and differ."""
        if self.on is None or other.on is None:
            return True
        if Precision.YEAR in (self.precision, other.precision):
            return self.on.year == other.on.year
        return self.on == other.on


UNKNOWN_BIRTH = Birth(None, Precision.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ListedPhone:
    """One usable number. owner: the tenant's identity, None when the household shares it."""

    e164: str
    kind: PhoneKind
    label: PhoneLabel
    rank: int
    owner: str | None
    row: int
    column: str


@dataclass(frozen=True, slots=True)
class ListedTenant:
    """One person of the listing. None in contract, email, entered_on, left_on or language: not told."""

    row: int
    erp_id: str | None
    contract: str | None
    civility: str
    last_name: str
    first_name: str
    birth: Birth
    role: Role
    language: str | None
    email: str | None
    entered_on: date | None
    left_on: date | None
    identity: str


@dataclass(frozen=True, slots=True)
class ListedDwelling:
    """One home. agency and residence by code and by name. None, or an empty text: not told by this listing."""

    code: str
    agency_code: str
    agency_name: str
    residence: str | None
    senior: bool
    address: str
    address_extra: str
    postcode: str
    commune: str
    insee_code: str | None
    departement: str | None
    building: str | None
    staircase: str | None
    floor: str | None
    adapted: bool | None


@dataclass(frozen=True, slots=True)
class ListedHousehold:
    """A dwelling and its tenants. couple: one row stands for two people."""

    dwelling: ListedDwelling
    tenants: tuple[ListedTenant, ...]
    phones: tuple[ListedPhone, ...]
    couple: bool = False

    @property
    def lives_alone(self) -> str:
        """A listing proves company, never solitude: who holds the lease alone may not live alone."""
        return "no" if self.couple or len(self.tenants) > 1 else "unknown"


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file was read, for the operator to confirm.

    accented: up to three (row, value) that show whether the encoding is right; for the screen only.
    rows: those below the header that are not blank. digest: SHA-256 of the file.
    """

    kind: str
    encoding: str | None
    separator: str | None
    header_row: int
    ignored_headers: tuple[str, ...]
    accented: tuple[tuple[int, str], ...]
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A whole listing. Rows of a dwelling are brought together; problems are in the order of the rows."""

    reading: Reading
    households: tuple[ListedHousehold, ...]
    problems: tuple[Problem, ...]


def name_key(last_name: str, first_name: str) -> str:
    return fold(f"{last_name} {first_name}")


def identity(*, erp_id: str | None, last_name: str, first_name: str, birth: Birth, dwelling: str) -> str:
    """What makes a person the same from one listing to the next: number, name and birth date; the dwelling
    stands in for a number that is not there. Zeros a spreadsheet may have dropped do not count."""
    number = f"@{without_leading_zeros(dwelling)}" if erp_id is None else without_leading_zeros(erp_id)
    return f"{number}|{name_key(last_name, first_name)}|{birth.key}"
