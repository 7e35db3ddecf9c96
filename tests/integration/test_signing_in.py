"""Who gets in, for how long, and what wrong tries learn: nothing."""

import concurrent.futures
import statistics
import time
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from worker.domain import one_time_codes
from worker.domain.errors import BadDefinition, NotFound, NotSignedIn, Refused, TooManyTries
from worker.domain.roles import Role
from worker.services import auditing, signing_in, staffing
from worker.services.signing_in import CodeWanted, Rules, Signed, Tried
from worker.services.staffing import TERMINAL
from worker.store.database import Database

RULES = Rules("a secret key for tests, long enough to count")
PASSWORD = "quatre mots sans rapport"
WRONG = "cinq autres mots sans rapport"


@pytest.fixture(autouse=True)
def odile(db: Database, now: datetime) -> int:
    return add(db, now)


def add(
    db: Database, now: datetime, login: str = "odile", role: Role = Role.CALLER, agencies: tuple[str, ...] = ()
) -> int:
    return staffing.add(db, login=login, password=PASSWORD, role=role, agencies=agencies, by=TERMINAL, now=now)


def enter(db: Database, now: datetime, login: str = "odile", password: str = PASSWORD, **more: str) -> Signed:
    return signing_in.sign_in(db, Tried(login, password, **more), rules=RULES, now=now)


def is_in(db: Database, signed: Signed, now: datetime) -> bool:
    return signing_in.who(db, signed.secret, rules=RULES, now=now) is not None


def stored(db: Database, table: str) -> str:
    with db.begin() as connection:
        return str(connection.execute(text(f"SELECT jsonb_agg(t) FROM {table} t")).scalar())  # noqa: S608


# ---- the right password -----------------------------------------------------


def test_the_right_password_opens_a_session(db: Database, now: datetime) -> None:
    signed = enter(db, now, login=" Odile ")

    found = signing_in.who(db, signed.secret, rules=RULES, now=now)
    assert found == signed.person
    assert (found.login, found.role, found.scope) == ("odile", Role.CALLER, None)


def test_nothing_in_the_database_lets_anybody_in(db: Database, now: datetime) -> None:
    signed = enter(db, now)
    token = staffing.issue_token(db, "odile", name="essai", role=None, days=1, by=TERMINAL, now=now)
    enter_wrongly(db, now, login="my password typed as a login")

    kept = "".join(stored(db, t) for t in ("staff_account", "staff_session", "api_token", "sign_in_failure"))
    assert "$argon2id$" in kept
    assert not any(secret in kept for secret in (PASSWORD, signed.secret, token.token, "typed as a login"))


def test_every_session_has_a_secret_of_its_own(db: Database, now: datetime) -> None:
    first, second = enter(db, now), enter(db, now)

    assert first.secret != second.secret
    assert len(first.secret) >= 43


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nobody_signs_in_and_the_operator_is_told_why(db: Database, now: datetime, key: str) -> None:
    with pytest.raises(BadDefinition, match="SECRET_KEY"):
        signing_in.sign_in(db, Tried("odile", PASSWORD), rules=Rules(key), now=now)


# ---- the wrong one ----------------------------------------------------------


def enter_wrongly(db: Database, now: datetime, login: str = "odile", password: str = WRONG, **more: str) -> str:
    with pytest.raises(NotSignedIn) as refusal:
        enter(db, now, login, password, **more)
    return str(refusal.value)


def test_unknown_disabled_and_wrong_get_the_same_answer(db: Database, now: datetime) -> None:
    add(db, now, "gone")
    staffing.disable(db, "gone", by=TERMINAL, now=now)

    answers = {
        enter_wrongly(db, now),
        enter_wrongly(db, now, "nobody", PASSWORD),
        enter_wrongly(db, now, "gone", PASSWORD),
        enter_wrongly(db, now, "", ""),
        enter_wrongly(db, now, password="x" * 100_000),
    }

    assert len(answers) == 1


def test_an_unknown_login_costs_as_much_time_as_a_wrong_password(db: Database, now: datetime) -> None:
    def took(login: str) -> float:
        began = time.perf_counter()
        enter_wrongly(db, now, login)
        return time.perf_counter() - began

    took("warm-up")
    known, unknown = [], []
    for _round in range(4):
        known.append(took("odile"))
        unknown.append(took("nobody"))

    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


