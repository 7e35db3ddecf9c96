"""Referrals and partners at the command line, from the directory's file to the partner's answer."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests import commands
from tests.integration.conftest import Town

Command = Callable[..., commands.Done]
EXAMPLE = Path(__file__).parents[2] / "docs" / "partners-example.toml"


@pytest.fixture
def run(database_url: str) -> Command:
    return partial(commands.run, settings={"COURTOISIE_DATABASE_URL": database_url})


def _ok(done: commands.Done) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_directory_is_imported_once(run: Command) -> None:
    assert "Nouveaux : 4" in _ok(run("partner", "import", str(EXAMPLE)))
    assert json.loads(_ok(run("partner", "list", "--json"))) == {"partners": []}

    _ok(run("partner", "import", str(EXAMPLE), "--apply"))

    assert json.loads(_ok(run("partner", "import", str(EXAMPLE), "--json")))["unchanged"] == 4


def test_a_directory_from_a_spreadsheet(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "annuaire.csv"
    file.write_text(
        "kind;name;phone;email;email_ok;communes\nccas;CCAS d'Essai;05 36 49 00 21;a@b.example;oui;Essai|Autre\n",
        encoding="utf-8",
    )

    _ok(run("partner", "import", str(file), "--apply"))

    [partner] = json.loads(_ok(run("partner", "list", "--json")))["partners"]
    assert (partner["email_ok"], partner["communes"]) == (True, ["Essai", "Autre"])


def test_each_mistake_of_a_directory_is_named_and_nothing_is_written(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "annuaire.toml"
    file.write_text(
        '[[partner]]\nkind = "ccas"\nname = "Sans numéro"\n'
        '[[partner]]\nkind = "ccas"\nname = "X"\nphone = "05 36 49 00 21"\npostcodes = ["3100"]\n'
        '[[partner]]\nkind = "pompiers"\nname = "Y"\nphone = "18"\n',
        encoding="utf-8",
    )

    done = run("partner", "import", str(file), "--apply")

    assert done.returncode == 1
    assert all(said in done.stderr for said in ("partenaire 1, phone", "« 3100 »", "partenaire 3, kind"))
    assert json.loads(_ok(run("partner", "list", "--json"))) == {"partners": []}


def test_a_need_from_the_first_word_to_the_partner_s_answer(run: Command, town: Town, tmp_path: Path) -> None:
    home = town.household()
    _ok(run("partner", "add", "CCAS d'Essai", "--kind", "ccas", "--phone", "05 36 49 00 21"))
    _ok(run("referral", "add", home.phone, "--partner", "1", "--reason", "groceries"))
    refused = run("referral", "sent", "1")
    assert (refused.returncode, "brouillon" in refused.stderr) == (1, True)

    _ok(run("referral", "consent", "1"))
    form = tmp_path / "form.html"
    _ok(run("referral", "print", "1", str(form)))
    _ok(run("referral", "sent", "1", "--paper"))
    assert run("referral", "mail", "1").returncode == 1
    _ok(run("referral", "move", "1", "--to", "solved", "--note", "Repas livrés."))

    shown = json.loads(_ok(run("referral", "show", "1", "--json")))
    assert [m["state"] for m in shown["moves"]] == ["draft", "consented", "sent", "solved"]
    assert "ESSAI" in form.read_text(encoding="utf-8")
    assert json.loads(_ok(run("referral", "list", "--json"))) == {"referrals": []}
