"""The form of a campaign file: which keys there are, how durations, hours and days are written."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal, Self

from apscheduler.triggers.cron import CronTrigger
from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from worker.catalogue import values
from worker.catalogue.values import Code, Day, Departement, Duration, LocalTime, Strict, misread
from worker.domain import rungs
from worker.domain.campaigns import (
    ATTEMPTS_OF_LEVEL,
    URGENT_LEVELS,
    AgeBand,
    Attempts,
    Audience,
    Campaign,
    Exclusions,
    Kind,
    Level,
    Remedy,
    SendWindow,
)
from worker.domain.recurring import Recurrence
from worker.domain.rungs import LadderStep, Rung, When
from worker.i18n import _


class AgeBandTable(Strict):
    from_age: int = Field(ge=0, le=120)
    upto_age: int | None = Field(default=None, ge=0, le=120)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.upto_age is not None and self.upto_age < self.from_age:
            raise misread(
                _("La tranche finit ({upto}) avant de commencer ({start}).").format(
                    upto=self.upto_age, start=self.from_age
                ),
                _("Les deux âges sont compris : { from_age = 70, upto_age = 79 }."),
            )
        return self


class AudienceTable(Strict):
    age_bands: tuple[AgeBandTable, ...] = (AgeBandTable(from_age=70),)
    include_unknown_age: bool = False
    agencies: tuple[Code, ...] = ()
    departements: tuple[Departement, ...] = ()
    residences: tuple[Code, ...] = ()
    adapted_dwelling: bool | None = None
    senior_residence: bool | None = None
    lives_alone: bool | None = None

    def as_domain(self) -> Audience:
        bands = tuple(AgeBand(band.from_age, band.upto_age) for band in self.age_bands)
        return Audience(**dict(self) | {"age_bands": bands})


class WindowTable(Strict):
    opens: LocalTime
    closes: LocalTime
    weekdays: Annotated[frozenset[int], BeforeValidator(values.weekdays)] = frozenset(range(1, 8))
    on_holidays: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.opens >= self.closes:
            raise misread(
                _("La plage ferme ({closes:%H:%M}) avant d'ouvrir ({opens:%H:%M}).").format(
                    opens=self.opens, closes=self.closes
                ),
                _("Écrivez opens avant closes, le même jour."),
            )
        return self


class ExclusionsTable(Strict):
    opted_out: Remedy = Remedy.CALLBACK
    on_hold: Remedy = Remedy.RECORD
    no_phone: Remedy = Remedy.CALLBACK
    landline_only: Remedy = Remedy.CALLBACK
    prefers_call: Remedy = Remedy.CALLBACK
    contacted_today: Remedy = Remedy.RECORD
    undelivered: Remedy = Remedy.CALLBACK
    expired: Remedy = Remedy.CALLBACK


class RecurrenceTable(Strict):
    starts_on: Day | None = None
    ends_on: Day | None = None
    every_days: Annotated[int, BeforeValidator(values.days_apart)] = 1
    skip_holidays: bool = False
    spread: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_on is not None and self.ends_on is not None and self.ends_on < self.starts_on:
            raise misread(
                _("La récurrence finit ({end}) avant de commencer ({start}).").format(
                    end=self.ends_on, start=self.starts_on
                ),
                _("Les deux jours sont compris : écrivez starts_on avant ends_on."),
            )
        return self


class StepTable(Strict):
    step: Rung
    after: Duration | None = None
    when: When | None = None
    text: str | None = Field(default=None, min_length=1)
    script: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _fits_the_step(self) -> Self:
        """Relies on as_domain for what a key that is missing means."""
        step, known = self.as_domain(), rungs.WHENS[self.step]
        if step.when not in known:
            raise misread(
                _("une étape {step} n'est pas pour « {when} ».").format(step=self.step, when=self.when),
                _("Possible : {known}.").format(known=", ".join(known)),
            )
        if (self.step in rungs.WRITING) != (self.text is not None):
            raise self._wrong_text()
        if self.script is not None and self.step is not Rung.VOICE:
            raise misread(
                _("une étape {step} n'est pas un appel automatique.").format(step=self.step), _("Retirez script.")
            )
        if self.after is None and self.step not in rungs.AFTER_THE_TRIES and step.for_silence:
            raise misread(
                _("une étape {step} demande son délai, compté du départ du premier SMS.").format(step=self.step),
                _('Ajoutez par exemple after = "2h".'),
            )
        return self

    def _wrong_text(self) -> PydanticCustomError:
        if self.text is None:
            wrong, remedy = _("une étape {step} écrit un SMS, et son texte manque."), _('Ajoutez text = "reminder".')
        else:
            wrong, remedy = _("une étape {step} n'écrit pas de SMS."), _("Retirez text.")
        return misread(wrong.format(step=self.step), remedy)

    def as_domain(self) -> LadderStep:
        when = self.when or rungs.WHENS[self.step][0]
        return LadderStep(self.step, self.after or rungs.NO_TIME, when, self.text, self.script)


class AttemptsTable(Strict):
    most: Annotated[int | None, BeforeValidator(values.tries)] = None
    apart: Duration | None = None
    late_morning: bool | None = None

    def as_domain(self, level: Level) -> Attempts | None:
        """What is said, over what the level says; None when nothing is."""
        said = {name: value for name, value in dict(self).items() if value is not None}
        return replace(ATTEMPTS_OF_LEVEL[level], **said) if said else None


class CampaignFile(Strict):
    """One file of config/campaigns/, key by key as worker.domain.campaigns.Campaign explains them."""

    title: str = Field(min_length=1)
    kind: Kind
    level: Level = Level.NONE
    purpose: Literal["care", "advice"]
    sender: str = Field(min_length=1)
    text: str = Field(min_length=1)
    audience: AudienceTable = AudienceTable()
    window: WindowTable
    void_after: Duration
    reply_deadline: Duration | None = None
    reminder_text: str | None = None
    reminder_after: Duration | None = None
    replies_accepted_for: Duration = timedelta(hours=72)
    receipt_wait: Duration = timedelta(hours=2)
    resend_after_unknown: bool | None = None
    exclusions: ExclusionsTable = ExclusionsTable()
    schedule: str | None = None
    recurrence: RecurrenceTable = RecurrenceTable()
    ladder: Annotated[tuple[StepTable, ...], BeforeValidator(values.steps)] = ()
    attempts: AttemptsTable = AttemptsTable()
    priority: int | None = Field(default=None, ge=1, le=9)
    call_window: WindowTable | None = None
    call_script: str | None = Field(default=None, min_length=1)
    call_after: Duration | None = None

    @field_validator("schedule")
    @classmethod
    def _cron(cls, line: str | None) -> str | None:
        try:
            if line is not None:
                CronTrigger.from_crontab(line)
        except ValueError as error:
            raise misread(
                _("« {line} » n'est pas une ligne cron ({error}).").format(line=line, error=error),
                _('Écrivez minute, heure, jour, mois, jour de semaine : "0 10 * * mon".'),
            ) from None
        # APScheduler counts weekdays from Monday = 0, cron from Sunday = 0: one of them would be a day off.
        if line is not None and re.search(r"\d", line.split()[4]):
            raise misread(
                _("« {line} » désigne un jour de semaine par un chiffre.").format(line=line),
                _("Écrivez mon, tue, wed, thu, fri, sat ou sun."),
            )
        return line

    def as_domain(self, key: str) -> Campaign:
        """The campaign of that key, which is the file's name."""
        parts = {
            "audience": self.audience.as_domain(),
            "window": SendWindow(**dict(self.window)),
            "exclusions": Exclusions(**dict(self.exclusions)),
            "recurrence": Recurrence(**dict(self.recurrence)),
            "ladder": tuple(step.as_domain() for step in self.ladder),
            "attempts": self.attempts.as_domain(self.level),
            "call_window": self._call_window(),
        }
        return Campaign(key=key, **dict(self) | parts)

    def _call_window(self) -> SendWindow | None:
        """Outside alerts the machine rings on working days, as [calls] says, unless the file names other days."""
        if self.call_window is None:
            return None
        usual = {} if self.level in URGENT_LEVELS else _WORKING_DAYS
        unsaid = {name: days for name, days in usual.items() if name not in self.call_window.model_fields_set}
        return SendWindow(**dict(self.call_window) | unsaid)


_WORKING_DAYS = {"weekdays": frozenset(range(1, 6)), "on_holidays": False}
