"""Where settings are written: folders, the TOML file, secret files; and what pydantic finds wrong, in words."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

from worker.domain.errors import BadDefinition
from worker.i18n import _, because

PREFIX = "COURTOISIE_"
HERE = Path(__file__).parent
SECRETS = frozenset(
    {
        *("database_url", "broker_url", "secret_key", "auth_token", "auth_token_secondary", "api_key_secret"),
        *("password", "client_secret"),
    }
)

_TABLES_WITH_SECRETS = ("twilio", "smtp", "oidc")


def directory(variable: str, name: str) -> Path:
    """The directory named by the environment, else ./NAME, else the one shipped in the package."""
    named = os.environ.get(PREFIX + variable)
    candidates = [Path(named)] if named else [Path.cwd() / name, HERE.parent / name, HERE / "share" / name]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate.resolve()
    raise BadDefinition(
        _("{variable} : le dossier {path} n'existe pas.").format(variable=PREFIX + variable, path=candidates[0])
    )


def read_toml(path: Path) -> dict[str, Any]:
    """What the file says, nothing where there is none. Raises BadDefinition for a broken one, or one with a secret."""
    if not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDefinition(
            _("{path} n'est pas un fichier TOML lisible : {error}").format(path=path, error=error)
        ) from None
    written = set(values).union(
        *(values[table] for table in _TABLES_WITH_SECRETS if isinstance(values.get(table), dict))
    )
    for secret in sorted(SECRETS & written):
        raise BadDefinition(
            _("{path} : {key} est un secret ; donnez-le par l'environnement ou par un fichier {prefix}…_FILE.").format(
                path=path, key=secret, prefix=PREFIX
            )
        )
    return values


def secret_files(model: type[BaseModel]) -> dict[str, Any]:
    """COURTOISIE_X_FILE=/run/secrets/x stands for COURTOISIE_X with the file's content."""
    ignored = unread(os.environ, model)
    found: dict[str, Any] = {}
    for variable, path in os.environ.items():
        if variable.startswith(PREFIX) and variable.endswith("_FILE") and variable not in ignored:
            keys = variable.removeprefix(PREFIX).removesuffix("_FILE").lower().split("__")
            overlay(found, _nested(keys, _secret(variable, Path(path))))
    return found


def _secret(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadDefinition(
            _("{variable} : le fichier {path} est illisible ({error}).").format(
                variable=variable, path=path, error=because(error)
            )
        ) from None


def _nested(keys: list[str], value: str) -> dict[str, Any]:
    for key in reversed(keys[1:]):
        value = {key: value}  # type: ignore[assignment]  # folds inward, ends as a dict
    return {keys[0]: value}


def overlay(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Puts one layer of settings over another, table by table."""
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            overlay(base[key], value)
        else:
            base[key] = value


def variables(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting as in the environment, without our prefix. A table with keys of the landlord's own ends in __."""
    for name, about in model.model_fields.items():
        path = f"{prefix}{name}".upper()
        yield path
        if isinstance(about.annotation, type) and issubclass(about.annotation, BaseModel):
            yield from variables(about.annotation, f"{path}__")
        elif get_origin(about.annotation) is dict:
            yield f"{path}__"


def unread(environment: Iterable[str], model: type[BaseModel]) -> dict[str, str]:
    """Variables with our prefix that no setting reads -> the nearest that one does, empty where none is near."""
    known = sorted(variables(model))
    ours = sorted(variable for variable in environment if variable.upper().startswith(PREFIX))
    return {variable: nearest(variable, known) for variable in ours if not _is_read(variable, known)}


def nearest(variable: str, known: Iterable[str]) -> str:
    """The variable that was probably meant; one that names a file stays one. Empty where none is near."""
    file = "_FILE" if variable.upper().endswith("_FILE") else ""
    close = difflib.get_close_matches(_setting(variable), known, n=1)
    return f"{PREFIX}{close[0]}{file}" if close else ""


def _is_read(variable: str, known: Iterable[str]) -> bool:
    """Below a table with keys of the landlord's own (senders, agencies) anything may stand."""
    name = _setting(variable)
    return any(name == one or (one.endswith("__") and name.startswith(one)) for one in known)


def _setting(variable: str) -> str:
    return variable.upper().removesuffix("_FILE").removeprefix(PREFIX)


def problem(error: Any, model: type[BaseModel]) -> str:
    """One thing that pydantic finds wrong: which setting, what is expected, where it may be set."""
    path = [str(p) for p in error["loc"]]
    if not path:  # a rule of ours over several keys, which its sentence names
        return str(error["ctx"]["error"])
    saying = _SAYINGS.get(error["type"])
    message = saying.format(**error.get("ctx", {})) if saying else error["msg"]
    variable = PREFIX + "__".join(path).upper()
    told = _("{key} : {message} (variable {variable}, ou config/courtoisie.toml)").format(
        key=".".join(path), message=message, variable=variable
    )
    meant = nearest(variable, sorted(variables(model))) if error["type"] == "extra_forbidden" else ""
    return f"{told} {_('Vouliez-vous « {name} » ?').format(name=meant)}" if meant else told


# What pydantic finds wrong, by its own name for it.
_SAYINGS = {
    "extra_forbidden": _("ce réglage n'existe pas"),
    "missing": _("ce réglage manque"),
    "int_parsing": _("un nombre entier est attendu"),
    "int_type": _("un nombre entier est attendu"),
    "int_from_float": _("un nombre entier est attendu"),
    "float_parsing": _("un nombre est attendu"),
    "float_type": _("un nombre est attendu"),
    "finite_number": _("un nombre est attendu"),
    "bool_parsing": _("true ou false est attendu"),
    "string_type": _("du texte est attendu"),
    "greater_than": _("plus de {gt} est attendu"),
    "greater_than_equal": _("{ge} au moins est attendu"),
    "less_than": _("moins de {lt} est attendu"),
    "less_than_equal": _("{le} au plus est attendu"),
    "literal_error": _("{expected} est attendu"),
    "enum": _("{expected} est attendu"),
}
