"""Logins, passwords, and how wrong tries slow the next one."""

from datetime import timedelta

import pytest

from worker.domain import accounts
from worker.domain.errors import Refused


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Odile", "odile"), ("  j.durand ", "j.durand"), ("a-b_c@chalets.example", "a-b_c@chalets.example"), ("02", "02")],
)
def test_a_login_is_kept_in_lower_case(typed: str, kept: str) -> None:
    assert accounts.login(typed) == kept


@pytest.mark.parametrize("typed", ["", "a", "é.durand", "two words", "-dash", "x" * 65, "a\nb", "<b>"])
def test_what_cannot_be_a_login_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        accounts.login(typed)


@pytest.mark.parametrize("password", ["quatre mots sans rapport", "xK9-tulipe-vélo", "🐟" * 3 + "poisson rouge"])
def test_length_is_what_counts(password: str) -> None:
    accounts.check_password(password, login="odile")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "onze signes",
        "x" * 257,
        "aaaaaaaaaaaa",
        "courtoisie2026!",
        "1234567890123",
        "Motdepasse-1234",
        "odile-odile-odile",
    ],
)
def test_what_anybody_would_guess_is_refused(password: str) -> None:
    with pytest.raises(Refused):
        accounts.check_password(password, login="odile")


@pytest.mark.parametrize(
    ("failures", "wait_s"),
    [(1, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (500, 900)],
)
def test_wrong_tries_on_one_account_wait_longer_and_longer_but_never_for_good(failures: int, wait_s: int) -> None:
    assert accounts.wait_after(failures, kind="login") == timedelta(seconds=wait_s)


@pytest.mark.parametrize(("failures", "wait_s"), [(5, 0), (49, 0), (50, 30), (60, 900)])
def test_an_address_may_be_a_whole_agency_and_has_more_tries(failures: int, wait_s: int) -> None:
    assert accounts.wait_after(failures, kind="address") == timedelta(seconds=wait_s)
