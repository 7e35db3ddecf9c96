"""Every refusal as application/problem+json (RFC 9457): a stable code for programs, a French sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from worker.domain import errors
from worker.i18n import _

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:courtoisie:problem:"

# code -> (status, title). The code never changes its meaning; docs/api.md lists them.
KNOWN: Mapping[str, tuple[int, str]] = {
    "bad_cursor": (400, _("Curseur inutilisable")),
    "not_signed_in": (401, _("Jeton absent ou sans valeur")),
    "not_allowed": (403, _("Interdit à ce compte")),
    "not_found": (404, _("Introuvable")),
    "no_such_route": (404, _("Adresse inconnue")),
    "wrong_method": (405, _("Méthode non prévue à cette adresse")),
    "refused": (409, _("Impossible dans l'état actuel")),
    "under_way": (409, _("La même demande est en cours")),
    "changed_meanwhile": (409, _("Le fichier n'est pas celui qui a été examiné")),
    "too_large": (413, _("Demande trop volumineuse")),
    "bad_listing": (422, _("Liste illisible")),
    "invalid": (422, _("Demande mal formée")),
    "key_reused": (422, _("Clé d'idempotence déjà employée pour autre chose")),
    "too_many": (429, _("Trop de demandes")),
    "internal": (500, _("Erreur interne")),
    "unavailable": (503, _("Service momentanément indisponible")),
}

# The first that fits counts, so the narrower stand first.
_OF_ERROR: Sequence[tuple[type[errors.CourtoisieError], str]] = (
    (errors.NotSignedIn, "not_signed_in"),
    (errors.NotAllowed, "not_allowed"),
    (errors.NotFound, "not_found"),
    (errors.UnknownCampaign, "not_found"),
    (errors.TooManyTries, "too_many"),
    (errors.BadListing, "bad_listing"),
    (errors.Refused, "refused"),
    (errors.Unavailable, "unavailable"),
)

_OF_STATUS = {404: "no_such_route", 405: "wrong_method", 413: "too_large"}

# What is said of a field, by pydantic's own word for what is wrong. Never the value: it may be a number or a name.
_SAID = {
    "missing": _("manque"),
    "extra_forbidden": _("n'est pas prévu"),
    "json_invalid": _("n'est pas du JSON"),
    "string_too_long": _("est trop long"),
    "string_too_short": _("est trop court"),
    "string_type": _("doit être un texte"),
    "int_parsing": _("doit être un nombre entier"),
    "int_type": _("doit être un nombre entier"),
    "int_from_float": _("doit être un nombre entier"),
    "float_parsing": _("doit être un nombre"),
    "float_type": _("doit être un nombre"),
    "bool_parsing": _("doit être vrai ou faux"),
    "bool_type": _("doit être vrai ou faux"),
    "literal_error": _("n'est pas une des valeurs prévues"),
    "enum": _("n'est pas une des valeurs prévues"),
    "datetime_from_date_parsing": _("doit être une date et une heure avec fuseau"),
    "timezone_aware": _("doit être une date et une heure avec fuseau"),
    "greater_than": _("est trop petit"),
    "greater_than_equal": _("est trop petit"),
    "less_than_equal": _("est trop grand"),
    "finite_number": _("doit être un nombre"),
}


class Wrong(BaseModel):
    """One thing that is wrong with a request."""

    model_config = ConfigDict(extra="forbid")

    where: str = Field(examples=["body.outcome"])
    what: str = Field(examples=["n'est pas une des valeurs prévues"])


class Problem(BaseModel):
    """Why a request was not answered as asked."""

    type: str = Field(examples=[PREFIX + "not_found"])
    title: str = Field(examples=["Introuvable"])
    status: int = Field(examples=[404])
    code: str = Field(examples=["not_found"])
    detail: str = Field(examples=["Aucune opération n° 7."])
    errors: list[Wrong] = Field(default=[], description="for `invalid`: one line per field")


@dataclass
class Trouble(Exception):
    """A refusal that only this interface knows, by its code."""

    code: str
    detail: str
    headers: dict[str, str] = field(default_factory=dict)


def answer(
    code: str, detail: str, *, wrong: Sequence[Wrong] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The problem as a response."""
    status, title = KNOWN[code]
    problem = Problem(
        type=PREFIX + code, title=title, status=status, code=code, detail=detail, errors=list(wrong)
    ).model_dump()
    if not wrong:
        del problem["errors"]
    return JSONResponse(problem, status, dict(headers or {}), MEDIA_TYPE)


def of(error: Exception) -> Response:
    """The problem for anything a handler may raise. A crash shows nothing of itself."""
    if isinstance(error, Trouble):
        return answer(error.code, error.detail, headers=error.headers)
    if isinstance(error, errors.CourtoisieError):
        return _ours(error)
    if isinstance(error, RequestValidationError):
        return answer("invalid", _("La demande n'a pas la forme prévue."), wrong=[_wrong(e) for e in error.errors()])
    if isinstance(error, HTTPException):
        return _http(error)
    return answer("internal", _("La demande n'a pas abouti ; le journal du serveur en dit plus."))


async def handle(_request: Request, error: Exception) -> Response:
    """The same, as FastAPI calls it."""
    return of(error)


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: the problems a route may answer with, beside those every route has."""
    statuses = {KNOWN[code][0] for code in codes}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {s: {"description": HTTPStatus(s).phrase, "content": content} for s in sorted(statuses)}


def _ours(error: errors.CourtoisieError) -> Response:
    if isinstance(error, errors.NotFilledIn):
        wrong = [Wrong(where=f"body.{name}", what=said[:200]) for name, said in error.fields.items()]
        return answer("invalid", _("La demande n'a pas la forme prévue."), wrong=wrong)
    code = next((code for kind, code in _OF_ERROR if isinstance(error, kind)), "internal")
    if code == "internal":
        return answer(code, _("La demande n'a pas abouti ; le journal du serveur en dit plus."))
    return answer(code, _detail(error, code), headers=_headers(error, code))


def _detail(error: errors.CourtoisieError, code: str) -> str:
    """An outage names the host it cannot reach: that is for operators' logs, not for whoever asks."""
    return _("Réessayez dans quelques secondes.") if code == "unavailable" else str(error)


def _headers(error: errors.CourtoisieError, code: str) -> dict[str, str]:
    if isinstance(error, errors.TooManyTries):
        return {"Retry-After": str(error.wait_s)}
    return {"not_signed_in": {"WWW-Authenticate": "Bearer"}, "unavailable": {"Retry-After": "5"}}.get(code, {})


def _http(error: HTTPException) -> Response:
    code = _OF_STATUS.get(error.status_code, "invalid")
    detail = {
        "no_such_route": _("Rien ne se trouve à cette adresse ; voyez /api/v1/openapi.json."),
        "wrong_method": _("Cette adresse ne connaît pas cette méthode ; voyez /api/v1/openapi.json."),
        "too_large": _("64 ko au plus, 32 Mo pour une liste."),
    }.get(code, _("La demande n'a pas la forme prévue."))
    return answer(code, detail, headers=error.headers)


def _wrong(error: Mapping[str, Any]) -> Wrong:
    where = ".".join(str(part) for part in error["loc"])
    return Wrong(where=where[:200], what=_SAID.get(str(error["type"]), _("n'a pas une valeur possible")))
