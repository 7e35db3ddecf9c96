"""The call form: questions that guide a call, as data. What touches health guides the caller; it is kept apart,
and only if the person agrees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.domain.campaigns import Level


@dataclass(frozen=True, slots=True)
class Choice:
    """One possible answer."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question, skipped freely. sensitive: the answer is not kept with the others. needs: answers that show a need.

    danger: answers after which the signs of danger are asked for. hint: what not to write down.
    """

    key: str
    text: str
    choices: tuple[Choice, ...]
    several: bool = False
    sensitive: bool = False
    needs: tuple[str, ...] = ()
    danger: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """The questions for some levels of heat, or for campaigns by their key. opening: the first words, with fields in
    braces. signs: of danger, at any of which the emergency number is rung."""

    key: str
    version: int
    levels: tuple[Level, ...]
    opening: str
    advice: str
    closing: str
    questions: tuple[Question, ...]
    campaigns: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a call: answers that are not sensitive, and the needs that any answer showed."""

    form: str
    version: int
    answers: dict[str, list[str]]
    needs: tuple[str, ...]


def kept(form: Form, given: Mapping[str, Sequence[str]]) -> Kept:
    """Drops unknown and sensitive answers; a need is kept even if its answer is not, since somebody must act on it."""
    known = {q.key: [c for c in given.get(q.key, ()) if c in {x.code for x in q.choices}] for q in form.questions}
    answers = {q.key: known[q.key] for q in form.questions if known[q.key] and not q.sensitive}
    needs = tuple(code for q in form.questions for code in known[q.key] if code in q.needs)
    return Kept(form.key, form.version, answers, needs)


def about_health(form: Form, given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The answers that `kept` drops as sensitive: kept apart, and only where the person expressly agrees."""
    known = {q.key: [c for c in given.get(q.key, ()) if c in {x.code for x in q.choices}] for q in form.questions}
    return {q.key: known[q.key] for q in form.questions if q.sensitive and known[q.key]}


def fitting(forms: Sequence[Form], level: Level, campaign: str | None = None) -> Form:
    """The form of a campaign, else of a level, else the first one. Raises ValueError without any form."""
    if not forms:
        raise ValueError("no form is defined")
    named = next((form for form in forms if campaign in form.campaigns), None)
    return named or next((form for form in forms if level in form.levels), forms[0])


def opening(form: Form, *, names: str, caller: str, landlord: str, agency: str) -> str:
    """The first words with their fields filled; a brace that is no field stays as it is."""
    words = {"nom": names, "prenom": caller, "bailleur": landlord, "agence": agency.removeprefix("Agence ")}
    text = form.opening
    for field, value in words.items():
        text = text.replace("{" + field + "}", value)
    return text
