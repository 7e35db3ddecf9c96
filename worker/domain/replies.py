"""Reading a reply: what an SMS from a tenant means, by rules that never take a doubt for "fine".

The rules stand in order, the first that matches wins. "Fine" is read only from a text that is made of nothing but
known phrases for it and courtesies; whatever is left over goes to a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from worker.domain import absence
from worker.domain import reply_signals as signals
from worker.domain import reply_words as known
from worker.domain.reply_text import Phrases, Words, joined, made_of, mentions, starts_any, without, words


class Intent(StrEnum):
    STOP = "stop"
    START = "start"
    CONTACT = "contact"
    EMERGENCY = "emergency"
    WRONG_NUMBER = "wrong_number"
    ABSENT = "absent"
    RETURN = "return"
    HELP = "help"
    OK = "ok"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply means. absent_until: the last day away, when the text tells one; only with ABSENT."""

    intent: Intent
    absent_until: date | None = None


@dataclass(frozen=True, slots=True)
class _Heard:
    text: Words
    until: date | None
    asked: bool


# What the provider's own reading of its key words means to us.
_BY_PROVIDER = {"STOP": Intent.STOP, "START": Intent.START, "HELP": Intent.HELP}

_PLEASE_TOO = joined(known.POLITE, known.PLEASE)
_POLITE_OR_YES = joined(known.POLITE, known.YES)
_AROUND = joined(_PLEASE_TOO, known.FINE, known.YES)
# "1 2" is no answer.
_AROUND_TWO: Phrases = {first: tuple(p for p in _AROUND[first] if "1" not in p) for first in _AROUND}
_NOTHING: Phrases = {}
_TWO = frozenset({"2", "deux", "two"})
_CHOICES = _TWO | {"1"}


def read(
    body: str, *, opt_out_type: str | None = None, on: date, asked: bool = True, with_picture: bool = False
) -> Reading:
    """What a reply means, by the rules in order.

    body: the text as it came, empty for a picture without words. opt_out_type: STOP, START or HELP when the
    provider has already acted on a key word. on: the local day it was received. asked: whether the text it
    answers asked if all is well; False makes a bare "oui" unclear, since it may answer "besoin d'aide ?".
    with_picture: something came along that nobody has looked at, so "ok" beneath it is not plainly fine.
    """
    if opt_out_type in _BY_PROVIDER:
        return Reading(_BY_PROVIDER[opt_out_type])
    heard = _Heard(words(body), absence.until(body, on=on), asked)
    intent = next((intent for intent, applies in _RULES if applies(heard)), Intent.UNCLEAR)
    if with_picture and intent is Intent.OK:
        return Reading(Intent.UNCLEAR)
    return Reading(intent, heard.until if intent is Intent.ABSENT else None)


def _is_stop(heard: _Heard) -> bool:
    return made_of(heard.text, known.STOP, _PLEASE_TOO)


def _is_start(heard: _Heard) -> bool:
    return made_of(heard.text, known.START, _PLEASE_TOO)


def _is_contact(heard: _Heard) -> bool:
    """The reserved word of French short codes: who writes, and how are they reached?"""
    return made_of(heard.text, known.CONTACT, _PLEASE_TOO)


def _is_emergency(heard: _Heard) -> bool:
    rest = without(heard.text, signals.NO_EMERGENCY)
    breathless = mentions(rest, signals.BREATH) and mentions(rest, signals.TROUBLE)
    alone = made_of(heard.text, signals.EMERGENCY_ALONE, _PLEASE_TOO)
    return alone or breathless or mentions(rest, signals.EMERGENCY)


def _is_wrong_number(heard: _Heard) -> bool:
    """ "Erreur, c'est 2" corrects an answer of one's own: whoever chooses does not ask to be left alone."""
    doubtful = _pleads(heard.text) or not _CHOICES.isdisjoint(heard.text)
    perhaps = mentions(heard.text, signals.PERHAPS_WRONG) and not doubtful
    return perhaps or mentions(heard.text, signals.WRONG_NUMBER)


def _is_absent(heard: _Heard) -> bool:
    """A hold keeps callers away for days, so a plea, a hospital or somebody else's absence goes to a person."""
    if _says_back(heard.text) or not _may_come_and_go(heard):
        return False
    return _says_away(heard.text) or (heard.until is not None and _says_gone(heard.text))


def _says_away(text: Words) -> bool:
    ends_so = text == signals.PAS_LA or mentions(text[-3:], signals.NOT_THERE_LAST)
    return ends_so or mentions(text, signals.AWAY) or mentions(text, signals.NOT_THERE)


def _says_gone(text: Words) -> bool:
    return mentions(text, signals.GONE_UNTIL) or mentions(text[:1], signals.GONE_UNTIL_FIRST)


def _is_return(heard: _Heard) -> bool:
    other_number = any(word.isdecimal() and word != "1" for word in heard.text)
    return _says_back(heard.text) and not other_number and _may_come_and_go(heard)


def _says_back(text: Words) -> bool:
    return mentions(text, signals.BACK) or made_of(text, signals.BACK_ALONE, _AROUND)


def _may_come_and_go(heard: _Heard) -> bool:
    elsewhere = mentions(without(heard.text, signals.OUR_OWN), signals.NOT_AWAY)
    return not elsewhere and not _is_help(heard)


def _pleads(text: Words) -> bool:
    return mentions(without(text, signals.NO_HELP), signals.PLEA)


def _is_help(heard: _Heard) -> bool:
    rest = without(heard.text, signals.NO_HELP)
    return mentions(rest, signals.HELP) or starts_any(rest, signals.HELP_STEMS) or _chose_two(heard.text)


def _chose_two(text: Words) -> bool:
    """ "2", or a 2 at either end that counts nothing: "2 l'ascenseur est en panne", not "2 semaines" nor "le 2"."""
    if "1" in text or len(text) < 2:
        return made_of(text, signals.TWO, _AROUND_TWO)
    first = text[0] in _TWO and text[1] not in signals.COUNTED
    last = text[-1] in _TWO and text[-2] not in signals.COUNTING and not text[-2].isdecimal()
    return first or last or made_of(text, signals.TWO, _AROUND_TWO)


def _is_fine(heard: _Heard) -> bool:
    if made_of(heard.text, known.POLITE, _NOTHING):  # "merci bien, merci" holds no "bien, merci"
        return False
    if made_of(heard.text, known.FINE, _POLITE_OR_YES if heard.asked else known.POLITE):
        return True
    said_yes = made_of(heard.text, known.YES, known.POLITE) or made_of(heard.text, known.FINE_ALONE, _NOTHING)
    return heard.asked and said_yes


# The order is the rule: a call for help is never hidden by "fine" in the same text.
_RULES: tuple[tuple[Intent, Callable[[_Heard], bool]], ...] = (
    (Intent.STOP, _is_stop),
    (Intent.START, _is_start),
    (Intent.CONTACT, _is_contact),
    (Intent.EMERGENCY, _is_emergency),
    (Intent.WRONG_NUMBER, _is_wrong_number),
    (Intent.ABSENT, _is_absent),
    (Intent.RETURN, _is_return),
    (Intent.HELP, _is_help),
    (Intent.OK, _is_fine),
)
