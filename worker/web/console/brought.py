"""What the card's form says beside the ending: worry, whom to warn, and answers about health with the person's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain import forms
from worker.domain.channels import CONTACTS, PhoneLabel
from worker.domain.concerns import Concern
from worker.domain.forms import Form
from worker.domain.outcomes import WRITTEN_AS, OutcomeCode
from worker.domain.roles import Right
from worker.labels import label
from worker.services import learning
from worker.services.learning import Learnt
from worker.web.console import cookies
from worker.web.console.visit import Visit

CONCERNS = tuple(Concern)
LINKS = tuple(link for link in PhoneLabel if link in CONTACTS)
# A question of its own, beside those of the form.
ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Said:
    """One question about health and what was answered, in words."""

    question: str
    answers: str


@dataclass(frozen=True, slots=True)
class Health:
    """What one call brought to light and the person lets us keep. unreadable: it was sealed with another key."""

    said_at: datetime
    kept_until: datetime
    said: Sequence[Said]
    unreadable: bool


def learnt(visit: Visit, form: Form, outcome: OutcomeCode) -> Learnt:
    """As typed. Raises NotFilledIn."""
    concern = visit.said("concern")
    return Learnt(
        concern=Concern(int(concern)) if concern in {str(int(c)) for c in CONCERNS} else None,
        contact=learning.contact(
            name=visit.said("contact_name"),
            link=visit.said("contact_link"),
            number=visit.said("contact_number"),
            agreed=bool(visit.said("contact_agreed")),
        ),
        health=_sealed(visit, form, outcome) if visit.said("health_ok") else b"",
    )


def health(visit: Visit, household: int) -> list[Health]:
    """For callers only: what a household let us keep of its health."""
    if not visit.me.may(Right.RING):
        return []
    key = cookies.rules(visit.parts).checked_key()
    kept = learning.health_of(visit.parts.db, household, key=key, now=visit.now)
    known = {f"{form.key} {form.version}": form for form in visit.program.forms}
    return [
        Health(one.said_at, one.kept_until, _in_words(known.get(one.form), one.answers or {}), one.answers is None)
        for one in kept
    ]


def _sealed(visit: Visit, form: Form, outcome: OutcomeCode) -> bytes:
    given: dict[str, list[str]] = forms.about_health(
        form, {question.key: visit.all_said(f"q_{question.key}") for question in form.questions}
    )
    if outcome in WRITTEN_AS:
        given[ENDING] = [outcome]
    return learning.seal(given, key=cookies.rules(visit.parts).checked_key()) if given else b""


def _in_words(form: Form | None, answers: Mapping[str, Sequence[str]]) -> list[Said]:
    """By the form that asked; codes where that has been changed since."""
    questions = {question.key: question for question in form.questions} if form else {}
    said = []
    for key, codes in answers.items():
        choices = {c.code: c.label for c in questions[key].choices} if key in questions else {}
        words = ", ".join(choices.get(code) or label(code) for code in codes)
        said.append(Said(questions[key].text if key in questions else "", words))
    return said
