"""A campaign: the standing intent. Whom, what, when, which channels, which ladder."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from worker.domain import rungs
from worker.domain.recurring import Recurrence
from worker.domain.rungs import Ladder, LadderStep, Rung


class Level(StrEnum):
    """Heat level of the Vigilance map a campaign answers to; NONE for campaigns of other kinds."""

    NONE = "none"
    YELLOW = "yellow"
    ORANGE = "orange"
    RED = "red"


# Alerts: people are rung at any hour of [calls].alert, and nobody waits for a better one.
URGENT_LEVELS = frozenset({Level.ORANGE, Level.RED})


# Of two events with texts to send, those of the one with the higher priority leave first: 1 to 9.
PRIORITY_OF_LEVEL = {Level.RED: 9, Level.ORANGE: 7, Level.YELLOW: 5, Level.NONE: 3}


class Kind(StrEnum):
    """A check-in owes each household an answer or a person's call; advice owes it a text."""

    CHECK_IN = "check_in"
    ADVICE = "advice"


class EventState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    SETTLED = "settled"


class Remedy(StrEnum):
    """What is owed to a household the campaign's text cannot reach."""

    CALLBACK = "callback"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class AgeBand:
    """Ages in whole years at the event's date, both included; upto None means no upper limit."""

    from_age: int
    upto_age: int | None = None


@dataclass(frozen=True, slots=True)
class Audience:
    """The rule of who. An empty tuple or None means no restriction on that point."""

    age_bands: tuple[AgeBand, ...] = (AgeBand(70),)
    include_unknown_age: bool = False
    agencies: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    residences: tuple[str, ...] = ()
    adapted_dwelling: bool | None = None
    senior_residence: bool | None = None
    lives_alone: bool | None = None
    # Only households that one of these events wrote to: an all clear goes to whoever got the alert.
    contacted_in: tuple[int, ...] = ()
    # Only households that the round of the week has dealt to the event.
    dealt: bool = False


@dataclass(frozen=True, slots=True)
class SendWindow:
    """Local hours in which bulk texts may leave. weekdays: ISO numbers, 1 = Monday."""

    opens: time
    closes: time
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5, 6, 7})
    on_holidays: bool = True


@dataclass(frozen=True, slots=True)
class Exclusions:
    """What to do with a household of the audience that gets no text, by reason."""

    opted_out: Remedy = Remedy.CALLBACK
    on_hold: Remedy = Remedy.RECORD
    no_phone: Remedy = Remedy.CALLBACK
    landline_only: Remedy = Remedy.CALLBACK
    prefers_call: Remedy = Remedy.CALLBACK
    contacted_today: Remedy = Remedy.RECORD
    undelivered: Remedy = Remedy.CALLBACK
    expired: Remedy = Remedy.CALLBACK


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a household is rung before it counts as unreachable. apart: from one call to the next; None: in the
    other half of a working day. late_morning: older people are out early and in before lunch, so one try falls there.
    """

    most: int
    apart: timedelta | None = None
    late_morning: bool = False


# Red: three within two hours. Orange: three in a day. Else three over three working days, in different halves.
_ROUTINE = Attempts(3)
ATTEMPTS_OF_LEVEL = {
    Level.RED: Attempts(3, timedelta(minutes=45)),
    Level.ORANGE: Attempts(3, timedelta(minutes=90), late_morning=True),
    Level.YELLOW: _ROUTINE,
    Level.NONE: _ROUTINE,
}


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign as defined in config/campaigns/KEY.toml; frozen into an event when it opens.

    ladder: what follows the first text, step by step; reply_deadline, reminder_text, reminder_after, call_script and
    call_after are its short form, counted from the moment the first text leaves. Only one of the two forms is given;
    `rungs` reads both.
    resend_after_unknown: None for what the kind asks for (`resends_lost`).
    attempts: None for those of the level. call_window: when the machine may ring; None for the hours of the level.
    void_after: counted from opening; a text not sent by then is never sent.
    """

    key: str
    title: str
    kind: Kind
    level: Level
    purpose: str
    sender: str
    text: str
    audience: Audience
    window: SendWindow
    void_after: timedelta
    reply_deadline: timedelta | None = None
    reminder_text: str | None = None
    reminder_after: timedelta | None = None
    replies_accepted_for: timedelta = timedelta(hours=72)
    receipt_wait: timedelta = timedelta(hours=2)
    resend_after_unknown: bool | None = None
    exclusions: Exclusions = field(default_factory=Exclusions)
    schedule: str | None = None
    recurrence: Recurrence = field(default_factory=Recurrence)
    priority: int | None = None
    ladder: Ladder = ()
    attempts: Attempts | None = None
    call_window: SendWindow | None = None
    call_script: str | None = None
    call_after: timedelta | None = None

    @property
    def wants_reply(self) -> bool:
        return self.kind is Kind.CHECK_IN

    @property
    def resends_lost(self) -> bool:
        """Whether a text that proved never to have left is sent once more; if not, a person is told. By default advice
        is, which nobody would miss, and a check-in is not: a person rings sooner than a second text is answered."""
        return self.kind is Kind.ADVICE if self.resend_after_unknown is None else self.resend_after_unknown

    @property
    def rungs(self) -> Ladder:
        """What follows the first text, in order; for advice, which waits for no answer, a call in place of a text."""
        return self._written if self.wants_reply else rungs.in_place_of_a_text(self.call_script)

    @property
    def _written(self) -> Ladder:
        return self.ladder or rungs.short_form(
            self.reply_deadline, (self.reminder_text, self.reminder_after), (self.call_script, self.call_after)
        )

    @property
    def reminder(self) -> LadderStep | None:
        return rungs.find(self._written, Rung.REMINDER)

    @property
    def script(self) -> str | None:
        """What the machine says when it rings; None where it does not."""
        step = rungs.find(self.rungs, Rung.VOICE)
        return step.script if step else None

    @property
    def calls_after(self) -> timedelta | None:
        """From the first text to the moment at which a person rings who has not answered; None when none is given."""
        callback = rungs.find(self._written, Rung.CALLBACK)
        return (callback.after or None) if callback else None

    @property
    def tries(self) -> Attempts:
        return self.attempts or ATTEMPTS_OF_LEVEL[self.level]

    def longer(self, by: timedelta) -> "Campaign":
        """The same campaign with that much more time to answer."""
        if self.ladder:
            return replace(self, ladder=rungs.extended(self.ladder, by))
        return replace(self, reply_deadline=self.reply_deadline + by) if self.reply_deadline else self

    def without_calls(self) -> "Campaign":
        """The same campaign where the machine rings nobody: a step that would is there, and falls through."""
        return replace(self, ladder=rungs.without_scripts(self.ladder), call_script=None, call_after=None)

    @property
    def rank(self) -> int:
        """Which texts leave first when several events have some: the campaign's own priority, else its level's."""
        return PRIORITY_OF_LEVEL[self.level] if self.priority is None else self.priority


def age_on(day: date, *, born: date, precision: str) -> int | None:
    """Age in whole years on a day. A birth known by its year only counts from 31 December of that
    year, so nobody is counted older than they surely are; an unknown birth has no age (never 0).

    precision: "day", "year" or "unknown".
    """
    if precision == "unknown":
        return None
    counted_from = date(born.year, 12, 31) if precision == "year" else born
    before_birthday = (day.month, day.day) < (counted_from.month, counted_from.day)
    return day.year - counted_from.year - before_birthday


def occasion_of(now: datetime) -> str:
    """The default occasion of an event opened by hand: one a day. now: local time."""
    return now.date().isoformat()
