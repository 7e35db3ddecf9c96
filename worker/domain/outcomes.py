"""How a call ended: a closed list, and what follows from each ending."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.campaigns import Level
from worker.domain.recipients import RecipientState


class OutcomeCode(StrEnum):
    REACHED_OK = "REACHED_OK"
    REACHED_OK_PROXY = "REACHED_OK_PROXY"
    REACHED_NEED = "REACHED_NEED"
    REACHED_URGENT = "REACHED_URGENT"
    CALL_LATER = "CALL_LATER"
    NO_ANSWER = "NO_ANSWER"
    BUSY = "BUSY"
    VOICEMAIL = "VOICEMAIL"
    WRONG_NUMBER = "WRONG_NUMBER"
    NOT_IN_SERVICE = "NOT_IN_SERVICE"
    REFUSED_TODAY = "REFUSED_TODAY"
    REFUSED_ALWAYS = "REFUSED_ALWAYS"
    ABSENT = "ABSENT"
    HOSPITAL = "HOSPITAL"
    MOVED = "MOVED"
    DECEASED = "DECEASED"
    LANGUAGE = "LANGUAGE"
    UNREACHABLE = "UNREACHABLE"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows. state None: the call stays owed and is tried again.

    hold: no campaign text for this long. tenants_become: everything stops for the household.
    bad_number: the number that was dialled is not to be used again. refuses_all: neither texts nor calls any more.
    """

    state: RecipientState | None = None
    hold: timedelta | None = None
    tenants_become: str | None = None
    bad_number: bool = False
    refuses_all: bool = False


_AGAIN = Rule()
_DONE = Rule(RecipientState.REACHED)

RULES: dict[OutcomeCode, Rule] = {
    OutcomeCode.REACHED_OK: _DONE,
    OutcomeCode.REACHED_OK_PROXY: _DONE,
    OutcomeCode.REACHED_NEED: _DONE,
    OutcomeCode.REACHED_URGENT: _DONE,
    OutcomeCode.CALL_LATER: _AGAIN,
    OutcomeCode.NO_ANSWER: _AGAIN,
    OutcomeCode.BUSY: _AGAIN,
    OutcomeCode.VOICEMAIL: _AGAIN,
    OutcomeCode.LANGUAGE: _AGAIN,
    OutcomeCode.WRONG_NUMBER: Rule(bad_number=True),
    OutcomeCode.NOT_IN_SERVICE: Rule(bad_number=True),
    OutcomeCode.REFUSED_TODAY: _DONE,
    OutcomeCode.REFUSED_ALWAYS: Rule(RecipientState.REACHED, refuses_all=True),
    OutcomeCode.ABSENT: Rule(RecipientState.ABSENT, hold=timedelta(days=14)),
    OutcomeCode.HOSPITAL: Rule(RecipientState.ABSENT, hold=timedelta(days=14)),
    OutcomeCode.MOVED: Rule(RecipientState.UNREACHED, tenants_become="left"),
    OutcomeCode.DECEASED: Rule(RecipientState.UNREACHED, tenants_become="deceased"),
    OutcomeCode.UNREACHABLE: Rule(RecipientState.UNREACHED),
}


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a household is tried, and how far apart."""

    most: int
    apart: timedelta


# Orange: three in a day, at least 90 minutes apart. Red: three within two hours. Else three half-days.
_ATTEMPTS = {
    Level.RED: Attempts(3, timedelta(minutes=40)),
    Level.ORANGE: Attempts(3, timedelta(minutes=90)),
}
_ROUTINE = Attempts(3, timedelta(hours=4))
_SOON = timedelta(minutes=15)


def next_try(
    code: OutcomeCode,
    *,
    calls_made: int,
    level: Level,
    now: datetime,
    hours: calendar.CallHours,
    tz: ZoneInfo,
    holidays: Collection[date],
) -> datetime | None:
    """When to ring again; None when the tries are used up and the household counts as unreachable.

    calls_made: this one included. A busy line is tried again soon; CALL_LATER and LANGUAGE never use up the tries.
    """
    plan = _ATTEMPTS.get(level, _ROUTINE)
    patient = code in {OutcomeCode.CALL_LATER, OutcomeCode.LANGUAGE}
    if calls_made >= plan.most and not patient:
        return None
    apart = _SOON if code is OutcomeCode.BUSY else plan.apart
    return calendar.next_call_time(now + apart, hours, urgent=level in _ATTEMPTS, tz=tz, holidays=holidays)
