"""The guides are true: their commands are run in order, and what they show is what is answered."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from sandbox import guide
from tests import commands

pytestmark = pytest.mark.e2e
GUIDES = [
    path
    for path in sorted((Path(__file__).parents[2] / "docs" / "guides").glob("*.md"))
    if "```console" in path.read_text(encoding="utf-8")
]


def _wordings(text: str) -> list[set[str]]:
    """By block, the lines that have no figure in them: those are the same whenever the day is played."""
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    return [{" ".join(line.split()) for line in block.splitlines() if not re.search(r"\d", line)} for block in blocks]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_what_a_guide_shows_is_what_its_commands_answer(path: Path) -> None:
    shown = path.read_text(encoding="utf-8")

    answered = guide.follow(shown, _forked)

    for said, now in zip(_wordings(shown), _wordings(answered), strict=True):
        assert said <= now | {"…", ""}


def _forked(at: guide.Office, arguments: Sequence[str]) -> commands.Done:
    settings = at.running.environment() | guide.WIDTH
    return commands.run(*arguments, settings=settings, cwd=at.folder, clock=at.running.clock)
