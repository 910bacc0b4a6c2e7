"""Many writes at once by those who manage access: no way around what a single call refuses."""

from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from opssight.access.models import ApiToken, CustomRole, Invitation
from opssight.access.services import tokens
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Permission, Role
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    CustomRoleFactory,
    DeviceFactory,
    InvitationFactory,
    MembershipFactory,
)

pytestmark = pytest.mark.django_db
VIEW = Permission.VIEW.value


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def many(api: APIClient, what: str, *operations: dict[str, Any], atomic: bool = False) -> Any:
    body = {"operations": list(operations), "atomic": atomic}
    return api.post(f"/api/access/{what}/bulk/", body)


def statuses(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [item["status"] for item in answer.data["results"]]


def delete(pk: int) -> dict[str, Any]:
    return {"op": "delete", "id": pk}


def update(pk: int, **data: Any) -> dict[str, Any]:
    return {"op": "update", "id": pk, "data": data}


def test_roles_are_made_changed_and_deleted(admin: Membership, api_for: ApiFor) -> None:
    kept: Any = CustomRoleFactory.create(organization=admin.organization)
    gone: Any = CustomRoleFactory.create(organization=admin.organization)
    new = {"name": "Auditor", "permissions": [VIEW]}

    answer = many(
        api_for(admin),
        "roles",
        {"op": "create", "data": new},
        update(kept.pk, name="Renamed"),
        delete(gone.pk),
        {"op": "create", "data": new},
    )

    assert statuses(answer) == [201, 200, 204, 400]
    assert answer.data["results"][3]["problem"]["errors"][0]["pointer"] == "/name"
    assert set(CustomRole.objects.values_list("name", flat=True)) == {"Auditor", "Renamed"}


def test_members_are_changed_and_taken_out_and_come_by_invitation_only(
    admin: Membership, viewer: Membership, technician: Membership, api_for: ApiFor
) -> None:
    answer = many(
        api_for(admin),
        "members",
        update(viewer.pk, role=Role.PLANNER),
        delete(technician.pk),
        {"op": "create", "data": {"user": viewer.user_id, "role": Role.ADMIN}},
    )

    assert statuses(answer) == [200, 204, 405]
    assert answer.data["results"][0]["data"]["role"] == Role.PLANNER
    assert not Membership.objects.filter(pk=technician.pk).exists()


def test_nobody_gives_more_than_they_hold(
    admin: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    staffing: Any = CustomRoleFactory.create(
        organization=admin.organization, permissions=[VIEW, Permission.MEMBER_EDIT.value]
    )
    clerk: Any = MembershipFactory.create(
        organization=admin.organization, role="", custom_role=staffing
    )
    api = api_for(clerk)

    people = many(
        api,
        "members",
        update(viewer.pk, role=Role.ADMIN),
        update(clerk.pk, role=Role.ADMIN),
        delete(admin.pk),
    )
    grown = [VIEW, Permission.MEMBER_EDIT.value, Permission.AUDIT_VIEW.value]
    roles = many(
        api,
        "roles",
        update(staffing.pk, permissions=grown),
        {"op": "create", "data": {"name": "Back door", "permissions": grown}},
    )

    assert statuses(people) == [400, 400, 403]
    assert statuses(roles) == [400, 400]
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER
    assert Membership.objects.filter(pk=admin.pk).exists()


def test_who_gives_up_a_permission_does_not_have_it_for_the_next_operation(
    admin: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    MembershipFactory.create(organization=admin.organization, role=Role.ADMIN)

    answer = many(
        api_for(admin),
        "members",
        update(admin.pk, role=Role.VIEWER),
        update(viewer.pk, role=Role.ADMIN),
    )

    assert statuses(answer) == [200, 403]
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


def test_somebody_is_left_who_manages_the_members(
    admin: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    second: Any = MembershipFactory.create(organization=admin.organization, role=Role.ADMIN)
    operations = [update(viewer.pk, role=Role.TECHNICIAN), delete(second.pk), delete(admin.pk)]

    answer = many(api_for(admin), "members", *operations, atomic=True)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.data["errors"]] == ["/operations/2/data"]
    assert Membership.objects.filter(organization=admin.organization, role=Role.ADMIN).count() == 2
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


@pytest.mark.parametrize("what", ["members", "roles", "invitations"])
def test_who_manages_nobody_changes_nothing(
    what: str, planner: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    answer = many(api_for(planner), what, delete(viewer.pk))

    assert answer.status_code == 403


def test_rows_of_another_organization_do_not_exist(
    admin: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    api = api_for(admin)
    foreign: dict[str, Any] = {
        "members": stranger,
        "roles": CustomRoleFactory.create(organization=stranger.organization),
        "invitations": InvitationFactory.create(organization=stranger.organization),
        "devices": DeviceFactory.create(organization=stranger.organization),
    }

    for what, row in foreign.items():
        assert statuses(many(api, what, delete(row.pk))) == [404], what


def test_invitations_are_revoked_but_not_made_in_bulk(admin: Membership, api_for: ApiFor) -> None:
    rows: Any = InvitationFactory.create_batch(2, organization=admin.organization)
    operations = [delete(row.pk) for row in rows]
    new = {"op": "create", "data": {"email": "new@plant.test", "role": Role.VIEWER}}

    answer = many(api_for(admin), "invitations", *operations, delete(rows[0].pk), new)

    assert statuses(answer) == [204, 204, 404, 405]
    assert "shown once" in answer.data["results"][3]["problem"]["detail"]
    assert Invitation.objects.exclude(revoked_at=None).count() == Invitation.objects.count() == 2


def test_own_tokens_are_revoked_at_once_and_those_of_others_do_not_exist(
    planner: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    def token(member: Membership) -> ApiToken:
        return tokens.create_token(
            user=User.objects.get(pk=member.user_id),
            organization_id=member.organization_id,
            name="Report",
            permissions=None,
            expires_at=None,
            at=NOON,
        )[0]

    own, theirs = token(planner), token(viewer)
    new = {"op": "create", "data": {"name": "Another"}}

    answer = many(api_for(planner), "tokens", delete(own.pk), delete(theirs.pk), new)

    assert statuses(answer) == [204, 404, 405]
    assert list(ApiToken.objects.filter(revoked_at=None)) == [theirs]


def test_devices_are_renamed_and_revoked(planner: Membership, api_for: ApiFor) -> None:
    kept, gone = DeviceFactory.create_batch(2, organization=planner.organization)

    answer = many(
        api_for(planner),
        "devices",
        update(kept.pk, name="Gateway 2"),
        delete(gone.pk),
        update(gone.pk, name="Back"),
        {"op": "create", "data": {"name": "Gateway 3"}},
    )

    assert statuses(answer) == [200, 204, 404, 405]
    assert "secret" not in str(answer.data["results"][0])
    assert list(ApiToken.objects.filter(revoked_at=None).values_list("name", flat=True)) == [
        "Gateway 2"
    ]
