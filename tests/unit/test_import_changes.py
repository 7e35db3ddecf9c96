"""What a listing changes in the roll we hold, decided on values alone."""

from dataclasses import replace
from datetime import date

import pytest

from worker.domain import changes as deciding
from worker.domain.changes import Changes
from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.folding import fold
from worker.domain.listings import (
    UNKNOWN_BIRTH,
    Birth,
    ListedDwelling,
    ListedHousehold,
    ListedPhone,
    ListedTenant,
    Precision,
    ProblemCode,
    Role,
    identity,
)
from worker.domain.phone_changes import Counts, PhoneChanges
from worker.domain.roll import EMPTY, HeldHousehold, HeldPhone, HeldTenant, Residence, Roll, Source, Status

BORN = Birth(date(1938, 3, 15), Precision.DAY)


def person(
    name: str = "DUPONT", *, erp: str | None = "0012345", birth: Birth = BORN, home: str = "TIL-1", **more: object
) -> ListedTenant:
    key = identity(erp_id=erp, last_name=name, first_name="Odette", birth=birth, dwelling=home)
    made = ListedTenant(2, erp, None, "Mme", name, "Odette", birth, Role.HOLDER, "fr", None, None, None, identity=key)
    return replace(made, **more)  # type: ignore[arg-type]  # said by the test


def number(e164: str, *, owner: str | None = None, rank: int = 1, kind: PhoneKind = PhoneKind.MOBILE) -> ListedPhone:
    return ListedPhone(e164, kind, PhoneLabel.SELF, rank, owner, 2, "Portable")


def home(code: str = "TIL-1", **more: object) -> ListedDwelling:
    made = ListedDwelling(
        code,
        "01",
        "Nord",
        "LES TILLEULS",
        False,
        "12 rue",
        "",
        "31500",
        "TOULOUSE",
        None,
        "31",
        None,
        None,
        None,
        False,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # said by the test


def household(*tenants: ListedTenant, code: str = "TIL-1", phones: tuple[ListedPhone, ...] = ()) -> ListedHousehold:
    return ListedHousehold(home(code), tenants, phones)


def held(listed: ListedHousehold, id_: int = 1, *, gone: bool = False) -> HeldHousehold:
    """The household as we hold it once the listing was applied. Household 1 has tenants 11, 12, and phones 101, 102."""
    tenants = tuple(
        HeldTenant(id_ * 10 + i, replace(t, row=0), Status.LEFT if gone else Status.ACTIVE, Source.IMPORT)
        for i, t in enumerate(listed.tenants, start=1)
    )
    ids = {t.facts.identity: t.id for t in tenants}
    phones = tuple(
        HeldPhone(id_ * 100 + i, p.e164, p.kind, p.label, p.rank, ids.get(p.owner or ""), Source.IMPORT, False)
        for i, p in enumerate(listed.phones, start=1)
    )
    return HeldHousehold(id_, listed.dwelling.code, gone, listed.lives_alone, Source.IMPORT, tenants, phones)


def roll(*households: HeldHousehold) -> Roll:
    homes = {h.dwelling_code: home(h.dwelling_code) for h in households}
    return Roll({"01": "Nord"}, {fold("LES TILLEULS"): Residence("LES TILLEULS", False)}, homes, households)


def counts(found: Changes) -> tuple[Counts, Counts, Counts]:
    return found.tenant_counts, found.household_counts, found.phones.counts


ALONE = household(person(), phones=(number("+33600001001", owner=person().identity),))
COUPLE = household(
    person(), person("DURAND"), phones=(number("+33600001001"), number("+33536491001", rank=2, kind=PhoneKind.FIXED))
)


def test_everything_in_a_first_listing_is_new() -> None:
    found = deciding.compare([ALONE, replace(COUPLE, dwelling=home("TIL-2"))], EMPTY)

    assert counts(found) == (Counts(new=3), Counts(new=2), Counts(new=3))
    assert found.opened == ["TIL-1", "TIL-2"]
    assert found.living_alone == [("TIL-1", "unknown"), ("TIL-2", "no")]
    assert found.agencies == {"01": "Nord"}
    assert [d.code for d in found.new_dwellings] == ["TIL-1", "TIL-2"]
    assert found.vanishing_share == 0


@pytest.mark.parametrize("listed", [ALONE, COUPLE, household(person(erp=None)), household(person(birth=UNKNOWN_BIRTH))])
def test_the_same_listing_again_changes_nothing(listed: ListedHousehold) -> None:
    found = deciding.compare([listed], roll(held(listed)))

    assert counts(found) == (
        Counts(unchanged=len(listed.tenants)),
        Counts(unchanged=1),
        Counts(unchanged=len(listed.phones)),
    )
    assert found == Changes(
        tenant_counts=found.tenant_counts,
        household_counts=found.household_counts,
        phones=PhoneChanges(counts=found.phones.counts),
        active_before=len(listed.tenants),
    )


def test_who_is_no_longer_listed_has_left_and_an_empty_home_is_closed() -> None:
    found = deciding.compare(
        [household(person())], roll(held(COUPLE), held(household(person("X", erp="9"), code="B"), 2))
    )

    assert found.departed == [12, 21]
    assert found.closed == [2]
    assert found.vanishing_share == pytest.approx(2 / 3)
    assert found.living_alone == [("TIL-1", "unknown")]
    assert counts(found)[:2] == (Counts(unchanged=1, gone=2), Counts(changed=1, gone=1))


def test_a_caller_who_heard_that_somebody_lives_alone_is_believed() -> None:
    known = replace(held(COUPLE), lives_alone="yes", lives_alone_source=Source.CALLER)

    assert deciding.compare([COUPLE], roll(known)).living_alone == []


def test_when_all_tenants_of_a_home_changed_one_household_ends_and_another_begins() -> None:
    found = deciding.compare([household(person("MARTIN", erp="77"))], roll(held(ALONE)))

    assert (found.closed, found.opened, found.departed) == ([1], ["TIL-1"], [11])
    assert [t.last_name for _code, t in found.arrivals] == ["MARTIN"]


def test_one_new_tenant_beside_a_known_one_is_the_same_household() -> None:
    found = deciding.compare([household(person(), person("MARTIN", erp="77"))], roll(held(COUPLE)))

    assert (found.closed, found.opened, found.departed) == ([], [], [12])
    assert counts(found)[0] == Counts(new=1, unchanged=1, gone=1)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (person(birth=UNKNOWN_BIRTH), person()),
        (person(birth=Birth(date(1938, 12, 31), Precision.YEAR)), person()),
        (person(birth=Birth(date(1937, 3, 15), Precision.DAY)), person()),
        (person("DUPOND"), person()),
        (person(erp=None), person()),
        (person(erp=None, birth=UNKNOWN_BIRTH), person()),
        (person(erp="555"), person()),
        (person(), person(role=Role.SPOUSE)),
        (person(), person("Dupont", last_name="Dupont")),
    ],
)  # fmt: skip
def test_a_corrected_person_is_the_same_person(was: ListedTenant, now: ListedTenant) -> None:
    found = deciding.compare([household(now)], roll(held(household(was))))

    assert [(u.tenant_id, u.facts) for u in found.updates] == [(11, replace(now, row=0))]
    assert (found.closed, found.opened, found.arrivals, found.departed) == ([], [], [], [])


