"""What the command line says when something is wrong: a sentence, an exit code, nothing half done."""

import json
from pathlib import Path

import pytest

from tests import commands
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
        (("launch", "canicule-orange", "--yes"), {}, "Aucun foyer"),
        (("event", "show", "999999"), {}, "Aucune opération n° 999999"),
        (("task", "done", "999999", "--outcome", "REACHED_OK", "--caller", "odile"), {}, "Aucun appel n° 999999"),
        (("events",), {"DATABASE_URL": f"postgresql://x:secret@{NOWHERE}/x"}, "PostgreSQL ne répond pas"),
        (("events",), {"DATABASE_URL": "mysql://x/y"}, "COURTOISIE_DATABASE_URL"),
        (("launch", "canicule-orange", "--yes"), {"BROKER_URL": f"redis://{NOWHERE}/0"}, "Redis"),
        (("launch", "canicule-orange", "--yes"), {"BROKER_URL": "http://x"}, "COURTOISIE_BROKER_URL"),
        (("worker",), {"TWILIO__MAX_IN_FLIGHT": "many"}, "COURTOISIE_TWILIO__MAX_IN_FLIGHT"),
        (("campaigns",), {"CONFIG_DIR": "/nowhere"}, "COURTOISIE_CONFIG_DIR"),
        (("check", "--online"), {"TWILIO__AUTH_TOKEN": "wrong"}, "Twilio"),
        (("check", "--online"), {"PUBLIC_URL": f"http://{NOWHERE}"}, NOWHERE),
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


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "vide"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "image"),
        ("headers.csv", "Nom;Prénom\nX;Y\n".encode(), "N° logement"),
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


def test_a_wrong_option_is_wrong_usage(city: City) -> None:
    assert _run(city, "preview").returncode == 2
    assert _run(city, "launch", "canicule-orange", "--now").returncode == 2


def test_check_online_finds_nothing_wrong_with_a_running_town(city: City) -> None:
    done = _run(city, "check", "--online", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)
