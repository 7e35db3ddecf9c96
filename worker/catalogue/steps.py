"""Whether the steps of a campaign's ladder can be climbed one after the other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from worker.domain.campaigns import Campaign
from worker.domain.rungs import AFTER_THE_TRIES, LadderStep, Rung
from worker.i18n import _


@dataclass(frozen=True, slots=True)
class _Rule:
    """broken: whether a campaign that writes a ladder breaks it."""

    broken: Callable[[Campaign], bool]
    wrong: str
    remedy: str


def _written_twice(campaign: Campaign) -> bool:
    short = (campaign.reply_deadline, campaign.reminder_text, campaign.reminder_after)
    return any((*short, campaign.call_script, campaign.call_after))


def _kinds(campaign: Campaign) -> list[Rung]:
    return [step.step for step in campaign.ladder]


def _repeats(campaign: Campaign) -> bool:
    return len(set(_kinds(campaign))) < len(campaign.ladder)


def _out_of_place(campaign: Campaign) -> bool:
    """A person's further steps come after the call, everything else before it."""
    kinds = _kinds(campaign)
    call = kinds.index(Rung.CALLBACK) if Rung.CALLBACK in kinds else len(kinds)
    return any((kind in AFTER_THE_TRIES) != (n > call) for n, kind in enumerate(kinds) if n != call)


def _backwards(campaign: Campaign) -> bool:
    times = [step.after for step in campaign.ladder if _waits(step)]
    return any(later <= earlier for earlier, later in pairwise(times))


def _waits(step: LadderStep) -> bool:
    return step.for_silence and step.step not in AFTER_THE_TRIES


_RULES = (
    _Rule(
        _written_twice,
        _("l'échelle est écrite deux fois : sous [[ladder]] et par reply_deadline, reminder_… ou call_…"),
        _("Gardez l'une des deux : retirez ces clés, ou toutes les sections [[ladder]]."),
    ),
    _Rule(
        lambda c: not c.wants_reply,
        _("un conseil (advice) n'attend pas de réponse : il n'a pas d'échelle."),
        _('Retirez les sections [[ladder]] (pour un appel, call_script suffit), ou écrivez kind = "check_in".'),
    ),
    _Rule(
        lambda c: Rung.CALLBACK not in _kinds(c),
        _("l'échelle ne mène à aucun appel : un foyer silencieux serait oublié."),
        _('Ajoutez une étape : [[ladder]] step = "callback" after = "4h".'),
    ),
    _Rule(
        _repeats,
        _("une même étape y est deux fois."),
        _("Chaque étape ne se prend qu'une fois : gardez-en une."),
    ),
    _Rule(
        _out_of_place,
        _("trusted_contact et partner viennent après callback, les autres étapes avant."),
        _("Remettez les étapes dans cet ordre."),
    ),
    _Rule(
        _backwards,
        _("les délais ne vont pas en croissant ; tous se comptent du départ du premier SMS."),
        _("Donnez à chaque étape un délai plus long qu'à celle d'avant, jusqu'à callback."),
    ),
)


def broken(campaign: Campaign) -> Iterator[tuple[str, str, str]]:
    """(key, what is wrong, what to do), for each rule that is broken; nothing for a campaign without [[ladder]]."""
    if campaign.ladder:
        yield from (("ladder", rule.wrong, rule.remedy) for rule in _RULES if rule.broken(campaign))
