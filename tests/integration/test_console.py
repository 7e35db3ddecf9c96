"""The console without a script: who gets in, what each sees, and what a form may change."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from tests import builders
from tests.integration.conftest import Town
from tests.integration.console_visits import PASSWORD, ROOT, Browser, account, owed
from tests.integration.site import FORM, Site
from worker.domain.roles import Role
from worker.services import staffing
from worker.web.console import bodies


def test_nobody_sees_anything_before_signing_in(console: Site, browser: Browser) -> None:
    for path in ("/desk", "/board", "/campaigns", "/households", "/inbox", "/users", "/audit", "/tasks/1", "/events/1"):
        assert browser.get(path).path.startswith("/login"), path


@pytest.mark.parametrize(("login", "password"), [("lucie", "not the password"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_an_unknown_login_get_the_same_answer(
    town: Town, browser: Browser, login: str, password: str
) -> None:
    account(town, "lucie", Role.CALLER)

    browser.sign_in(login, password)

    assert browser.status == 401
    assert "Identifiant, mot de passe ou code inexact." in browser.page


def test_a_caller_takes_the_next_household_and_records_the_call(town: Town, browser: Browser) -> None:
    home = owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER))

    browser.send("/desk/next")
    assert "ESSAI Odette" in browser.page
    assert "tel:" + home.phone in browser.page
    browser.send(browser.path + "/outcome", outcome="REACHED_OK", note="Va bien.")

    assert browser.path.startswith("/desk?done=")
    assert "enregistré" in browser.page
    assert town.task(home) is None


def test_what_the_form_may_keep_is_kept_and_what_touches_health_is_not(town: Town, browser: Browser) -> None:
    town.sent(town.open())
    owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")

    browser.send(browser.path + "/outcome", outcome="REACHED_NEED", q_groceries="none", q_state="unwell")

    [outcome] = town.rows("call_outcome")
    assert (outcome["answers"], outcome["needs"]) == ({"groceries": ["none"]}, ["none"])


def test_a_slip_of_the_hand_is_taken_back(town: Town, browser: Browser) -> None:
    home = owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    task = browser.path
    browser.send(task + "/outcome", outcome="REACHED_OK")

    browser.send(task + "/undo")

    assert town.task(home) is not None


def test_what_cannot_be_recorded_comes_back_with_all_that_was_typed(town: Town, browser: Browser) -> None:
    owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")

    browser.send(browser.path + "/outcome", outcome="CALL_LATER", at="2020-01-01T10:00", note="Elle dort.")

    assert browser.status == 409
    assert "Elle dort." in browser.page


def test_another_agencys_task_and_household_do_not_exist_for_a_caller(town: Town, browser: Browser) -> None:
    home = owed(town, agency="02")
    task = town.task(home)
    assert task is not None
    town.household(agency="01")
    browser.sign_in(account(town, "lucie", Role.CALLER, "01"))

    assert browser.get(f"/tasks/{task['id']}").status == 404
    assert browser.get(f"/households/{home.id}").status == 404


def test_a_caller_does_not_come_to_the_operators_pages(town: Town, browser: Browser) -> None:
    browser.sign_in(account(town, "lucie", Role.CALLER))

    assert {path: browser.get(path).status for path in ("/board", "/campaigns", "/users", "/audit", "/inbox")} == {
        "/board": 403,
        "/campaigns": 403,
        "/users": 403,
        "/audit": 403,
        "/inbox": 403,
    }


def test_an_operator_previews_launches_pauses_resumes_and_cancels(town: Town, browser: Browser) -> None:
    home = town.household()
    browser.sign_in(account(town, "olga", Role.OPERATOR))

    browser.get("/campaigns/canicule-orange")
    assert "1 = tout va bien" in browser.page
    browser.send("/campaigns/canicule-orange/launch", sure="yes", occasion="essai")
    event = browser.path.partition("?")[0]
    states = [town.rows("campaign_event")[0]["state"]]
    for what in ("pause", "resume"):
        browser.send(f"{event}/{what}")
        states.append(town.rows("campaign_event")[0]["state"])
    browser.send(f"{event}/cancel")
    assert "Annuler l'opération ?" in browser.page.replace("&#39;", "'")
    browser.send(f"{event}/cancel", sure="yes")
    states.append(town.rows("campaign_event")[0]["state"])

    assert states == ["running", "paused", "running", "cancelled"]
    assert town.state(home) == "cancelled"


def test_a_form_from_elsewhere_changes_nothing(town: Town, browser: Browser) -> None:
    town.household()
    browser.sign_in(account(town, "olga", Role.OPERATOR))

    browser.send("/campaigns/canicule-orange/launch", sure="yes", csrf="forged")

    assert browser.status == 403
    assert town.rows("campaign_event") == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": {"login": "x" * bodies.FORM_MOST}}, 413),
        ({"data": {"login": "x" * (bodies.FIELD_MOST + 1)}}, 413),
        ({"data": [("login", "x")] * (bodies.FIELDS_MOST + 1)}, 413),
        ({"files": {"login": ("liste.csv", b"x")}}, 413),
        ({"data": iter([b"x=1&" * 2**14] * 10), "headers": {"Content-Type": FORM}}, 413),
        ({"data": b"no boundary", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
    ],
    ids=["large", "a long field", "many fields", "a file", "of unknown length", "malformed"],
)
def test_nobody_brings_more_than_a_form_holds(browser: Browser, sent: dict[str, Any], status: int) -> None:
    answer = browser.session.post(browser.url + "/login", timeout=10, **sent)

    assert answer.status_code == status
    assert "rien n&#39;a été" in answer.text or "ne se lit pas" in answer.text


def test_a_disabled_account_is_out_at_once(town: Town, browser: Browser) -> None:
    browser.sign_in(account(town, "lucie", Role.CALLER))
    assert browser.get("/desk").path == "/desk"

    staffing.disable(town.db, "lucie", by=ROOT, now=town.now)

    assert browser.get("/desk").path.startswith("/login")


def test_a_household_is_found_by_name_number_or_dwelling_and_every_look_is_written_down(
    town: Town, browser: Browser
) -> None:
    home = town.household()
    browser.sign_in(account(town, "olga", Role.OPERATOR))

    for words in ("essai", home.phone, f"0{home.phone[3:]}"):
        browser.get("/households").send("/households", q=words)
        assert f'href="/households/{home.id}"' in browser.page, words
    browser.get(f"/households/{home.id}")

    looked = [(e["action"], e["object_id"]) for e in town.rows("audit_entry")]
    assert ("viewed", str(home.id)) in looked
    assert "ESSAI" not in str(looked)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("lefev", True),
        ("LEFÈVRE", True),
        ("lefevre helene", True),
        ("hélène  lef", True),
        ("évre", False),
        ("l%", False),
        ("b-77", True),
    ],
)
def test_a_name_is_found_by_its_beginning_however_it_is_written(
    town: Town, browser: Browser, words: str, found: bool
) -> None:
    home = town.household()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE tenant SET last_name = 'Lefèvre', first_name = 'Hélène'"))
        connection.execute(text("UPDATE dwelling SET code = 'B-7707'"))
    browser.sign_in(account(town, "olga", Role.OPERATOR))

    browser.get("/households").send("/households", q=words)

    assert (f'href="/households/{home.id}"' in browser.page) is found


@pytest.mark.parametrize(("page", "statements_most"), [("/desk", 8), ("/tasks/{task}", 12), ("/households/{home}", 16)])
def test_a_page_that_only_shows_is_read_in_one_transaction(
    town: Town, browser: Browser, page: str, statements_most: int
) -> None:
    """Each transaction costs the server three answers more; a card of ten took a tenth of a second."""
    home = owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER))
    browser.get("/desk").send("/desk/next")
    task = browser.path.removeprefix("/tasks/")
    asked: list[str] = []
    event.listen(town.db.engine, "begin", lambda _connection: asked.append("BEGIN"))
    event.listen(town.db.engine, "before_cursor_execute", lambda *what: asked.append(what[2]))

    browser.get(page.format(task=task, home=home.id))

    assert browser.status == 200
    assert asked.count("BEGIN") == 1
    assert len(asked) - 1 <= statements_most


def test_a_message_from_nobody_is_filed_and_its_household_rung(town: Town, browser: Browser) -> None:
    home = town.household()
    [code] = [d["code"] for d in town.rows("dwelling")]
    town.reply("+33639990000", "c'est Mme Essai, rappelez-moi")
    browser.sign_in(account(town, "olga", Role.OPERATOR))
    browser.get("/inbox")
    message = re.search(r'action="(/inbox/\d+)"', browser.page)
    assert message is not None

    browser.send(message[1], dwelling=str(code), do="file")

    assert town.task(home) is not None
    assert "Rien à classer." in browser.page


def test_a_strangers_call_is_listed_with_the_messages_to_file(town: Town, browser: Browser) -> None:
    for number in range(2):
        _insert_call(town, f"CA{number:032x}")
    browser.sign_in(account(town, "olga", Role.OPERATOR))

    page = browser.get("/inbox").page

    assert 'href="tel:+33639990000"' in page
    assert "2 fois" in page


def _insert_call(town: Town, sid: str) -> None:
    with town.db.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO incoming_call (provider_sid, e164, to_address, began_at) "
                "VALUES (:sid, '+33639990000', '+33939000001', :now)"
            ),
            {"sid": sid, "now": town.now},
        )


def test_pages_run_no_program_of_strangers_and_stay_out_of_caches(town: Town, browser: Browser) -> None:
    home = owed(town)
    town.reply(home.phone, "<script>alert(1)</script>")
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")

    policy = browser.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert browser.headers["cache-control"] == "no-store"
    assert "<script>alert" not in browser.page
    assert "&lt;script&gt;alert" in browser.page


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_elsewhere(town: Town, browser: Browser, next_: str) -> None:
    account(town, "lucie", Role.CALLER)

    browser.get("/login").send("/login", login="lucie", password=PASSWORD, next=next_)

    assert browser.path == "/desk"


def test_the_card_says_whom_to_ring_and_the_household_what_comes(town: Town, browser: Browser) -> None:
    home, relative = owed(town), builders.landline()
    builders.add_phone(town.db, home, relative, label="neighbour")
    browser.sign_in(account(town, "odile", Role.OPERATOR))
    browser.get(f"/households/{home.id}")
    assert "Ce qui vient" in browser.page
    assert "à appeler" in browser.page

    with town.db.begin() as connection:
        connection.execute(text("UPDATE callback_task SET reasons = '{asked_call,trusted_contact}'"))
    browser.get(f"/tasks/{town.task(home)['id']}")  # type: ignore[index]
    assert "appelez un proche" in browser.page
    assert f"tel:{relative}" in browser.page.partition('id="whom"')[2].partition("</div>")[0]
    browser.send(browser.path + "/claim")
    first_choice = browser.page.partition('<select id="number"')[2].partition('<option value="')[2]
    assert first_choice.startswith(relative)

    with town.db.begin() as connection:
        connection.execute(text("UPDATE callback_task SET reasons = '{asked_call,trusted_contact,partner}'"))
    browser.get(f"/tasks/{town.task(home)['id']}")  # type: ignore[index]
    assert "demandez au partenaire" in browser.page


def test_an_event_shows_what_comes_next(town: Town, browser: Browser) -> None:
    town.household()
    event = town.open()
    town.sent(event)
    browser.sign_in(account(town, "odile", Role.OPERATOR))

    browser.get(f"/events/{event}")

    assert "rappel par SMS" in browser.page


def test_every_look_and_change_of_a_record_is_in_the_log_and_no_person_is_in_any_log_or_address(
    town: Town, console: Site, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    home = owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    paths = [browser.path]
    browser.send(browser.path + "/draft", note="Demande un ventilateur.")
    paths.append(browser.path)
    browser.send(browser.path + "/outcome", outcome="REACHED_OK", note="Va bien.", seen="0")
    paths.append(browser.path)
    browser.send(paths[0] + "/undo")

    entries = [(e["who"], e["action"]) for e in town.rows("audit_entry") if e["kind"] == "household"]
    assert ("lucie", "viewed") in entries
    assert entries.count(("lucie", "edited")) == 2
    told = capsys.readouterr().out + " ".join(paths) + str(town.rows("audit_entry"))
    assert not [word for word in ("ESSAI", home.phone, home.phone[3:], "ventilateur", "Va bien") if word in told]


def test_a_draft_keeps_nothing_that_touches_health(town: Town, browser: Browser) -> None:
    town.sent(town.open())
    owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")

    browser.send(browser.path + "/draft", note="Va bien.", q_state="unwell", q_groceries="none", csrf2="x")

    [draft] = town.rows("call_draft")
    assert draft["fields"] == {"note": ["Va bien."], "q_groceries": ["none"]}


def test_a_session_that_somebody_ended_saves_nothing(town: Town, console: Site, browser: Browser) -> None:
    owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    staffing.disable(town.db, "lucie", by=ROOT, now=town.now)

    browser.send(browser.path + "/outcome", outcome="REACHED_OK", note="Va bien.")

    assert browser.path.startswith("/login")
    assert (town.rows("call_draft"), town.rows("call_outcome")) == ([], [])


@pytest.mark.parametrize(("agency", "status"), [("01", 200), ("02", 404)])
def test_what_is_sent_after_a_session_ran_out_opens_no_card_of_another_agency(
    town: Town, console: Site, browser: Browser, agency: str, status: int
) -> None:
    owed(town, agency="01")
    [task] = town.rows("callback_task")
    browser.sign_in(account(town, "lucie", Role.CALLER, agency)).get("/desk")
    console.now += timedelta(hours=2)

    browser.send(f"/tasks/{task['id']}/draft", note="")
    browser.sign_in("lucie").get(f"/tasks/{task['id']}")

    assert browser.status == status
    assert len(town.rows("call_draft")) == (1 if status == 200 else 0)


def test_answers_given_before_a_session_ran_out_are_kept_with_what_is_sent_after(
    town: Town, console: Site, browser: Browser
) -> None:
    town.sent(town.open())
    owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    card = browser.path
    browser.send(card + "/draft", q_groceries="none", note="Va bien.")
    console.now += timedelta(hours=2)

    browser.send(card + "/draft", q_groceries="none", note="Va bien, dit-elle.")

    [draft] = town.rows("call_draft")
    assert draft["fields"] == {"note": ["Va bien, dit-elle."], "q_groceries": ["none"]}


def test_the_desk_believes_no_address_about_what_was_recorded(town: Town, console: Site, browser: Browser) -> None:
    owed(town)
    browser.sign_in(account(town, "marc", Role.CALLER)).send("/desk/next")
    browser.send(browser.path + "/outcome", outcome="REACHED_NEED", q_groceries="none")
    done = browser.path
    assert "enregistré : Joint, besoin repéré" in browser.page

    console.now += timedelta(hours=1)
    late = browser.get(done).page
    console.now -= timedelta(hours=1)
    browser.session.cookies.clear()
    others = browser.sign_in(account(town, "lucie", Role.CALLER)).get(done).page

    for page in (late, others, browser.get("/desk?done=4711").page):
        assert "enregistré" not in page
        assert "Besoin repéré" not in page
        assert "data-accepted" not in page


def test_a_skip_says_why(town: Town, browser: Browser) -> None:
    home = owed(town)
    browser.sign_in(account(town, "lucie", Role.CALLER)).send("/desk/next")
    card = browser.path

    assert browser.send(card + "/skip", reason=" ").status == 409
    assert 'value="Pas de numéro"' in browser.get(card).page
    browser.send(card + "/skip", reason="Pas de numéro")

    assert town.task(home)["state"] == "open"  # type: ignore[index]