@pytest.mark.parametrize("login", ["odile", "nobody"])
def test_after_five_wrong_tries_the_account_waits_whether_it_exists_or_not(
    db: Database, now: datetime, login: str
) -> None:
    for _try in range(5):
        enter_wrongly(db, now, login)

    with pytest.raises(TooManyTries) as refusal:
        enter(db, now, login, PASSWORD)
    assert refusal.value.wait_s == 31
    enter(db, now, login="odile") if login != "odile" else None


def test_the_wait_ends_and_the_right_password_makes_all_well(db: Database, now: datetime) -> None:
    for _try in range(5):
        enter_wrongly(db, now)
    later = now + timedelta(seconds=31)

    assert enter(db, later)
    for _try in range(4):
        enter_wrongly(db, later)
    assert enter(db, later)


def test_an_address_that_tries_many_accounts_waits_too_and_another_does_not(db: Database, now: datetime) -> None:
    for number in range(50):
        # what comes before the slow look at the password
        signing_in._count(db, Tried(f"nobody{number}", "", address="192.0.2.1"), now=now)

    with pytest.raises(TooManyTries):
        enter(db, now, address="192.0.2.1")
    assert enter(db, now, address="192.0.2.2")


def test_an_agency_that_signs_in_each_morning_is_never_slowed(db: Database, now: datetime) -> None:
    for _person in range(55):
        signing_in._count(db, Tried("odile", PASSWORD, address="192.0.2.1"), now=now)
        with db.begin() as connection:
            signing_in._right(connection, Tried("odile", PASSWORD, address="192.0.2.1"), now=now)

    assert enter(db, now, address="192.0.2.1")


def test_tries_at_the_same_moment_do_not_slip_past_the_count(db: Database, now: datetime) -> None:
    def attempt(_number: int) -> str:
        try:
            enter(db, now, password=WRONG)
        except TooManyTries:
            return "waits"
        except NotSignedIn:
            return "looked at"
        return "in"

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(attempt, range(24)))

    assert answers.count("looked at") == 5
    assert answers.count("waits") == 19


# ---- sessions end -----------------------------------------------------------


def test_an_unused_session_ends_after_an_hour_and_a_used_one_after_twelve(db: Database, now: datetime) -> None:
    idle, used = enter(db, now), enter(db, now)

    for minutes in range(50, 12 * 60, 50):
        assert is_in(db, used, now + timedelta(minutes=minutes))
    assert not is_in(db, idle, now + timedelta(minutes=61))
    assert not is_in(db, used, now + timedelta(hours=12))


def test_signing_out_ends_this_session_and_no_other(db: Database, now: datetime) -> None:
    one, other = enter(db, now), enter(db, now)

    signing_in.sign_out(db, one.secret, rules=RULES, now=now)

    assert not is_in(db, one, now)
    assert is_in(db, other, now)


def test_a_person_sees_their_sessions_and_ends_one_by_one_or_all(db: Database, now: datetime) -> None:
    sessions = [enter(db, now + timedelta(minutes=n)) for n in range(3)]
    soon = now + timedelta(minutes=5)
    person = sessions[0].person
    listed = signing_in.alive(db, person, rules=RULES, now=soon)

    assert signing_in.end(db, person, listed[0].id, now=soon)
    assert [is_in(db, s, soon) for s in sessions] == [True, True, False]
    assert signing_in.end_all(db, person, now=soon) == 2
    assert [is_in(db, s, soon) for s in sessions] == [False] * 3


def test_nobody_ends_another_persons_session(db: Database, now: datetime) -> None:
    add(db, now, "paul")
    mine, theirs = enter(db, now), enter(db, now, "paul")
    [session] = signing_in.alive(db, theirs.person, rules=RULES, now=now)

    assert not signing_in.end(db, mine.person, session.id, now=now)
    assert is_in(db, theirs, now)


def test_disabling_an_account_ends_its_sessions_and_tokens_at_once_and_enabling_brings_none_back(
    db: Database, now: datetime
) -> None:
    signed = enter(db, now)
    token = staffing.issue_token(db, "odile", name="essai", role=None, days=1, by=TERMINAL, now=now).token

    staffing.disable(db, "odile", by=TERMINAL, now=now)
    assert not is_in(db, signed, now)
    assert staffing.of_token(db, token, now=now) is None

    staffing.enable(db, "odile", by=TERMINAL, now=now)
    assert not is_in(db, signed, now)
    assert enter(db, now)


