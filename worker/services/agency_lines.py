"""The telephone of an agency: its number, and the hours in which somebody picks up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.domain import calendar
from worker.listing import phones
from worker.services import desk as desks
from worker.services.desk import Desk
from worker.settings import Settings


@dataclass(frozen=True, slots=True)
class AgencyLine:
    """number: in the international form."""

    number: str
    hours: calendar.CallHours

    def is_open(self, desk: Desk, *, urgent: bool, now: datetime) -> bool:
        """Whether somebody is there. urgent: the hours of an alert."""
        holidays = desk.holidays(now)
        return calendar.is_calling_time(now, self.hours, urgent=urgent, tz=desk.timezone, holidays=holidays)


def of(settings: Settings, codes: Sequence[str], *, desk: Desk) -> AgencyLine | None:
    """Whom the tenants of these agencies are put through to; None where no number can be dialled.

    Neighbours of different agencies that share a number are put through to the landlord, in the desk's own hours.
    """
    agency = settings.agencies.get(codes[0]) if len(codes) == 1 else None
    number = phones.typed((agency and agency.phone) or desk.phone)
    if number is None:
        return None
    if agency is None:
        return AgencyLine(number, desk.hours)
    usual = settings.call_hours
    return AgencyLine(number, desks.call_hours(agency.routine or usual.routine, agency.alert or usual.alert))
