"""What texts cost: exact sums, the right line of the table, and no price that nobody gave."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain import pricing
from worker.domain.pricing import Cost, Price, PriceTable, Spent

TODAY = date(2026, 7, 8)


def price(destination: str, micro: int, *, sender: str | None = None, since: str = "2026-01-01") -> Price:
    return Price(destination, "sms", micro, date.fromisoformat(since), "contrat", sender)


TABLE = PriceTable(
    (
        price("+", 150_000),
        price("+33", 70_000, since="2025-01-01"),
        price("+33", 79_800),
        price("+33", 99_000, since="2027-01-01"),
        price("+33", 65_000, sender="alpha", since="2024-01-01"),
        price("+262", 120_000),
        price("+262639", 200_000),
    )
)


@pytest.mark.parametrize(
    ("number", "sender", "micro"),
    [
        ("+33612345678", "court", 79_800),  # the newest that is in force, not the one to come
        ("+33612345678", "alpha", 65_000),  # the sender's own line goes before a newer general one
        ("+262692123456", "court", 120_000),  # La Réunion
        ("+262639123456", "court", 200_000),  # Mayotte: the longest beginning counts
        ("+4915112345678", "court", 150_000),
    ],
)
def test_the_most_precise_line_in_force_gives_the_price(number: str, sender: str, micro: int) -> None:
    found = TABLE.price(destination=number, channel="sms", sender=sender, on=TODAY)

    assert found is not None
    assert found.micro == micro


def test_what_has_no_price_is_counted_apart_and_never_taken_for_free() -> None:
    cost = TABLE.cost([Spent("voice", "court", "+33", 12), Spent("sms", "court", "+33", 10)], on=TODAY)

    assert cost == Cost(798_000, unpriced=12)


def test_nothing_has_a_price_before_the_first_line() -> None:
    assert TABLE.cost([Spent("sms", "court", "+33", 1)], on=date(2023, 1, 1)) == Cost(0, unpriced=1)


@given(st.lists(st.tuples(st.sampled_from(["+", "+33", "+262"]), st.integers(0, 10**6))), st.integers(0, 10**4))
def test_a_cost_is_the_sum_of_its_parts_in_whichever_order(parts: list[tuple[str, int]], cut: int) -> None:
    spent = [Spent("sms", "court", destination, units) for destination, units in parts]
    cut = cut % (len(spent) + 1)

    assert TABLE.cost(spent, on=TODAY) == TABLE.cost(spent[cut:], on=TODAY) + TABLE.cost(spent[:cut], on=TODAY)
    assert TABLE.cost(spent, on=TODAY) == TABLE.cost(spent[::-1], on=TODAY)


@given(st.integers(0, 10**15))
def test_an_amount_survives_being_written_for_a_program(micro: int) -> None:
    assert pricing.micro_of(Decimal(pricing.plain(micro))) == micro


@pytest.mark.parametrize("euro", ["-0.01", "0.0000001", "NaN", "Infinity"])
def test_an_impossible_price_is_refused(euro: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        pricing.micro_of(Decimal(euro))


@pytest.mark.parametrize(
    ("micro", "written"),
    [(0, "0,00 €"), (5_000, "0,01 €"), (4_999, "0,00 €"), (1_234_567_890, "1 234,57 €")],
)
def test_people_read_cents_with_french_spaces(micro: int, written: str) -> None:
    assert pricing.euros(micro) == written.replace(" ", "\u202f")
