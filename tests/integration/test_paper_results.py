"""Degraded mode: sheets on paper for each agency, each morning once, and their results typed in afterwards."""

import re
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests import builders, listings
from tests.integration.conftest import DESK, Town
from tests.integration.console_visits import Browser, account
from tests.integration.site import Site
from worker.catalogue import forms
from worker.domain.outcomes import OutcomeCode
from worker.domain.roles import Person, Role
from worker.paper import lists
from worker.services import call_sheets, calls, mornings, paper_results
from worker.services.paper_results import Fate, Line, Sheet
from worker.settings import Settings
from worker.settings_tables import Sheets

FORMS = forms.load(listings.ROOT / "config")
OLGA = Person(1, "olga", Role.OPERATOR)
DAY = date(2026, 7, 8)


def _owed(town: Town, **what: object) -> tuple[builders.Household, int]:
    home = town.household(**what)
    town.reply(home.phone, "2")
    task = town.task(home)
    assert task is not None
    return home, int(str(task["id"]))


def _save(town: Town, *lines: Line, by: Person = OLGA) -> list[paper_results.Answer]:
    return paper_results.save(town.db, Sheet(DAY, "Lucie"), lines, by=by, desk=DESK, now=town.now)


def _at(town: Town, **later: float) -> str:
    """The hour of a call made a while after now, the clock being set on by an hour more."""
    at = town.now + timedelta(**later)
    town.now = at + timedelta(hours=1)
    return f"{at.astimezone(DESK.timezone):%H:%M}"


def test_results_of_several_sheets_are_recorded_as_of_the_hour_of_each_call(town: Town) -> None:
    (fine, first), (absent, second) = _owed(town), _owed(town)
    at = _at(town, minutes=10)

    answers = _save(
        town, Line(str(first), "REACHED_OK", at, "Va bien."), Line(f"n° {second}", "NO_ANSWER", at.replace(":", "h"))
    )

    assert [a.fate for a in answers] == [Fate.SAVED, Fate.SAVED]
    assert town.task(fine) is None
    assert town.task(absent) is not None
    kept = town.rows("call_outcome")
    assert [(o["code"], o["caller"], o["note"]) for o in kept] == [
        ("REACHED_OK", "Lucie", "Va bien."),
        ("NO_ANSWER", "Lucie", ""),
    ]
    assert {o["ended_at"] for o in kept} == {town.now - timedelta(hours=1)}


def test_the_same_sheet_typed_twice_is_one_result(town: Town) -> None:
    home, task = _owed(town)
    line = Line(str(task), "NO_ANSWER", _at(town, minutes=10))

    fates = [_save(town, line)[0].fate, _save(town, line)[0].fate]

    assert fates == [Fate.SAVED, Fate.KNOWN]
    assert len(town.rows("call_outcome", home)) == 1


def test_a_call_that_was_closed_meanwhile_keeps_the_result_as_history(town: Town) -> None:
    home, task = _owed(town)
    at = _at(town, minutes=10)
    calls.record_outcome(town.db, task, outcome=OutcomeCode.REACHED_OK, caller="ana", note="", desk=DESK, now=town.now)
    line = Line(str(task), "NO_ANSWER", at, "Sonne dans le vide.")

    [warned] = paper_results.check(town.db, Sheet(DAY, "Lucie"), [line], by=OLGA, desk=DESK, now=town.now)
    [kept] = _save(town, line)

    assert "ana" in warned.said
    assert kept.fate is Fate.KEPT
    assert [o["note"] for o in town.rows("call_outcome", home)] == ["", "Sonne dans le vide."]
    assert town.task(home) is None


def test_a_need_on_a_call_that_was_closed_meanwhile_is_not_lost(town: Town) -> None:
    home, task = _owed(town)
    at = _at(town, minutes=10)
    calls.record_outcome(town.db, task, outcome=OutcomeCode.REACHED_OK, caller="ana", note="", desk=DESK, now=town.now)
    town.now += timedelta(minutes=5)

    [answer] = _save(town, Line(str(task), "CALL_LATER", at, "Demande un ventilateur."))

    assert answer.fate is Fate.REOPENED
    again = town.task(home)
    assert again is not None
    assert again["id"] != task
    assert town.rows("call_outcome", home)[-1]["task_id"] == again["id"]


