"""Twilio's webhook connection overrides: what the fragment of a URL says about time-outs and retries.

Source: Twilio's documentation, "Webhook connection overrides". The fragment is neither sent nor signed.
"""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

POLICIES = frozenset({"ct", "rt", "4xx", "5xx", "all"})


@dataclass(frozen=True, slots=True)
class Overrides:
    """Retries after a failure, of which kinds, and the time-outs in seconds."""

    retries: int
    policies: frozenset[str]
    connect_s: float
    read_s: float
    total_s: float

    def retry(self, failure: str) -> bool:
        """failure: ct (no connection), rt (no answer in time), 4xx, 5xx."""
        return failure in self.policies or "all" in self.policies


@lru_cache(maxsize=256)
def read(fragment: str, usual: Overrides) -> Overrides:
    """The overrides in a fragment; what is missing or out of range stays as usual."""
    said = dict(parse_qsl(fragment))
    policies = frozenset(said.get("rp", "").split(",")) & POLICIES
    return Overrides(
        retries=int(_within(said.get("rc"), 0, 5, usual.retries)),
        policies=policies or usual.policies,
        connect_s=_within(said.get("ct"), 100, 10000, usual.connect_s * 1000) / 1000,
        read_s=_within(said.get("rt"), 100, 15000, usual.read_s * 1000) / 1000,
        total_s=_within(said.get("tt"), 100, 15000, usual.total_s * 1000) / 1000,
    )


def _within(text: str | None, low: float, high: float, usual: float) -> float:
    if text is None or not text.isdigit() or not low <= int(text) <= high:
        return usual
    return float(text)
