"""The numbers in one cell, with the words beside them: "05.36.49.10.02 / 06 00 00 10 02 (fils)".

Whole cells are never parsed as one number: that loses the second one, and takes letters for keypad digits.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import phonenumbers
from phonenumbers import Leniency, PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher, PhoneNumberType

from worker.domain.channels import PhoneKind, PhoneLabel
from worker.domain.folding import fold
from worker.domain.listings import ProblemCode
from worker.listing.rules import Rules

REGION = "FR"
FRANCE = 33

# Nearly every cell: one number in the national form, or one that lost its zero. Read without the matcher.
_PLAIN = re.compile(r"0?[1-9](?:[ .\-_/]?\d\d){4}")
_NOT_DIGIT = re.compile(r"\D")
# Two national numbers written one after the other, which the matcher takes for one that is too long.
_GLUED = re.compile(r"(?<!\d)(0[1-9](?:[ .\-]?\d\d){4})[ .\-]*(?=0[1-9](?:[ .\-]?\d\d){4}(?!\d))")
_OPENED = re.compile(r"[(\[][^)\]]*$")
_FLOAT = re.compile(r"(\d+)[.,]0")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)E\+?0?(\d{1,2})", re.IGNORECASE)
_LEFT_OVER = re.compile(r"\d(?:[ .\-/()]?\d){3,}")
_NATIONAL_DIGITS = 9
_LOST_TAIL = "000000"  # a spreadsheet keeps few digits: 6.12E+08 typed back is 06 12 00 00 00

# The library's own patterns for French numbers, asked directly: number_type tries ten sorts before it comes to these.
_SORTS = {"mobile": PhoneKind.MOBILE, "fixed_line": PhoneKind.FIXED, "voip": PhoneKind.VOIP}
_PLAN = phonenumbers.PhoneMetadata.metadata_for_region(REGION)
_FRENCH = tuple((re.compile(getattr(_PLAN, sort).national_number_pattern), kind) for sort, kind in _SORTS.items())


@dataclass(frozen=True, slots=True)
class Number:
    e164: str
    kind: PhoneKind
    label: PhoneLabel = PhoneLabel.SELF


@dataclass(frozen=True, slots=True)
class Found:
    """What one cell holds: numbers in their order, and what is to be said about it."""

    numbers: tuple[Number, ...] = ()
    problems: tuple[ProblemCode, ...] = ()


Verdict = tuple[str, PhoneKind] | ProblemCode


class PhoneReader:
    """Reads cells; the same cell twice (a couple's) is read once."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.read: Callable[[str, str], Found] = lru_cache(maxsize=None)(self._read)

    def _read(self, cell: str, civility: str) -> Found:
        """The numbers of a cell. civility: whose row it is, so that "Mme" beside a number is understood."""
        text = _whole(cell.strip())
        if self._rules.is_blank(text):
            return Found()
        if _PLAIN.fullmatch(text):
            return _found([(_judge_national(_NOT_DIGIT.sub("", text)), PhoneLabel.SELF)])
        if lost := _SCIENTIFIC.fullmatch(text):
            return _found([(_judge_scientific(lost), PhoneLabel.SELF)])
        return self._search(_GLUED.sub(r"\1 ; ", text.replace("_", " ")), civility)

    def _search(self, text: str, civility: str) -> Found:
        matches = list(PhoneNumberMatcher(text, REGION, leniency=Leniency.POSSIBLE))
        gaps = list(_gaps(text, [(m.start, m.end) for m in matches]))
        labels = self._labels(gaps, civility) if matches else []
        judged = [(_judge(m.number), label) for m, label in zip(matches, labels, strict=True)]
        unread = [ProblemCode.PHONE_UNREADABLE] if any(_LEFT_OVER.search(gap) for gap in gaps) else []
        return _found(judged, unread)

    def _labels(self, gaps: Sequence[str], civility: str) -> list[PhoneLabel]:
        """One label per number. The word stands after the number, unless the cell begins with one, or a bracket
        opens before the next: "06 … (Marie 07 …)"."""
        after = [self._label(_OPENED.sub("", gap), civility) for gap in gaps[1:-1]]
        after.append(self._label(gaps[-1], civility))  # a bracket left open at the end of a cell cut short
        before = [self._label(gap, civility) for gap in gaps[:-1]]
        if before[0] is not None and after[-1] is None:
            after = before
        opened = [self._label(_bracket(gap), civility) for gap in gaps[:-1]]
        return [a or o or PhoneLabel.SELF for a, o in zip(after, opened, strict=True)]

    def _label(self, gap: str, civility: str) -> PhoneLabel | None:
        """What the words between two numbers say; None when they say nothing. An unknown word is somebody else."""
        words = [w for w in fold(gap).split() if not w.isdigit()]
        if not words:
            return None
        known = [k for k in (self._rules.label_of.get(w) for w in (" ".join(words), *words)) if k]
        telling = [k for k in known if k != PhoneLabel.SELF]
        if telling:
            return _person(telling[0], civility)
        return PhoneLabel.SELF if known else PhoneLabel.OTHER


def typed(text: str) -> str | None:
    """The one number somebody typed, however they write it, as E.164; None when there is none, or several."""
    found = PhoneNumberMatcher(_whole(text.strip()), REGION, leniency=Leniency.POSSIBLE)
    numbers = {phonenumbers.format_number(match.number, PhoneNumberFormat.E164) for match in found}
    return numbers.pop() if len(numbers) == 1 else None


def ordinary(text: str) -> str | None:
    """The same, if it is a French number without a price of its own; None otherwise."""
    found = typed(text)
    judged = _judge(phonenumbers.parse(found)) if found else None
    return judged[0] if isinstance(judged, tuple) and judged[1] is not PhoneKind.FOREIGN else None


def with_kind(text: str) -> Number | None:
    """The same with its kind, as the number of somebody else."""
    e164 = ordinary(text)
    judged = _judge(phonenumbers.parse(e164)) if e164 else None
    return Number(*judged, PhoneLabel.OTHER) if isinstance(judged, tuple) else None


def _whole(text: str) -> str:
    whole = _FLOAT.fullmatch(text)
    return whole[1] if whole else text


def _bracket(gap: str) -> str:
    opened = _OPENED.search(gap)
    return opened[0] if opened else ""


def _gaps(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The text before, between and after the numbers: always one more than there are numbers."""
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    for i, (start, end) in enumerate(pairwise(edges)):
        if i % 2 == 0:
            yield text[start:end]


_KEY_OF_CIVILITY = {"Mme": "woman", "Mlle": "woman", "M.": "man"}


def _person(key: str, civility: str) -> PhoneLabel:
    """ "Mme" in the row of Mme is herself; in the row of M., his wife."""
    if key not in ("woman", "man"):
        return PhoneLabel(key)
    return PhoneLabel.SELF if _KEY_OF_CIVILITY.get(civility, key) == key else PhoneLabel.SPOUSE


def _found(judged: Sequence[tuple[Verdict, PhoneLabel]], problems: Sequence[ProblemCode] = ()) -> Found:
    numbers = [Number(*verdict, label) for verdict, label in judged if not isinstance(verdict, ProblemCode)]
    faults = [verdict for verdict, _label in judged if isinstance(verdict, ProblemCode)]
    foreign = [ProblemCode.PHONE_FOREIGN for n in numbers if n.kind is PhoneKind.FOREIGN]
    return Found(tuple(dict.fromkeys(numbers)), (*faults, *foreign, *problems))


def _judge_scientific(lost: re.Match[str]) -> Verdict:
    """6.12E+08 has lost its digits; 6.12345678E+08 has them all."""
    digits = lost[1] + lost[2]
    if int(lost[3]) == _NATIONAL_DIGITS - 1 and len(digits) == _NATIONAL_DIGITS:
        return _judge_national(digits)
    return ProblemCode.PHONE_LOST


def _judge_national(digits: str) -> Verdict:
    return _judge(PhoneNumber(country_code=FRANCE, national_number=int(digits)))


def _judge(number: PhoneNumber) -> Verdict:
    """(E.164, kind), or why the number is not kept."""
    national = str(number.national_number)
    if len(set(national[1:])) == 1 or national.strip("0") == "":
        return ProblemCode.PHONE_REPEATED_DIGIT
    if number.country_code == FRANCE and national.endswith(_LOST_TAIL):
        return ProblemCode.PHONE_LOST
    if number.country_code == FRANCE:
        for pattern, kind in _FRENCH:
            if pattern.fullmatch(national):
                return f"+{FRANCE}{national}", kind
    if phonenumbers.number_type(number) == PhoneNumberType.UNKNOWN:
        return ProblemCode.PHONE_INVALID
    if number.country_code == FRANCE:
        return ProblemCode.PHONE_SPECIAL
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), PhoneKind.FOREIGN
