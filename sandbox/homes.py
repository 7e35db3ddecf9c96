"""Scratch folders for servers: removed at the end, and at the next start where the end never came (kill -9)."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "courtoisie-"
LOCK = "in-use.lock"
LONGEST_SOCKET = 100  # bytes; a Unix socket's path has room for 107
NOBODY = 65534  # PostgreSQL refuses to run as root


def server_user() -> int | None:
    """Whom servers run as: nobody in place of root, otherwise simply ourselves."""
    return NOBODY if os.geteuid() == 0 else None


@contextmanager
def home() -> Iterator[Path]:
    """A scratch folder that the servers may use, removed at the end."""
    parent = _parent()
    sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # held while we live; the kernel frees it whatever our end
            (folder / "lock").rename(folder / LOCK)  # a sweep never finds it unlocked
            if server_user() is not None:
                os.chown(folder, NOBODY, NOBODY)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Removes the folders whose owner was killed before it could."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # in use, somebody else's, or gone meanwhile
            _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    with (folder / LOCK).open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)


def _parent() -> Path:
    """The temporary directory, or /tmp where a socket's path would become too long in it."""
    usual = Path(tempfile.gettempdir())
    socket = usual / f"{PREFIX}12345678" / ".s.PGSQL.5432"
    return usual if len(os.fsencode(socket)) <= LONGEST_SOCKET else Path("/tmp")  # noqa: S108  # short is the point
