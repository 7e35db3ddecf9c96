"""Partners that a need is handed to: which kinds there are, what each may help with, and which serve a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.domain.folding import fold


class PartnerKind(StrEnum):
    """What a partner is."""

    CCAS = "ccas"
    MDS = "mds"
    MAIRIE = "mairie"
    HOME_CARE = "home_care"
    REPAIRS = "repairs"
    ASSOCIATION = "association"
    DOCTOR_SELF = "doctor_self"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a household lives, as its listing has it."""

    insee_code: str | None = None
    postcode: str = ""
    commune: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """Somebody we hand needs to. insee_codes, postcodes, communes: where it works; without any of them, everywhere.

    email_ok: it has agreed to get referrals by e-mail. hours, out_of_hours: in its own words.
    """

    id: int
    kind: PartnerKind
    name: str
    phone: str = ""
    email: str = ""
    email_ok: bool = False
    hours: str = ""
    out_of_hours: str = ""
    insee_codes: tuple[str, ...] = ()
    postcodes: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    is_closed: bool = False

    @property
    def takes_email(self) -> bool:
        return bool(self.email and self.email_ok)

    @property
    def works_everywhere(self) -> bool:
        return not (self.insee_codes or self.postcodes or self.communes)


def serves(partner: Partner, place: Place) -> bool:
    """Whether the partner works where the household lives. A commune is compared as people write it."""
    if partner.works_everywhere:
        return True
    return (
        (place.insee_code or "") in partner.insee_codes
        or place.postcode in partner.postcodes
        or (bool(place.commune) and fold(place.commune) in {fold(name) for name in partner.communes})
    )


def suggested(partners: Iterable[Partner], place: Place, kinds: Sequence[PartnerKind]) -> list[Partner]:
    """Those who serve the place, of the kinds that help first, in that order; a near one before one from everywhere."""
    rank = {kind: position for position, kind in enumerate(kinds)}
    there = [p for p in partners if not p.is_closed and serves(p, place)]
    return sorted(there, key=lambda p: (rank.get(p.kind, len(rank)), p.works_everywhere, fold(p.name), p.id))
