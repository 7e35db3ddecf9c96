"""Each role's rights, line by line."""

import pytest

from worker.domain import roles
from worker.domain.roles import Person, Right, Role

MAY: dict[Right, set[Role]] = {
    Right.SEE_CAMPAIGNS: {Role.OPERATOR, Role.ADMIN},
    Right.PREVIEW: {Role.OPERATOR, Role.ADMIN},
    Right.LAUNCH: {Role.OPERATOR, Role.ADMIN},
    Right.SEE_EVENTS: {Role.OPERATOR, Role.ADMIN},
    Right.STEER: {Role.OPERATOR, Role.ADMIN},
    Right.SEE_TASKS: {Role.CALLER, Role.OPERATOR, Role.ADMIN},
    Right.RING: {Role.CALLER, Role.OPERATOR, Role.ADMIN},
    Right.SEE_HOUSEHOLDS: {Role.CALLER, Role.OPERATOR, Role.ADMIN},
    Right.REFER: {Role.CALLER, Role.OPERATOR, Role.ADMIN},
    Right.KEEP_PARTNERS: {Role.OPERATOR, Role.ADMIN},
    Right.LIFT_REFUSALS: {Role.OPERATOR, Role.ADMIN},
    Right.IMPORT: {Role.OPERATOR, Role.ADMIN},
    Right.FILE_MESSAGES: {Role.OPERATOR, Role.ADMIN},
    Right.MANAGE_USERS: {Role.ADMIN},
    Right.SEE_AUDIT: {Role.ADMIN},
}
WHOLE = {Right.LAUNCH, Right.STEER, Right.IMPORT, Right.KEEP_PARTNERS, Right.MANAGE_USERS, Right.SEE_AUDIT}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_a_role_has_its_rights_and_no_other(role: Role, right: Right) -> None:
    assert Person(1, "odile", role).may(right) == (role in MAY[right])


@pytest.mark.parametrize("right", Right)
def test_who_works_for_some_agencies_does_nothing_that_reaches_all(right: Right) -> None:
    assert Person(1, "odile", Role.OPERATOR, ("02",)).may(right) == (Role.OPERATOR in MAY[right] and right not in WHOLE)


def test_a_scope_is_some_agencies_or_all() -> None:
    everywhere, somewhere = Person(1, "odile", Role.CALLER), Person(1, "odile", Role.CALLER, ("02", "03"))

    assert (everywhere.scope, everywhere.sees("01")) == (None, True)
    assert (somewhere.scope, somewhere.sees("01"), somewhere.sees("03")) == (("02", "03"), False, True)


@pytest.mark.parametrize("owner", Role)
@pytest.mark.parametrize("wanted", Role)
def test_a_token_has_at_most_its_owners_role(wanted: Role, owner: Role) -> None:
    lesser = {Role.CALLER: {Role.CALLER}, Role.OPERATOR: {Role.CALLER, Role.OPERATOR}, Role.ADMIN: set(Role)}

    assert roles.at_most(wanted, owner) == (wanted in lesser[owner])
