"""The call forms of config/forms/*.toml, read and checked."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from worker.domain.campaigns import Level
from worker.domain.errors import BadDefinition
from worker.domain.forms import Choice, Form, Question
from worker.i18n import _

Word = Annotated[str, Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class _Choice(_Strict):
    code: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    label: Word


class _Question(_Strict):
    key: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    text: Word
    choices: tuple[_Choice, ...] = Field(min_length=1)
    several: bool = False
    sensitive: bool = False
    needs: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()
    hint: str = ""


class _Form(_Strict):
    version: int = Field(ge=1)
    levels: tuple[Level, ...] = ()
    campaigns: tuple[Word, ...] = ()
    signs: tuple[Word, ...] = ()
    opening: Word
    advice: Word
    closing: Word
    questions: tuple[_Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_for_something(self) -> "_Form":
        if not (self.levels or self.campaigns):
            raise ValueError(_("levels ou campaigns : dites pour quels appels."))
        return self


def load(config_dir: Path) -> tuple[Form, ...]:
    """All forms, by file name. Raises BadDefinition with a line per problem: file, key, what is wrong."""
    problems: list[str] = []
    forms: list[Form] = []
    for path in sorted((config_dir / "forms").glob("*.toml")):
        try:
            forms.append(_read(path))
        except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
            problems += [f"config/forms/{path.name} : {line}" for line in _explained(error)]
    if problems:
        raise BadDefinition("\n".join(problems))
    return tuple(forms)


def _read(path: Path) -> Form:
    form = _Form.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    questions = tuple(
        Question(
            q.key,
            q.text,
            tuple(Choice(c.code, c.label) for c in q.choices),
            several=q.several,
            sensitive=q.sensitive,
            needs=q.needs,
            danger=q.danger,
            hint=q.hint,
        )
        for q in form.questions
    )
    _refuse_repeats(questions)
    return Form(
        path.stem,
        form.version,
        form.levels,
        form.opening,
        form.advice,
        form.closing,
        questions,
        campaigns=form.campaigns,
        signs=form.signs,
    )


def _refuse_repeats(questions: tuple[Question, ...]) -> None:
    keys = [q.key for q in questions]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(_("questions en double : {keys}.").format(keys=", ".join(twice)))
    for question in questions:
        for name, codes in (("needs", question.needs), ("danger", question.danger)):
            unknown = sorted(set(codes) - {c.code for c in question.choices})
            if unknown:
                raise ValueError(
                    _("{key}.{name} nomme des réponses qui n'existent pas : {codes}.").format(
                        key=question.key, name=name, codes=", ".join(unknown)
                    )
                )


def _explained(error: Exception) -> list[str]:
    if not isinstance(error, ValidationError):
        return [str(error)]
    return [
        f"{'.'.join(str(part) for part in e['loc'])} : {e['msg']}"
        for e in error.errors(include_url=False, include_input=False)
    ]
