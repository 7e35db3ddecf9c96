"""Numbers in a cell: what is found, whose it is, and what cannot be kept."""

from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.listings import ProblemCode
from worker.listing import rules
from worker.listing.phones import Found, Number, PhoneReader

READER = PhoneReader(rules.load(Path(__file__).parents[2] / "config"))
MOBILE, FIXED, VOIP, FOREIGN = PhoneKind.MOBILE, PhoneKind.FIXED, PhoneKind.VOIP, PhoneKind.FOREIGN
SELF, SPOUSE, CHILD, NEIGHBOUR, OTHER = (
    PhoneLabel.SELF,
    PhoneLabel.SPOUSE,
    PhoneLabel.CHILD,
    PhoneLabel.NEIGHBOUR,
    PhoneLabel.OTHER,
)


def found(cell: str, civility: str = "M.") -> list[tuple[str, PhoneLabel]]:
    return [(n.e164, n.label) for n in READER.read(cell, civility).numbers]


@pytest.mark.parametrize(
    "cell",
    [
        "06 00 00 10 01",
        "06.00.00.10.01",
        "06-00-00-10-01",
        "06_00_00_10_01",
        "06/00/00/10/01",
        "0600001001",
        "600001001",
        "600001001.0",
        "06 00001001",
        "0600 001 001",
        "+33600001001",
        "+33 6 00 00 10 01",
        "+33 (0)6 00 00 10 01",
        "+330600001001",
        "0033 6 00 00 10 01",
        "33600001001",
        "N°06 00 00 10 01",
        "tel:06 00 00 10 01",
        " 06 00 00 10 01 ",
        "06 00 00 10 01 le soir après 18h",
        "06 00 00 10 01 06 00 00 10 01",
        "6.00001001E+08",
        "6,00001001E+08",
    ],
)
def test_one_mobile_is_read_in_every_writing(cell: str) -> None:
    assert READER.read(cell, "M.") == Found((Number("+33600001001", MOBILE, SELF),))


@pytest.mark.parametrize(
    ("cell", "kind", "e164"),
    [
        ("05 36 49 10 01", FIXED, "+33536491001"),
        ("01 99 00 12 34", FIXED, "+33199001234"),
        ("09 12 34 56 78", VOIP, "+33912345678"),
        ("07 34 56 78 90", MOBILE, "+33734567890"),
    ],
)
def test_the_kind_comes_from_the_numbering_plan(cell: str, kind: PhoneKind, e164: str) -> None:
    assert READER.read(cell, "M.").numbers == (Number(e164, kind, SELF),)


def test_a_foreign_number_is_kept_for_somebody_to_decide() -> None:
    assert READER.read("+34 612 345 678", "M.") == Found(
        (Number("+34612345678", FOREIGN, SELF),), (ProblemCode.PHONE_FOREIGN,)
    )


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("05.36.49.10.02 / 06 00 00 10 02 (fils)", [("+33536491002", SELF), ("+33600001002", CHILD)]),
        ("06 00 00 10 02 fille", [("+33600001002", CHILD)]),
        ("06 00 00 10 02 (belle-fille)", [("+33600001002", CHILD)]),
        ("06 00 00 10 02 voisine du 2e", [("+33600001002", NEIGHBOUR)]),
        ("06 00 00 10 02 (sœur)", [("+33600001002", OTHER)]),
        ("06 00 00 10 02 Jeannette", [("+33600001002", OTHER)]),
        ("06 00 00 10 02 (fils", [("+33600001002", CHILD)]),
        ("fils 06 00 00 10 02", [("+33600001002", CHILD)]),
        ("fils: 06 00 00 10 02 / fille: 06 00 00 10 03", [("+33600001002", CHILD), ("+33600001003", CHILD)]),
        ("06.00.00.10.01 (Marie 06.00.00.10.02)", [("+33600001001", SELF), ("+33600001002", OTHER)]),
        ("06 00 00 10 01 (fils) 05 36 49 10 02", [("+33600001001", CHILD), ("+33536491002", SELF)]),
        ("05 36 49 10 01\n06 00 00 10 02", [("+33536491001", SELF), ("+33600001002", SELF)]),
        ("0536491001 0600001002", [("+33536491001", SELF), ("+33600001002", SELF)]),
        ("05 36 49 10 01 06 00 00 10 02", [("+33536491001", SELF), ("+33600001002", SELF)]),
        ("05364910010600001002", [("+33536491001", SELF), ("+33600001002", SELF)]),
        ("+33536491001;+33600001002", [("+33536491001", SELF), ("+33600001002", SELF)]),
        ("M. 05 36 49 10 01 Mme 06 00 00 10 02", [("+33536491001", SELF), ("+33600001002", SPOUSE)]),
    ],
)
def test_several_numbers_keep_the_word_that_stands_beside_each(
    cell: str, expected: list[tuple[str, PhoneLabel]]
) -> None:
    assert found(cell) == expected


