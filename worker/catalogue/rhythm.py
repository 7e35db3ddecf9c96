"""Whether a campaign's cron line and its [recurrence] go together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from worker.domain.campaigns import Campaign
from worker.domain.recurring import Recurrence
from worker.i18n import _

CRON_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EVERY_DAY = ("*", "*", "*")


@dataclass(frozen=True, slots=True)
class _Rule:
    """broken: whether a campaign with a cron line breaks it."""

    key: str
    broken: Callable[[Campaign], bool]
    wrong: str
    remedy: str


def _cron_days(campaign: Campaign) -> tuple[str, ...]:
    """The fields of the cron line that choose days: day of month, month, weekday."""
    return tuple((campaign.schedule or "").split()[2:])


def _one_weekday(campaign: Campaign) -> bool:
    *others, weekday = _cron_days(campaign)
    return others == ["*", "*"] and weekday.lower() in CRON_DAYS


def _no_day_left(campaign: Campaign) -> bool:
    if not _one_weekday(campaign):
        return False
    first = CRON_DAYS.index(_cron_days(campaign)[-1].lower()) + 1
    return not any(day >= first for day in campaign.window.weekdays)


_RULES = (
    _Rule(
        "recurrence.starts_on",
        lambda c: c.recurrence.every_days > 1 and c.recurrence.starts_on is None,
        _("every_days se compte depuis un premier jour, qui manque."),
        _("Ajoutez par exemple starts_on = 2026-04-13."),
    ),
    _Rule(
        "recurrence.every_days",
        lambda c: c.recurrence.every_days > 1 and _cron_days(c) != _EVERY_DAY,
        _("every_days choisit les jours, la ligne cron de schedule les choisit aussi."),
        _('Ne gardez que l\'heure dans schedule, par exemple "0 10 * * *".'),
    ),
    _Rule(
        "recurrence.spread",
        lambda c: c.recurrence.spread and not _one_weekday(c),
        _("spread répartit les foyers sur une semaine, qui commence un jour donné."),
        _('Écrivez ce jour dans schedule, par exemple "0 10 * * mon".'),
    ),
    _Rule(
        "recurrence.spread",
        lambda c: c.recurrence.spread and _no_day_left(c),
        _("de la semaine, aucun jour de window.weekdays ne reste à partir de celui de schedule."),
        _('Commencez la semaine plus tôt, par exemple schedule = "0 10 * * mon".'),
    ),
)


def broken(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    """(key, what is wrong, what to do), for each rule that is broken."""
    if campaign.schedule is not None:
        yield from ((rule.key, rule.wrong, rule.remedy) for rule in _RULES if rule.broken(campaign))
    elif campaign.recurrence != Recurrence():
        yield (
            "recurrence",
            _("une récurrence demande une heure d'ouverture."),
            _('Ajoutez en tête du fichier par exemple schedule = "0 10 * * mon".'),
        )
