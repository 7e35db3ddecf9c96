"""What the operator sees of an import."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests import listings
from tests.listings import tenant
from worker.cli import importing
from worker.domain.listings import ProblemCode
from worker.paper import findings
from worker.settings import Settings
from worker.store.database import Database

NOW = datetime(2026, 7, 8, 8, 0, tzinfo=UTC)
SETTINGS = Settings(config_dir=listings.ROOT / "config")


def run(db: Database, file: Path, *, apply: bool = False, allow_shrink: bool = False, as_json: bool = False) -> int:
    with capture_logs():  # they go to stderr, by their own way
        return importing.import_listing(
            db, file, apply=apply, allow_shrink=allow_shrink, as_json=as_json, settings=SETTINGS, now=NOW
        )


def run_json(
    db: Database, capsys: pytest.CaptureFixture[str], file: Path, **options: Any
) -> tuple[int, dict[str, Any]]:
    code = run(db, file, as_json=True, **options)
    return code, json.loads(capsys.readouterr().out)


def test_every_problem_has_its_sentence() -> None:
    assert set(findings.SENTENCES) == set(ProblemCode)


def test_a_dry_run_says_how_the_file_was_read_and_what_it_would_do(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(db, listings.SAMPLES / "locataires_cp1252.csv")

    shown = capsys.readouterr().out
    assert code == 0
    for words in (
        "locataires_cp1252.csv : CSV, en-tête à la ligne 2, 9 lignes",
        "Encodage cp1252, séparateur « ; »",
        "Ces noms sont-ils bien écrits ? LEFÈVRE Françoise (ligne 3)",
        "Retenues, avec un manque",
        "date de naissance inconnue (colonne « Date de naissance ») : ligne 8",
        "foyer sans aucun numéro utilisable : ligne 8",
        "Laissées de côté, comme prévu",
        "locataire déjà parti (colonne « Date sortie ») : ligne 9",
        "Essai à blanc : rien n'a changé. Pour enregistrer : ajoutez --apply.",
    ):
        assert words in shown
    assert [
        line.split()[1:] for line in shown.splitlines() if line.startswith(("Locataires", "Foyers", "Numéros"))
    ] == [
        ["6", "0", "0", "0", "0"],
        ["5", "0", "0", "0", "0"],
        ["7", "0", "0", "0", "2"],
    ]


def test_applying_says_so_and_the_second_time_nothing_is_new(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_json(db, capsys, listings.SAMPLES / "locataires_utf8bom.csv", apply=True)
    second = run_json(db, capsys, listings.SAMPLES / "locataires_utf8bom.csv", apply=True)
    run(db, listings.SAMPLES / "locataires_utf8bom.csv", apply=True)

    assert (first[0], first[1]["applied"], first[1]["tenants"]["new"]) == (0, True, 6)
    assert (second[0], second[1]["tenants"]["new"], second[1]["tenants"]["unchanged"]) == (0, 0, 6)
    assert "Enregistré." in capsys.readouterr().out


def test_json_carries_rows_codes_and_columns_and_never_the_content(
    db: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    _code, answer = run_json(db, capsys, listings.SAMPLES / "locataires_utf16_tab.txt")

    assert answer["problems"][0] == {"row": 7, "code": "phone_unreadable", "weight": "listed", "column": "Portable"}
    assert (answer["applied"], answer["encoding"], answer["separator"], answer["header_row"]) == (
        False,
        "utf-16",
        "\t",
        2,
    )
    written = json.dumps(answer, ensure_ascii=False)
    assert not any(secret in written for secret in ("LEFÈVRE", "DUPONT", "1938", "0600", "+33", "Gambetta"))


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize(
    ("content", "says"),
    [("", "Le fichier est vide"), ("%PDF-1.7", "PDF"), ("Nom;Prénom;Module\nA;B;C\n", "Colonne manquante")],
)
def test_a_file_that_is_no_listing_is_refused_with_exit_code_1(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], *, content: str, says: str, as_json: bool
) -> None:
    file = tmp_path / "liste.csv"
    file.write_text(content, encoding="utf-8")

    code = run(db, file, apply=True, as_json=as_json)

    shown = capsys.readouterr()
    assert code == 1
    assert says in shown.err
    if as_json:
        assert says in json.loads(shown.out)["refused"]
    else:
        assert shown.out == ""


def test_a_shrinking_listing_is_announced_then_refused_then_insisted_on(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = listings.write(tmp_path / "juin.csv", [tenant(n) for n in range(10)])
    half = listings.write(tmp_path / "juillet.csv", [tenant(n) for n in range(5)])
    run(db, full, apply=True)
    capsys.readouterr()

    assert run(db, half) == 0
    assert "--apply serait refusé, car plus de 20% des locataires disparaîtraient" in capsys.readouterr().out
    assert run_json(db, capsys, half)[1]["would_be_refused"] is True
    assert run(db, half, apply=True) == 1
    assert "--allow-shrink" in capsys.readouterr().err
    assert run_json(db, capsys, half, apply=True, allow_shrink=True)[1]["tenants"]["gone"] == 5


def test_long_lists_of_rows_are_cut_with_their_count(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(db, listings.write(tmp_path / "liste.csv", [tenant(n, born="") for n in range(20)]))

    shown = " ".join(capsys.readouterr().out.split())
    assert "lignes 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 … et 8 autres" in shown


def test_a_name_with_brackets_is_shown_as_it_is(
    db: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(db, listings.write(tmp_path / "liste.csv", [tenant(1, name="É[bold]X[/]")]))

    assert "É[bold]X[/]" in capsys.readouterr().out


def test_the_log_has_counts_and_never_a_name(db: Database) -> None:
    with capture_logs() as events:
        importing.import_listing(
            db,
            listings.SAMPLES / "locataires_cp1252.csv",
            apply=True,
            allow_shrink=False,
            as_json=True,
            settings=SETTINGS,
            now=NOW,
        )

    (event,) = events
    assert (event["event"], event["tenants_new"]) == ("listing_imported", 6)
    assert all(isinstance(value, int) for key, value in event.items() if key.startswith("tenants_"))
