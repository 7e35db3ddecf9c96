"""What the command line says when something is wrong: a sentence, an exit code, nothing half done."""

import json
from pathlib import Path

import pytest

from tests import commands, deployments
from tests.e2e.conftest import City
from worker.services import events

pytestmark = pytest.mark.e2e

NOWHERE = "127.0.0.1:1"


def _run(city: City, *arguments: str, **changes: str) -> commands.Done:
    changed = {f"COURTOISIE_{name}": value for name, value in changes.items()}
    return commands.run(*arguments, settings=city.stack.environment() | changed)


def _events(city: City) -> int:
    return len(events.recent(city.db))


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (("preview", "canicule-orang"), {}, "Campagne inconnue"),
        (("launch", "nothing", "--yes"), {}, "Campagne inconnue"),
        (("event", "show", "999999"), {}, "Aucune opération n° 999999"),
        (("task", "done", "999999", "--outcome", "REACHED_OK", "--caller", "odile"), {}, "Aucun appel n° 999999"),
        (("events",), {"DATABASE_URL": f"postgresql://x:secret@{NOWHERE}/x"}, "PostgreSQL ne répond pas"),
        (("events",), {"DATABASE_URL": "mysql://x/y"}, "COURTOISIE_DATABASE_URL"),
        (("launch", "canicule-orange", "--test"), {"BROKER_URL": f"redis://{NOWHERE}/0"}, "Redis"),
        (("launch", "canicule-orange", "--yes"), {"BROKER_URL": "http://x"}, "COURTOISIE_BROKER_URL"),
        (("worker",), {"TWILIO__MAX_IN_FLIGHT": "many"}, "COURTOISIE_TWILIO__MAX_IN_FLIGHT"),
        (("worker",), {"HEARTBEAT": "/nowhere/alive"}, "COURTOISIE_HEARTBEAT : /nowhere/alive"),
        (("scheduler",), {"HEARTBEAT": "/nowhere/alive"}, "COURTOISIE_HEARTBEAT : /nowhere/alive"),
        (("check",), {"SENDERS__COURT__ADRESS": "3"}, "senders.court.adress : ce réglage n'existe pas"),
        (("check",), {"LIMITS__BATCH_SIZE": "0"}, "limits.batch_size : 1 au moins est attendu"),
        (("campaigns",), {"CONFIG_DIR": "/nowhere"}, "COURTOISIE_CONFIG_DIR"),
        (("check", "--online"), {"TWILIO__AUTH_TOKEN": "wrong"}, "Twilio"),
        (("check", "--online"), {"PUBLIC_URL": f"http://{NOWHERE}"}, NOWHERE),
        (("check", "--online"), {"PUBLIC_URL": ""}, "textes au plus long"),
        (("check", "--online"), {"DATABASE_URL": "", "BROKER_URL": ""}, "textes au plus long"),
        (("check", "--online"), {"DATABASE_URL": ""}, "COURTOISIE_DATABASE_URL"),
        (("check", "--online"), {"PUBLIC_URL": ""}, "COURTOISIE_PUBLIC_URL manque"),
        (("check", "--online"), {"TWILIO__ACCOUNT_SID": ""}, "Il manque COURTOISIE_TWILIO__ACCOUNT_SID"),
        (("check", "--online"), {"TWILIO__AUTH_TOKEN": ""}, "Il manque COURTOISIE_TWILIO__AUTH_TOKEN"),
        (("check", "--online"), {"TWILIO__API_KEY_SID": "SK1"}, "Il manque COURTOISIE_TWILIO__API_KEY_SECRET"),
        (("check", "--online"), {"BROKER_URL": ""}, "COURTOISIE_BROKER_URL"),
        (("launch", "canicule-orange", "--yes"), {"TWILIO__API_URL": "https://api.twilio.com"}, "examples_allowed"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_half_done(
    city: City, arguments: tuple[str, ...], changes: dict[str, str], said: str
) -> None:
    before = _events(city)

    done = _run(city, *arguments, **changes)

    assert done.returncode == 1
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr
    assert _events(city) == before


def test_a_campaign_for_nobody_is_not_launched(city: City, tmp_path: Path) -> None:
    config = deployments.copy_to(tmp_path) / "config"
    orange = config / "campaigns" / "canicule-orange.toml"
    orange.write_text(orange.read_text().replace('# agencies = ["01", "04"]', 'agencies = ["nowhere"]'))

    done = _run(city, "launch", "canicule-orange", "--yes", CONFIG_DIR=str(config))

    assert done.returncode == 1
    assert "Aucun foyer" in done.stderr


def test_a_campaign_file_that_cannot_be_read_stops_that_campaign_and_nothing_else(city: City, tmp_path: Path) -> None:
    config = deployments.copy_to(tmp_path) / "config"
    (config / "campaigns" / "canicule-orange.toml").write_text("title =")

    def run(*arguments: str) -> commands.Done:
        return _run(city, *arguments, CONFIG_DIR=str(config))

    refused = [run("launch", "canicule-orange", "--yes"), run("preview", "canicule-orange"), run("check")]
    done = [run("events"), run("tasks"), run("schedule"), run("campaigns"), run("preview", "canicule-rouge")]

    assert [one.returncode for one in refused] == [1, 1, 1]
    assert all("config/campaigns/canicule-orange.toml" in one.stderr + one.stdout for one in refused)
    assert [one.returncode for one in done] == [0] * 5, [one.stderr for one in done]
    assert "canicule-rouge" in done[3].stdout
    assert "config/campaigns/canicule-orange.toml" in done[3].stderr


def test_a_variable_that_no_setting_reads_is_told_with_the_nearest_that_one_does(city: City) -> None:
    misspelt = {"DATABSE_URL": "x", "LIMIT__TICK_S": "3", "TWILIO__ACOUNT_SID": "3"}
    done = _run(city, "check", **misspelt, SENDERS__COURT__SEGMENTS_PER_S="3")

    assert done.returncode == 0
    assert all(f"environnement, COURTOISIE_{name} : aucun réglage" in done.stdout for name in misspelt)
    assert "COURTOISIE_TWILIO__ACCOUNT_SID" in done.stdout
    assert "COURTOISIE_DATABASE_URL" in done.stdout
    assert "COURTOISIE_LIMITS__TICK_S" in done.stdout
    assert "SENDERS" not in done.stdout


def test_a_launch_warns_of_such_a_variable_and_goes_on(city: City) -> None:
    done = _run(city, "launch", "nothing", "--yes", TWILIO__ACOUNT_SID="x", SECRET_KY_FILE="/dev/null")

    assert [line.split(" : ")[0] for line in done.stderr.splitlines()] == ["Attention", "Attention", "Erreur"]
    assert "aucun réglage" in done.stderr
    assert "« COURTOISIE_SECRET_KEY_FILE »" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "vide"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "image"),
        ("headers.csv", "Nom;Prénom\nX;Y\n".encode(), "N° logement"),
        ("noise.xlsx", bytes(n * n % 251 for n in range(5000)), "pas du texte"),
        ("noise.ods", b"PK\x03\x04" + bytes(300), "abîmé"),
    ],
)
def test_a_file_that_is_no_listing_is_refused_with_the_reason(
    city: City, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)

    done = _run(city, "import", str(path), "--apply")

    assert done.returncode == 1
    assert said in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere.csv", "nowhere.csv ne peut pas être lu (il n'existe pas)"), (".", "(c'est un dossier)")],
)
def test_a_listing_that_is_not_there_is_told_in_a_sentence(city: City, tmp_path: Path, name: str, said: str) -> None:
    done = _run(city, "import", str(tmp_path / name))

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert done.stderr.endswith("Donnez le chemin d'une liste CSV, XLSX, XLS ou ODS.\n")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_option_is_wrong_usage(city: City) -> None:
    assert _run(city, "preview").returncode == 2
    assert _run(city, "launch", "canicule-orange", "--now").returncode == 2


def test_check_online_finds_nothing_wrong_with_a_running_town(city: City) -> None:
    done = _run(city, "check", "--online", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)
