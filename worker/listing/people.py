"""Who a row speaks of: names, civility, role; and who is no tenant at all."""

import unicodedata

from worker.domain.folding import fold
from worker.domain.listings import ProblemCode, Role
from worker.listing import rules as words
from worker.listing.rules import Rules

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "´": "'", "`": "'", "ʼ": "'", "\xa0": " ", "\u200b": None})
_PERSONS = frozenset({"M.", "Mme", "Mlle", words.COUPLE})
COUPLE = "M. et Mme"


def name(cell: str) -> str:
    """A name as written, in one Unicode form, with one kind of apostrophe and single spaces."""
    return " ".join(unicodedata.normalize("NFC", cell).translate(_APOSTROPHES).split())


def civility(cell: str, rules: Rules) -> str:
    """ "M.", "Mme", "Mlle", "couple", "company", or "" for none or unknown."""
    return rules.civility_of.get(fold(cell), "")


def no_tenant(*, last_name: str, first_name: str, title: str, rules: Rules) -> ProblemCode | None:
    """Why a named row is no person: a vacant home, an estate, a company; None for a person."""
    folded = fold(last_name)
    if not first_name and folded in rules.people.vacant:
        return ProblemCode.VACANT
    if title == words.COMPANY or _begins(folded, rules.people.estates):
        return ProblemCode.COMPANY
    if first_name or title in _PERSONS:
        return None
    return ProblemCode.COMPANY if _contains(folded, rules.people.companies) else None


def role(cell: str, rules: Rules) -> tuple[Role, ProblemCode | None]:
    """The role in the lease, the holder's when nothing is said; GUARANTOR is a reason to leave the row out."""
    folded = fold(cell)
    if not folded:
        return Role.HOLDER, None
    found = rules.role_of.get(folded)
    if found is None:
        return Role.OCCUPANT, ProblemCode.ROLE_UNKNOWN
    return (Role.OCCUPANT, ProblemCode.GUARANTOR) if found == words.GUARANTOR else (Role(found), None)


def is_home(typology: str, rules: Rules) -> bool:
    """False for a garage or a shop; "T3 avec garage" is a home."""
    return not _begins(fold(typology), rules.dwellings.not_homes)


def _begins(folded: str, beginnings: tuple[str, ...]) -> bool:
    return f"{folded} ".startswith(beginnings)


def _contains(folded: str, listed: tuple[str, ...]) -> bool:
    return any(f" {word} " in f" {folded} " for word in listed)
