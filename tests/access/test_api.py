import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient

from opssight.access.models import ApiToken, CustomRole, Invitation
from opssight.access.services import devices, members, tokens
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Permission, Role
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    CustomRoleFactory,
    DeviceFactory,
    MembershipFactory,
    SiteFactory,
    StaffAccessFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def bearer(secret: str, scheme: str = "Bearer") -> APIClient:
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"{scheme} {secret}")
    return api


def personal(member: Membership, *permissions: Permission) -> tuple[ApiToken, str]:
    return tokens.create_token(
        user=User.objects.get(pk=member.user_id),
        organization_id=member.organization_id,
        name="Report",
        permissions=permissions or None,
        expires_at=None,
        at=NOON,
    )


def device_of(planner: Membership, **coverage: Any) -> tuple[ApiToken, str]:
    return devices.create_device(
        organization_id=planner.organization_id,
        name="Gateway",
        coverage=members.Coverage(**coverage),
        expires_at=None,
        by=planner.user,
        at=NOON,
    )


class TestSigningIn:
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
    def test_a_personal_token_does_what_its_owner_may_at_most_its_permissions(
        self, scheme: str, planner: Membership
    ) -> None:
        _, secret = personal(planner, Permission.VIEW)
        api = bearer(secret, scheme)
        asset: Any = AssetFactory.create(organization=planner.organization)

        assert api.get("/api/assets/").data["count"] == 1
        assert api.patch(f"/api/assets/{asset.pk}/", {"name": "x"}).status_code == 403
        me = api.get("/api/me/").data
        assert me["token"]["name"] == "Report"
        assert me["organizations"][0]["permissions"] == ["view"]
        assert ApiToken.objects.get().last_used_at == NOON

    def test_an_address_that_is_none_does_not_stop_a_token(
        self, planner: Membership, settings: Any
    ) -> None:
        settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
        api = bearer(personal(planner)[1])

        answer = api.get("/api/me/", HTTP_X_REAL_IP="1.2.3.4, 5.6.7.8")

        assert answer.status_code == 200
        assert ApiToken.objects.get().last_used_from == "127.0.0.1"

    def test_a_token_stays_in_its_organization(self, planner: Membership) -> None:
        other: Any = MembershipFactory.create(user=planner.user, role=Role.ADMIN)
        AssetFactory.create(organization=other.organization)
        api = bearer(personal(planner)[1])

        assert api.get("/api/assets/").data["count"] == 0
        assert [row["id"] for row in api.get("/api/me/").data["organizations"]] == [
            planner.organization_id
        ]

    @pytest.mark.parametrize("why", ["revoked", "expired", "inactive", "taken out", "unknown"])
    def test_a_token_that_ended_is_answered_401(self, why: str, planner: Membership) -> None:
        token, secret = personal(planner)
        assert bearer(secret).get("/api/me/").status_code == 200
        if why == "revoked":
            tokens.revoke_token(token=token, at=NOON)
        elif why == "expired":
            ApiToken.objects.update(created_at=NOON - dt.timedelta(1), expires_at=NOON)
        elif why == "inactive":
            User.objects.update(is_active=False)
        elif why == "taken out":
            planner.delete()
        else:
            secret = secret[:-1] + "!"
        for path in ("/api/me/", "/api/assets/"):
            answer = bearer(secret).get(path)
            assert answer.status_code == 401, path
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["WWW-Authenticate"].startswith("Bearer")

    def test_a_device_sends_readings_and_opens_nothing_else(self, planner: Membership) -> None:
        covered, other = (AssetFactory.create(organization=planner.organization) for _ in range(2))
        _, secret = device_of(planner, is_whole=False, assets=(covered.pk,))
        api = bearer(secret)

        assert [row["id"] for row in api.get("/api/assets/").data["results"]] == [covered.pk]
        assert api.get(f"/api/assets/{other.pk}/").status_code == 404
        assert api.post("/api/sites/", {"code": "X", "name": "X"}).status_code == 403
        assert api.get("/api/access/members/").status_code == 403
        for page in ("/", "/assets/", "/admin/", "/access/tokens/"):
            answer = Client(headers={"Authorization": f"Bearer {secret}"}).get(page)
            assert (answer.status_code, "login" in answer["Location"]) == (302, True), page

    def test_a_bad_token_is_refused_beside_a_session_too(self, planner: Membership) -> None:
        client = Client()
        client.force_login(planner.user)
        answer = client.get("/api/assets/", headers={"Authorization": "Bearer ops_wrong"})
        assert answer.status_code == 401