def test_a_session_that_began_while_its_account_was_disabled_is_worth_nothing(db: Database, now: datetime) -> None:
    signed = enter(db, now)
    with db.begin() as connection:
        connection.execute(text("UPDATE staff_account SET disabled_at = now()"))

    assert not is_in(db, signed, now)


def test_a_new_password_ends_every_session(db: Database, now: datetime) -> None:
    signed = enter(db, now)

    staffing.set_password(db, "odile", WRONG, by=TERMINAL, now=now)

    assert not is_in(db, signed, now)
    enter_wrongly(db, now, password=PASSWORD)
    assert enter(db, now, password=WRONG)


def test_another_role_counts_from_the_next_request(db: Database, now: datetime) -> None:
    signed = enter(db, now)

    staffing.set_role(db, "odile", Role.OPERATOR, ["02"], by=TERMINAL, now=now)

    person = signing_in.who(db, signed.secret, rules=RULES, now=now)
    assert person is not None
    assert (person.role, person.scope) == (Role.OPERATOR, ("02",))


def test_old_sessions_and_wrong_tries_are_forgotten(db: Database, now: datetime) -> None:
    enter(db, now)
    enter_wrongly(db, now, "nobody")

    enter(db, now + timedelta(days=91))

    with db.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM staff_session")).scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM sign_in_failure")).scalar_one() == 0


# ---- forms ------------------------------------------------------------------


def test_a_form_belongs_to_its_session_and_to_this_deployment() -> None:
    token = signing_in.form_token("session one", rules=RULES)

    assert signing_in.is_form_token(token, "session one", rules=RULES)
    assert not signing_in.is_form_token(token, "session two", rules=RULES)
    assert not signing_in.is_form_token(token, "session one", rules=Rules("another key, also long enough to count"))
    assert not signing_in.is_form_token("", "session one", rules=RULES)
    assert not signing_in.is_form_token("é", "session one", rules=RULES)


# ---- one-time codes ---------------------------------------------------------


def code_now(db: Database, now: datetime, login: str = "odile") -> str:
    with db.begin() as connection:
        query = text("SELECT code_nonce FROM staff_account WHERE login = :login")
        nonce = connection.execute(query, {"login": login}).scalar_one()
    return one_time_codes.code(one_time_codes.secret(RULES.key, nonce), one_time_codes.step_of(now))


@pytest.fixture
def with_codes(db: Database, now: datetime) -> None:
    before = now - timedelta(minutes=5)
    staffing.start_codes(db, "odile", rules=RULES, issuer="Courtoisie", by=TERMINAL, now=before)
    staffing.confirm_codes(db, "odile", code_now(db, before), rules=RULES, now=before)


def test_codes_are_asked_for_only_once_one_was_shown_to_work(db: Database, now: datetime) -> None:
    staffing.start_codes(db, "odile", rules=RULES, issuer="Courtoisie", by=TERMINAL, now=now)
    assert enter(db, now)

    with pytest.raises(Refused):
        staffing.confirm_codes(db, "odile", "000000", rules=RULES, now=now)
    assert enter(db, now)


@pytest.mark.usefixtures("with_codes")
def test_with_codes_the_password_alone_does_not_do(db: Database, now: datetime) -> None:
    with pytest.raises(CodeWanted):
        enter(db, now)
    enter_wrongly(db, now, password=PASSWORD, code="000000")
    assert enter(db, now, code=code_now(db, now))


@pytest.mark.usefixtures("with_codes")
def test_only_who_knows_the_password_learns_that_a_code_is_wanted(db: Database, now: datetime) -> None:
    with pytest.raises(NotSignedIn) as refusal:
        enter(db, now, password=WRONG)

    assert not isinstance(refusal.value, CodeWanted)


@pytest.mark.usefixtures("with_codes")
def test_a_code_overheard_is_worth_nothing_any_more(db: Database, now: datetime) -> None:
    code = code_now(db, now)

    assert enter(db, now, code=code)
    enter_wrongly(db, now, password=PASSWORD, code=code)


@pytest.mark.usefixtures("with_codes")
def test_guessing_codes_is_slowed_like_guessing_passwords(db: Database, now: datetime) -> None:
    for _try in range(5):
        enter_wrongly(db, now, password=PASSWORD, code="000000")

    with pytest.raises(TooManyTries):
        enter(db, now, code=code_now(db, now))


