"""Texts people read or hear: one file per text and language, filled in and measured.

A file is one Jinja2 template; a comment on its first line, {# … #}, may say when it is used. templates/sms/: wording
stays as written but for quotes, dashes and spaces; the values put into it lose the accents that GSM-7 lacks.
templates/voice/: what a voice reads aloud, a line for what is said in one breath, all letters as they are.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateSyntaxError, meta
from jinja2.exceptions import UndefinedError
from jinja2.sandbox import SandboxedEnvironment

from worker.domain import letters, segments
from worker.domain.errors import BadDefinition
from worker.domain.segments import Measured
from worker.i18n import _

FALLBACK = "fr"
MAX_SEGMENTS = 2
SUFFIX = ".txt"

# A campaign says the same words to everybody: few distinct renderings, asked for thousands of times.
_RENDERINGS_KEPT = 2048

_COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)


def _in_one_line(text: str) -> str:
    return " ".join(letters.straighten(text).split())


def _line_by_line(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Medium:
    """How words reach people: the folder of its texts, what happens to a value put into them and to the whole."""

    folder: str
    of_value: Callable[[str], str]
    of_text: Callable[[str], str]


SMS = Medium("sms", letters.transliterate, _in_one_line)
VOICE = Medium("voice", str, _line_by_line)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text ready to be sent, and what it measures."""

    text: str
    measured: Measured


