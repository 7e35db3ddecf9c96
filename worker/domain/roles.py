"""Who may do what: three roles, the rights each has, and the agencies a person works for."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is here for."""

    CALLER = "caller"
    OPERATOR = "operator"
    ADMIN = "admin"


class Right(StrEnum):
    """One thing that a page or a route lets a person do."""

    SEE_CAMPAIGNS = "see_campaigns"
    PREVIEW = "preview"
    LAUNCH = "launch"
    SEE_EVENTS = "see_events"
    STEER = "steer"
    SEE_TASKS = "see_tasks"
    RING = "ring"
    SEE_HOUSEHOLDS = "see_households"
    REFER = "refer"
    KEEP_PARTNERS = "keep_partners"
    LIFT_REFUSALS = "lift_refusals"
    IMPORT = "import"
    FILE_MESSAGES = "file_messages"
    MANAGE_USERS = "manage_users"
    SEE_AUDIT = "see_audit"


_CALLER = frozenset({Right.SEE_TASKS, Right.RING, Right.SEE_HOUSEHOLDS, Right.REFER})
_ADMIN_ONLY = frozenset({Right.MANAGE_USERS, Right.SEE_AUDIT})

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {Role.CALLER: _CALLER, Role.OPERATOR: frozenset(Right) - _ADMIN_ONLY, Role.ADMIN: frozenset(Right)}
)

# These reach households of every agency, so they need a person who works for all.
WHOLE_LANDLORD = frozenset(
    {Right.LAUNCH, Right.STEER, Right.IMPORT, Right.KEEP_PARTNERS, Right.MANAGE_USERS, Right.SEE_AUDIT}
)

# From less to more: a token may have less than its owner, never more.
ORDER = (Role.CALLER, Role.OPERATOR, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody signed in. agencies: the codes of those they work for; none: all.

    via: how they came in: "session 12", "token 3". name: as they say it on the telephone.
    """

    account_id: int
    login: str
    role: Role
    agencies: tuple[str, ...] = ()
    via: str = ""
    name: str = ""

    @property
    def called(self) -> str:
        """What to call them: their name, else a login written as one."""
        return self.name or self.login.replace(".", " ").title()

    @property
    def scope(self) -> tuple[str, ...] | None:
        """The agencies for a query; None: all."""
        return self.agencies or None

    def may(self, right: Right) -> bool:
        """Whether the role has the right, and the scope is wide enough for it."""
        return right in RIGHTS[self.role] and (not self.agencies or right not in WHOLE_LANDLORD)

    def sees(self, agency: str) -> bool:
        """Whether what belongs to this agency is theirs to see."""
        return not self.agencies or agency in self.agencies


def at_most(wanted: Role, owner: Role) -> bool:
    """Whether `wanted` is no more than `owner`."""
    return ORDER.index(wanted) <= ORDER.index(owner)
