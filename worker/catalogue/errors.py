"""What pydantic finds wrong in a campaign file, said in words that name the key and the remedy."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from worker.catalogue.files import (
    AgeBandTable,
    AttemptsTable,
    AudienceTable,
    CampaignFile,
    ExclusionsTable,
    RecurrenceTable,
    StepTable,
    WindowTable,
)
from worker.domain.problems import Problem
from worker.i18n import _

_TABLES: Mapping[str, type[BaseModel]] = {
    "": CampaignFile,
    "audience": AudienceTable,
    "audience.age_bands": AgeBandTable,
    "window": WindowTable,
    "exclusions": ExclusionsTable,
    "recurrence": RecurrenceTable,
    "attempts": AttemptsTable,
    "ladder": StepTable,
}
_EXAMPLES = {
    "title": 'title = "Canicule : conseils"',
    "kind": 'kind = "check_in"',
    "purpose": 'purpose = "care"',
    "sender": 'sender = "court"',
    "text": 'text = "heat_orange_check"',
    "void_after": 'void_after = "6h"',
    "window": '[window] opens = "09:00" closes = "19:00"',
    "window.opens": 'opens = "09:00"',
    "window.closes": 'closes = "19:00"',
    "ladder.step": 'step = "callback"',
    "audience.age_bands.from_age": "{ from_age = 70, upto_age = 79 }",
}

Said = tuple[str, str]


def explained(file: str, error: ValidationError) -> list[Problem]:
    """One Problem for each thing wrong."""
    return [_explained(file, dict(e)) for e in error.errors(include_url=False)]


def _explained(file: str, error: Mapping[str, Any]) -> Problem:
    say = _SAYINGS.get(error["type"], _as_expected)
    wrong, remedy = say(error)
    return Problem(file, _path(error["loc"]), wrong, remedy)


def _path(loc: Sequence[str | int], *, numbered: bool = True) -> str:
    """("audience", "age_bands", 0, "from_age") -> "audience.age_bands[1].from_age", counted as people do."""
    path = ""
    for part in loc:
        if isinstance(part, str):
            path += f".{part}" if path else part
        elif numbered:
            path += f"[{part + 1}]"
    return path


def _own(error: Mapping[str, Any]) -> Said:
    return error["ctx"]["wrong"], error["ctx"]["remedy"]


def _missing(error: Mapping[str, Any]) -> Said:
    example = _EXAMPLES.get(_path(error["loc"], numbered=False), "")
    return _("cette clé est obligatoire et manque."), _("Ajoutez par exemple {example}.").format(example=example)


def _unknown(error: Mapping[str, Any]) -> Said:
    *parents, name = error["loc"]
    table = _path(parents, numbered=False)
    return _("clé inconnue."), _elsewhere(str(name), table) or _close(str(name), table)


def _elsewhere(name: str, table: str) -> str:
    """In TOML a key belongs to the last [header] above it: a frequent slip."""
    home = next((t for t, model in _TABLES.items() if t != table and name in model.model_fields), None)
    if home is None:
        return ""
    if not home:
        return _("Écrivez-la en tête du fichier, avant le premier [titre].")
    return _("Écrivez-la sous {table}.").format(table="[[ladder]]" if home == "ladder" else f"[{home}]")


def _close(name: str, table: str) -> str:
    known = list(_TABLES[table].model_fields)
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return _("Vouliez-vous « {name} » ?").format(name=close[0])
    return _("Retirez-la. Clés possibles : {known}.").format(known=", ".join(known))


def _choice(error: Mapping[str, Any]) -> Said:
    expected = str(error["ctx"]["expected"]).replace("'", '"').replace(" or ", ", ")
    wrong = _("« {value} » n'est pas une valeur possible.").format(value=error["input"])
    return wrong, _("Choisissez parmi {expected}.").format(expected=expected)


def _departement(error: Mapping[str, Any]) -> Said:
    wrong = _("« {value} » n'est pas un numéro de département.").format(value=error["input"])
    return wrong, _('Écrivez par exemple "31" ou "2A".')


def _empty(_error: Mapping[str, Any]) -> Said:
    return _("cette valeur est vide."), _("Écrivez-la, ou retirez la clé si elle n'est pas obligatoire.")


def _as_expected(error: Mapping[str, Any]) -> Said:
    shown = error["input"]
    wrong = _("« {value} » n'a pas la forme attendue.").format(value=shown)
    return wrong, _REMEDIES.get(error["type"], "") or str(error["msg"]) + "."


_SAYINGS: Mapping[str, Callable[[Mapping[str, Any]], Said]] = {
    "courtoisie": _own,
    "missing": _missing,
    "extra_forbidden": _unknown,
    "enum": _choice,
    "literal_error": _choice,
    "string_pattern_mismatch": _departement,
    "string_too_short": _empty,
}
_TEXT = _('Écrivez un texte entre guillemets : "...".')
_NUMBER = _("Écrivez un âge en années, de 0 à 120.")
_YES_OR_NO = _("Écrivez true ou false, sans guillemets.")
_LIST = _('Écrivez une liste : ["a", "b"].')
_TABLE = _("Écrivez une section avec ses clés, entre [ ] ou entre { }.")
_REMEDIES = {
    "string_type": _TEXT,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "greater_than_equal": _NUMBER,
    "less_than_equal": _NUMBER,
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "tuple_type": _LIST,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}
