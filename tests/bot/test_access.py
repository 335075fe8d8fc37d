"""Rights come with roles, and with nothing else."""

from dataclasses import replace

import pytest

from bot.access import Lacking, Right, may, require
from bot.errors import NotAllowed
from bot.ids import PersonId, WorkspaceId
from bot.people import Person, Role

ANA = Person(id=PersonId("ana"), workspace=WorkspaceId("w"), address="ana", name="Ana")


OVER_CONTENT = [right for right in Right if right not in {Right.AUDIT, Right.APPROVE_CAMPAIGN}]


@pytest.mark.parametrize("role", list(Role))
def test_only_an_auditor_sees_who_has_passed_what(role: Role) -> None:
    assert may(replace(ANA, roles=frozenset({role})), Right.AUDIT) is (role is Role.AUDITOR)


@pytest.mark.parametrize("role", list(Role))
def test_who_approves_campaigns_does_nothing_else_with_them(role: Role) -> None:
    somebody = replace(ANA, roles=frozenset({role}))
    approves = role in {Role.APPROVER, Role.COMMUNITY_MANAGER}
    assert may(somebody, Right.APPROVE_CAMPAIGN) is approves
    assert may(somebody, Right.RUN_CAMPAIGN) is (role is Role.COMMUNITY_MANAGER)


@pytest.mark.parametrize("right", OVER_CONTENT)
@pytest.mark.parametrize("role", list(Role))
def test_only_a_community_manager_has_rights_over_content(role: Role, right: Right) -> None:
    assert may(replace(ANA, roles=frozenset({role})), right) is (role is Role.COMMUNITY_MANAGER)


@pytest.mark.parametrize("right", list(Right))
def test_without_a_role_there_is_no_right(right: Right) -> None:
    assert not may(ANA, right)
    with pytest.raises(NotAllowed, match="You may not do this") as refused:
        require(ANA, right)
    assert isinstance(refused.value, Lacking)
    assert refused.value.right is right


@pytest.mark.parametrize("right", list(Right))
def test_rights_end_when_somebody_leaves(right: Right) -> None:
    left = replace(ANA, roles=frozenset(Role), active=False)
    assert not may(left, right)
