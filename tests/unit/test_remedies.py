"""A refusal says what to do in words that fit the place where it is read: commands are for the terminal alone."""

import re
from pathlib import Path

from worker import cli
from worker.domain.errors import NotFound

WORKER = Path(__file__).parents[2] / "worker"
REFUSAL = re.compile(r'(?:Refused|NotFound|NotFilledIn|NotAllowed)\(\s*_\(\s*"([^"]*)"')


def test_no_refusal_of_a_service_or_a_page_names_a_command() -> None:
    sources = [path for floor in ("services", "domain", "store", "web") for path in (WORKER / floor).rglob("*.py")]
    said = [words for path in sources for words in REFUSAL.findall(path.read_text(encoding="utf-8"))]

    assert len(said) > 50
    assert [words for words in said if "courtoisie" in words] == []


def test_the_terminal_adds_the_command_that_tells_more() -> None:
    error = NotFound("Aucun appel n° 7.", command="courtoisie tasks")

    assert str(error) == "Aucun appel n° 7."
    assert cli._worded(error) == "Aucun appel n° 7. Voyez « courtoisie tasks »."
