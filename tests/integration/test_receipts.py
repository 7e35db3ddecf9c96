"""Receipts come late, early, twice and in any order; the message ends where the first final word put it."""

from itertools import permutations

import pytest

from tests.integration.conftest import Town
from worker.domain.messages import Receipt
from worker.services import receipts


def _words(town: Town, message: dict[str, object], *statuses: str) -> list[Receipt]:
    sid = message["provider_sid"] or "SM" + "f" * 32
    return [Receipt(message["id"], sid, status, None, town.now) for status in statuses]  # type: ignore[arg-type]


def _sent_text(town: Town) -> dict[str, object]:
    home = town.household()
    town.sent(town.open())
    return town.texts(home, "first")[0]


@pytest.mark.parametrize("order", list(permutations(["queued", "sent", "delivered"])))
def test_any_order_of_receipts_ends_delivered(town: Town, order: tuple[str, ...]) -> None:
    message = _sent_text(town)

    for word in _words(town, message, *order):
        receipts.record(town.db, [word], now=town.now)

    assert [m["state"] for m in town.rows("message")] == ["delivered"]


@pytest.mark.parametrize("order", list(permutations(["sent", "delivered", "sent"])))
def test_any_order_within_one_batch_ends_delivered(town: Town, order: tuple[str, ...]) -> None:
    message = _sent_text(town)

    receipts.record(town.db, _words(town, message, *order), now=town.now)

    assert [m["state"] for m in town.rows("message")] == ["delivered"]


def test_the_first_final_word_wins(town: Town) -> None:
    message = _sent_text(town)

    for word in _words(town, message, "delivered", "failed", "undelivered", "sent"):
        receipts.record(town.db, [word], now=town.now)

    assert [m["state"] for m in town.rows("message")] == ["delivered"]


def test_a_receipt_that_beats_our_own_record_is_kept(town: Town) -> None:
    home = town.household()
    town.open()
    with town.db.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET state = 'sending', lease_until = '2030-01-01Z'")
    message = town.texts(home, "first")[0]

    receipts.record(town.db, _words(town, message, "delivered"), now=town.now)

    assert [m["state"] for m in town.texts(home, "first")] == ["delivered"]
    assert town.texts(home, "first")[0]["provider_sid"] == "SM" + "f" * 32


def test_the_same_receipt_twice_is_kept_once(town: Town) -> None:
    message = _sent_text(town)

    receipts.record(town.db, _words(town, message, "delivered", "delivered"), now=town.now)
    receipts.record(town.db, _words(town, message, "delivered"), now=town.now)

    assert len(town.rows("delivery_receipt")) == 1


def test_a_receipt_about_a_message_we_do_not_have_is_kept_and_harms_nothing(town: Town) -> None:
    receipts.record(town.db, [Receipt(999_999, "SM" + "e" * 32, "delivered", None, town.now)], now=town.now)

    assert len(town.rows("delivery_receipt")) == 1


def test_a_receipt_without_our_id_is_matched_by_the_providers(town: Town) -> None:
    message = _sent_text(town)

    receipts.record(town.db, [Receipt(None, str(message["provider_sid"]), "delivered", None, town.now)], now=town.now)

    assert [m["state"] for m in town.rows("message")] == ["delivered"]


def test_a_number_that_does_not_exist_is_marked_and_not_used_again(town: Town) -> None:
    message = _sent_text(town)

    receipts.record(
        town.db,
        [Receipt(message["id"], str(message["provider_sid"]), "undelivered", 30005, town.now)],  # type: ignore[arg-type]
        now=town.now,
    )

    assert [p["bad_since"] is not None for p in town.rows("phone")] == [True]