@pytest.mark.parametrize(
    "now",
    [
        person(birth=UNKNOWN_BIRTH),
        person(erp=None),
        person(erp="12345"),
        person(civility=""),
        person(language=None),
        person(erp="12345", birth=UNKNOWN_BIRTH),
    ],
)
def test_what_a_listing_does_not_say_is_not_forgotten(now: ListedTenant) -> None:
    found = deciding.compare([household(now)], roll(held(household(person()))))

    assert counts(found)[:2] == (Counts(unchanged=1), Counts(unchanged=1))


def test_father_and_son_of_one_name_are_two_people() -> None:
    son = person(erp="888", birth=Birth(date(1965, 1, 1), Precision.DAY))

    found = deciding.compare([household(son)], roll(held(household(person()))))

    assert (found.closed, found.opened) == ([1], ["TIL-1"])


def test_an_identity_somebody_else_of_the_home_already_has_is_not_taken_twice() -> None:
    """The former tenant was written DUPOND with the same number; a correction must not make two rows one."""
    past = HeldTenant(99, replace(person("DUPONT"), row=0), Status.LEFT, Source.IMPORT)
    known = held(household(person("DUPOND")))
    known = replace(known, tenants=(*known.tenants, past))

    found = deciding.compare([household(person("DUPONT"))], roll(known))

    assert [(u.tenant_id, u.facts.last_name, u.facts.identity) for u in found.updates] == [
        (11, "DUPONT", person("DUPOND").identity)
    ]


def test_people_who_move_together_take_their_household_along() -> None:
    listed = replace(ALONE, dwelling=home("NEW-9"))

    found = deciding.compare([listed], roll(held(ALONE)))

    assert (found.moved, found.closed, found.opened, found.departed) == ([(1, "NEW-9")], [], [], [])
    assert counts(found) == (Counts(unchanged=1), Counts(changed=1), Counts(unchanged=1))


