"""The codes are those of RFC 6238, counted once, and drawn from a key the database does not have."""

from datetime import UTC, datetime, timedelta

import pytest

from worker.domain import one_time_codes

RFC_SECRET = b"12345678901234567890"
NOW = datetime(2026, 7, 8, 8, 0, 10, tzinfo=UTC)
SECRET = one_time_codes.secret("a key of the deployment", "nonce")


@pytest.mark.parametrize(
    ("second", "shown"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_the_rfc(second: int, shown: str) -> None:
    step = one_time_codes.step_of(datetime.fromtimestamp(second, UTC))

    assert one_time_codes.code(RFC_SECRET, step, digits=8) == shown


@pytest.mark.parametrize(("away_s", "counts"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_telephone_may_be_half_a_minute_off(away_s: int, counts: bool) -> None:
    step = one_time_codes.step_of(NOW + timedelta(seconds=away_s))
    typed = one_time_codes.code(SECRET, step)

    assert one_time_codes.matching_step(SECRET, typed, now=NOW) == (step if counts else None)


def test_a_code_counts_once() -> None:
    step = one_time_codes.step_of(NOW)
    typed = one_time_codes.code(SECRET, step)

    assert one_time_codes.matching_step(SECRET, typed, now=NOW, after=step) is None
    assert one_time_codes.matching_step(SECRET, typed, now=NOW, after=step - 1) == step


@pytest.mark.parametrize("typed", ["", "abcdef", "12345", "١٢٣٤٥٦", "000 000 0"])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert one_time_codes.matching_step(SECRET, typed, now=NOW) is None


def test_a_code_may_be_typed_as_the_application_shows_it() -> None:
    shown = one_time_codes.code(SECRET, one_time_codes.step_of(NOW))

    assert one_time_codes.matching_step(SECRET, f" {shown[:3]} {shown[3:]}", now=NOW) is not None


def test_another_key_or_another_account_makes_other_codes() -> None:
    secrets = {one_time_codes.secret(key, nonce) for key in ("one", "two") for nonce in ("a", "b")}

    assert len(secrets) == 4
    assert {len(s) for s in secrets} == {20}


def test_the_address_is_what_applications_read() -> None:
    address = one_time_codes.address(RFC_SECRET, login="odile", issuer="Courtoisie Les Chalets")

    assert address == (
        "otpauth://totp/Courtoisie%20Les%20Chalets:odile?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Courtoisie%20Les%20Chalets&algorithm=SHA1&digits=6&period=30"
    )