class Texts:
    """All texts of a deployment. Files are read once; a changed file needs a new process. Safe to share by threads."""

    def __init__(self, templates_dir: Path, medium: Medium = SMS, *, optional: bool = False) -> None:
        """templates_dir: the folder that holds sms/LANGUAGE/KEY.txt. Raises BadDefinition when there is none,
        unless it is optional: there are no texts then.
        """
        self._medium = medium
        self._root = templates_dir / medium.folder
        if not self._root.is_dir() and not optional:
            raise BadDefinition(_("{path} : ce dossier de textes n'existe pas.").format(path=self._root))
        self._files = _files(self._root) if self._root.is_dir() else {}
        # Plain text, not HTML: escaping would put &amp; into an SMS.
        self._jinja = SandboxedEnvironment(
            loader=FileSystemLoader(self._root), undefined=StrictUndefined, autoescape=False, auto_reload=False
        )
        self._kept = lru_cache(maxsize=_RENDERINGS_KEPT)(self._draft)

    def prepare(self) -> None:
        """Reads and compiles all files now, so that nobody waits for it later. What is unusable is told to whoever
        asks for it."""
        for language, keys in self._files.items():
            for key in keys:
                with suppress(BadDefinition), self._naming(key, language):
                    self._jinja.get_template(f"{language}/{key}{SUFFIX}")

    def keys(self) -> frozenset[str]:
        """The texts there are, in any language."""
        return frozenset(key for keys in self._files.values() for key in keys)

    def languages(self, key: str) -> frozenset[str]:
        """The languages a text is written in; empty when there is no such text."""
        return frozenset(language for language, keys in self._files.items() if key in keys)

    def all_languages(self) -> frozenset[str]:
        """The languages with a folder of texts."""
        return frozenset(self._files)

    def variables(self, key: str, language: str) -> frozenset[str]:
        """The names a text needs values for. Raises BadDefinition when the file is no valid template."""
        language = self._written_in(key, language)
        with self._naming(key, language):
            return frozenset(meta.find_undeclared_variables(self._jinja.parse(self._source(key, language))))

    def wording(self, key: str, language: str) -> str:
        """The words as written, fields unfilled, comments left out. Raises BadDefinition when unreadable."""
        language = self._written_in(key, language)
        with self._naming(key, language):
            return _COMMENT.sub("", self._source(key, language)).strip()

    def file(self, key: str, language: str) -> str:
        """Where a text is written, as an operator would name the file: templates/sms/fr/KEY.txt."""
        return "/".join((self._root.parent.name, self._root.name, language, key + SUFFIX))

    def render(self, key: str, *, language: str, variables: Mapping[str, str]) -> Rendered:
        """The text in that language, or in French where it is not translated.

        Raises BadDefinition: no such text, a value missing, an unusable file, more than two segments.
        """
        draft = self.draft(key, language=language, variables=variables)
        if draft.measured.segments > MAX_SEGMENTS:
            raise BadDefinition(_too_long(self.file(key, self._written_in(key, language)), draft.measured))
        return draft

    def draft(self, key: str, *, language: str, variables: Mapping[str, str]) -> Rendered:
        """The text whatever its length, for the check, which shows what is too long. Raises as `render` does."""
        return self._kept(key, self._written_in(key, language), tuple(sorted(variables.items())))

    def _written_in(self, key: str, language: str) -> str:
        for candidate in (language, FALLBACK):
            if key in self._files.get(candidate, ()):
                return candidate
        raise BadDefinition(
            _("Texte inconnu : « {key} ». Créez le fichier {file}.").format(key=key, file=self.file(key, FALLBACK))
        )

    def _draft(self, key: str, language: str, variables: tuple[tuple[str, str], ...]) -> Rendered:
        values = {name: self._medium.of_value(value) for name, value in variables}
        try:
            with self._naming(key, language):
                filled = self._jinja.get_template(f"{language}/{key}{SUFFIX}").render(values)
        except UndefinedError as error:
            raise BadDefinition(self._undefined(key, language, values, error)) from None
        text = self._medium.of_text(filled)
        if not text:
            raise BadDefinition(_("{file} : le texte est vide.").format(file=self.file(key, language)))
        return Rendered(text, segments.measure(text))

    def _source(self, key: str, language: str) -> str:
        return (self._root / language / (key + SUFFIX)).read_text(encoding="utf-8")

    @contextmanager
    def _naming(self, key: str, language: str) -> Iterator[None]:
        """Turns what Jinja and the file system say of a file into words that name it."""
        try:
            yield
        except UndefinedError:
            raise
        except TemplateSyntaxError as error:
            raise BadDefinition(_unreadable(f"{self.file(key, language)}:{error.lineno}", error)) from None
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, OSError) as error:
            raise BadDefinition(_unreadable(self.file(key, language), error)) from None

    def _undefined(self, key: str, language: str, values: Mapping[str, str], error: UndefinedError) -> str:
        missing = sorted(self.variables(key, language) - set(values))
        return _(
            "Texte « {key} » ({language}) : la variable « {variables} » n'a pas de valeur. "
            "Variables connues ici : {known}. Corrigez {file}."
        ).format(
            key=key,
            language=language,
            variables=" », « ".join(missing) or error.message,
            known=", ".join(sorted(values)) or "-",
            file=self.file(key, language),
        )


def _files(root: Path) -> dict[str, frozenset[str]]:
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    return {folder.name: frozenset(file.stem for file in folder.glob("*" + SUFFIX)) for folder in folders}


def _unreadable(where: str, error: Exception) -> str:
    return _("{where} : modèle illisible ({error}). Comparez avec les autres textes du dossier.").format(
        where=where, error=error
    )


def _too_long(file: str, measured: Measured) -> str:
    return _("{file} : {segments} segments ({units} unités en {encoding}), pas plus de {most}. {remedy}").format(
        file=file,
        segments=measured.segments,
        units=measured.units,
        encoding=measured.encoding,
        most=MAX_SEGMENTS,
        remedy=in_place_of(measured.offenders) or _("Raccourcissez le texte."),
    )


def in_place_of(offenders: tuple[str, ...]) -> str:
    """What to write in place of each character that forces UCS-2: "Remplacez « ê » par « e »." Empty without any."""
    return " ".join(
        _("Remplacez « {old} » par « {new} ».").format(old=c, new=letters.remedy(c))
        if letters.remedy(c)
        else _("Retirez « {old} ».").format(old=c)
        for c in offenders
    )
