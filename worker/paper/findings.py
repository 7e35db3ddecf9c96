"""What is said of the rows of a tenants' list: for the terminal and for the console."""

from collections.abc import Mapping

from worker.domain.listings import ProblemCode, Weight
from worker.i18n import _

# What is said about a row. No sentence quotes the row.
SENTENCES: Mapping[ProblemCode, str] = {
    ProblemCode.NAME_MISSING: _("aucun nom"),
    ProblemCode.DWELLING_MISSING: _("ni numéro de logement ni numéro de locataire"),
    ProblemCode.COMPANY: _("société, association ou indivision"),
    ProblemCode.VACANT: _("logement vacant"),
    ProblemCode.LEFT: _("locataire déjà parti"),
    ProblemCode.GUARANTOR: _("garant"),
    ProblemCode.NOT_A_HOME: _("garage, commerce ou autre local"),
    ProblemCode.NO_TENANT: _("ligne sans locataire"),
    ProblemCode.DUPLICATE: _("même personne que dans une ligne précédente, réunies"),
    ProblemCode.BIRTH_MISSING: _("date de naissance inconnue"),
    ProblemCode.BIRTH_UNREADABLE: _("date de naissance illisible"),
    ProblemCode.BIRTH_IMPLAUSIBLE: _("date de naissance impossible (à venir, ou plus de 110 ans)"),
    ProblemCode.DATE_UNREADABLE: _("date illisible, laissée de côté"),
    ProblemCode.NO_PHONE: _("foyer sans aucun numéro utilisable"),
    ProblemCode.PHONE_LOST: _("numéro perdu par un tableur (6,12E+08)"),
    ProblemCode.PHONE_UNREADABLE: _("des chiffres qui ne forment pas un numéro"),
    ProblemCode.PHONE_INVALID: _("numéro qui n'existe pas"),
    ProblemCode.PHONE_REPEATED_DIGIT: _("numéro factice (un seul chiffre répété)"),
    ProblemCode.PHONE_SPECIAL: _("numéro spécial ou surtaxé"),
    ProblemCode.PHONE_FOREIGN: _("numéro étranger : aucun SMS n'y est envoyé"),
    ProblemCode.POSTCODE_UNREADABLE: _("code postal illisible"),
    ProblemCode.DEPARTEMENT_UNKNOWN: _("département inconnu : ni code INSEE ni code postal"),
    ProblemCode.AGENCY_MISSING: _("aucune agence : rangé sous « Agence non renseignée »"),
    ProblemCode.DWELLING_NAMED_BY_TENANT: _("logement sans numéro : désigné par le numéro du locataire"),
    ProblemCode.DWELLING_DISAGREES: _(
        "même logement, mais autre agence ou autre code postal qu'à une ligne précédente"
    ),
    ProblemCode.ROLE_UNKNOWN: _("rôle inconnu : pris pour un occupant"),
    ProblemCode.COUPLE_IN_ONE_ROW: _("deux personnes en une ligne : un seul âge connu"),
    ProblemCode.PHONE_SHARED: _("numéro commun à plus de deux foyers"),
    ProblemCode.PHONE_DIFFERS_FROM_CALLER: _("autre numéro que celui noté par un appelant : non repris"),
    ProblemCode.DECEASED_STILL_LISTED: _("noté décédé par un appelant, encore dans la liste"),
    ProblemCode.DEPARTED_STILL_LISTED: _("noté parti par un appelant, encore dans la liste"),
}

TITLES: Mapping[Weight, str] = {
    Weight.REJECTED: _("Lignes refusées, à corriger"),
    Weight.REVIEW: _("À décider par une personne"),
    Weight.LISTED: _("Retenues, avec un manque"),
    Weight.SKIPPED: _("Laissées de côté, comme prévu"),
}

NAMES: Mapping[str, str] = {"tenants": _("Locataires"), "households": _("Foyers"), "phones": _("Numéros")}
