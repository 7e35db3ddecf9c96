"""What a campaign's cron line alone cannot say of when it comes round."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

IsHoliday = Callable[[date], bool]


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Which of the cron line's days count. starts_on, ends_on: both included; None: no bound.

    every_days: only each so many days, counted from starts_on. spread: the households are dealt out over the days that
    the occasion's week still has.
    """

    starts_on: date | None = None
    ends_on: date | None = None
    every_days: int = 1
    skip_holidays: bool = False
    spread: bool = False

    def is_over(self, day: date) -> bool:
        """Whether nothing comes on that day or later."""
        return self.ends_on is not None and day > self.ends_on

    def allows(self, day: date, *, is_holiday: IsHoliday) -> bool:
        """Whether an occasion may fall on that day."""
        begun = self.starts_on is None or day >= self.starts_on
        return begun and not self.is_over(day) and self._in_step(day) and not (self.skip_holidays and is_holiday(day))

    def _in_step(self, day: date) -> bool:
        return self.starts_on is None or (day - self.starts_on).days % self.every_days == 0


def monday(day: date) -> date:
    """The first day of that day's week, which names the week."""
    return day - timedelta(days=day.weekday())
