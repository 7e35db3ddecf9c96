"""The price table, config/prices.toml: read exactly, an amount is text and never a binary fraction."""

import tomllib
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from worker.domain import pricing
from worker.domain.channels import Channel
from worker.domain.errors import BadDefinition
from worker.domain.pricing import Price, PriceTable
from worker.i18n import _

FILE = "config/prices.toml"


def _amount(value: object) -> object:
    try:
        if isinstance(value, str):
            return pricing.micro_of(Decimal(value.strip().replace(",", ".")))
    except (InvalidOperation, ValueError):
        pass
    wrong = _('« {value} » n\'est pas un montant ; écrivez-le entre guillemets : "0.0798".').format(value=value)
    raise PydanticCustomError("amount", "{wrong}", {"wrong": wrong})


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    destination: Annotated[str, Field(pattern=r"^\+\d{0,15}$")]
    channel: Channel = Channel.SMS
    sender: str | None = None
    euro: Annotated[int, BeforeValidator(_amount)]
    date: date
    source: Annotated[str, Field(min_length=1)]


def load(config_dir: Path) -> PriceTable:
    """The table; empty without a file: costs are then not known, which is not nothing.

    Raises BadDefinition with a line for each problem.
    """
    path = config_dir / "prices.toml"
    if not path.is_file():
        return PriceTable()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        wrong = _("{file} : ce n'est pas un fichier TOML lisible ({error}).")
        raise BadDefinition(wrong.format(file=FILE, error=error)) from None
    unknown = sorted(set(raw) - {"price"})
    if unknown:
        wrong = _("{file}, {key} : clé inconnue ; chaque ligne commence par [[price]].")
        raise BadDefinition(wrong.format(file=FILE, key=", ".join(unknown)))
    return PriceTable(tuple(_lines(raw.get("price", []))))


def _lines(raw: Any) -> list[Price]:
    lines, problems = [], []
    for number, line in enumerate(raw if isinstance(raw, list) else [raw], 1):
        try:
            read = _Line.model_validate(line)
        except ValidationError as error:
            problems += [f"{FILE}, [[price]] {number} : {_where(e)}{e['msg']}" for e in error.errors(include_url=False)]
        else:
            lines.append(Price(read.destination, read.channel, read.euro, read.date, read.source, read.sender))
    if problems:
        raise BadDefinition("\n".join(problems))
    return lines


def _where(error: Any) -> str:
    path = ".".join(str(part) for part in error["loc"])
    return f"{path} : " if path else ""
