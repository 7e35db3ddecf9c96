"""Chance that a seed repeats: the same seed, question and number give the same answer, in whatever order they come."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def draw(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    digest = blake2b("\x1f".join(map(str, parts)).encode(), digest_size=7).digest()
    return int.from_bytes(digest) / (1 << 56)


def between(bounds: tuple[float, float], *parts: object) -> float:
    """A number between two bounds."""
    low, high = bounds
    return low + (high - low) * draw(*parts)


def choose(options: Sequence[T], *parts: object) -> T:
    """One of the options, each as likely."""
    return options[int(draw(*parts) * len(options))]


def weighted(weights: Mapping[T, float], *parts: object) -> T:
    """One of the keys, as likely as its weight. The weights need not add up to 1."""
    at = draw(*parts) * sum(weights.values())
    for key, weight in weights.items():
        at -= weight
        if at < 0:
            return key
    return key
