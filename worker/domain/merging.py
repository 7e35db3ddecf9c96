"""What we hold, brought up to what a listing says. What it does not say is kept."""

from dataclasses import replace

from worker.domain.folding import fold, without_leading_zeros
from worker.domain.listings import ListedDwelling, ListedTenant, identity


def tenant(held: ListedTenant, listed: ListedTenant, *, dwelling: str) -> ListedTenant:
    """The person's facts after the listing, under the identity that goes with them."""
    birth = held.birth if listed.birth.on is None else listed.birth
    erp_id = _same_code(held.erp_id, listed.erp_id)
    return replace(
        listed,
        row=0,
        erp_id=erp_id,
        contract=listed.contract or held.contract,
        civility=listed.civility or held.civility,
        birth=birth,
        language=listed.language or held.language,
        email=listed.email or held.email,
        entered_on=listed.entered_on or held.entered_on,
        identity=identity(
            erp_id=erp_id,
            last_name=listed.last_name,
            first_name=listed.first_name,
            birth=birth,
            dwelling=dwelling,
        ),
    )


def _same_code(held: str | None, listed: str | None) -> str | None:
    """The code as we hold it when the two differ by lost zeros only."""
    if held is None or listed is None:
        return listed or held
    return held if without_leading_zeros(held) == without_leading_zeros(listed) else listed


def dwelling(held: ListedDwelling, listed: ListedDwelling) -> ListedDwelling:
    """The home after the listing. The agency's name and the senior mark live elsewhere and are left as held."""
    return replace(
        listed,
        agency_name=held.agency_name,
        senior=held.senior,
        residence=_same_name(held.residence, listed.residence),
        address=listed.address or held.address,
        address_extra=listed.address_extra or held.address_extra,
        postcode=listed.postcode or held.postcode,
        commune=listed.commune or held.commune,
        insee_code=listed.insee_code or held.insee_code,
        departement=listed.departement or held.departement,
        building=listed.building or held.building,
        staircase=listed.staircase or held.staircase,
        floor=listed.floor or held.floor,
        adapted=held.adapted if listed.adapted is None else listed.adapted,
    )


def _same_name(held: str | None, listed: str | None) -> str | None:
    if held is None or listed is None:
        return listed or held
    return held if fold(held) == fold(listed) else listed
