"""Texts that people read: Jinja templates in a sandbox, measured as the carrier counts them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jinja2
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from worker.domain import segments
from worker.domain.errors import BadDefinition
from worker.i18n import _

MAX_SEGMENTS = 2
DEFAULT_LANGUAGE = "fr"

# What word processors make of plain characters, and back.
_STRAIGHT = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " ", "\u202f": " ", "\u2009": " "}
)
_BLANKS = re.compile(r"[ \t]*\n[ \t]*|[ \t]{2,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be sent, with its encoding and billed segments."""

    text: str
    measured: segments.Measured


class Texts:
    """The templates of one folder: sms/LANGUAGE/KEY.txt. Safe to share between threads."""

    def __init__(self, templates_dir: Path) -> None:
        self._folder = templates_dir / "sms"
        self._environment = SandboxedEnvironment(
            loader=jinja2.FileSystemLoader(self._folder),
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # an SMS is no HTML
            keep_trailing_newline=False,
            auto_reload=False,
            cache_size=-1,
        )

    @cached_property
    def _files(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for path in sorted(self._folder.glob("*/*.txt")):
            found.setdefault(path.stem, set()).add(path.parent.name)
        return {key: frozenset(languages) for key, languages in found.items()}

    def keys(self) -> list[str]:
        """All texts, in any language."""
        return sorted(self._files)

    def languages(self, key: str) -> frozenset[str]:
        """The languages a text exists in; empty when there is no such text."""
        return self._files.get(key, frozenset())

    def variables(self, key: str, language: str) -> frozenset[str]:
        """The names a text expects."""
        return frozenset(meta.find_undeclared_variables(self._environment.parse(self.source(key, language))))

    def source(self, key: str, language: str) -> str:
        """A template as written."""
        return (self._folder / language / f"{key}.txt").read_text(encoding="utf-8")

    def render(self, key: str, *, language: str, variables: Mapping[str, str]) -> Rendered:
        """A text in a language, French where it has no translation.

        Raises BadDefinition for an unknown text, a missing variable, or a text of more than two segments.
        """
        chosen = language if language in self.languages(key) else DEFAULT_LANGUAGE
        plain = {name: to_gsm(value) for name, value in variables.items()}
        try:
            raw = self._environment.get_template(f"{chosen}/{key}.txt").render(plain)
        except jinja2.TemplateError as error:
            raise BadDefinition(_why(key, chosen, error)) from None
        text = tidy(raw)
        measured = segments.measure(text)
        if measured.segments > MAX_SEGMENTS:
            raise BadDefinition(
                _("Texte {key} ({language}) : {n} segments, {most} au plus. Raccourcissez-le.").format(
                    key=key, language=chosen, n=measured.segments, most=MAX_SEGMENTS
                )
            )
        return Rendered(text, measured)


def tidy(text: str) -> str:
    """One line, composed characters, straight quotes and plain spaces."""
    composed = unicodedata.normalize("NFC", text).translate(_STRAIGHT)
    return _BLANKS.sub(" ", composed).strip()


def to_gsm(value: str) -> str:
    """A name as GSM-7 can carry it: Françoise becomes Francoise. Only for values put into texts, whose own
    wording is written by people who see the encoding."""
    composed = tidy(value)
    return "".join(segments.REMEDIES.get(c, c) for c in composed)


def _why(key: str, language: str, error: jinja2.TemplateError) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return _("Texte inconnu : {key}. Créez templates/sms/{language}/{key}.txt.").format(key=key, language=language)
    return _("Texte {key} ({language}) : {error}. Corrigez templates/sms/{language}/{key}.txt.").format(
        key=key, language=language, error=error.message
    )
