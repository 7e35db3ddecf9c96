"""Bringing the rows of one home together: its tenants, its numbers, each once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.folding import without_leading_zeros
from worker.domain.listings import (
    ListedDwelling,
    ListedHousehold,
    ListedPhone,
    ListedTenant,
    Problem,
    ProblemCode,
    Role,
    name_key,
)
from worker.listing.phones import Number
from worker.listing.rows import Row

_OWN = (PhoneLabel.SELF, PhoneLabel.SPOUSE)
_ROLES = {role: place for place, role in enumerate(Role)}

# A number of a tenant: whose, under which title, in which row.
Given = tuple[Number, ListedTenant, str, int]


def gather(rows: Iterable[Row]) -> tuple[list[ListedHousehold], list[Problem]]:
    """Households in the order in which their homes first appear, and what the rows of a home disagree about."""
    homes: dict[str, list[Row]] = {}
    for row in rows:
        homes.setdefault(row.dwelling.code.upper(), []).append(row)
    problems: list[Problem] = []
    return [_household(home, problems) for home in homes.values()], problems


def _household(rows: Sequence[Row], problems: list[Problem]) -> ListedHousehold:
    tenants, given = _people(rows, problems)
    phones = _phones(given)
    if not phones:
        problems.append(Problem(rows[0].tenant.row, ProblemCode.NO_PHONE))
    return ListedHousehold(
        dwelling=_dwelling(rows, problems),
        tenants=tuple(tenants),
        phones=phones,
        couple=any(row.couple for row in rows),
    )


def _dwelling(rows: Sequence[Row], problems: list[Problem]) -> ListedDwelling:
    """The first row's word holds; adapted if any row says so."""
    first = rows[0].dwelling
    place = (first.postcode, first.agency_code)
    others = (row for row in rows if (row.dwelling.postcode, row.dwelling.agency_code) != place)
    problems.extend(Problem(row.tenant.row, ProblemCode.DWELLING_DISAGREES) for row in others)
    return replace(first, adapted=True) if any(row.dwelling.adapted for row in rows) else first


def _people(rows: Sequence[Row], problems: list[Problem]) -> tuple[list[ListedTenant], list[Given]]:
    """The tenants, holder first, and every number given for them."""
    tenants: list[ListedTenant] = []
    owners: list[int] = []
    for row in rows:
        place = next((i for i, known in enumerate(tenants) if _same(known, row.tenant)), None)
        if place is None:
            place = len(tenants)
            tenants.append(row.tenant)
        else:
            tenants[place] = _better(tenants[place], row.tenant)
            problems.append(Problem(row.tenant.row, ProblemCode.DUPLICATE))
        owners.append(place)
    given = [
        (number, tenants[owner], title, row.tenant.row)
        for row, owner in zip(rows, owners, strict=True)
        for number, title in row.numbers
    ]
    order = {t.identity: _ROLES[t.role] for t in tenants}
    return sorted(tenants, key=lambda t: _ROLES[t.role]), sorted(given, key=lambda g: order[g[1].identity])


def _same(one: ListedTenant, other: ListedTenant) -> bool:
    """Two rows of one person: a second lease, a second line for a second number."""
    return (
        without_leading_zeros(one.erp_id or "") == without_leading_zeros(other.erp_id or "")
        and name_key(one.last_name, one.first_name) == name_key(other.last_name, other.first_name)
        and one.birth.may_be(other.birth)
    )


def _better(kept: ListedTenant, other: ListedTenant) -> ListedTenant:
    """The first row, with the birth date of the other when only that one knows it."""
    if kept.birth.on is not None or other.birth.on is None:
        return kept
    return replace(kept, birth=other.birth, identity=other.identity)


def _phones(given: Sequence[Given]) -> tuple[ListedPhone, ...]:
    """Each number once, the household's own mobiles first."""
    by_number: dict[str, list[Given]] = {}
    for one in given:
        by_number.setdefault(one[0].e164, []).append(one)
    phones = [_phone(sharers) for sharers in by_number.values()]
    phones.sort(key=lambda p: (p.label not in _OWN, p.kind is not PhoneKind.MOBILE))
    return tuple(replace(phone, rank=rank) for rank, phone in enumerate(phones, start=1))


def _phone(sharers: Sequence[Given]) -> ListedPhone:
    """Whose number it is: of the one tenant who gives it as his own; of nobody in particular when two do."""
    own = [g for g in sharers if g[0].label is PhoneLabel.SELF]
    number, tenant, title, row = (own or sharers)[0]
    shared = len({g[1].identity for g in own}) > 1
    owner = None if shared else tenant.identity
    return ListedPhone(number.e164, number.kind, number.label, 0, owner, row, title)
