"""How a call ended: a closed list, and what follows from each ending."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.campaigns import Attempts
from worker.domain.recipients import Reason, RecipientState


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

    hold: no campaign text for this long. tenants_become: the person is not there any more; where nobody is left,
    everything stops for the household. of_whom: several people live there, so it must be said who.
    bad_number: the number that was dialled is not to be used again. refuses_all: neither texts nor calls any more.
    follow_up: in orange or red heat somebody who lives there is to be spoken to within this time. takes_hour: the
    person may name the hour of the next call. reason: as it shows in the account.
    """

    state: RecipientState | None = None
    hold: timedelta | None = None
    tenants_become: str | None = None
    of_whom: bool = False
    bad_number: bool = False
    refuses_all: bool = False
    follow_up: timedelta | None = None
    takes_hour: bool = False
    reason: Reason = Reason.CALLED


_AGAIN = Rule()
_WHEN_ASKED = Rule(takes_hour=True)
_OTHER_NUMBER = Rule(bad_number=True)
_DONE = Rule(RecipientState.REACHED)
_AWAY = timedelta(days=14)
_TWO_DAYS = timedelta(hours=48)

RULES: dict[OutcomeCode, Rule] = {
    OutcomeCode.REACHED_OK: _DONE,
    OutcomeCode.REACHED_OK_PROXY: Rule(RecipientState.REACHED, follow_up=_TWO_DAYS),
    OutcomeCode.REACHED_NEED: _DONE,
    OutcomeCode.REACHED_URGENT: _DONE,
    OutcomeCode.CALL_LATER: _WHEN_ASKED,
    OutcomeCode.NO_ANSWER: _AGAIN,
    OutcomeCode.BUSY: _AGAIN,
    OutcomeCode.VOICEMAIL: _AGAIN,
    OutcomeCode.LANGUAGE: _WHEN_ASKED,
    OutcomeCode.WRONG_NUMBER: _OTHER_NUMBER,
    OutcomeCode.NOT_IN_SERVICE: _OTHER_NUMBER,
    OutcomeCode.REFUSED_TODAY: _DONE,
    OutcomeCode.REFUSED_ALWAYS: Rule(RecipientState.REACHED, refuses_all=True, reason=Reason.REFUSED),
    OutcomeCode.ABSENT: Rule(RecipientState.ABSENT, hold=_AWAY),
    OutcomeCode.HOSPITAL: Rule(RecipientState.ABSENT, hold=_AWAY),
    OutcomeCode.MOVED: Rule(RecipientState.UNREACHED, tenants_become="left", reason=Reason.MOVED),
    # Who is left behind is spared our automatic texts for a while, and rung with care.
    OutcomeCode.DECEASED: Rule(
        RecipientState.UNREACHED,
        hold=_AWAY,
        tenants_become="deceased",
        of_whom=True,
        follow_up=_TWO_DAYS,
        reason=Reason.DECEASED,
    ),
    OutcomeCode.UNREACHABLE: Rule(RecipientState.UNREACHED),
}

# What is written down of an ending that says something of somebody's health. What follows is the same.
WRITTEN_AS = {OutcomeCode.HOSPITAL: OutcomeCode.ABSENT}

# Somebody of the household was on the line: the caller knows them a little.
SPOKEN = (
    OutcomeCode.REACHED_OK,
    OutcomeCode.REACHED_NEED,
    OutcomeCode.REACHED_URGENT,
    OutcomeCode.CALL_LATER,
    OutcomeCode.REFUSED_TODAY,
    OutcomeCode.ABSENT,
    OutcomeCode.HOSPITAL,
)
# They had a person on the line, also where that caller is not the one to ring them next.
HAD_A_PERSON = (*SPOKEN, OutcomeCode.REFUSED_ALWAYS, OutcomeCode.LANGUAGE)

# Not over, and not a matter of another number: the call is owed again at a later time.
TRIED_AGAIN = frozenset(code for code, rule in RULES.items() if rule.state is None and not rule.bad_number)


# Somebody is there; or they asked for a call while the last one was made.
SOON = timedelta(minutes=15)
# Older people are out early and in before lunch: one of the tries in a day falls here.
_LATE_MORNING = time(11)


def next_try(
    code: OutcomeCode,
    *,
    calls_made: int,
    tries: Attempts,
    urgent: bool,
    now: datetime,
    hours: calendar.CallHours,
    tz: ZoneInfo,
    holidays: Collection[date],
    asked_for: datetime | None = None,
) -> datetime | None:
    """When to ring again, always in call hours; None when the tries are used up: the household is unreachable.

    calls_made: this one included. tries: the campaign's. urgent: orange or red heat, with its longer hours. asked_for:
    the hour the person named, which goes before any plan. A busy line is tried again soon, somebody is there;
    CALL_LATER and LANGUAGE never use up the tries. Raises ValueError for an outcome that closes the call or that asks
    for another number.
    """
    if code not in TRIED_AGAIN:
        raise ValueError(f"{code} is not tried again")
    if calls_made >= tries.most and not RULES[code].takes_hour:
        return None
    if asked_for is not None:
        at = max(asked_for, now)
    elif code is OutcomeCode.BUSY:
        at = now + SOON
    else:
        at = _planned(tries, now, hours, tz=tz, holidays=holidays)
    return calendar.next_call_time(at, hours, urgent=urgent, tz=tz, holidays=holidays)


def _planned(
    tries: Attempts, now: datetime, hours: calendar.CallHours, *, tz: ZoneInfo, holidays: Collection[date]
) -> datetime:
    if tries.apart is None:
        return calendar.other_half_day(now, hours, urgent=False, tz=tz, holidays=holidays)
    at = now + tries.apart
    late_morning = calendar.instant(now.astimezone(tz).date(), _LATE_MORNING, tz)
    return max(at, late_morning) if tries.late_morning else at
