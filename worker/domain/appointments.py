"""The hour a person asked to be rung at, as a caller types it."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from worker.domain import calendar
from worker.domain.errors import Refused
from worker.i18n import _

# Further ahead it is a slip of the keyboard, and the household would be lost from sight.
AT_MOST = timedelta(days=30)
TODAY_FORMATS = ("%H:%M", "%Hh%M", "%Hh")
DATED_FORMATS = tuple(f"{day} {hour}" for day in ("%Y-%m-%d", "%d/%m/%Y") for hour in TODAY_FORMATS)


def read(said: str, *, now: datetime, tz: ZoneInfo) -> datetime:
    """The moment meant by "14:30" or "14h30", today, or by "2026-07-14 10:00": local time, in UTC.

    Raises Refused for what cannot be read, has passed, or lies more than AT_MOST ahead.
    """
    found = _parsed(" ".join(said.replace("T", " ").split()), today=now.astimezone(tz).date())
    if found is None:
        raise Refused(_("L'heure « {said} » ne se lit pas. Écrivez 14:30, ou 2026-07-14 10:00.").format(said=said))
    at = calendar.instant(found.date(), found.time(), tz)
    if at <= now:
        raise Refused(_("L'heure demandée est déjà passée. Donnez une heure à venir, avec la date au besoin."))
    if at > now + AT_MOST:
        raise Refused(_("L'heure demandée est dans plus de {n} jours. Vérifiez la date.").format(n=AT_MOST.days))
    return at


def _parsed(said: str, *, today: date) -> datetime | None:
    for pattern in (*TODAY_FORMATS, *DATED_FORMATS):
        try:
            found = datetime.strptime(said, pattern)  # noqa: DTZ007  # a wall-clock hour; the zone is given by the caller
        except ValueError:
            continue
        return datetime.combine(today, found.time()) if pattern in TODAY_FORMATS else found
    return None