class TestTokens:
    def test_the_secret_is_in_the_answer_that_makes_it_and_never_again(
        self, technician: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        made = api.post("/api/access/tokens/", {"name": "Report", "permissions": ["view"]})
        assert made.status_code == 201
        secret = made.data["secret"]
        assert bearer(secret).get("/api/me/").status_code == 200

        row = api.get(f"/api/access/tokens/{made.data['id']}/")
        assert secret not in str(row.data)
        assert "digest" not in row.data
        assert api.delete(f"/api/access/tokens/{made.data['id']}/").status_code == 204
        assert api.get(f"/api/access/tokens/{made.data['id']}/").status_code == 404
        assert bearer(secret).get("/api/me/").status_code == 401

    def test_a_token_makes_neither_tokens_nor_devices_nor_invitations(
        self, admin: Membership
    ) -> None:
        api = bearer(personal(admin)[1])
        for path, body in (
            ("tokens", {"name": "x"}),
            ("devices", {"name": "x"}),
            ("invitations", {"email": "a@example.com", "role": "admin"}),
        ):
            assert api.post(f"/api/access/{path}/", body).status_code == 403
        assert ApiToken.objects.count() == 1
        assert not Invitation.objects.exists()

    def test_nobody_sees_or_revokes_the_tokens_of_others(
        self, admin: Membership, technician: Membership, api_for: ApiFor
    ) -> None:
        token, _ = personal(technician)
        api = api_for(admin)
        assert api.get("/api/access/tokens/").data["count"] == 0
        assert api.delete(f"/api/access/tokens/{token.pk}/").status_code == 404

    def test_what_the_body_may_not_say_is_ignored_or_refused(
        self, technician: Membership, stranger: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(technician)
        body = {"name": "x", "kind": "device", "user": stranger.user_id, "digest": "0" * 64}
        assert api.post("/api/access/tokens/", body).status_code == 201
        token = ApiToken.objects.get()
        assert (token.kind, token.user) == (ApiToken.Kind.PERSONAL, technician.user)
        assert token.digest != "0" * 64
        for more in (
            {"organization": stranger.organization_id},
            {"permissions": ["asset.edit"]},
            {"expires_at": "2199-01-01T00:00:00Z"},
        ):
            assert api.post("/api/access/tokens/", {"name": "x", **more}).status_code == 400


class TestMembers:
    def test_a_member_is_changed_and_taken_out(
        self, admin: Membership, technician: Membership, api_for: ApiFor
    ) -> None:
        api, path = api_for(admin), f"/api/access/members/{technician.pk}/"
        site: Any = SiteFactory.create(organization=admin.organization)
        body = {"role": "planner", "coverage": "part", "sites": [site.pk]}
        changed = api.patch(path, body)
        assert changed.status_code == 200
        assert (changed.data["role"], changed.data["sites"]) == ("planner", [site.pk])
        # Only what is named changes.
        assert api.patch(path, {"role": "viewer"}).data["sites"] == [site.pk]
        role: Any = CustomRoleFactory.create(organization=admin.organization)
        custom = api.patch(path, {"custom_role": role.pk, "coverage": "whole"}).data
        assert (custom["role"], custom["role_name"], custom["sites"]) == ("", role.name, [])
        assert api.delete(path).status_code == 204
        assert api.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"role": "integration"}, "/role"),
            ({"role": "boss"}, "/role"),
            ({"coverage": "part"}, "/coverage"),
            ({"coverage": "part", "sites": [2**40]}, "/sites"),
            ({"custom_role": 2**40}, "/custom_role"),
        ],
    )
    def test_a_refusal_points_at_the_value(
        self,
        body: dict[str, Any],
        pointer: str,
        admin: Membership,
        technician: Membership,
        api_for: ApiFor,
    ) -> None:
        answer = api_for(admin).patch(f"/api/access/members/{technician.pk}/", body)
        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"].startswith(pointer)

    def test_a_planner_sees_no_members(self, planner: Membership, api_for: ApiFor) -> None:
        assert api_for(planner).get("/api/access/members/").status_code == 403

    def test_a_part_of_the_plant_never_manages(self, admin: Membership, api_for: ApiFor) -> None:
        part = MembershipFactory.create(
            organization=admin.organization, role=Role.ADMIN, coverage=Membership.Coverage.PART
        )
        for path in ("members", "invitations", "devices", "staff-access"):
            assert api_for(part).get(f"/api/access/{path}/").status_code == 403
        body = {"name": "x", "permissions": []}
        assert api_for(part).post("/api/access/roles/", body).status_code == 403


