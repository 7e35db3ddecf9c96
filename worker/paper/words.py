"""Numbers, moments and ages as people here write them."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers

from worker.domain import wording
from worker.domain.campaigns import age_on
from worker.i18n import _


def phone(e164: str) -> str:
    """As people here say it: "06 39 98 00 01"; abroad with its country."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    style = phonenumbers.PhoneNumberFormat
    chosen = style.NATIONAL if number.country_code == 33 else style.INTERNATIONAL
    return phonenumbers.format_number(number, chosen)


def moment(at: datetime | None, timezone: ZoneInfo) -> str:
    """ "mercredi 08/07 à 10 h 05"; a dash for never."""
    if at is None:
        return "–"
    local = at.astimezone(timezone)
    return _("{day} {date} à {hour}").format(
        day=wording.jour(local.date()), date=f"{local:%d/%m}", hour=f"{local.hour}\u00a0h\u00a0{local:%M}"
    )


def age(tenant: Mapping[str, Any], on: date) -> str:
    """As surely as it is known."""
    written, precision = tenant.get("birth_date"), str(tenant.get("birth_precision"))
    if not written or precision == "unknown":
        return _("âge inconnu")
    born = date.fromisoformat(written) if isinstance(written, str) else written
    if precision == "year":
        return _("né(e) en {year}").format(year=born.year)
    return _("{n} ans").format(n=age_on(on, born=born, precision="day"))


def span(seconds: float | None) -> str:
    """ "45 s", "12 min", "3 h 05"; a dash for what did not happen."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{round(seconds)}\u00a0s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours}\u00a0h\u00a0{minutes:02}" if hours else f"{minutes}\u00a0min"
