"""The synthetic listing: deterministic, and read back exactly as it was meant."""

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random

import phonenumbers
import pytest

from sandbox import listing as synthetic
from tests import listings
from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.listings import ListedHousehold, Weight


def as_home(household: ListedHousehold) -> synthetic.Home:
    """What was read, in the words of the one who wrote it."""
    own = [p for p in household.phones if p.label is PhoneLabel.SELF]
    return synthetic.Home(
        dwelling=household.dwelling.code,
        agency=household.dwelling.agency_code,
        departement=household.dwelling.departement or "",
        births=tuple(sorted((t.birth.on for t in household.tenants), key=str)),
        mobiles=tuple(p.e164 for p in own if p.kind is PhoneKind.MOBILE),
        landlines=tuple(p.e164 for p in own if p.kind is PhoneKind.FIXED),
        childs=next((p.e164 for p in household.phones if p.label is PhoneLabel.CHILD), None),
        senior=household.dwelling.senior,
        adapted=bool(household.dwelling.adapted),
    )


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8-sig"])
@pytest.mark.parametrize("seed", [1, "canicule"])
def test_a_synthetic_listing_is_read_as_it_was_meant(tmp_path: Path, seed: int | str, encoding: str) -> None:
    homes = synthetic.write_listing(tmp_path / "liste.csv", households=400, seed=seed, encoding=encoding)

    listing = listings.read(tmp_path / "liste.csv")

    assert [as_home(h) for h in listing.households] == homes
    assert listing.reading.encoding == encoding
    assert not [p for p in listing.problems if p.weight in (Weight.REJECTED, Weight.REVIEW)]


def test_the_same_seed_writes_the_same_file_and_another_seed_another(tmp_path: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        synthetic.write_listing(tmp_path / name, households=50, seed=seed)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_the_town_looks_like_the_one_of_the_programme(tmp_path: Path) -> None:
    homes = synthetic.write_listing(tmp_path / "liste.csv", households=6000, seed=1)

    landline_only = sum(bool(h.landlines) and not h.mobiles for h in homes) / len(homes)
    couples = sum(len(h.births) == 2 for h in homes) / len(homes)
    ages = [synthetic.TODAY.year - b.year for h in homes for b in h.births if b]
    assert landline_only == pytest.approx(0.16, abs=0.02)
    assert couples == pytest.approx(0.27, abs=0.02)
    assert min(ages) >= 59
    assert max(ages) <= 100
    assert {h.agency for h in homes} == {"01", "02", "03", "04"}
    assert {h.departement for h in homes} == {"09", "31", "81", "82"}
    assert len({h.dwelling[:5] for h in homes if h.senior}) == 3
    assert 60 <= sum(h.adapted for h in homes) <= 140


def test_no_number_belongs_to_two_households(tmp_path: Path) -> None:
    homes = synthetic.write_listing(tmp_path / "liste.csv", households=6000, seed=3, today=date(2026, 7, 8))

    numbers = Counter(n for h in homes for n in (*h.mobiles, *h.landlines, h.childs) if n)

    assert numbers.most_common(1)[0][1] == 1


def test_numbers_last_for_the_largest_landlord() -> None:
    author = synthetic.Author(Random(1), synthetic.TODAY)  # noqa: S311 - a seeded town

    numbers = [
        *(author.landline() for _household in range(250_000)),
        *(author.mobile() for _household in range(400_000)),
    ]

    assert len(set(numbers)) == len(numbers)
    assert all(phonenumbers.is_valid_number(phonenumbers.PhoneNumber(33, int(number))) for number in numbers[::5003])
