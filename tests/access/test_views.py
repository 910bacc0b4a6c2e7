import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from opssight.access.models import ApiToken, CustomRole, Invitation, StaffAccess
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Role
from tests.conftest import ClientFor
from tests.factories import (
    AssetFactory,
    CustomRoleFactory,
    DeviceFactory,
    MembershipFactory,
    SiteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PASSWORD = "nine small owls read maps"
FOR_MANAGERS = ["members/", "invitations/", "roles/new/"]
FOR_INTEGRATORS = ["devices/", "devices/new/"]


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize("path", [*FOR_MANAGERS, *FOR_INTEGRATORS, "act-as/"])
def test_pages_are_closed_to_who_may_not(
    path: str, technician: Membership, client_for: ClientFor
) -> None:
    assert client_for(technician).get(f"/access/{path}").status_code == 403
    assert Client().get(f"/access/{path}")["Location"].startswith("/login/")


@pytest.mark.parametrize("path", [*FOR_MANAGERS, *FOR_INTEGRATORS, "roles/", "tokens/"])
def test_pages_open_for_an_admin(path: str, admin: Membership, client_for: ClientFor) -> None:
    assert client_for(admin).get(f"/access/{path}").status_code == 200


def test_a_member_gets_a_role_on_a_site(
    admin: Membership, technician: Membership, client_for: ClientFor
) -> None:
    site: Any = SiteFactory.create(organization=admin.organization)
    client, path = client_for(admin), f"/access/members/{technician.pk}/"
    assert technician.user.username in text(client.get("/access/members/"))
    nothing = client.post(path, {"role": "planner", "coverage": "part"})
    assert nothing.status_code == 422
    assert "Choose at least one" in text(nothing)
    body = {"role": "planner", "coverage": "part", "sites": [site.pk]}
    assert client.post(path, body).status_code == 302
    technician.refresh_from_db()
    assert (technician.role, technician.coverage) == (Role.PLANNER, "part")
    assert site.name in text(client.get("/access/members/"))
    assert client.post(f"{path}take-out/").status_code == 302
    assert not Membership.objects.filter(pk=technician.pk).exists()


def test_the_last_manager_is_told_why_they_stay(admin: Membership, client_for: ClientFor) -> None:
    client = client_for(admin)
    answer = client.post(f"/access/members/{admin.pk}/take-out/", follow=True)
    assert "Somebody must be left" in text(answer)
    less = client.post(f"/access/members/{admin.pk}/", {"role": "viewer", "coverage": "whole"})
    assert "Somebody must be left" in text(less)
    assert less.status_code == 422


def test_members_of_others_do_not_exist(
    admin: Membership, stranger: Membership, client_for: ClientFor
) -> None:
    client = client_for(stranger)
    assert client.get(f"/access/members/{admin.pk}/").status_code == 404
    assert client.post(f"/access/members/{admin.pk}/take-out/").status_code == 404


def test_roles_of_ones_own_stand_in_the_matrix(
    admin: Membership, viewer: Membership, client_for: ClientFor
) -> None:
    client = client_for(admin)
    body = {"name": "Foreman", "permissions": ["view", "anomaly.review"]}
    assert client.post("/access/roles/new/", body).status_code == 302
    role = CustomRole.objects.get()
    assert "Foreman" in text(client_for(viewer).get("/access/roles/"))
    assert client_for(viewer).get(f"/access/roles/{role.pk}/").status_code == 403
    changed = {**body, "name": "Chief"}
    assert client.post(f"/access/roles/{role.pk}/", changed).status_code == 302
    MembershipFactory.create(organization=admin.organization, role="", custom_role=role)
    kept = client.post(f"/access/roles/{role.pk}/delete/", follow=True)
    assert "Give them another role first" in text(kept)
    assert "1 member has this role" in text(kept)


def test_a_tokens_secret_is_shown_once(technician: Membership, client_for: ClientFor) -> None:
    client = client_for(technician)
    body = {"name": "Report", "organization": technician.organization_id, "lifetime": "30"}
    made = client.post("/access/tokens/", body)
    [secret] = set(re.findall(r"ops_[\w-]{40,}", text(made)))
    assert made["Cache-Control"] == "no-store"
    again = text(client.get("/access/tokens/"))
    assert "Report" in again
    assert secret not in again
    token = ApiToken.objects.get()
    assert token.expires_at
    assert token.expires_at - timezone.now() < dt.timedelta(days=30)
    assert client.post(f"/access/tokens/{token.pk}/revoke/").status_code == 302
    token.refresh_from_db()
    assert token.revoked_at


def test_nobody_revokes_the_token_of_another(
    admin: Membership, technician: Membership, client_for: ClientFor
) -> None:
    device: Any = DeviceFactory.create(organization=admin.organization)
    client = client_for(technician)
    assert client.post(f"/access/tokens/{device.pk}/revoke/").status_code == 404
    assert client.post(f"/access/devices/{device.pk}/revoke/").status_code == 404


def test_a_device_is_made_changed_rotated_and_revoked(
    planner: Membership, client_for: ClientFor
) -> None:
    asset: Any = AssetFactory.create(organization=planner.organization)
    client = client_for(planner)
    body = {"name": "Gateway", "coverage": "part", "assets": [asset.pk]}
    made = client.post("/access/devices/new/", body)
    [first] = set(re.findall(r"ops_[\w-]{40,}", text(made)))
    device = ApiToken.objects.get()
    path = f"/access/devices/{device.pk}/"
    assert asset.tag in text(client.get("/access/devices/"))
    assert client.get(path).status_code == 200
    whole = {"name": "Gateway 2", "coverage": "whole"}
    assert client.post(path, whole).status_code == 302
    [second] = set(re.findall(r"ops_[\w-]{40,}", text(client.post(f"{path}rotate/"))))
    assert first != second
    assert client.post(f"{path}revoke/").status_code == 302
    assert "Revoked" in text(client.get("/access/devices/"))
    assert client.get(path).status_code == 404


class TestInvitations:
    def link(self, client: Client, **values: Any) -> str:
        body = {"email": "guest@example.com", "role": "technician", "coverage": "whole", **values}
        answer = client.post("/access/invitations/", body)
        assert answer.status_code == 200, text(answer)
        return str(re.findall(r"/access/invitations/accept/\?token=[\w-]+", text(answer))[0])

    def test_a_guest_sets_up_an_account_and_is_signed_in(
        self, admin: Membership, client_for: ClientFor
    ) -> None:
        link = self.link(client_for(admin))
        assert link in mail.outbox[0].body
        guest = Client()
        assert guest.get(link)["Location"] == "/access/invitations/accept/"
        page = guest.get("/access/invitations/accept/")
        assert admin.organization.name in text(page)
        account = {"username": "maria", "first_name": "Maria", "last_name": "Cruz"}
        weak = guest.post("/access/invitations/accept/", {**account, "password": "12345678"})
        assert weak.status_code == 422
        joined = guest.post("/access/invitations/accept/", {**account, "password": PASSWORD})
        assert joined["Location"] == "/"
        assert guest.get("/").status_code == 200
        assert Membership.objects.get(user__username="maria").role == Role.TECHNICIAN
        late = Client()
        late.get(link)
        assert late.get("/access/invitations/accept/").status_code == 410

    def test_who_has_an_account_joins_with_it(
        self, admin: Membership, stranger: Membership, client_for: ClientFor
    ) -> None:
        link = self.link(client_for(admin))
        client = client_for(stranger)
        client.get(link)
        assert client.post("/access/invitations/accept/").status_code == 302
        assert Membership.objects.filter(user=stranger.user).count() == 2
        again = self.link(client_for(admin))
        client.get(again)
        twice = client.post("/access/invitations/accept/")
        assert twice.status_code == 422
        assert "member of this organization already" in text(twice)

    def test_a_revoked_or_made_up_link_leads_nowhere(
        self, admin: Membership, client_for: ClientFor
    ) -> None:
        client = client_for(admin)
        link = self.link(client)
        pk = Invitation.objects.get().pk
        assert client.post(f"/access/invitations/{pk}/revoke/").status_code == 302
        for path in (link, "/access/invitations/accept/?token=ops_x", "/"):
            guest = Client()
            guest.get(path)
            answer = guest.get("/access/invitations/accept/")
            assert answer.status_code == 410
            assert admin.organization.name not in text(answer)

    def test_a_custom_role_is_offered_only_as_far_as_one_holds_it(
        self, admin: Membership, client_for: ClientFor
    ) -> None:
        weak: Any = CustomRoleFactory.create(
            organization=admin.organization, permissions=["view", "member.edit"]
        )
        manager = MembershipFactory.create(
            organization=admin.organization, role="", custom_role=weak
        )
        page = text(client_for(manager).get("/access/invitations/"))
        assert 'value="admin"' not in page
        assert f'value="custom-{weak.pk}"' in page
        refused = client_for(manager).post(
            "/access/invitations/", {"email": "a@b.example", "role": "admin", "coverage": "whole"}
        )
        assert refused.status_code == 422


class TestActingAsStaff:
    @pytest.fixture
    def staff(self) -> Client:
        client = Client()
        client.force_login(UserFactory.create(is_superuser=True))
        return client

    def test_staff_see_nothing_until_they_act_and_then_one_organization(
        self, staff: Client, admin: Membership, stranger: Membership
    ) -> None:
        mine: Any = AssetFactory.create(organization=admin.organization, name="Boiler feed")
        other: Any = AssetFactory.create(organization=stranger.organization, name="Ore mill")
        assert mine.name not in text(staff.get("/assets/"))
        assert staff.get("/api/assets/").status_code == 403
        started = self.start(staff, admin.organization_id)
        assert started.status_code == 302

        page = text(staff.get("/assets/"))
        assert "as platform staff" in page
        assert "Ticket 7" in page
        assert mine.name in page
        assert other.name not in page
        assert staff.get(f"/assets/{other.pk}/").status_code == 404
        assert staff.get("/api/me/").json()["acts_as_staff"]
        assert "as platform staff" in text(staff.get("/admin/assets/asset/"))
        assert staff.post("/access/act-as/stop/").status_code == 302
        assert mine.name not in text(staff.get("/assets/"))
        access = StaffAccess.objects.get()
        assert access.ended_at
        assert access.reason == "Ticket 7"

    def test_it_ends_after_an_hour(self, staff: Client, admin: Membership) -> None:
        asset: Any = AssetFactory.create(organization=admin.organization)
        self.start(staff, admin.organization_id)
        with time_machine.travel(timezone.now() + dt.timedelta(minutes=61)):
            page = text(staff.get("/assets/"))
        assert asset.name not in page
        assert "as platform staff" not in page

    def test_a_reason_is_required(self, staff: Client, admin: Membership) -> None:
        body = {"organization": admin.organization_id, "reason": " "}
        assert staff.post("/access/act-as/", body).status_code == 422
        assert not StaffAccess.objects.exists()

    def test_the_right_ends_with_the_right_to_run_the_installation(
        self, staff: Client, admin: Membership
    ) -> None:
        asset: Any = AssetFactory.create(organization=admin.organization)
        self.start(staff, admin.organization_id)
        User.objects.filter(is_superuser=True).update(is_superuser=False)
        assert asset.name not in text(staff.get("/assets/"))

    def start(self, client: Client, organization: int) -> Any:
        body = {"organization": organization, "reason": "Ticket 7"}
        return client.post("/access/act-as/", body)
