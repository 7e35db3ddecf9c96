"""Every French sentence that people read has an English one, with the same blanks to fill."""

import io
import re
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
ENGLISH = ROOT / "worker" / "locale" / "en" / "LC_MESSAGES" / "courtoisie.po"
KEYWORDS = {"_": None, "ngettext": (1, 2)}
METHODS = [("**.py", "python"), ("**.html", "jinja2")]
REMEDY = "run: make translations"


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with ENGLISH.open("rb") as file:
        return read_po(file, locale="en", domain="courtoisie")


@pytest.fixture(scope="module")
def sentences() -> set[str]:
    """Each sentence wrapped in _() or ngettext(), in all that ships."""
    found: set[str] = set()
    for package in ("worker", "sandbox"):
        told = extract_from_dir(str(ROOT / package), method_map=METHODS, keywords=KEYWORDS)
        for _file, _line, sentence, _comments, _context in told:
            found.add(sentence if isinstance(sentence, str) else sentence[0])
    return found


def _in_use(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _french(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _english(message: Message) -> list[str]:
    return [message.string or ""] if isinstance(message.string, str) else list(message.string)


def _blanks(text: str) -> set[str]:
    return set(re.findall(r"{[^{}]*}", text))


def test_every_sentence_has_an_english_one(sentences: set[str], catalogue: Catalog) -> None:
    translated = {_french(m) for m in _in_use(catalogue) if all(_english(m)) and not m.fuzzy}

    assert sorted(sentences - translated) == [], REMEDY


def test_no_translation_is_left_over(sentences: set[str], catalogue: Catalog) -> None:
    assert sorted({_french(m) for m in _in_use(catalogue)} - sentences) == [], REMEDY


def test_a_translation_fills_the_same_blanks(catalogue: Catalog) -> None:
    wrong = [_french(m) for m in _in_use(catalogue) if any(_blanks(e) != _blanks(_french(m)) for e in _english(m))]

    assert wrong == []


def test_the_compiled_catalogue_is_that_of_the_translations(catalogue: Catalog) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)

    assert ENGLISH.with_suffix(".mo").read_bytes() == compiled.getvalue(), REMEDY


def test_a_sentence_is_found_by_the_program(
    sentences: set[str], catalogue: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker import i18n

    monkeypatch.setenv("COURTOISIE_LANGUAGE", "en")
    spoken = i18n._catalogue()

    assert all(spoken.gettext(s) == catalogue.get(s).string for s in sentences if isinstance(catalogue.get(s).id, str))
