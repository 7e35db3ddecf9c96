"""Pages that are printed: one file each, nothing loaded from elsewhere, every word of a person escaped."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from worker.domain import pricing
from worker.i18n import _
from worker.labels import label, language
from worker.paper import words

HERE = Path(__file__).parent


def render(name: str, *, timezone: ZoneInfo, language: str, now: datetime, **content: Any) -> str:
    """A whole page. name: a file of this folder."""
    around: Mapping[str, Any] = {"timezone": timezone, "language": language, "now": now}
    return _environment().get_template(name).render(**around, **content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update({"_": _, "label": label})
    environment.filters.update(
        {
            "label": label,
            "spoken": language,
            "phone": words.phone,
            "moment": words.moment,
            "age": words.age,
            "span": words.span,
            "euros": pricing.euros,
        }
    )
    return environment
