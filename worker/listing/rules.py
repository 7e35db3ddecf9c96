"""The tables of config/listing.toml: headers, words and patterns by which a listing is understood."""

import tomllib
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.domain.errors import BadDefinition
from worker.domain.folding import fold
from worker.domain.listings import Role
from worker.i18n import _, because

FILE_NAME = "listing.toml"


class Column(StrEnum):
    """What a column of a listing can be."""

    ERP_ID = "erp_id"
    CONTRACT = "contract"
    CIVILITY = "civility"
    LAST_NAME = "last_name"
    FIRST_NAME = "first_name"
    BIRTH_DATE = "birth_date"
    ADDRESS = "address"
    ADDRESS_EXTRA = "address_extra"
    POSTCODE = "postcode"
    COMMUNE = "commune"
    INSEE_CODE = "insee_code"
    RESIDENCE = "residence"
    BUILDING = "building"
    STAIRCASE = "staircase"
    FLOOR = "floor"
    DWELLING = "dwelling"
    TYPOLOGY = "typology"
    AGENCY_CODE = "agency_code"
    AGENCY_NAME = "agency_name"
    PHONE_MOBILE = "phone_mobile"
    PHONE_FIXED = "phone_fixed"
    PHONE_OTHER = "phone_other"
    EMAIL = "email"
    ENTERED_ON = "entered_on"
    LEFT_ON = "left_on"
    ROLE = "role"
    ADAPTED = "adapted"
    LANGUAGE = "language"


GUARANTOR = "guarantor"
COMPANY = "company"
COUPLE = "couple"
LABELS = frozenset({"self", "spouse", "child", "neighbour", "other", "woman", "man"})

Words = Annotated[tuple[str, ...], AfterValidator(lambda words: tuple(fold(w) for w in words))]

# Each with a space behind, so that str.startswith finds whole words.
Beginnings = Annotated[tuple[str, ...], AfterValidator(lambda words: tuple(fold(w) + " " for w in words))]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Required(_Table):
    all: tuple[Column, ...]
    one_of: tuple[tuple[Column, ...], ...] = ()

    @property
    def groups(self) -> tuple[tuple[Column, ...], ...]:
        """Each group needs one of its columns."""
        return tuple((c,) for c in self.all) + self.one_of


class Cells(_Table):
    blank: Words
    yes: Words
    footers: Words


class Dates(_Table):
    unknown_births: tuple[str, ...]


class People(_Table):
    companies: Words
    estates: Beginnings
    vacant: Words


class Dwellings(_Table):
    not_homes: Beginnings


class Residences(_Table):
    senior: Annotated[tuple[str, ...], AfterValidator(lambda patterns: tuple(_folded_pattern(p) for p in patterns))]


class Agencies(_Table):
    code_width: int = Field(default=2, ge=1, le=10)
    unknown_code: str = "00"
    unknown_name: str


class Rules(_Table):
    """All that may be tuned about reading a listing. Words are compared folded."""

    columns: dict[Column, tuple[str, ...]]
    required: Required
    cells: Cells
    dates: Dates
    civilities: dict[str, Words]
    people: People
    roles: dict[str, Words]
    dwellings: Dwellings
    residences: Residences
    agencies: Agencies
    labels: dict[str, Words]
    languages: dict[str, Words]

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> "Rules":
        for table, words in (("columns", self.aliases_folded()), ("roles", self.roles), ("labels", self.labels)):
            _refuse_doubles(table, words)
        _refuse_unknown("roles", self.roles, frozenset({*Role, GUARANTOR}))
        _refuse_unknown("labels", self.labels, LABELS)
        return self

    def aliases_folded(self) -> dict[str, tuple[str, ...]]:
        return {column: tuple(dict.fromkeys(fold(a) for a in aliases)) for column, aliases in self.columns.items()}

    @cached_property
    def column_of(self) -> dict[str, tuple[Column, int]]:
        """Folded header -> the column and how early in its list the alias stands."""
        return {a: (Column(c), i) for c, aliases in self.aliases_folded().items() for i, a in enumerate(aliases)}

    @cached_property
    def civility_of(self) -> dict[str, str]:
        return _turned(self.civilities)

    @cached_property
    def role_of(self) -> dict[str, str]:
        return _turned(self.roles)

    @cached_property
    def label_of(self) -> dict[str, str]:
        return _turned(self.labels)

    @cached_property
    def language_of(self) -> dict[str, str]:
        return _turned(self.languages)

    @cached_property
    def blanks(self) -> frozenset[str]:
        return frozenset(self.cells.blank) | {""}

    def is_blank(self, cell: str) -> bool:
        """True for an empty cell, a dash, a spreadsheet's error mark or a word that means nothing is there."""
        if not cell or cell[0].isdecimal():  # most cells by far
            return not cell
        return cell[0] == "#" or fold(cell) in self.blanks

    def is_senior(self, residence: str) -> bool:
        folded = fold(residence)
        return any(fnmatchcase(folded, pattern) for pattern in self.residences.senior)


def load(config_dir: Path) -> Rules:
    """The rules of config/listing.toml.

    Raises BadDefinition with one line per problem.
    """
    path = config_dir / FILE_NAME
    try:
        return Rules(**tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadDefinition(_("{path} est illisible : {error}").format(path=path, error=because(error))) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDefinition(
            _("{path} n'est pas un fichier TOML lisible : {error}").format(path=path, error=error)
        ) from None
    except ValidationError as error:
        raise BadDefinition("\n".join(f"{path} : {_where(e)}" for e in error.errors(include_url=False))) from None


def _folded_pattern(pattern: str) -> str:
    return "*".join(fold(part) for part in pattern.split("*"))


def _where(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or FILE_NAME
    return f"{key} : {error['msg']}"


def _turned(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {word: key for key, words in table.items() for word in words}


def _refuse_doubles(table: str, words: dict[str, tuple[str, ...]]) -> None:
    seen: dict[str, str] = {}
    for key, listed in words.items():
        for word in dict.fromkeys(listed):
            if word in seen:
                raise ValueError(
                    _("[{table}] « {word} » est à la fois {one} et {other}").format(
                        table=table, word=word, one=seen[word], other=key
                    )
                )
            seen[word] = key


def _refuse_unknown(table: str, words: dict[str, tuple[str, ...]], known: frozenset[str]) -> None:
    for key in words:
        if key not in known:
            raise ValueError(
                _("[{table}] clé inconnue : {key} ; connues : {known}").format(
                    table=table, key=key, known=", ".join(sorted(known))
                )
            )
