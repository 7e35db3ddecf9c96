"""What a listing changes in the numbers we hold. A caller's correction outweighs the listing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.domain.channels import PhoneKind
from worker.domain.listings import ListedPhone, Problem, ProblemCode
from worker.domain.pairing import Pair
from worker.domain.roll import HeldPhone, Source

MOST_HOUSEHOLDS_SHARING = 2
_TEXTED = frozenset({PhoneKind.MOBILE, PhoneKind.FOREIGN})


@dataclass(slots=True)
class Counts:
    """How many of one kind are new, changed, gone, unchanged; rejected: what the file gave in vain."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    unchanged: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Owner:
    """A tenant as the roll will know it: the stored identity, and the row if there is one already."""

    identity: str
    tenant_id: int | None


@dataclass(slots=True)
class PhoneChanges:
    """new: (dwelling code, phone); changed: (phone id, phone), also those that come back; removed: phone ids."""

    new: list[tuple[str, ListedPhone]] = field(default_factory=list)
    changed: list[tuple[int, ListedPhone]] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    problems: list[Problem] = field(default_factory=list)


def compare(pair: Pair, owners: Mapping[str, Owner], changes: PhoneChanges) -> bool:
    """Notes what changes in the numbers of one household; True if anything does. owners: by listed identity."""
    held = {p.e164: p for p in pair.held.phones} if pair.held else {}
    corrected = {_is_texted(p.kind) for p in held.values() if p.source is Source.CALLER and not p.removed}
    before = (len(changes.new), len(changes.changed), len(changes.removed))
    for phone in pair.listed.phones:
        owner = owners.get(phone.owner) if phone.owner else None
        identity = owner.identity if owner else None
        owned = phone if phone.owner == identity else replace(phone, owner=identity)
        _one(pair.listed.dwelling.code, owned, owner, held.get(phone.e164), corrected=corrected, changes=changes)
    _missing(held.values(), {p.e164 for p in pair.listed.phones}, changes)
    return before != (len(changes.new), len(changes.changed), len(changes.removed))


def _one(
    code: str,
    phone: ListedPhone,
    owner: Owner | None,
    held: HeldPhone | None,
    *,
    corrected: set[bool],
    changes: PhoneChanges,
) -> None:
    """One listed number. Where a caller has noted another of its sort, a number we do not use waits for review."""
    if (held is None or (held.removed and held.source is Source.IMPORT)) and _is_texted(phone.kind) in corrected:
        changes.problems.append(Problem(phone.row, ProblemCode.PHONE_DIFFERS_FROM_CALLER, phone.column))
    elif held is None:
        changes.new.append((code, phone))
        changes.counts.new += 1
    elif held.source is Source.CALLER or _is_as_listed(held, phone, owner):
        changes.counts.unchanged += 1
    else:
        changes.changed.append((held.id, phone))
        changes.counts.changed += 1


def _is_as_listed(held: HeldPhone, phone: ListedPhone, owner: Owner | None) -> bool:
    """The kind is left out: the provider may since have taught us better."""
    listed = (False, phone.label, phone.rank, owner.tenant_id if owner else None)
    new_owner = owner is not None and owner.tenant_id is None
    return not new_owner and (held.removed, held.label, held.rank, held.tenant_id) == listed


def _missing(held: Iterable[HeldPhone], listed: set[str], changes: PhoneChanges) -> None:
    gone = [p.id for p in held if p.source is Source.IMPORT and not p.removed and p.e164 not in listed]
    changes.removed += gone
    changes.counts.gone += len(gone)


def _is_texted(kind: str) -> bool:
    return kind in _TEXTED


def shared_by_many(pairs: Sequence[Pair]) -> list[Problem]:
    """One problem for each listed number that more than two households have."""
    homes: dict[str, set[int]] = {}
    for place, pair in enumerate(pairs):
        for e164 in _numbers(pair):
            homes.setdefault(e164, set()).add(place)
    many = {e164 for e164, places in homes.items() if len(places) > MOST_HOUSEHOLDS_SHARING}
    return [
        Problem(phone.row, ProblemCode.PHONE_SHARED, phone.column)
        for pair in pairs
        for phone in pair.listed.phones
        if phone.e164 in many
    ]


def _numbers(pair: Pair) -> set[str]:
    held = pair.held.phones if pair.held else ()
    noted = {p.e164 for p in held if p.source is Source.CALLER and not p.removed}
    return noted | {p.e164 for p in pair.listed.phones}
