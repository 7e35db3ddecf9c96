"""Whether a campaign, its sender and its texts go together."""

import difflib
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Protocol

from worker.catalogue import rhythm, steps
from worker.domain.campaigns import Campaign
from worker.domain.channels import Capability, Sender
from worker.domain.errors import BadDefinition
from worker.domain.problems import Problem
from worker.i18n import _

# The values every text of a campaign is rendered with (services/variables.py).
VARIABLES = frozenset({"bailleur", "tel", "jour", "date", "quand"})

# What a text that asks for an answer says, in the languages there are.
_ASKS = re.compile(r"\b(?:répondez|reply)\b|\b\d\s?=", re.IGNORECASE)


class Texts(Protocol):
    """What the catalogue needs to know of the texts; worker.rendering.Texts is one."""

    def keys(self) -> Collection[str]: ...
    def languages(self, key: str) -> Collection[str]: ...
    def variables(self, key: str, language: str) -> Collection[str]: ...
    def wording(self, key: str, language: str) -> str: ...


def problems_of(campaign: Campaign, *, senders: Mapping[str, Sender], texts: Texts) -> list[Problem]:
    """What does not fit between a campaign's own keys, its sender and its texts; asked by `check` and at launch."""
    found = [
        *named(_references(campaign), campaign.key, senders=senders, texts=texts),
        *_ladder(campaign),
        *_steps(campaign),
        *_rhythm(campaign),
    ]
    sender = senders.get(campaign.sender)
    if sender is not None:
        found += _capability(campaign, sender)
        for name, text in _texts_of(campaign):
            if texts.languages(text):
                found += _text(campaign, sender, name, text, texts)
    return found


def asks_for_reply(texts: Texts, key: str) -> bool:
    """Whether a text, in any language, asks its reader to answer."""
    return any(_asks(texts, key, language) for language in texts.languages(key))


def _asks(texts: Texts, key: str, language: str) -> bool:
    return _ASKS.search(texts.wording(key, language)) is not None


def file_of(key: str) -> str:
    """A campaign's file as an operator would name it."""
    return f"config/campaigns/{key}.toml"


def key_of(file: str) -> str:
    """The campaign that such a file defines."""
    return PurePath(file).stem


def _references(campaign: Campaign) -> dict[str, Any]:
    """As the file writes them."""
    ladder = [{"text": step.text} for step in campaign.ladder]
    return {name: getattr(campaign, name) for name in ("sender", "text", "reminder_text")} | {"ladder": ladder}


def _texts_of(campaign: Campaign) -> Iterator[tuple[str, str]]:
    yield "text", campaign.text
    if campaign.reminder_text is not None:
        yield "reminder_text", campaign.reminder_text
    yield from ((_text_key(n), step.text) for n, step in enumerate(campaign.ladder, 1) if step.text is not None)


def _text_key(step: int) -> str:
    """The text of a step, counted as people do."""
    return f"ladder[{step}].text"


def named(values: Mapping[str, Any], key: str, *, senders: Mapping[str, Sender], texts: Texts) -> list[Problem]:
    """Senders and texts that a campaign names and nobody has written."""
    known = {"sender": sorted(senders), "text": sorted(texts.keys())}
    create = {
        "sender": _("Ajoutez [senders.{name}] dans config/courtoisie.toml."),
        "text": _("Créez templates/sms/fr/{name}.txt."),
    }
    return [
        Problem(
            file_of(key),
            where,
            _("« {name} » n'existe pas.").format(name=name),
            _did_you_mean(name, known[what]) or create[what].format(name=name),
        )
        for where, what, name in _named_in(values)
        if isinstance(name, str) and name not in known[what]
    ]


