"""The roll of tenants as we hold it before a listing arrives."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from worker.domain.channels import PhoneLabel
from worker.domain.listings import ListedDwelling, ListedTenant


class Status(StrEnum):
    ACTIVE = "active"
    LEFT = "left"
    DECEASED = "deceased"


class Source(StrEnum):
    """Who said so. What a caller heard from a person outweighs what a listing says."""

    IMPORT = "import"
    CALLER = "caller"


@dataclass(frozen=True, slots=True)
class HeldTenant:
    """A tenant as we hold it: the same words a listing uses, and what has become of the person.

    facts.row is 0; facts.identity is the stored key.
    """

    id: int
    facts: ListedTenant
    status: Status
    status_source: Source

    @property
    def is_active(self) -> bool:
        return self.status is Status.ACTIVE

    @property
    def is_settled_by_people(self) -> bool:
        """Dead, or gone as a caller learned: a listing that lags behind does not undo it."""
        return self.status is Status.DECEASED or (self.status is Status.LEFT and self.status_source is Source.CALLER)


@dataclass(frozen=True, slots=True)
class HeldPhone:
    """A number as we hold it. tenant_id None: shared. bad marks are not shown: a listing never touches them."""

    id: int
    e164: str
    kind: str
    label: PhoneLabel
    rank: int
    tenant_id: int | None
    source: Source
    removed: bool


@dataclass(frozen=True, slots=True)
class HeldHousehold:
    """A household, present or gone, with everybody who ever belonged to it."""

    id: int
    dwelling_code: str
    gone: bool
    lives_alone: str
    lives_alone_source: Source
    tenants: tuple[HeldTenant, ...]
    phones: tuple[HeldPhone, ...]

    @property
    def active(self) -> tuple[HeldTenant, ...]:
        return tuple(t for t in self.tenants if t.is_active)


@dataclass(frozen=True, slots=True)
class Residence:
    name: str
    senior: bool


@dataclass(frozen=True, slots=True)
class Roll:
    """Everything held. agencies: code -> name. residences by folded name, dwellings by code. Households in
    the order of their ids."""

    agencies: Mapping[str, str]
    residences: Mapping[str, Residence]
    dwellings: Mapping[str, ListedDwelling]
    households: tuple[HeldHousehold, ...]


EMPTY = Roll({}, {}, {}, ())
