"""From what a thumb typed to plain words: the one form in which replies are compared.

Nothing that could carry meaning is dropped: letters, digits, symbols and emoji all become words. Only accents,
case, invisible characters, skin tones and a short list of harmless punctuation go.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

Words = tuple[str, ...]
Phrases = Mapping[str, tuple[Words, ...]]

# Stands for a sad smiley, an unclosed bracket or a minus sign: enough to doubt the rest.
DOUBT = "☹"

_HARMLESS = frozenset(" .,;:!'\"()[]«»“”‘’‚„`-‐‑‒–—/*#=¡•·")
_ACCENTS = frozenset(
    chr(c) for span in ((0x300, 0x315), (0x323, 0x329), (0x64B, 0x656)) for c in range(*span)
)  # overlays such as a strike-through are no accents: a struck-out "ok" is not "ok"
_DROPPED = _ACCENTS | {"\ufe0e", "\ufe0f", "\u20e3", "♀", "♂"} | {chr(c) for c in range(0x1F3FB, 0x1F400)}
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "‘": "'", "`": "'", "ʼ": "'"})
_SAD = re.compile(r"[:;=]['’]?-?[(\[{/\\|<]|(?:^|\s)-\d")
_CLOSED_BRACKETS = re.compile(r"\([^()]*\)")
_SPELT = re.compile(r"(?<![\w'])(?:[a-z](?:\.[a-z]){2,}|[a-z](?: [a-z]){2,})(?![\w'])")
_DRAWN_OUT = re.compile(r"([a-z])\1{2,}")
_WORD = re.compile(r"[^\W\d_]+|\d+|\S")


def fold(body: str) -> str:
    """Lower case without accents or invisible characters; digits of any script as 0-9; punctuation stays."""
    composed = unicodedata.normalize("NFKC", body).casefold().translate(_LIGATURES)
    return "".join(_folded(c) for c in unicodedata.normalize("NFD", composed))


def words(body: str) -> Words:
    """The words of a text. Letters drawn out ("ouiiii") count once; a word spelt out ("s.o.s") is one."""
    folded = fold(body)
    spelt = _SPELT.sub(lambda found: re.sub(r"[. ]", "", found[0]), folded)
    apart = "".join(" " if c in _HARMLESS else c for c in spelt)
    found = _WORD.findall(_DRAWN_OUT.sub(r"\1", apart))
    if len(found) > 1 and all(len(w) == 1 and w.isalpha() for w in found):
        found = ["".join(found)]
    return (*found, DOUBT) if _is_doubtful(folded) else tuple(found)


def either(listed: str) -> tuple[str, ...]:
    """The wordings parted by "|"."""
    return tuple(listed.split("|"))


def phrases(*lists: str) -> Phrases:
    """Wordings parted by "|", brought to the same form as replies and indexed by their first word."""
    index: dict[str, tuple[Words, ...]] = {}
    for phrase in filter(None, (words(wording) for listed in lists for wording in either(listed))):
        index[phrase[0]] = (*index.get(phrase[0], ()), phrase)
    return index


def joined(*tables: Phrases) -> Phrases:
    """The phrases of several tables in one."""
    return {first: tuple(p for t in tables for p in t.get(first, ())) for table in tables for first in table}


def made_of(text: Words, cores: Phrases, fillers: Phrases) -> bool:
    """Whether the text is nothing but these phrases, one core at least. Linear in the length of the text."""
    reached: list[set[bool]] = [set() for _ in range(len(text) + 1)]
    reached[0].add(False)
    for place, seen_core in enumerate(reached):
        for length, is_core in _continuations(text, place, (fillers, cores)) if seen_core else ():
            reached[place + length] |= {seen or is_core for seen in seen_core}
    return True in reached[-1]


def mentions(text: Words, wanted: Phrases) -> bool:
    """Whether one of the phrases stands somewhere in the text, word by word: "normal" does not mention "mal"."""
    return any(True for place in range(len(text)) for _ in _continuations(text, place, (wanted,)))


def without(text: Words, unwanted: Phrases) -> Words:
    """The text with the longest of these phrases cut out; a gap stays where they were."""
    kept: list[str] = []
    place = 0
    while place < len(text):
        longest = max((length for length, _ in _continuations(text, place, (unwanted,))), default=0)
        kept.append("" if longest else text[place])
        place += longest or 1
    return tuple(kept)


def starts_any(text: Iterable[str], prefixes: tuple[str, ...]) -> bool:
    """Whether a word begins with one of these."""
    return any(word.startswith(prefixes) for word in text)


def _continuations(text: Words, place: int, tables: tuple[Phrases, ...]) -> Iterator[tuple[int, bool]]:
    """(length, from the last table) of each phrase that stands at this place."""
    for number, table in enumerate(tables):
        for phrase in table.get(text[place], ()) if place < len(text) else ():
            if text[place : place + len(phrase)] == phrase:
                yield len(phrase), number == 1


def _folded(character: str) -> str:
    kind = unicodedata.category(character)
    if character in _DROPPED or kind == "Cf":
        return ""
    if kind == "Nd":
        return str(unicodedata.decimal(character))
    if kind[0] == "Z" or kind == "Cc":
        return " "
    return character


def _is_doubtful(folded: str) -> bool:
    return bool(_SAD.search(folded)) or "(" in _CLOSED_BRACKETS.sub("", folded)
