"""Migrations stand in one line: two that were written side by side are seen before a database is."""

import re
from pathlib import Path

VERSIONS = Path(__file__).parents[2] / "worker" / "store" / "migrations" / "versions"


def _said(path: Path, name: str) -> str:
    found = re.search(rf'^{name} = (?:"(\w+)"|None)$', path.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, f"{path.name} says no {name}"
    return found[1] or ""


def test_every_migration_follows_the_one_before_it() -> None:
    files = sorted(VERSIONS.glob("[0-9]*.py"))
    revisions = [_said(path, "revision") for path in files]

    assert [_said(path, "down_revision") for path in files] == ["", *revisions[:-1]]
    assert [path.name[:4] for path in files] == revisions
