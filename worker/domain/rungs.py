"""The ladder as data: the steps that follow a first text nobody answers, or that does not arrive."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

NO_TIME = timedelta()


class Rung(StrEnum):
    """One kind of step. The first three write or ring by machine; the others are a person's work."""

    REMINDER = "reminder"
    VOICE = "voice"
    SECOND_NUMBER = "second_number"
    CALLBACK = "callback"
    TRUSTED_CONTACT = "trusted_contact"
    PARTNER = "partner"


class When(StrEnum):
    """For whom a step is: who is silent, whom the text did not reach, or both."""

    SILENT = "silent"
    UNDELIVERED = "undelivered"
    ALWAYS = "always"


# What each step may be for, its default first.
WHENS: dict[Rung, tuple[When, ...]] = {
    Rung.REMINDER: (When.SILENT,),
    Rung.VOICE: (When.ALWAYS, When.SILENT, When.UNDELIVERED),
    Rung.SECOND_NUMBER: (When.ALWAYS, When.SILENT, When.UNDELIVERED),
    Rung.CALLBACK: (When.ALWAYS,),
    Rung.TRUSTED_CONTACT: (When.ALWAYS,),
    Rung.PARTNER: (When.ALWAYS,),
}

# Steps that send a text, and so name one.
WRITING = frozenset({Rung.REMINDER, Rung.SECOND_NUMBER})
# Steps that follow silence, each counted from the first text.
UPTO_THE_CALL = (Rung.REMINDER, Rung.VOICE, Rung.SECOND_NUMBER, Rung.CALLBACK)
# Steps of the call that is owed, once its own tries are used up.
AFTER_THE_TRIES = (Rung.TRUSTED_CONTACT, Rung.PARTNER)


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step. after: from the moment the first text left; for a step after the callback, from the end of the step
    before it. For whom the text did not reach, a step is taken at once. text: of a step that writes. script: what a
    call by the machine says; without one it is not made.
    """

    step: Rung
    after: timedelta = NO_TIME
    when: When = When.ALWAYS
    text: str | None = None
    script: str | None = None

    @property
    def for_silence(self) -> bool:
        return self.when is not When.UNDELIVERED

    @property
    def for_undelivered(self) -> bool:
        return self.when is not When.SILENT


Ladder = tuple[LadderStep, ...]


def short_form(
    reply_deadline: timedelta | None,
    reminder: tuple[str | None, timedelta | None],
    call: tuple[str | None, timedelta | None],
) -> Ladder:
    """The ladder that a campaign's short keys stand for. reminder: its text, and when; call: its script, and when, None
    for a call only to whom the text cannot reach.
    """
    steps = []
    if reminder[0] and reminder[1]:
        steps.append(LadderStep(Rung.REMINDER, reminder[1], When.SILENT, reminder[0]))
    if call[0]:
        when = When.ALWAYS if call[1] else When.UNDELIVERED
        steps.append(LadderStep(Rung.VOICE, call[1] or NO_TIME, when, script=call[0]))
    return *steps, LadderStep(Rung.CALLBACK, reply_deadline or NO_TIME)


def in_place_of_a_text(script: str | None) -> Ladder:
    """The ladder of an advice, which waits for no answer: a call to whom no text can reach, or none."""
    return (LadderStep(Rung.VOICE, when=When.UNDELIVERED, script=script),) if script else ()


def find(ladder: Ladder, rung: Rung) -> LadderStep | None:
    """The step of this kind; a ladder has at most one."""
    return next((step for step in ladder if step.step is rung), None)


def first_after(ladder: Ladder) -> timedelta:
    """From the first text to the first step that silence may lead to; no time when there is none to wait for."""
    return min((s.after for s in ladder if s.for_silence and s.step in UPTO_THE_CALL), default=NO_TIME)


def extended(ladder: Ladder, by: timedelta) -> Ladder:
    """The same ladder with the callback that much later; the texts before it keep their time."""
    return tuple(replace(s, after=s.after + by) if s.step is Rung.CALLBACK else s for s in ladder)


def without_scripts(ladder: Ladder) -> Ladder:
    """The same ladder with nothing to say in a call."""
    return tuple(replace(step, script=None) for step in ladder)


def on_the_line(reasons: Collection[str]) -> Rung:
    """Whom a call is for now, by the reasons of its task."""
    return next((step for step in reversed(AFTER_THE_TRIES) if step in reasons), Rung.CALLBACK)


def on_the_call(ladder: Ladder, taken: Collection[str]) -> Ladder:
    """The steps that are left once the tries of a call are used up, in their order. taken: reasons of the task, some of
    which are steps that were taken."""
    steps = [step for step in ladder if step.step in AFTER_THE_TRIES]
    last = max((n for n, step in enumerate(steps, 1) if step.step in taken), default=0)
    return tuple(steps[last:])
