"""Which URLs may be called, and what Twilio would say of them."""

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from sandbox.twilio import posting

LONGEST = 4000
UNSPACED = re.compile(r"[^\s\x00-\x1f]+")


def is_valid(url: str, *, strict: bool) -> bool:
    """Whether Twilio would take it as a StatusCallback (otherwise 21609): absolute, short enough, no underscore in
    the host; and public when strict."""
    host = _host(posting.split(url)[0])
    if not host or len(url) > LONGEST or "_" in host or not UNSPACED.fullmatch(url):
        return False
    return not strict or (not _is_loopback(host) and "." in host)


def is_loopback(url: str) -> bool:
    """Whether it leads to this machine: the only place the stand-in ever calls."""
    return _is_loopback(_host(posting.split(url)[0]))


def rewritten(url: str, rewrites: Mapping[str, str]) -> str:
    """The URL really called, where a public base stands for one on this machine."""
    for public, private in rewrites.items():
        if url == public or url.startswith((f"{public}/", f"{public}?")):
            return private + url.removeprefix(public)
    return url


@lru_cache(maxsize=256)
def _host(origin: str) -> str:
    """The host of a scheme and host; "" for nothing that could be called."""
    try:
        parts = urlsplit(origin)
        _ = parts.port  # raises for a port that is no number
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