@pytest.mark.parametrize(("civility", "label"), [("M.", SPOUSE), ("Mme", SELF), ("Mlle", SELF), ("", SELF)])
def test_mme_beside_a_number_is_the_spouse_of_monsieur_and_madame_herself(civility: str, label: PhoneLabel) -> None:
    assert found("05 36 49 10 01 Mme", civility) == [("+33536491001", label)]


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("0000000000", ProblemCode.PHONE_REPEATED_DIGIT),
        ("06 00 00 00 00", ProblemCode.PHONE_REPEATED_DIGIT),
        ("01 11 11 11 11", ProblemCode.PHONE_REPEATED_DIGIT),
        ("6.12E+08", ProblemCode.PHONE_LOST),
        ("6,12E+08", ProblemCode.PHONE_LOST),
        ("612000000", ProblemCode.PHONE_LOST),
        ("612000000.0", ProblemCode.PHONE_LOST),
        ("06 39 98 12 34", ProblemCode.PHONE_INVALID),
        ("06 00 00 10 0", ProblemCode.PHONE_INVALID),
        ("06000010O1", ProblemCode.PHONE_UNREADABLE),
        ("0612", ProblemCode.PHONE_UNREADABLE),
        ("3949", ProblemCode.PHONE_UNREADABLE),
        ("08 99 12 34 56", ProblemCode.PHONE_SPECIAL),
        ("08 06 00 00 12", ProblemCode.PHONE_SPECIAL),
        ("+1 555 0100", ProblemCode.PHONE_INVALID),
    ],
)
def test_what_cannot_be_rung_is_reported_and_not_kept(cell: str, problem: ProblemCode) -> None:
    assert READER.read(cell, "M.") == Found((), (problem,))


def test_half_a_number_beside_a_whole_one_is_reported() -> None:
    assert READER.read("06 00 00 10 04 - 07 00 00", "Mme") == Found(
        (Number("+33600001004", MOBILE, SELF),), (ProblemCode.PHONE_UNREADABLE,)
    )


@pytest.mark.parametrize(
    "cell", ["", "  ", "néant", "Néant", "-", "aucun", "NC", "liste rouge", "#REF!", "pas de tél", "x"]
)
def test_words_for_nothing_are_nothing(cell: str) -> None:
    assert READER.read(cell, "M.") == Found()


@settings(deadline=None)  # the machine may be busy
@given(st.integers(min_value=100_000_000, max_value=999_999_999))
def test_the_short_way_agrees_with_the_library(national: int) -> None:
    kinds = {
        phonenumbers.PhoneNumberType.MOBILE: MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE: FIXED,
        phonenumbers.PhoneNumberType.VOIP: VOIP,
    }
    number = phonenumbers.PhoneNumber(country_code=33, national_number=national)
    read = READER.read(f"0{national}", "M.")

    dubious = {ProblemCode.PHONE_REPEATED_DIGIT, ProblemCode.PHONE_LOST} & set(read.problems)
    assert dubious or [n.kind for n in read.numbers] == [
        kinds[t] for t in (phonenumbers.number_type(number),) if t in kinds
    ]


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet="0123456789 ./-+()abcfilsMmeE,;_\n", max_size=60), st.sampled_from(["M.", "Mme", ""]))
def test_no_cell_breaks_the_reader_and_every_number_is_well_formed(cell: str, civility: str) -> None:
    for number in READER.read(cell, civility).numbers:
        assert number.e164.startswith("+")
        assert 7 <= len(number.e164) - 1 <= 15
        assert number.e164[1:].isdigit()
