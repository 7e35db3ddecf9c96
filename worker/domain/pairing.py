"""Who is who: listed people and homes beside those we hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.domain.folding import without_leading_zeros
from worker.domain.listings import ListedHousehold, ListedTenant, name_key
from worker.domain.roll import HeldHousehold, HeldTenant, Roll


@dataclass(frozen=True, slots=True)
class Pair:
    """A listed household and the one we hold for it, with each listed tenant's held row. moved: from another home."""

    listed: ListedHousehold
    held: HeldHousehold | None
    tenants: tuple[HeldTenant | None, ...]

    @property
    def moved(self) -> bool:
        return self.held is not None and self.held.dwelling_code != self.listed.dwelling.code


def by_held_codes(listed: Iterable[ListedHousehold], codes: Iterable[str]) -> Mapping[str, str]:
    """Listed dwelling code -> the code we hold: the same, or the one that differs only by lost zeros or case."""
    held = set(codes)
    listed_codes = [h.dwelling.code for h in listed]
    free = _once(_loose(code) for code in held.difference(listed_codes))
    by_loose = {_loose(code): code for code in held if _loose(code) in free}
    wanted = _once(_loose(code) for code in listed_codes if code not in held)
    return {
        code: by_loose[_loose(code)]
        for code in listed_codes
        if code not in held and _loose(code) in wanted and _loose(code) in by_loose
    }


def _loose(code: str) -> str:
    return without_leading_zeros(code.upper())


def _once(words: Iterable[str]) -> set[str]:
    once: set[str] = set()
    more: set[str] = set()
    for word in words:
        (more if word in once else once).add(word)
    return once - more


def households(listed: Sequence[ListedHousehold], roll: Roll) -> list[Pair]:
    """Each listed household with the one we hold, by what is surest: the people who live in that home now, people
    who moved there together, people who lived there once and are back; nobody for a new household."""
    finder = _Finder(roll)
    found: dict[int, Pair] = {}
    for search in (finder.present, finder.movers, finder.returned):
        for place, household in enumerate(listed):
            if place not in found and (pair := search(household)):
                found[place] = pair
    return [found.get(i) or Pair(h, None, (None,) * len(h.tenants)) for i, h in enumerate(listed)]


class _Finder:
    """Each held household is given away once."""

    def __init__(self, roll: Roll) -> None:
        self._taken: set[int] = set()
        self._present = {h.dwelling_code: h for h in roll.households if not h.gone}
        self._past: dict[str, list[HeldHousehold]] = {}
        for household in roll.households:
            if household.gone:
                self._past.setdefault(household.dwelling_code, []).append(household)
        self._by_person = {t.facts.identity: h for h in self._present.values() for t in h.active if is_sure(t.facts)}

    def present(self, listed: ListedHousehold) -> Pair | None:
        return self._take(listed, [self._present.get(listed.dwelling.code)])

    def movers(self, listed: ListedHousehold) -> Pair | None:
        return self._take(listed, [self._by_person.get(t.identity) for t in listed.tenants if is_sure(t)])

    def returned(self, listed: ListedHousehold) -> Pair | None:
        return self._take(listed, reversed(self._past.get(listed.dwelling.code, [])))

    def _take(self, listed: ListedHousehold, candidates: Iterable[HeldHousehold | None]) -> Pair | None:
        for held in candidates:
            if held is None or held.id in self._taken:
                continue
            tenants = people(listed.tenants, held.tenants)
            if any(tenants):
                self._taken.add(held.id)
                return Pair(listed, held, tuple(tenants))
        return None


def is_sure(tenant: ListedTenant) -> bool:
    """Known by number, name and full birth date: enough to recognise the person anywhere."""
    return tenant.erp_id is not None and bool(tenant.birth.key)


def people(listed: Sequence[ListedTenant], held: Sequence[HeldTenant]) -> list[HeldTenant | None]:
    """The held row of each listed tenant of one household, surest first, present people before past ones."""
    found: list[HeldTenant | None] = [None] * len(listed)
    free = sorted(held, key=lambda t: not t.is_active)
    for place, row in _matches(listed, free):
        if found[place] is None and row in free:
            found[place] = row
            free.remove(row)
    return found


def _matches(listed: Sequence[ListedTenant], held: Sequence[HeldTenant]) -> Iterator[tuple[int, HeldTenant]]:
    """Every possible match, the surest first."""
    for active in (True, False):
        rows = [row for row in held if row.is_active is active]
        for same in _SAME:
            for place, tenant in enumerate(listed):
                for row in rows:
                    if same(tenant, row.facts):
                        yield place, row


def _same_identity(one: ListedTenant, other: ListedTenant) -> bool:
    return one.identity == other.identity


def _same_number_and_name(one: ListedTenant, other: ListedTenant) -> bool:
    """The birth date was corrected, or became known."""
    return _same_number(one, other) and _same_name(one, other)


def _same_number_and_birth(one: ListedTenant, other: ListedTenant) -> bool:
    """The name was corrected."""
    return _same_number(one, other) and one.birth.on is not None and one.birth == other.birth


def _same_name_and_maybe_birth(one: ListedTenant, other: ListedTenant) -> bool:
    """The number was missing, or was changed."""
    return _same_name(one, other) and one.birth.may_be(other.birth)


def _same_number(one: ListedTenant, other: ListedTenant) -> bool:
    numbers = [without_leading_zeros(t.erp_id) for t in (one, other) if t.erp_id is not None]
    return len(numbers) == 2 and numbers[0] == numbers[1]


def _same_name(one: ListedTenant, other: ListedTenant) -> bool:
    return name_key(one.last_name, one.first_name) == name_key(other.last_name, other.first_name)


_SAME: tuple[Callable[[ListedTenant, ListedTenant], bool], ...] = (
    _same_identity,
    _same_number_and_name,
    _same_number_and_birth,
    _same_name_and_maybe_birth,
)