def test_two_households_may_swap_their_homes() -> None:
    one, other = household(person(), code="A"), household(person("DURAND", erp="7"), code="B")
    swapped = [replace(one, dwelling=home("B")), replace(other, dwelling=home("A"))]

    found = deciding.compare(swapped, roll(held(one, 1), held(other, 2)))

    assert sorted(found.moved) == [(1, "B"), (2, "A")]
    assert (found.closed, found.opened, found.departed) == ([], [], [])


def test_who_comes_back_is_welcomed_in_the_old_household() -> None:
    found = deciding.compare([ALONE], roll(held(ALONE, gone=True)))

    assert (found.reopened, found.opened) == ([1], [])
    assert [u.tenant_id for u in found.updates] == [11]
    assert counts(found)[:2] == (Counts(changed=1), Counts(changed=1))


def test_who_comes_back_after_others_lived_there_gets_the_old_household_and_theirs_ends() -> None:
    others = household(person("MARTIN", erp="77"))

    found = deciding.compare([ALONE], roll(held(ALONE, 1, gone=True), held(others, 2)))

    assert (found.reopened, found.closed, found.departed) == ([1], [2], [21])


def with_fate(known: HeldHousehold, status: Status, source: Source) -> HeldHousehold:
    first = replace(known.tenants[0], status=status, status_source=source)
    return replace(known, tenants=(first, *known.tenants[1:]))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.DECEASED, ProblemCode.DECEASED_STILL_LISTED),
        (Status.LEFT, ProblemCode.DEPARTED_STILL_LISTED),
    ],
)
@pytest.mark.parametrize("gone", [True, False])
def test_a_listing_that_lags_behind_does_not_bring_back_whom_a_caller_reported_dead_or_gone(
    status: Status, code: ProblemCode, gone: bool
) -> None:
    known = with_fate(replace(held(ALONE), gone=gone), status, Source.CALLER)

    found = deciding.compare([ALONE], roll(known))

    assert (found.updates, found.reopened, found.opened, found.arrivals) == ([], [], [], [])
    assert found.closed == ([] if gone else [1])
    assert [p.code for p in found.problems] == [code]


def test_the_widow_stays_and_lives_alone_no_more_with_anyone() -> None:
    known = with_fate(held(COUPLE), Status.DECEASED, Source.CALLER)

    found = deciding.compare([COUPLE], roll(known))

    assert (found.closed, found.departed, found.updates) == ([], [], [])
    assert found.living_alone == [("TIL-1", "unknown")]


def test_the_dead_do_not_come_back_under_a_new_dwelling_code() -> None:
    known = with_fate(replace(held(ALONE), gone=True), Status.DECEASED, Source.CALLER)

    found = deciding.compare([replace(ALONE, dwelling=home("RENUMBERED"))], roll(known))

    assert (found.arrivals, found.opened) == ([], [])


@pytest.mark.parametrize(("held_code", "listed_code"), [("0012", "12"), ("12", "0012"), ("TIL-1", "til-1")])
def test_a_dwelling_code_that_lost_its_zeros_is_the_same_dwelling(held_code: str, listed_code: str) -> None:
    found = deciding.compare([household(person(), code=listed_code)], roll(held(household(person(), code=held_code))))

    assert counts(found)[1] == Counts(unchanged=1)


def test_two_codes_that_differ_only_by_zeros_are_two_homes_when_both_exist() -> None:
    one, other = household(person(), code="0012"), household(person("DURAND", erp="7"), code="12")

    found = deciding.compare([one, other], roll(held(one, 1), held(other, 2)))

    assert counts(found)[1] == Counts(unchanged=2)


def test_a_code_that_two_rows_could_mean_is_left_to_neither() -> None:
    listed = [household(person(), code="12"), household(person("DURAND", erp="7"), code="012")]

    found = deciding.compare(listed, roll(held(household(person(), code="0012"))))

    assert [d.code for d in found.new_dwellings] == ["12", "012"]
    assert found.moved == [(1, "12")]


def test_a_listing_without_a_column_does_not_erase_what_it_would_have_said() -> None:
    known = replace(roll(held(ALONE)), dwellings={"TIL-1": home(adapted=True, insee_code="31555", building="A")})
    listed = replace(ALONE, dwelling=home(adapted=None, insee_code=None, residence=None, address="", commune=""))

    assert deciding.compare([listed], known).changed_dwellings == []


