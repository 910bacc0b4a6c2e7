from typing import Any

import pytest
from django.test import Client

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Role
from tests.conftest import ClientFor
from tests.factories import (
    CustomRoleFactory,
    DeviceFactory,
    InvitationFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

USERS = "/admin/accounts/user/"
PASSWORD = "correct horse battery staple"


@pytest.fixture
def client(admin: Membership, client_for: ClientFor) -> Client:
    return client_for(admin)


def roles(*rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    values = {
        f"memberships-{number}-{name}": value
        for number, row in enumerate(rows)
        for name, value in row.items()
    }
    return {
        "memberships-TOTAL_FORMS": len(rows),
        "memberships-INITIAL_FORMS": initial,
        **values,
    }


def kept(member: Membership, **values: Any) -> dict[str, Any]:
    return {
        "id": member.pk,
        "user": member.user_id,
        "organization": member.organization_id,
        "role": member.role,
        **values,
    }


def person(user: User, **values: Any) -> dict[str, Any]:
    return {"username": user.username, "is_active": "on", **values}


def new(**values: Any) -> dict[str, Any]:
    password = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    return {"username": "maria", **password, **values}


def test_a_new_person_gets_a_role_in_the_own_organization(
    client: Client, admin: Membership
) -> None:
    row = {"organization": admin.organization_id, "role": "technician"}
    assert client.post(f"{USERS}add/", new(**roles(row))).status_code == 302

    member = Membership.objects.get(user__username="maria")
    assert (member.organization, member.role) == (admin.organization, Role.TECHNICIAN)
    assert Client().login(username="maria", password=PASSWORD)


def test_nobody_is_made_without_a_role(client: Client) -> None:
    assert client.post(f"{USERS}add/", new(**roles())).status_code == 200
    assert not User.objects.filter(username="maria").exists()


def test_no_role_can_be_given_in_another_organization(
    client: Client, technician: Membership
) -> None:
    other = OrganizationFactory.create()
    granted = roles(kept(technician), {"organization": other.pk, "role": "admin"}, initial=1)
    moved = roles(kept(technician, organization=other.pk), initial=1)
    for rights in (granted, moved):
        path = f"{USERS}{technician.user_id}/change/"
        assert client.post(path, {**person(technician.user), **rights}).status_code == 200

    assert technician.user.memberships.get() == technician


def test_no_form_makes_a_superuser_or_staff(client: Client, technician: Membership) -> None:
    values = person(technician.user, is_superuser="on", is_staff="on")
    path = f"{USERS}{technician.user_id}/change/"
    answer = client.post(path, {**values, **roles(kept(technician, role="planner"), initial=1)})

    assert answer.status_code == 302
    technician.refresh_from_db()
    user = User.objects.get(pk=technician.user_id)
    assert technician.role == Role.PLANNER
    assert not user.is_superuser
    assert not user.is_staff
    assert user.enters_admin


@pytest.mark.parametrize("page", ["change/", "password/", "history/"])
@pytest.mark.parametrize("who", ["also elsewhere", "only elsewhere", "runs the installation"])
def test_other_peoples_people_are_out_of_reach(
    page: str, who: str, client: Client, admin: Membership
) -> None:
    if who == "also elsewhere":
        user = MembershipFactory.create(organization=admin.organization).user
        MembershipFactory.create(user=user)
    elif who == "only elsewhere":
        user = MembershipFactory.create().user
    else:
        user = MembershipFactory.create(
            organization=admin.organization, user__is_superuser=True
        ).user
    hacked = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}

    assert client.get(f"{USERS}{user.pk}/{page}").status_code in (302, 403, 404)
    assert client.post(f"{USERS}{user.pk}/{page}", hacked).status_code in (302, 403, 404)
    assert User.objects.get(pk=user.pk).password == user.password
    assert user not in client.get(USERS).context["cl"].result_list


def test_an_admin_cannot_shut_themselves_out(client: Client, admin: Membership) -> None:
    path = f"{USERS}{admin.user_id}/change/"
    less = {**person(admin.user), **roles(kept(admin, role="viewer"), initial=1)}
    refused = client.post(path, less)
    assert "Somebody must be left who manages the members" in refused.content.decode()

    off = {"username": admin.user.username, **roles(kept(admin), initial=1)}
    assert "cannot switch off your own account" in client.post(path, off).content.decode()
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN
    assert User.objects.get(pk=admin.user_id).is_active


def test_the_last_role_of_a_person_stays_and_the_account_is_switched_off(
    client: Client, technician: Membership
) -> None:
    path = f"{USERS}{technician.user_id}/change/"
    gone = roles(kept(technician, DELETE="on"), initial=1)
    assert client.post(path, {**person(technician.user), **gone}).status_code == 200
    assert client.post(f"{USERS}{technician.user_id}/delete/").status_code == 403

    off = {"username": technician.user.username, **roles(kept(technician), initial=1)}
    assert client.post(path, off).status_code == 302
    assert not User.objects.get(pk=technician.user_id).is_active


WORKS = {
    "name": "Works",
    "slug": "works",
    "timezone": "UTC",
    "currency": "EUR",
    "failure_codes_from": 4,
}


def test_an_organization_chooses_its_time_zone_from_a_list(
    client: Client, admin: Membership
) -> None:
    path = f"/admin/accounts/organization/{admin.organization_id}/change/"
    values = {**WORKS, "timezone": "Asia/Kolkata"}

    assert "Asia/Kolkata" in client.get(path).content.decode()
    assert client.post(path, values).status_code == 302
    assert Organization.objects.get().timezone == "Asia/Kolkata"
    assert client.post(path, {**values, "timezone": "Mars/Base"}).status_code == 200


def test_who_runs_the_installation_makes_organizations_and_is_their_first_admin() -> None:
    runner = UserFactory.create(is_superuser=True)
    client = Client()
    client.force_login(runner)

    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/accounts/organization/add/", WORKS).status_code == 302
    assert Membership.objects.get().role == Role.ADMIN
    assert client.get("/admin/assets/asset/").status_code == 200


def test_an_organizations_admin_makes_no_organization(client: Client) -> None:
    assert client.get("/admin/accounts/organization/add/").status_code == 403


def test_who_manages_members_gives_no_role_above_their_own(
    admin: Membership, viewer: Membership, client_for: ClientFor
) -> None:
    manager = _manager(admin)
    path = f"{USERS}{viewer.user_id}/change/"
    more = {**person(viewer.user), **roles(kept(viewer, role="admin"), initial=1)}
    answer = client_for(manager).post(path, more)

    assert "You can only give what you may do yourself" in answer.content.decode()
    viewer.refresh_from_db()
    assert viewer.role == Role.VIEWER


def test_who_manages_members_cannot_give_themselves_more(
    admin: Membership, client_for: ClientFor
) -> None:
    manager = _manager(admin)
    path = f"{USERS}{manager.user_id}/change/"
    more = kept(manager, role="admin", custom_role="")
    client_for(manager).post(path, {**person(manager.user), **roles(more, initial=1)})

    manager.refresh_from_db()
    assert manager.custom_role is not None


@pytest.mark.parametrize("page", ["change/", "password/"])
def test_who_manages_members_takes_over_no_account_above_their_own(
    page: str, admin: Membership, client_for: ClientFor
) -> None:
    manager = _manager(admin)
    before = User.objects.get(pk=admin.user_id)
    values = {
        **person(admin.user, email="mine@example.com"),
        **roles(kept(admin, role="viewer"), initial=1),
        "password1": PASSWORD,
        "password2": PASSWORD,
        "usable_password": "true",
    }
    answer = client_for(manager).post(f"{USERS}{admin.user_id}/{page}", values)

    after = User.objects.get(pk=admin.user_id)
    assert answer.status_code == 403
    assert (after.password, after.email) == (before.password, before.email)
    assert Membership.objects.get(pk=admin.pk).role == Role.ADMIN


def test_tokens_and_invitations_are_revoked_in_the_admin(client: Client, admin: Membership) -> None:
    device: Any = DeviceFactory.create(organization=admin.organization)
    invitation: Any = InvitationFactory.create(organization=admin.organization)
    for path, row in (("apitoken", device), ("invitation", invitation)):
        values = {"action": "revoke", "_selected_action": row.pk}
        assert client.post(f"/admin/access/{path}/", values).status_code == 302
        row.refresh_from_db()
        assert row.revoked_at
    assert not Membership.objects.filter(user=device.user).exists()


def _manager(admin: Membership) -> Membership:
    """Somebody who manages members and may enter the admin, and nothing else."""
    role = CustomRoleFactory.create(
        organization=admin.organization,
        permissions=["view", "member.edit", "admin.enter", "anomaly.review"],
    )
    return MembershipFactory.create(
        organization=admin.organization, role="", custom_role=role, user__username="manager"
    )