@pytest.mark.usefixtures("with_codes")
def test_a_lost_telephone_is_forgotten(db: Database, now: datetime) -> None:
    staffing.stop_codes(db, "odile", by=TERMINAL, now=now)

    assert enter(db, now)


# ---- accounts and tokens ----------------------------------------------------


def test_a_login_is_taken_once_whatever_its_case(db: Database, now: datetime) -> None:
    with pytest.raises(Refused, match="déjà pris"):
        add(db, now, "ODILE")


def test_the_last_administrator_cannot_be_locked_out(db: Database, now: datetime) -> None:
    add(db, now, "anne", Role.ADMIN)

    with pytest.raises(Refused, match="dernier administrateur"):
        staffing.disable(db, "anne", by=TERMINAL, now=now)
    with pytest.raises(Refused, match="dernier administrateur"):
        staffing.set_role(db, "anne", Role.CALLER, [], by=TERMINAL, now=now)
    add(db, now, "bruno", Role.ADMIN)
    staffing.disable(db, "anne", by=TERMINAL, now=now)


def test_an_administrator_has_no_scope(db: Database, now: datetime) -> None:
    with pytest.raises(Refused):
        add(db, now, "anne", Role.ADMIN, ("01",))


def test_a_token_ends_when_it_expires_and_when_it_is_revoked(db: Database, now: datetime) -> None:
    one, two = (
        staffing.issue_token(db, "odile", name=name, role=None, days=1, by=TERMINAL, now=now) for name in ("un", "deux")
    )

    assert staffing.of_token(db, one.token, now=now) is not None
    assert staffing.of_token(db, one.token, now=now + timedelta(days=1)) is None
    staffing.revoke_token(db, "odile", one.id, by=TERMINAL, now=now)
    assert staffing.of_token(db, one.token, now=now) is None
    assert staffing.of_token(db, two.token, now=now) is not None
    with pytest.raises(NotFound):
        staffing.revoke_token(db, "odile", one.id, by=TERMINAL, now=now)


def test_a_token_never_has_more_rights_than_its_owner_has_today(db: Database, now: datetime) -> None:
    add(db, now, "anne", Role.OPERATOR)
    with pytest.raises(Refused):
        staffing.issue_token(db, "anne", name="x", role=Role.ADMIN, days=1, by=TERMINAL, now=now)
    token = staffing.issue_token(db, "anne", name="x", role=None, days=1, by=TERMINAL, now=now).token

    staffing.set_role(db, "anne", Role.CALLER, ["02"], by=TERMINAL, now=now)

    person = staffing.of_token(db, token, now=now)
    assert person is not None
    assert (person.role, person.scope) == (Role.CALLER, ("02",))


def test_a_token_shows_its_start_and_its_last_use(db: Database, now: datetime) -> None:
    made = staffing.issue_token(db, "odile", name="tableau", role=None, days=30, by=TERMINAL, now=now)
    staffing.of_token(db, made.token, now=now + timedelta(hours=1))

    [listed] = staffing.tokens_of(db, "odile")

    assert made.token.startswith(listed.prefix)
    assert (listed.name, listed.last_used_at) == ("tableau", now + timedelta(hours=1))


@pytest.mark.parametrize(("name", "days"), [("", 1), ("x" * 81, 1), ("x", 0), ("x", 367)])
def test_a_token_has_a_name_and_an_end(db: Database, now: datetime, name: str, days: int) -> None:
    with pytest.raises(Refused):
        staffing.issue_token(db, "odile", name=name, role=None, days=days, by=TERMINAL, now=now)


# ---- the audit log ----------------------------------------------------------


def test_signing_in_and_changes_of_accounts_are_written_down(db: Database, now: datetime, odile: int) -> None:
    signed = enter(db, now)
    staffing.disable(db, "odile", by=TERMINAL, now=now)

    written = [(e.who, e.via, e.action, e.kind, e.object_id) for e in auditing.newest(db)]

    assert written == [
        ("courtoisie", "command line", "changed_account", "account", str(odile)),
        ("odile", signed.person.via, "signed_in", "account", str(odile)),
        ("courtoisie", "command line", "changed_account", "account", str(odile)),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET who = 'nobody'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_entry SET who = who WHERE false",
    ],
)
def test_the_audit_log_only_grows(db: Database, statement: str) -> None:
    with pytest.raises(DatabaseError, match="only grows"), db.begin() as connection:
        connection.execute(text(statement))

    assert auditing.newest(db)
