"""A file whose age tells from outside whether a process that listens on no port still does its work."""

from pathlib import Path

import dramatiq
from dramatiq.middleware import Middleware


def beat(file: Path | None) -> None:
    """The process has just done something of use. No file, no sign."""
    if file is not None:
        file.touch()


class Heartbeat(Middleware):
    """One beat for each wake-up that a worker has answered: the scheduler sends some every few seconds."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def after_process_message(
        self,
        _broker: dramatiq.Broker,
        _message: dramatiq.MessageProxy,
        *,
        result: object = None,
        exception: BaseException | None = None,
    ) -> None:
        del result
        if exception is None:
            beat(self._file)
