"""A directory of partners in a file, TOML or CSV: read whole, with a line for each thing that is wrong."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.domain.errors import NotFilledIn, Refused
from worker.domain.partners import PartnerKind
from worker.i18n import _, because
from worker.services import partnering
from worker.store.partners import Entry

WORDS = ("name", "phone", "email", "hours", "out_of_hours")
LISTS = ("insee_codes", "postcodes", "communes")
COLUMNS = ("kind", *WORDS, "email_ok", *LISTS)
_YES = frozenset({"1", "oui", "yes", "true", "vrai", "x"})
_NO = frozenset({"", "0", "non", "no", "false", "faux"})
MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says. problems: by the place of the partner in the file."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> Read:
    """The partners of a file. Raises Refused when it cannot be read at all."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused(_("{path} : {reason}.").format(path=path, reason=because(error))) from None
    return parse(content, is_toml=path.suffix.lower() == ".toml", name=str(path))


def parse(content: bytes, *, is_toml: bool, name: str = "") -> Read:
    """The partners of a file's content. name: what to call it. Raises Refused when it cannot be read at all."""
    called = name or _("Ce fichier")
    if len(content) > MOST_BYTES:
        raise Refused(_("{path} : plus d'un mégaoctet, ce n'est pas un annuaire de partenaires.").format(path=called))
    try:
        written = content.decode("utf-8-sig")
        rows = list(_of_toml(written) if is_toml else _of_csv(written))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, csv.Error, ValueError) as error:
        raise Refused(_("{path} ne se lit pas : {error}").format(path=called, error=error)) from None
    return _checked(rows)


def _checked(rows: list[Mapping[str, Any]]) -> Read:
    found, seen = Read(), set()
    for number, row in enumerate(rows, 1):
        try:
            entry = partnering.checked(_entry(row))
        except NotFilledIn as wrong:
            found.problems.extend(
                _("partenaire {n}, {field} : {what}").format(n=number, field=name, what=what)
                for name, what in wrong.fields.items()
            )
            continue
        if (entry.kind, entry.folded_name) in seen:
            found.problems.append(_("partenaire {n} : « {name} » y est deux fois.").format(n=number, name=entry.name))
        seen.add((entry.kind, entry.folded_name))
        found.entries.append(entry)
    return found


def _entry(row: Mapping[str, Any]) -> Entry:
    unknown = sorted(set(row) - set(COLUMNS))
    if unknown:
        known = ", ".join(COLUMNS)
        raise NotFilledIn({unknown[0]: _("clé inconnue ; il y a {known}.").format(known=known)})
    try:
        kind = PartnerKind(str(row.get("kind", "")).strip().lower())
    except ValueError:
        raise NotFilledIn({"kind": _("un parmi {kinds}.").format(kinds=", ".join(PartnerKind))}) from None
    return Entry(
        kind=kind,
        name=str(row.get("name", "")),
        phone=str(row.get("phone", "")),
        email=str(row.get("email", "")),
        email_ok=_truth(row.get("email_ok", False)),
        hours=str(row.get("hours", "")),
        out_of_hours=str(row.get("out_of_hours", "")),
        insee_codes=_list(row, "insee_codes"),
        postcodes=_list(row, "postcodes"),
        communes=_list(row, "communes"),
    )


def _truth(value: object) -> bool:
    said = str(value).strip().lower()
    if said not in _YES | _NO:
        raise NotFilledIn({"email_ok": _("oui ou non.")})
    return said in _YES


def _list(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    return tuple(re.split(r"[|,;\n]", str(value)))


def _of_toml(written: str) -> Iterator[Mapping[str, Any]]:
    tables = tomllib.loads(written)
    if set(tables) - {"partner"} or not isinstance(tables.get("partner", []), list):
        raise ValueError(_("il faut des tables [[partner]]."))
    yield from tables.get("partner", [])


def _of_csv(written: str) -> Iterator[Mapping[str, Any]]:
    header = written.partition("\n")[0]
    separator = ";" if header.count(";") >= header.count(",") else ","
    for row in csv.DictReader(io.StringIO(written), delimiter=separator):
        if None in row:
            raise ValueError(_("une ligne a plus de cellules que l'en-tête."))
        yield {name.strip().lower(): value or "" for name, value in row.items()}
