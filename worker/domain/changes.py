"""What a listing changes in the roll we hold. Decided here, on values alone; saved by the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from worker.domain import merging, pairing, phone_changes
from worker.domain.folding import fold
from worker.domain.listings import ListedDwelling, ListedHousehold, ListedTenant, Problem, ProblemCode
from worker.domain.pairing import Pair
from worker.domain.phone_changes import Counts, Owner, PhoneChanges
from worker.domain.roll import HeldTenant, Residence, Roll, Source, Status


@dataclass(frozen=True, slots=True)
class Update:
    """What a held tenant becomes: present, with these facts."""

    tenant_id: int
    facts: ListedTenant


@dataclass(slots=True)
class Changes:
    """Everything to be written, by kind. A household that lives somewhere new is named by its dwelling's code,
    since after the change exactly one household is present there."""

    agencies: dict[str, str] = field(default_factory=dict)
    residences: dict[str, Residence] = field(default_factory=dict)
    new_dwellings: list[ListedDwelling] = field(default_factory=list)
    changed_dwellings: list[ListedDwelling] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    reopened: list[int] = field(default_factory=list)
    moved: list[tuple[int, str]] = field(default_factory=list)
    living_alone: list[tuple[str, str]] = field(default_factory=list)
    arrivals: list[tuple[str, ListedTenant]] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    departed: list[int] = field(default_factory=list)
    phones: PhoneChanges = field(default_factory=PhoneChanges)
    tenant_counts: Counts = field(default_factory=Counts)
    household_counts: Counts = field(default_factory=Counts)
    problems: list[Problem] = field(default_factory=list)
    active_before: int = 0

    @property
    def vanishing_share(self) -> float:
        """The share of present tenants whom the listing no longer has."""
        return len(self.departed) / self.active_before if self.active_before else 0.0


def compare(listed: Sequence[ListedHousehold], roll: Roll) -> Changes:
    """What must change so that the roll says what the listing says, and keeps what only people know."""
    listed = _under_held_codes(listed, roll)
    changes = Changes(active_before=sum(len(h.active) for h in roll.households))
    pairs = pairing.households(listed, roll)
    dead = _dead(roll)
    for pair in pairs:
        _household(pair, dead, roll, changes)
    _vanished(roll, {pair.held.id for pair in pairs if pair.held}, changes)
    _directories([pair.listed.dwelling for pair in pairs], roll, changes)
    changes.problems += phone_changes.shared_by_many(pairs) + changes.phones.problems
    return changes


def _under_held_codes(listed: Sequence[ListedHousehold], roll: Roll) -> list[ListedHousehold]:
    held = pairing.by_held_codes(listed, roll.dwellings)
    return [
        replace(h, dwelling=replace(h.dwelling, code=held[h.dwelling.code])) if h.dwelling.code in held else h
        for h in listed
    ]


def _dead(roll: Roll) -> Mapping[str, HeldTenant]:
    """The dead by identity, wherever they lived: a home under a new code must not bring them back."""
    people = (t for h in roll.households for t in h.tenants)
    return {t.facts.identity: t for t in people if t.status is Status.DECEASED and pairing.is_sure(t.facts)}


@dataclass(frozen=True, slots=True)
class _Person:
    """A listed tenant, the row we hold for it, and what the roll will say of it."""

    listed: ListedTenant
    held: HeldTenant | None
    facts: ListedTenant

    @property
    def changes(self) -> bool:
        return self.held is None or self.facts != self.held.facts or not self.held.is_active


def _household(pair: Pair, dead: Mapping[str, HeldTenant], roll: Roll, changes: Changes) -> None:
    living = _living(pair, dead, changes)
    if not living:
        _nobody_lives_here(pair, changes)
        return
    owners = {p.listed.identity: Owner(p.facts.identity, p.held.id if p.held else None) for p in living}
    touched = [
        _dwelling(pair.listed.dwelling, roll, changes),
        _home(pair, len(living), changes),
        _tenants(pair, living, changes),
        phone_changes.compare(pair, owners, changes.phones),
    ]
    if pair.held is None:
        changes.household_counts.new += 1
    elif any(touched):
        changes.household_counts.changed += 1
    else:
        changes.household_counts.unchanged += 1


def _living(pair: Pair, dead: Mapping[str, HeldTenant], changes: Changes) -> list[_Person]:
    """The listed tenants but for those of whom people know that they are dead or gone."""
    living: list[_Person] = []
    for listed, matched in zip(pair.listed.tenants, pair.tenants, strict=True):
        held = matched or dead.get(listed.identity)
        if held is None or not held.is_settled_by_people:
            living.append(_Person(listed, held, _facts(pair, listed, held)))
            continue
        died = held.status is Status.DECEASED
        code = ProblemCode.DECEASED_STILL_LISTED if died else ProblemCode.DEPARTED_STILL_LISTED
        changes.problems.append(Problem(listed.row, code))
        changes.tenant_counts.unchanged += 1
    return living


def _facts(pair: Pair, listed: ListedTenant, held: HeldTenant | None) -> ListedTenant:
    """What the roll will say of a tenant. The identity stays where somebody else of the household has the new one."""
    if held is None or pair.held is None:
        return listed
    facts = merging.tenant(held.facts, listed, dwelling=pair.listed.dwelling.code)
    taken = any(t.id != held.id and t.facts.identity == facts.identity for t in pair.held.tenants)
    return replace(facts, identity=held.facts.identity) if taken else facts


def _nobody_lives_here(pair: Pair, changes: Changes) -> None:
    if pair.held is None or pair.held.gone:
        changes.household_counts.unchanged += 1
        return
    _depart(pair.held.active, changes)
    changes.closed.append(pair.held.id)
    changes.household_counts.gone += 1


def _dwelling(listed: ListedDwelling, roll: Roll, changes: Changes) -> bool:
    held = roll.dwellings.get(listed.code)
    if held is None:
        changes.new_dwellings.append(listed)
        return True
    merged = merging.dwelling(held, listed)
    if merged != held:
        changes.changed_dwellings.append(merged)
    return merged != held


def _home(pair: Pair, living: int, changes: Changes) -> bool:
    """Where the household lives, whether it is back, and whether somebody lives with somebody."""
    code, held = pair.listed.dwelling.code, pair.held
    alone = "no" if pair.listed.couple or living > 1 else "unknown"
    if held is None:
        changes.opened.append(code)
    elif held.gone:
        changes.reopened.append(held.id)
    if held is not None and pair.moved:
        changes.moved.append((held.id, code))
    differs = held is None or (held.lives_alone_source is Source.IMPORT and held.lives_alone != alone)
    if differs:
        changes.living_alone.append((code, alone))
    return differs or pair.moved or (held is not None and held.gone)


def _tenants(pair: Pair, living: Sequence[_Person], changes: Changes) -> bool:
    """Who is new, who changed, who is no longer there."""
    counts, code = changes.tenant_counts, pair.listed.dwelling.code
    arrived = [p for p in living if p.held is None]
    known = [(p.held.id, p) for p in living if p.held is not None]
    updates = [Update(id_, p.facts) for id_, p in known if p.changes]
    stayed = {id_ for id_, _person in known}
    gone = [t for t in pair.held.active if t.id not in stayed] if pair.held else []
    changes.arrivals += [(code, p.listed) for p in arrived]
    changes.updates += updates
    counts.new += len(arrived)
    counts.changed += len(updates)
    counts.unchanged += len(known) - len(updates)
    _depart(gone, changes)
    return bool(arrived or updates or gone)


def _vanished(roll: Roll, kept: set[int], changes: Changes) -> None:
    for household in roll.households:
        if not household.gone and household.id not in kept:
            _depart(household.active, changes)
            changes.closed.append(household.id)
            changes.household_counts.gone += 1


def _depart(tenants: Sequence[HeldTenant], changes: Changes) -> None:
    changes.departed += [t.id for t in tenants]
    changes.tenant_counts.gone += len(tenants)


def _directories(dwellings: Sequence[ListedDwelling], roll: Roll, changes: Changes) -> None:
    """Agencies and residences to add or to rename. An agency without a name goes by its code."""
    for home in dwellings:
        held = roll.agencies.get(home.agency_code)
        name = home.agency_name or changes.agencies.get(home.agency_code) or held or home.agency_code
        if name != held:
            changes.agencies[home.agency_code] = name
        if home.residence:
            key = fold(home.residence)
            known = roll.residences.get(key)
            if known is None or known.senior != home.senior:
                changes.residences.setdefault(key, Residence(known.name if known else home.residence, home.senior))
