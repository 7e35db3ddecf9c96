"""Words as a voice should say them, and how long it takes."""

import re
from collections.abc import Iterable, Mapping

FALLBACK = "fr"
_NUMBER = re.compile(r"\+?\d[\d .]{6,}\d")
# A minute of a voice at its usual pace, and how many words a group of figures is: "36" is "trente-six", said apart. As
# the scripts we ship take with espeak-ng at its usual pace: `make listen`.
WORDS_PER_MINUTE = {"fr": 190, "en": 195}
WORDS_PER_FIGURES = {"fr": 2, "en": 3}
TOO_LONG_S = 60.0


def aloud(values: Mapping[str, str]) -> dict[str, str]:
    """Values for a voice: a telephone number comes in pairs with a breath between them, as people say it in France."""
    return {name: _NUMBER.sub(lambda found: in_pairs(found.group()), value) for name, value in values.items()}


def in_pairs(number: str) -> str:
    """ "05 36 49 00 01" as "05, 36, 49, 00, 01"; a number in the international form by its national one."""
    digits = re.sub(r"\D", "", number)
    national = "0" + digits[2:] if number.lstrip().startswith("+33") else digits
    return ", ".join(national[n : n + 2] for n in range(0, len(national), 2))


def seconds(lines: Iterable[str], *, language: str, rate_percent: int, pause_s: float) -> float:
    """How long a voice needs for the lines of a script, without waiting for a key."""
    said = list(lines)
    figures = WORDS_PER_FIGURES.get(language, WORDS_PER_FIGURES[FALLBACK])
    words = sum(figures if word.isdigit() else 1 for line in said for word in re.findall(r"[\w'’-]+", line))
    pace = WORDS_PER_MINUTE.get(language, WORDS_PER_MINUTE[FALLBACK]) * rate_percent / 100
    return words * 60 / pace + pause_s * max(len(said) - 1, 0)