def test_a_refusal_on_paper_holds_also_where_the_call_was_closed(town: Town) -> None:
    home, task = _owed(town)
    at = _at(town, minutes=10)
    calls.record_outcome(town.db, task, outcome=OutcomeCode.REACHED_OK, caller="ana", note="", desk=DESK, now=town.now)

    _save(town, Line(str(task), "REFUSED_ALWAYS", at))

    assert town.task(home) is None
    assert len(town.rows("opt_out")) > 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (Line("999999", "REACHED_OK", "10:30"), "Aucun appel de ce numéro"),
        (Line("douze", "REACHED_OK", "10:30"), "Aucun appel de ce numéro"),
        (Line("{task}", "REACHED_OK", "25:00"), "L'heure ne se lit pas"),
        (Line("{task}", "REACHED_OK", "23:59"), "n'est pas encore venue"),
        (Line("{task}", "REACHED_OK", "03:00"), "n'était pas encore demandé"),
        (Line("{task}", "", "10:30"), "comment l'appel s'est terminé"),
        (Line("{task}", "REACHED_OK", "10:30", "x" * 301), "301 caractères"),
    ],
)
def test_a_line_that_cannot_be_read_says_why_and_keeps_no_other_back(town: Town, line: Line, said: str) -> None:
    (home, task), (_other, other) = _owed(town), _owed(town)
    town.now += timedelta(hours=4)
    hour = f"{(town.now - timedelta(hours=1)).astimezone(DESK.timezone):%H:%M}"

    wrong, right = _save(
        town,
        Line(line.number.replace("{task}", str(task)), line.outcome, line.at, line.note),
        Line(str(other), "REACHED_OK", hour),
    )

    assert (wrong.fate, right.fate) == (Fate.WRONG, Fate.SAVED)
    assert said in wrong.said
    assert town.task(home) is not None


def test_a_call_in_somebody_elses_hands_is_told_and_stays_typed(town: Town) -> None:
    from worker.services import claims

    home, task = _owed(town)
    at = _at(town, minutes=10)
    claims.claim(town.db, task, caller="ana", now=town.now)

    [answer] = _save(town, Line(str(task), "REACHED_OK", at))

    assert answer.fate is Fate.WRONG
    assert "ana" in answer.said
    assert answer.line.outcome == "REACHED_OK"
    assert town.rows("call_outcome", home) == []


def test_another_agencys_call_does_not_exist_for_who_types(town: Town) -> None:
    _home, task = _owed(town, agency="02")

    [answer] = _save(
        town, Line(str(task), "REACHED_OK", _at(town, minutes=5)), by=Person(2, "lucie", Role.CALLER, ("01",))
    )

    assert (answer.fate, answer.task) == (Fate.WRONG, None)
    assert town.rows("call_outcome") == []


# ---- each morning ---------------------------------------------------------------

MORNING = datetime(2026, 7, 8, 5, 30, tzinfo=UTC)  # 07:30 in Paris


def _make(town: Town, settings: Settings) -> int:
    def draw(found: list[call_sheets.AgencySheets]) -> bytes:
        return lists.calls_pdf(found, settings, now=town.now)

    return mornings.make_due(town.db, FORMS, draw=draw, desk=DESK, settings=settings, now=town.now)  # type: ignore[arg-type]


def _settings(**sheets: object) -> Settings:
    return Settings(sheets=Sheets(**sheets))  # type: ignore[arg-type]


def test_the_sheets_of_a_morning_are_made_once_however_many_make_them(town: Town, tmp_path: Path) -> None:
    _owed(town, agency="01"), _owed(town, agency="02")
    settings = _settings(folder=tmp_path)
    town.now = MORNING

    with ThreadPoolExecutor(4) as makers:
        list(makers.map(lambda _n: _make(town, settings), range(4)))
    _make(town, settings)

    assert [(s["day"], s["calls"]) for s in town.rows("morning_sheet")] == [(DAY, 1), (DAY, 1)]
    written = sorted(tmp_path.iterdir())
    assert [path.name for path in written] == ["appels-2026-07-08-01.pdf", "appels-2026-07-08-02.pdf"]
    assert all(path.read_bytes().startswith(b"%PDF") and stat.S_IMODE(path.stat().st_mode) == 0o600 for path in written)