def test_a_dwelling_that_became_adapted_and_changed_agency_is_changed() -> None:
    listed = replace(ALONE, dwelling=home(adapted=True, agency_code="02", agency_name="Ouest"))

    found = deciding.compare([listed], roll(held(ALONE)))

    assert [(d.adapted, d.agency_code) for d in found.changed_dwellings] == [(True, "02")]
    assert found.agencies == {"02": "Ouest"}
    assert counts(found)[1] == Counts(changed=1)


def test_an_agency_without_a_name_goes_by_its_code_until_a_row_names_it() -> None:
    rows = [household(person(), code="A"), household(person("X", erp="2"), code="B")]
    nameless = replace(rows[0], dwelling=home("A", agency_code="05", agency_name=""))
    named = replace(rows[1], dwelling=home("B", agency_code="05", agency_name="Est"))

    assert deciding.compare([nameless], EMPTY).agencies == {"05": "05"}
    assert deciding.compare([nameless, named], EMPTY).agencies == {"05": "Est"}
    assert deciding.compare([named, nameless], EMPTY).agencies == {"05": "Est"}


# Numbers.

OLD, NEW = "+33600001001", "+33600001002"


def listed_with(*numbers: str) -> ListedHousehold:
    return household(person(), phones=tuple(number(n, rank=i) for i, n in enumerate(numbers, start=1)))


def held_with(*phones: HeldPhone) -> Roll:
    return roll(replace(held(household(person())), phones=phones))


def phone(
    e164: str, *, id_: int = 100, source: Source = Source.IMPORT, removed: bool = False, kind: str = "mobile"
) -> HeldPhone:
    return HeldPhone(id_, e164, kind, PhoneLabel.SELF, 1, None, source, removed)


def test_a_number_no_longer_listed_is_withdrawn_and_a_new_one_taken() -> None:
    found = deciding.compare([listed_with(NEW)], held_with(phone(OLD)))

    assert [(code, p.e164) for code, p in found.phones.new] == [("TIL-1", NEW)]
    assert found.phones.removed == [100]
    assert counts(found)[2] == Counts(new=1, gone=1)


def test_a_number_that_is_listed_again_comes_back() -> None:
    found = deciding.compare([listed_with(OLD)], held_with(phone(OLD, removed=True)))

    assert [id_ for id_, _phone in found.phones.changed] == [100]


def test_what_the_provider_taught_us_about_a_number_is_kept() -> None:
    found = deciding.compare([listed_with(OLD)], held_with(phone(OLD, kind="fixed")))

    assert counts(found)[2] == Counts(unchanged=1)


def test_a_number_a_caller_noted_is_never_withdrawn() -> None:
    found = deciding.compare([household(person())], held_with(phone(NEW, source=Source.CALLER)))

    assert found.phones.removed == []


@pytest.mark.parametrize("removed", [phone(OLD, id_=101, removed=True), None])
def test_another_number_than_the_one_a_caller_noted_waits_for_review(removed: HeldPhone | None) -> None:
    noted = phone(NEW, source=Source.CALLER)

    found = deciding.compare([listed_with(OLD)], held_with(noted, *([removed] if removed else [])))

    assert (found.phones.new, found.phones.changed) == ([], [])
    assert [(p.row, p.code, p.column) for p in found.problems] == [
        (2, ProblemCode.PHONE_DIFFERS_FROM_CALLER, "Portable")
    ]


def test_a_landline_beside_a_mobile_noted_by_a_caller_is_taken() -> None:
    fixed = household(person(), phones=(number("+33536491001", kind=PhoneKind.FIXED),))

    found = deciding.compare([fixed], held_with(phone(NEW, source=Source.CALLER)))

    assert [p.e164 for _code, p in found.phones.new] == ["+33536491001"]


def test_the_number_a_caller_noted_is_recognised_when_the_listing_has_it_at_last() -> None:
    found = deciding.compare([listed_with(NEW)], held_with(phone(NEW, source=Source.CALLER)))

    assert counts(found)[2] == Counts(unchanged=1)
    assert found.problems == []


@pytest.mark.parametrize(("homes", "reported"), [(2, 0), (3, 3)])
def test_a_number_of_more_than_two_households_is_for_review(homes: int, reported: int) -> None:
    listed = [household(person(f"N{i}", erp=str(i)), code=f"H{i}", phones=(number(OLD),)) for i in range(homes)]

    found = deciding.compare(listed, EMPTY)

    assert [p.code for p in found.problems] == [ProblemCode.PHONE_SHARED] * reported
