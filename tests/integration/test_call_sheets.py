"""The callers' list on paper: all that a person needs to ring without a machine, and boxes for how it ended."""

import json
import re
import stat
from datetime import date, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from tests import builders, commands, listings, pdf_words
from tests.integration.conftest import DESK, Town
from tests.integration.site import shipped
from worker import paper
from worker.catalogue import forms
from worker.domain.campaigns import Level
from worker.domain.outcomes import OutcomeCode
from worker.labels import label
from worker.paper import lists
from worker.paper import words as paper_words
from worker.services import call_sheets, calls
from worker.services.call_sheets import AgencySheets

FORMS = forms.load(listings.ROOT / "config")
PARIS = ZoneInfo("Europe/Paris")


def sheets(town: Town, agency: str | None = None) -> list[AgencySheets]:
    return call_sheets.sheets(town.db, FORMS, landlord="Les Chalets", agency=agency, now=town.now)


def page(town: Town, agency: str | None = None) -> str:
    return paper.render(
        "calls.html",
        timezone=PARIS,
        language="fr",
        now=town.now,
        agencies=sheets(town, agency),
        outcomes=list(OutcomeCode),
    )


def words(html: str) -> str:
    """What a reader sees."""
    body = re.sub(r"<style>.*?</style>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def in_need(town: Town, *, agency: str = "01", **what: Any) -> builders.Household:
    """A household that somebody owes a call."""
    return town.household(agency=agency, **{"mobiles": [], "landlines": [builders.landline()]} | what)


def test_a_sheet_holds_what_a_caller_needs_without_a_machine(town: Town) -> None:
    home = town.household(agency="01", mobiles=["+33612345678"], landlines=["+33536490099"], lives_alone="yes")
    event = town.open()
    town.sent(event)
    town.later(minutes=5)
    town.reply(home.phone, "je ne sais pas trop")

    seen = words(page(town))

    for said in (
        "Agence 01 (01)",
        "ESSAI Odette",
        "06 12 34 56 78",
        "05 36 49 00 99",
        "86 ans",
        "vit seul",
        "31500, TOULOUSE",
        "réponse à lire",
        "Déjà essayé : SMS mercredi 08/07",
        "je suis …, de Les Chalets, agence 01",
        "appeler le 15 ou le 112",
        "Appelé par",
    ):
        assert said in seen, said
    assert "je ne sais pas trop" not in seen  # paper lies about: nobody's words


def test_a_language_is_called_by_its_name_on_both_kinds_of_paper(town: Town) -> None:
    home = town.household()
    town.reply(home.phone, "2")
    with town.db.begin() as connection:
        connection.execute(text("UPDATE tenant SET language = 'pt'"))

    assert "(parle portugais)" in words(page(town))
    assert "parle portugais" in pdf_words.words(lists.calls_pdf(sheets(town), shipped().settings, now=town.now))


def test_every_ending_has_a_box_and_the_code_to_enter_later(town: Town) -> None:
    in_need(town)
    town.open()
    town.climb()

    html = page(town)

    for code in OutcomeCode:
        assert f"<code>{code}</code>" in html
        assert label(code) in unescape(html)
    assert html.count('<span class="box"></span>') > len(OutcomeCode)


def test_what_touches_health_is_asked_and_has_no_box(town: Town) -> None:
    in_need(town)
    town.open()
    town.climb()

    (agency,) = sheets(town)
    html = unescape(page(town))

    (form,) = agency.forms
    card = html.split('<article class="card')[1]
    for question in form.questions:
        assert question.text in html
        numbered = f"<li>{agency.sheets[0].numbers[question.key]}. "
        assert (numbered in card) is not question.sensitive


def test_the_form_is_that_of_the_level(town: Town) -> None:
    in_need(town)
    town.open(builders.campaign(level=Level.NONE))
    town.climb()

    assert [form.key for agency in sheets(town) for form in agency.forms] == ["courtoisie"]


def test_each_agency_has_its_own_pages_the_most_needed_first(town: Town) -> None:
    young = in_need(town, agency="02", births=[date(1955, 1, 1)])
    old = in_need(town, agency="02", births=[date(1930, 1, 1)])
    other = in_need(town, agency="01")
    town.open()
    town.climb()

    made = sheets(town)

    assert [(a.code, [s.task.household_id for s in a.sheets]) for a in made] == [
        ("01", [other.id]),
        ("02", [old.id, young.id]),
    ]
    assert page(town).count('<section class="page">') == 2
    assert [a.code for a in sheets(town, "02")] == ["02"]


def test_what_was_tried_is_told_newest_first(town: Town) -> None:
    home = in_need(town)
    town.open()
    town.climb()
    for outcome in (OutcomeCode.NO_ANSWER, OutcomeCode.BUSY):
        task = town.task(home)
        assert task is not None
        calls.record_outcome(
            town.db, int(str(task["id"])), outcome=outcome, caller="anne", note="a raccroché", desk=DESK, now=town.now
        )
        town.now += timedelta(hours=2)

    ((sheet,),) = (a.sheets for a in sheets(town))

    assert [(t.result, t.who) for t in sheet.tried] == [("BUSY", "anne"), ("NO_ANSWER", "anne")]
    assert "raccroché" not in words(page(town))


def test_a_number_known_to_be_wrong_is_not_on_paper(town: Town) -> None:
    home = in_need(town)
    town.open()
    town.climb()
    with town.db.begin() as connection:
        connection.execute(text("UPDATE phone SET bad_since = now()"))

    assert paper_words.phone(home.phone) not in words(page(town))
    assert "aucun numéro" in words(page(town))


def test_a_relatives_number_is_on_paper_only_where_the_relative_is_to_be_asked(town: Town) -> None:
    home = town.household()
    builders.add_phone(town.db, home, "+33600007702", kind="mobile", label="child")
    town.reply(home.phone, "2")
    asks_the_household = words(page(town))
    with town.db.begin() as connection:
        connection.execute(text("UPDATE callback_task SET reasons = reasons || CAST('trusted_contact' AS text)"))
    asks_the_child = words(page(town))

    assert ("06 00 00 77 02" in asks_the_household, paper_words.phone(home.phone) in asks_the_household) == (
        False,
        True,
    )
    assert ("06 00 00 77 02 (enfant)" in asks_the_child, paper_words.phone(home.phone) in asks_the_child) == (
        True,
        False,
    )


def test_words_from_a_listing_or_a_phone_are_shown_and_never_run(town: Town) -> None:
    home = town.household()
    event = town.open()
    town.sent(event)
    town.later(minutes=1)
    town.reply(home.phone, "<img src=x onerror=alert(1)>")
    with town.db.begin() as connection:
        connection.execute(text("UPDATE tenant SET last_name = '<script>alert(1)</script>', first_name = '\"><b>'"))
        connection.execute(text("UPDATE dwelling SET address = '<iframe>'"))

    html = page(town)

    for tag in ("<script", "<img", "<iframe", '"><b>'):
        assert tag not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_the_page_loads_nothing_from_elsewhere(town: Town) -> None:
    in_need(town)
    town.open()
    town.climb()

    html = page(town)

    assert not any(word in html for word in ("http://", "https://", "src=", "<link", "@import", "url(", "<script"))
    assert "break-inside: avoid" in html
    assert "@page" in html


def test_a_page_with_nobody_to_ring_says_so(town: Town) -> None:
    assert "Personne à appeler." in words(page(town))


def run(database_url: str, *arguments: str) -> commands.Done:
    """A command of a deployment with this database, in a process of its own."""
    return commands.run(*arguments, settings={"COURTOISIE_DATABASE_URL": database_url})


def test_the_printed_list_is_for_its_owner_alone(town: Town, database_url: str, tmp_path: Path) -> None:
    in_need(town)
    town.open()
    town.climb()
    file = tmp_path / "appels.html"
    file.write_text("an older list", encoding="utf-8")

    done = run(database_url, "tasks", "--print", str(file), "--agency", "01")

    assert (done.returncode, "à détruire après usage" in done.stdout) == (0, True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "ESSAI Odette" in words(file.read_text(encoding="utf-8"))


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(database_url: str, tmp_path: Path) -> None:
    done = run(database_url, "tasks", "--print", str(tmp_path / "nowhere" / "appels.html"))

    assert done.returncode == 1
    assert "ne peut pas être écrit" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_report_goes_to_the_screen_to_a_spreadsheet_to_paper_and_to_programs(
    town: Town, database_url: str, tmp_path: Path
) -> None:
    in_need(town)
    town.household(agency="02")
    event = str(town.open())
    town.climb()
    csv, html = tmp_path / "rapport.csv", tmp_path / "rapport.html"

    shown = run(database_url, "report", event, "--csv", str(csv), "--html", str(html))
    told = json.loads(run(database_url, "report", event, "--agency", "02", "--json").stdout)

    assert (shown.returncode, "Pas encore joints : 2" in shown.stdout) == (0, True)
    assert csv.read_bytes().startswith(b"\xef\xbb\xbfagency;dwelling;")
    assert "Total" in words(html.read_text(encoding="utf-8"))
    assert told["recipients"]["total"] == 2  # the account is of the whole event, as ever
    assert (told["figures"]["listed"], [a["agency"] for a in told["agencies"]]) == (1, ["02"])
    assert told["unreached"][0]["next_step"] == "text_to_send"
    assert told["figures"]["cost_eur"] == "0.000000"
    for seen in (shown.stdout, csv.read_text(encoding="utf-8"), html.read_text(encoding="utf-8"), json.dumps(told)):
        assert "Odette" not in seen


def test_a_day_that_is_none_is_wrong_usage(database_url: str) -> None:
    assert run(database_url, "report", "1", "--day", "hier").returncode == 2