def test_before_the_hour_and_when_switched_off_none_are_made(town: Town) -> None:
    _owed(town)
    town.now = MORNING - timedelta(minutes=1)
    assert _make(town, _settings()) == 0
    town.now = MORNING
    assert _make(town, _settings(morning="")) == 0

    assert town.rows("morning_sheet") == []


def test_sheets_name_people_and_are_gone_after_some_days(town: Town, tmp_path: Path) -> None:
    _owed(town)
    (tmp_path / "appels-autre.txt").write_text("not ours", encoding="utf-8")
    settings = _settings(folder=tmp_path, keep_days=2)
    town.now = MORNING
    _make(town, settings)

    town.now = MORNING + timedelta(days=3)
    _make(town, _settings(folder=tmp_path, keep_days=2, morning=""))

    assert town.rows("morning_sheet") == []
    assert [path.name for path in tmp_path.iterdir()] == ["appels-autre.txt"]


def test_a_maker_that_died_is_followed_by_the_next(town: Town) -> None:
    _owed(town)
    town.now = MORNING

    def dies(_found: object) -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mornings.make_due(town.db, FORMS, draw=dies, desk=DESK, settings=_settings(), now=town.now)
    assert _make(town, _settings()) == 0
    town.now += mornings.PATIENCE

    assert _make(town, _settings()) == 1
    assert [bool(s["file"]) for s in town.rows("morning_sheet")] == [True]


# ---- the pages ------------------------------------------------------------------


def test_an_agencys_sheets_are_printed_and_each_household_is_written_down(town: Town, browser: Browser) -> None:
    (home, _task), _other = _owed(town, agency="01"), _owed(town, agency="02")
    browser.sign_in(account(town, "lucie", Role.CALLER, "01"))

    browser.get("/sheets")
    assert "Agence 01" in browser.page
    assert "Agence 02" not in browser.page
    html = browser.get("/sheets/print?agency=01").page
    pdf = browser.session.get(browser.url + "/sheets/calls.pdf?agency=01", timeout=20)

    assert "ESSAI Odette" in html
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["Cache-Control"] == "no-store"
    exported = [e["object_id"] for e in town.rows("audit_entry") if e["action"] == "exported"]
    assert exported == [str(home.id)] * 2
    assert browser.get("/sheets/print?agency=02").status == 404


def test_whoever_takes_the_sheets_of_a_morning_is_written_down_for_each_household(
    town: Town, console: Site, browser: Browser
) -> None:
    homes = {_owed(town, agency="01")[0].id, _owed(town, agency="01")[0].id}
    town.now = MORNING
    _make(town, _settings())
    [sheet] = town.rows("morning_sheet")
    console.now = town.now
    browser.sign_in(account(town, "lucie", Role.CALLER, "01"))

    browser.session.get(f"{browser.url}/sheets/morning/{sheet['id']}", timeout=20)

    exported = [(e["kind"], e["object_id"]) for e in town.rows("audit_entry") if e["action"] == "exported"]
    assert set(exported) == {("sheet", str(sheet["id"])), *(("household", str(home)) for home in homes)}


def test_a_morning_of_another_agency_does_not_exist(town: Town, console: Site, browser: Browser) -> None:
    _owed(town, agency="02")
    town.now = MORNING
    _make(town, _settings())
    [sheet] = town.rows("morning_sheet")
    console.now = town.now
    browser.sign_in(account(town, "lucie", Role.CALLER, "01"))

    assert browser.get(f"/sheets/morning/{sheet['id']}").status == 404


def test_names_are_shown_before_a_number_typed_from_paper_changes_anything(
    town: Town, console: Site, browser: Browser
) -> None:
    home, task = _owed(town)
    at = _at(town, minutes=10)
    console.now = town.now
    browser.sign_in(account(town, "lucie", Role.CALLER))
    typed = {"line": "r1", "number-r1": str(task), "outcome-r1": "REACHED_OK", "at-r1": at, "day": "2026-07-08"}

    browser.get("/sheets/results").send("/sheets/results", **typed, do="save")
    assert "ESSAI Odette" in browser.page
    assert town.task(home) is not None
    [shown] = re.findall(r'name="shown" value="(\d+)"', browser.page)
    browser.send("/sheets/results", **typed, shown=shown, do="save")

    assert "1 résultat noté." in browser.page
    assert town.task(home) is None
