"""docs/glossary.md explains every word that stands in the database, in JSON and in reports."""

import importlib
import re
from enum import StrEnum
from pathlib import Path

import pytest

MODULES = (
    "callbacks",
    "campaigns",
    "channels",
    "messages",
    "occasions",
    "outcomes",
    "partners",
    "recipients",
    "referrals",
    "replies",
    "roles",
    "reports",
    "rungs",
    "voice",
)
GLOSSARY = Path(__file__).parent.parent.parent / "docs" / "glossary.md"


def _closed_lists() -> list[type[StrEnum]]:
    modules = [importlib.import_module(f"worker.domain.{name}") for name in MODULES]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, StrEnum) and value.__module__ == module.__name__
    ]


def _explained() -> dict[str, list[str]]:
    """The values of each section "### Name", in their order."""
    sections = re.split(r"^### ", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {s.splitlines()[0]: re.findall(r"^\| `(\w+)` \|", s, flags=re.MULTILINE) for s in sections}


@pytest.mark.parametrize("closed_list", _closed_lists(), ids=lambda c: c.__name__)
def test_each_value_of_a_closed_list_is_explained_and_no_other(closed_list: type[StrEnum]) -> None:
    assert _explained()[closed_list.__name__] == [str(value) for value in closed_list]


def test_no_list_is_explained_that_does_not_exist() -> None:
    assert set(_explained()) == {c.__name__ for c in _closed_lists()}
