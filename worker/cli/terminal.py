"""Talking to the person at the terminal: results on stdout, complaints and logs on stderr."""

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from worker.domain.errors import Refused
from worker.i18n import _, because


def out() -> Console:
    """Where results go. Wide when it is not a screen, so that nothing is cut in a file or a pipe."""
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "160"))
    return Console(width=width, highlight=False, soft_wrap=False)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on stdout and nothing else."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def complain(message: str) -> None:
    """What is wrong and what to do, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        _("Erreur : {message}").format(message=message), markup=False
    )


def warn(message: str) -> None:
    """What may be wrong, on stderr; the command goes on."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(
        _("Attention : {message}").format(message=message), markup=False
    )


def table(*columns: str, title: str | None = None, right: tuple[int, ...] = ()) -> Table:
    """A plain table; `right` are the positions of columns of figures."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for position, name in enumerate(columns):
        made.add_column(name, justify="right" if position in right else "left", no_wrap=position in right)
    return made


def local(moment: datetime | None, timezone: str) -> str:
    """Day and hour as people here write them."""
    return "" if moment is None else moment.astimezone(ZoneInfo(timezone)).strftime("%d/%m %H:%M")


def span(duration: timedelta) -> str:
    """A duration in hours and minutes: "4 h", "1 h 30"."""
    hours, minutes = divmod(round(duration.total_seconds() / 60), 60)
    return f"{hours} h {minutes:02}" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def write_private(path: Path, content: bytes) -> None:
    """A file that its owner alone may read: it speaks of people's homes. Raises Refused where it cannot be written."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
    except OSError as error:
        raise Refused(_("{path} ne peut pas être écrit : {why}").format(path=path, why=because(error))) from None


def _plain(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