def _named_in(values: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(key, whether a sender or a text, its name) as far as the file can be read."""
    yield "sender", "sender", values.get("sender")
    yield "text", "text", values.get("text")
    yield "reminder_text", "text", values.get("reminder_text")
    ladder = values.get("ladder")
    for n, step in enumerate(ladder if isinstance(ladder, list) else [], 1):
        yield _text_key(n), "text", step.get("text") if isinstance(step, dict) else None


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return _("Vouliez-vous « {name} » ?").format(name=close[0]) if close else ""


@dataclass(frozen=True, slots=True)
class _Rule:
    """broken: whether a campaign breaks it."""

    key: str
    broken: Callable[[Campaign], bool]
    wrong: str
    remedy: str


def _no_time(campaign: Campaign) -> bool:
    after, deadline = campaign.reminder_after, campaign.reply_deadline
    return after is not None and deadline is not None and after >= deadline


def _around(campaign: Campaign) -> tuple[tuple[Callable[[timedelta, timedelta], bool], timedelta | None], ...]:
    """What a call to who stays silent must come after, and before."""
    return (operator.gt, campaign.reminder_after), (operator.lt, campaign.reply_deadline)


_LADDER = (
    _Rule(
        "reply_deadline",
        lambda c: c.wants_reply and c.reply_deadline is None and not c.ladder,
        _("une prise de nouvelles (check_in) demande un délai de réponse."),
        _('Ajoutez par exemple reply_deadline = "4h".'),
    ),
    _Rule(
        "kind",
        lambda c: not c.wants_reply and any((c.reply_deadline, c.reminder_text, c.reminder_after, c.call_after)),
        _("un conseil (advice) n'attend pas de réponse, ni délai ni rappel."),
        _('Retirez reply_deadline, reminder_text, reminder_after et call_after, ou écrivez kind = "check_in".'),
    ),
    _Rule(
        "reminder_text",
        lambda c: c.reminder_after is not None and c.reminder_text is None,
        _("reminder_after est donné sans le texte du rappel."),
        _('Ajoutez par exemple reminder_text = "reminder", ou retirez reminder_after.'),
    ),
    _Rule(
        "reminder_after",
        lambda c: c.reminder_text is not None and c.reminder_after is None,
        _("reminder_text est donné sans son heure."),
        _('Ajoutez par exemple reminder_after = "2h", ou retirez reminder_text.'),
    ),
    _Rule(
        "reminder_after",
        _no_time,
        _("le rappel partirait après le délai de réponse."),
        _("Donnez à reminder_after une durée plus courte que reply_deadline, par exemple la moitié."),
    ),
    _Rule(
        "call_after",
        lambda c: c.call_after is not None and c.call_script is None,
        _("call_after est donné sans ce que dit l'appel."),
        _('Ajoutez par exemple call_script = "heat_orange_check", ou retirez call_after.'),
    ),
    _Rule(
        "call_after",
        lambda c: any(
            c.call_after is not None and t is not None and not keeps(c.call_after, t) for keeps, t in _around(c)
        ),
        _("l'appel automatique ne tombe pas entre le rappel et le délai de réponse."),
        _("Donnez à call_after une durée plus longue que reminder_after et plus courte que reply_deadline."),
    ),
    _Rule(
        "replies_accepted_for",
        lambda c: c.replies_accepted_for < (c.calls_after or timedelta()),
        _("une réponse ne serait plus lue avant la fin du délai de réponse."),
        _("Donnez à replies_accepted_for une durée plus longue que reply_deadline."),
    ),
)


def _ladder(campaign: Campaign) -> list[Problem]:
    broken = [rule for rule in _LADDER if rule.broken(campaign)]
    return [Problem(file_of(campaign.key), rule.key, rule.wrong, rule.remedy) for rule in broken]


def _steps(campaign: Campaign) -> list[Problem]:
    return [Problem(file_of(campaign.key), *said) for said in steps.broken(campaign)]


def _rhythm(campaign: Campaign) -> list[Problem]:
    return [Problem(file_of(campaign.key), *said) for said in rhythm.broken(campaign)]


def _capability(campaign: Campaign, sender: Sender) -> list[Problem]:
    if sender.capability is Capability.VOICE:
        wrong = _("« {key} » ne porte que la voix.").format(key=sender.key)
        return [Problem(file_of(campaign.key), "sender", wrong, _("Choisissez un émetteur two_way ou one_way."))]
    if campaign.wants_reply and not sender.takes_replies:
        wrong = _("une prise de nouvelles (check_in) attend une réponse, « {key} » n'en reçoit pas.")
        remedy = _('Choisissez un émetteur two_way, ou kind = "advice" avec un texte à sens unique.')
        return [Problem(file_of(campaign.key), "sender", wrong.format(key=sender.key), remedy)]
    return []


def _text(campaign: Campaign, sender: Sender, name: str, text: str, texts: Texts) -> list[Problem]:
    """What is wrong with one text in this campaign. A text that cannot be read is told as such."""
    try:
        said = [*_variables(text, texts), *_question(campaign, sender, text, texts)]
    except BadDefinition as error:
        said = [(str(error), "")]
    return [Problem(file_of(campaign.key), name, wrong, remedy) for wrong, remedy in said]


def _variables(text: str, texts: Texts) -> Iterator[tuple[str, str]]:
    unknown = {v for language in texts.languages(text) for v in texts.variables(text, language)} - VARIABLES
    if unknown:
        wrong = _("« {text} » demande « {unknown} », qu'une campagne ne connaît pas.")
        remedy = _("Variables possibles : {known}.").format(known=", ".join(sorted(VARIABLES)))
        yield wrong.format(text=text, unknown=" », « ".join(sorted(unknown))), remedy


def _question(campaign: Campaign, sender: Sender, text: str, texts: Texts) -> Iterator[tuple[str, str]]:
    """An answer is asked for exactly where one can come and is waited for."""
    if asks_for_reply(texts, text) and not sender.takes_replies:
        wrong = _("« {text} » demande une réponse, l'émetteur « {sender} » n'en reçoit pas.")
        remedy = _("Choisissez un émetteur two_way, ou un texte à sens unique comme « heat_orange_oneway ».")
        yield wrong.format(text=text, sender=sender.key), remedy
    mute = [language for language in sorted(texts.languages(text)) if not _asks(texts, text, language)]
    if campaign.wants_reply and mute:
        wrong = _("« {text} » ({languages}) ne demande pas de réponse : chacun passerait pour silencieux.")
        remedy = _("Dites dans le texte quoi répondre : Répondez 1 = tout va bien, 2 = appelez-moi.")
        yield wrong.format(text=text, languages=", ".join(mute)), remedy
