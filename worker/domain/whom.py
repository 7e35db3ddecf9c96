"""Which tenant of a household a caller means: by its place in the list, or by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.errors import Refused
from worker.domain.folding import fold
from worker.i18n import _


@dataclass(frozen=True, slots=True)
class Tenant:
    """Somebody who lives in the household now."""

    id: int
    civility: str
    last_name: str
    first_name: str

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.civility, self.last_name, self.first_name) if part)


def choose(tenants: Sequence[Tenant], said: str) -> Tenant:
    """The tenant meant by "2" or by words of the name. Raises Refused when it is none of them, or could be several."""
    found = _by_place(tenants, said) if said.strip().isdecimal() else _by_name(tenants, said)
    if len(found) != 1:
        raise Refused(_("« {said} » ne désigne pas un seul locataire. ").format(said=said) + _offer(tenants))
    return found[0]


def only(tenants: Sequence[Tenant]) -> Tenant:
    """The one tenant of a household. Raises Refused, with the list to choose from, when there are several."""
    if len(tenants) != 1:
        raise Refused(_("De qui s'agit-il ? ") + _offer(tenants))
    return tenants[0]


def _by_place(tenants: Sequence[Tenant], said: str) -> list[Tenant]:
    place = int(said)
    return [tenants[place - 1]] if 0 < place <= len(tenants) else []


def _by_name(tenants: Sequence[Tenant], said: str) -> list[Tenant]:
    words = set(fold(said).split())
    return [t for t in tenants if words and words <= set(fold(t.name).split())]


def _offer(tenants: Sequence[Tenant]) -> str:
    listed = " ; ".join(f"{place}. {tenant.name}" for place, tenant in enumerate(tenants, 1))
    return _("Le foyer compte {n} locataires : {listed}. Précisez avec --tenant, par exemple --tenant 1.").format(
        n=len(tenants), listed=listed
    )