class TestTheRest:
    def test_a_custom_role_is_made_changed_and_deleted(
        self, admin: Membership, viewer: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(admin)
        body = {"name": "Foreman", "permissions": ["view", "anomaly.review"]}
        pk = api.post("/api/access/roles/", body).data["id"]
        path = f"/api/access/roles/{pk}/"
        assert api.patch(path, {"name": "Chief"}).data["permissions"] == body["permissions"]
        assert api_for(viewer).get(path).data["name"] == "Chief"
        assert api_for(viewer).delete(path).status_code == 403
        assert api.delete(path).status_code == 204
        assert not CustomRole.objects.exists()

    def test_an_invitation_shows_its_link_once(self, admin: Membership, api_for: ApiFor) -> None:
        api = api_for(admin)
        body = {"email": "Guest@example.com", "role": "technician"}
        made = api.post("/api/access/invitations/", body).data
        secret = made["link"].partition("token=")[2]
        assert secret not in str(api.get("/api/access/invitations/").data)
        path = f"/api/access/invitations/{made['id']}/"
        assert api.get("/api/access/invitations/?open=true").data["count"] == 1
        assert api.delete(path).status_code == 204
        assert api.delete(path).status_code == api.get(path).status_code == 404
        assert api.get("/api/access/invitations/?open=true").data["count"] == 0

    def test_a_device_is_renamed_rotated_and_revoked(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        made = api.post("/api/access/devices/", {"name": "Gateway"}).data
        path = f"/api/access/devices/{made['id']}/"
        asset: Any = AssetFactory.create(organization=planner.organization)
        part = {"name": "Gateway 2", "coverage": "part", "assets": [asset.pk]}
        assert api.patch(path, part).data["assets"] == [asset.pk]
        rotated = api.post(f"{path}rotate/")
        assert rotated.status_code == 200
        assert bearer(made["secret"]).get("/api/me/").status_code == 401
        assert bearer(rotated.data["secret"]).get("/api/me/").data["is_machine"]
        assert api.delete(path).status_code == 204
        assert bearer(rotated.data["secret"]).get("/api/me/").status_code == 401
        assert api.delete(path).status_code == api.get(path).status_code == 404

    def test_devices_are_no_members(self, admin: Membership, api_for: ApiFor) -> None:
        DeviceFactory.create(organization=admin.organization)
        assert api_for(admin).get("/api/access/members/").data["count"] == 1

    def test_an_organization_is_renamed_by_its_admin_only(
        self, admin: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        path = f"/api/access/organizations/{admin.organization_id}/"
        body = {"name": "Works", "timezone": "Asia/Kolkata", "slug": "other"}
        assert api_for(planner).patch(path, body).status_code == 403
        changed = api_for(admin).patch(path, body).data
        assert (changed["name"], changed["timezone"]) == ("Works", "Asia/Kolkata")
        assert changed["slug"] != "other"
        assert api_for(admin).patch(path, {"timezone": "Mars/Base"}).status_code == 400

    def test_visits_of_staff_are_shown_to_who_reads_the_trail(
        self, admin: Membership, planner: Membership, api_for: ApiFor
    ) -> None:
        StaffAccessFactory.create(organization=admin.organization)
        [row] = api_for(admin).get("/api/access/staff-access/").data["results"]
        assert row["reason"] == "Ticket 7"
        assert api_for(planner).get("/api/access/staff-access/").status_code == 403

    def test_the_matrix_names_every_permission(self, viewer: Membership, api_for: ApiFor) -> None:
        rows = api_for(viewer).get("/api/access/permissions/").data
        assert [row["permission"] for row in rows] == list(Permission)
        assert rows[0]["roles"] == ["admin", "planner", "technician", "viewer", "integration"]
