"""Passwords as argon2id hashes. Hashing is slow and hungry on purpose, so only a few run at once in a process."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

# The library's defaults: the second choice of RFC 9106, 64 MiB and 3 passes.
_hasher = PasswordHasher()
AT_ONCE = 2
_gate = threading.BoundedSemaphore(AT_ONCE)


def make(password: str) -> str:
    """The hash to keep, with its salt and costs."""
    with _gate:
        return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether it is this password. Without a hash the same work is done, so that time tells nothing."""
    nobody = _nobody()
    with _gate:
        try:
            return _hasher.verify(kept or nobody, password) and kept is not None
        except (Argon2Error, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Made with other costs than today's."""
    return _hasher.check_needs_rehash(kept)


@cache
def _nobody() -> str:
    """A hash that no password fits."""
    return _hasher.hash("")
