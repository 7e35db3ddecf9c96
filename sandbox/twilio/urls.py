"""Which URLs may be called, and what Twilio would say of them."""

import ipaddress
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

LONGEST = 4000


def is_valid(url: str, *, strict: bool) -> bool:
    """Whether Twilio would take it as a StatusCallback (otherwise 21609): absolute, short enough, no underscore in
    the host; and public when strict."""
    parts = _split(url)
    if parts is None or len(url) > LONGEST or "_" in (parts.hostname or ""):
        return False
    return not strict or (not _is_loopback(parts.hostname or "") and "." in (parts.hostname or ""))


def is_loopback(url: str) -> bool:
    """Whether it leads to this machine: the only place the stand-in ever calls."""
    parts = _split(url)
    return parts is not None and _is_loopback(parts.hostname or "")


def rewritten(url: str, rewrites: Mapping[str, str]) -> str:
    """The URL really called, where a public base stands for one on this machine."""
    for public, private in rewrites.items():
        if url == public or url.startswith((f"{public}/", f"{public}?")):
            return private + url.removeprefix(public)
    return url


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return None
    usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in url
    return parts if usable else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
