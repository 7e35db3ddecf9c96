"""Accounts at the command line: a real command, its password on standard input, never among its arguments."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests import commands
from worker.domain.errors import NotSignedIn
from worker.domain.roles import Role
from worker.services import signing_in, staffing
from worker.services.signing_in import Rules, Tried
from worker.store.database import Database

KEY = "a secret key for tests, long enough to count"
PASSWORD = "quatre mots sans rapport"
Command = Callable[..., commands.Done]


@pytest.fixture
def run(database_url: str) -> Command:
    settings = {"COURTOISIE_DATABASE_URL": database_url, "COURTOISIE_SECRET_KEY": KEY}
    return partial(commands.run, "user", settings=settings)


@pytest.fixture
def odile(db: Database) -> None:
    scope = {"role": Role.CALLER, "agencies": ["02"]}
    staffing.add(db, login="odile", password=PASSWORD, **scope, by=staffing.TERMINAL, now=datetime.now(UTC))  # type: ignore[arg-type]


def enter(db: Database, password: str = PASSWORD) -> str:
    now = datetime.now(UTC)
    return signing_in.sign_in(db, Tried("odile", password), rules=Rules(KEY), now=now).person.login


def test_there_is_no_account_before_somebody_makes_one(run: Command, db: Database) -> None:
    before = json.loads(run("list", "--json").stdout)
    done = run("add", "odile", "--role", "caller", "--agency", "02", typed=PASSWORD + "\n")
    shown = run("list").stdout

    assert before == {"users": []}
    assert done.returncode == 0
    assert enter(db) == "odile"
    assert shown.splitlines()[1].split()[:3] == ["odile", "caller", "02"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("court\n", "de 12 à 256"), ("odile-odile-odile\n", "se devine trop vite")],
)
def test_a_bad_password_makes_no_account(run: Command, db: Database, typed: str, said: str) -> None:
    done = run("add", "odile", "--role", "caller", typed=typed)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert staffing.listed(db, now=datetime.now(UTC)) == []


def test_a_password_is_no_argument(run: Command) -> None:
    assert run("add", "odile", PASSWORD, "--role", "caller").returncode == 2


@pytest.mark.usefixtures("odile")
def test_disabled_enabled_and_a_new_password(run: Command, db: Database) -> None:
    assert run("disable", "odile").returncode == 0
    with pytest.raises(NotSignedIn):
        enter(db)
    assert run("enable", "odile").returncode == 0
    assert enter(db)

    assert run("password", "odile", typed="cinq autres mots sans rapport\n").returncode == 0
    assert enter(db, "cinq autres mots sans rapport")
    assert run("role", "odile", "--role", "admin").returncode == 0
    assert run("disable", "odile").returncode == 1


@pytest.mark.usefixtures("odile")
def test_a_token_is_shown_once_and_ends_when_revoked(run: Command, db: Database) -> None:
    made = json.loads(run("token", "odile", "--name", "tableau", "--days", "30", "--json").stdout)
    person = staffing.of_token(db, made["token"], now=datetime.now(UTC))
    listed = run("tokens", "odile", "--json").stdout

    assert person is not None
    assert person.agencies == ("02",)
    assert made["token"] not in listed
    assert json.loads(listed)["tokens"][0]["prefix"] == made["prefix"]
    assert run("revoke", "odile", str(made["id"])).returncode == 0
    assert staffing.of_token(db, made["token"], now=datetime.now(UTC) + timedelta(seconds=1)) is None
    assert run("token", "odile", "--name", "x", "--role", "admin").returncode == 1


@pytest.mark.usefixtures("odile")
def test_codes_are_asked_for_after_one_was_shown_and_not_after_a_lost_telephone(run: Command, db: Database) -> None:
    begun = run("code", "odile", typed="000000\n")
    assert begun.returncode == 1
    assert re.search(r"[A-Z2-7]{32}", begun.stdout)
    assert "otpauth://totp/" in begun.stdout
    assert enter(db)

    assert run("code", "odile", "--off").returncode == 0
    assert enter(db)


def test_an_unknown_account_is_named_with_where_to_look(run: Command) -> None:
    done = run("disable", "nobody")

    assert done.returncode == 1
    assert "Aucun compte « nobody »" in done.stderr
    assert "courtoisie user list" in done.stderr


@pytest.mark.usefixtures("odile")
def test_a_telephone_is_read_from_standard_input_and_shown_nowhere(run: Command) -> None:
    kept = run("phone", "odile", typed="06 98 76 54 32\n")
    listed = run("list", "--json")
    refused = run("phone", "odile", typed="0899 123 456\n")
    gone = run("phone", "odile", "--remove")

    assert [done.returncode for done in (kept, refused, gone)] == [0, 1, 0]
    assert json.loads(listed.stdout)["users"][0]["has_phone"] is True
    assert not any("98" in done.stdout + done.stderr for done in (kept, gone))
    assert json.loads(run("list", "--json").stdout)["users"][0]["has_phone"] is False
