import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ProtectedError

from assets.models import AccessScope
from opssight.access.models import ApiToken, Invitation
from opssight.access.services import devices, invitations, members, roles, staff, tokens
from opssight.access.services.members import WHOLE, Coverage
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, Role
from opssight.core.walls import acting
from tests.factories import (
    NOON,
    AssetFactory,
    CustomRoleFactory,
    MembershipFactory,
    SiteFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PASSWORD = "nine small owls read maps"


def give(member: Membership, by: Membership, role: Role, coverage: Coverage = WHOLE) -> Membership:
    return members.change_member(
        membership=member,
        role=role,
        custom_role=None,
        coverage=coverage,
        by=User.objects.get(pk=by.user_id),
    )


@pytest.fixture
def manager(plant: Organization) -> Membership:
    """Manages members, and may do little else."""
    role = CustomRoleFactory.create(organization=plant, permissions=["view", "member.edit"])
    return MembershipFactory.create(organization=plant, role="", custom_role=role)


class TestMembers:
    def test_a_role_on_a_part_is_given_and_taken_back(
        self, admin: Membership, technician: Membership
    ) -> None:
        site: Any = SiteFactory.create(organization=admin.organization)
        asset: Any = AssetFactory.create(organization=admin.organization)
        part = Coverage(is_whole=False, sites=(site.pk,), assets=(asset.pk,))
        changed = give(technician, admin, Role.PLANNER, part)
        assert members.coverage_of(changed) == part

        smaller = Coverage(is_whole=False, assets=(asset.pk,))
        assert members.coverage_of(give(technician, admin, Role.PLANNER, smaller)) == smaller
        give(technician, admin, Role.VIEWER)
        assert not AccessScope.objects.exists()

    def test_a_part_of_nothing_or_of_another_organization_is_refused(
        self, admin: Membership, technician: Membership
    ) -> None:
        foreign: Any = SiteFactory.create()
        for part in (Coverage(is_whole=False), Coverage(is_whole=False, sites=(foreign.pk,))):
            with pytest.raises(ValidationError):
                give(technician, admin, Role.VIEWER, part)

    def test_nobody_gives_more_than_they_may_do(
        self, manager: Membership, viewer: Membership
    ) -> None:
        with pytest.raises(ValidationError, match="You can only give what you may do yourself"):
            give(viewer, manager, Role.TECHNICIAN)
        with pytest.raises(ValidationError):
            give(manager, manager, Role.ADMIN)

    def test_nobody_takes_from_who_may_do_more(
        self, admin: Membership, manager: Membership
    ) -> None:
        user = User.objects.get(pk=manager.user_id)
        with pytest.raises(PermissionDenied):
            give(admin, manager, Role.VIEWER)
        with pytest.raises(PermissionDenied):
            members.take_out(membership=admin, by=user, at=NOON)

    def test_the_last_who_manages_members_stays(self, admin: Membership) -> None:
        site: Any = SiteFactory.create(organization=admin.organization)
        part = Coverage(is_whole=False, sites=(site.pk,))
        for change in (
            lambda: give(admin, admin, Role.VIEWER),
            lambda: give(admin, admin, Role.ADMIN, part),
            lambda: members.take_out(membership=admin, by=admin.user, at=NOON),
        ):
            with pytest.raises(ValidationError, match="Somebody must be left"):
                change()
        MembershipFactory.create(organization=admin.organization, role=Role.ADMIN)
        give(admin, admin, Role.VIEWER)

    def test_a_machine_or_a_closed_account_manages_nobody(self, admin: Membership) -> None:
        for values in ({"user__is_active": False}, {"user__is_machine": True}):
            MembershipFactory.create(organization=admin.organization, role=Role.ADMIN, **values)
        with pytest.raises(ValidationError):
            give(admin, admin, Role.VIEWER)

    def test_who_is_taken_out_loses_their_tokens_there(
        self, admin: Membership, technician: Membership
    ) -> None:
        token, _ = _token(technician)
        members.take_out(membership=technician, by=admin.user, at=NOON)
        token.refresh_from_db()
        assert token.revoked_at == NOON
        assert not Membership.objects.filter(pk=technician.pk).exists()


class TestRoles:
    def test_a_role_counts_at_once_and_only_what_one_holds_goes_into_it(
        self, admin: Membership, manager: Membership, viewer: Membership
    ) -> None:
        role = roles.create_role(
            organization_id=admin.organization_id,
            name="Foreman",
            description="",
            permissions=[Permission.VIEW, Permission.ANOMALY_REVIEW],
            by=admin.user,
        )
        members.change_member(
            membership=viewer, role=None, custom_role=role, coverage=WHOLE, by=admin.user
        )
        assert User.objects.get(pk=viewer.user_id).can_somewhere(Permission.ANOMALY_REVIEW)
        for wanted in ([Permission.VIEW], [Permission.AUDIT_VIEW]):
            with pytest.raises(ValidationError):
                roles.change_role(
                    role=role, name="F", description="", permissions=wanted, by=manager.user
                )
        with pytest.raises(ProtectedError):
            roles.delete_role(role=role, by=admin.user)

    def test_a_role_does_not_lose_the_last_manager(self, manager: Membership) -> None:
        assert manager.custom_role
        with pytest.raises(ValidationError, match="Somebody must be left"):
            roles.change_role(
                role=manager.custom_role,
                name="Reader",
                description="",
                permissions=[Permission.VIEW],
                by=manager.user,
            )

    def test_a_name_is_taken_once(self, admin: Membership) -> None:
        CustomRoleFactory.create(organization=admin.organization, name="Foreman")
        with pytest.raises(ValidationError, match="Another role has this name"):
            roles.create_role(
                organization_id=admin.organization_id,
                name="Foreman",
                description="",
                permissions=[],
                by=admin.user,
            )


class TestInvitations:
    def test_whoever_holds_the_link_becomes_a_member_once(self, admin: Membership) -> None:
        site: Any = SiteFactory.create(organization=admin.organization)
        invitation, secret = _invite(admin, Coverage(is_whole=False, sites=(site.pk,)))
        first, second = UserFactory.create(), UserFactory.create()

        member = _accept(secret, first)
        with pytest.raises(invitations.InvitationNotOpen):
            _accept(secret, second)
        assert (member.role, member.coverage) == (Role.TECHNICIAN, Membership.Coverage.PART)
        assert members.coverage_of(member).sites == (site.pk,)
        invitation.refresh_from_db()
        assert (invitation.accepted_by, invitation.accepted_at) == (first, NOON)
        assert secret not in str(Invitation.objects.values())

    def test_it_ends_after_seven_days_or_when_revoked(self, admin: Membership) -> None:
        _, secret = _invite(admin)
        user = UserFactory.create()
        with pytest.raises(invitations.InvitationNotOpen):
            _accept(secret, user, at=NOON + dt.timedelta(days=7))
        # The expired one makes room for a new one.
        later = NOON + dt.timedelta(days=8)
        again, secret = _invite(admin, at=later)
        invitations.revoke_invitation(invitation=again, at=later)
        with pytest.raises(invitations.InvitationNotOpen):
            _accept(secret, user, at=later)
        with pytest.raises(invitations.InvitationNotOpen):
            invitations.revoke_invitation(invitation=again, at=later)

    def test_one_address_has_one_open_invitation(self, admin: Membership) -> None:
        _invite(admin)
        with pytest.raises(ValidationError, match="open invitation"):
            _invite(admin)

    def test_a_member_is_not_invited_and_does_not_join_twice(
        self, admin: Membership, viewer: Membership
    ) -> None:
        User.objects.filter(pk=viewer.user_id).update(email="Guest@example.com")
        with pytest.raises(ValidationError, match="member has this address"):
            _invite(admin)
        User.objects.update(email="")
        _, secret = _invite(admin)
        with pytest.raises(ValidationError, match="member of this organization already"):
            _accept(secret, viewer.user)
        assert Invitation.objects.open(at=NOON).exists()

    def test_a_new_account_needs_a_password_that_is_strong(self, admin: Membership) -> None:
        _, secret = _invite(admin)
        account = {"username": "maria", "first_name": "Maria", "last_name": "Cruz"}
        for values in ({**account, "password": "12345"}, {**account, "username": "a b"}):
            with acting(), pytest.raises(ValidationError):
                invitations.accept_as_new_user(
                    secret=secret, at=NOON, **{"password": PASSWORD, **values}
                )
        with acting():
            user = invitations.accept_as_new_user(
                secret=secret, at=NOON, password=PASSWORD, **account
            )
        assert user.check_password(PASSWORD)
        assert user.email == "guest@example.com"
        assert Membership.objects.get(user=user).organization == admin.organization

    def test_nobody_invites_above_themselves(self, manager: Membership) -> None:
        with pytest.raises(ValidationError):
            _invite(manager)


class TestTokens:
    def test_a_token_allows_a_subset_for_at_most_a_year(self, technician: Membership) -> None:
        token, secret = _token(technician, permissions=[Permission.VIEW])
        assert token.expires_at == NOON + dt.timedelta(days=90)
        assert token.digest != secret
        assert secret.startswith(token.prefix)
        refused: tuple[dict[str, Any], ...] = (
            {"permissions": [Permission.ASSET_EDIT]},
            {"permissions": []},
            {"expires_at": NOON + dt.timedelta(days=367)},
            {"expires_at": NOON},
        )
        for values in refused:
            with pytest.raises(ValidationError):
                _token(technician, **values)

    def test_a_token_is_for_an_organization_of_ones_own(
        self, technician: Membership, stranger: Membership
    ) -> None:
        with pytest.raises(ValidationError, match="no member"):
            tokens.create_token(
                user=technician.user,
                organization_id=stranger.organization_id,
                name="x",
                permissions=None,
                expires_at=None,
                at=NOON,
            )

    def test_signing_in_narrows_the_user_and_notes_the_use_once_a_minute(
        self, technician: Membership
    ) -> None:
        MembershipFactory.create(user=technician.user, role=Role.ADMIN)
        token, secret = _token(technician, permissions=[Permission.VIEW])
        minute = dt.timedelta(minutes=1)
        for at, noted in ((NOON, NOON), (NOON + minute / 2, NOON), (NOON + minute, NOON + minute)):
            with acting():
                user = tokens.sign_in(secret=secret, address="192.0.2.1", at=at).user
                assert user.organizations_with(Permission.VIEW) == [technician.organization_id]
                assert not user.can_somewhere(Permission.ANOMALY_REVIEW)
                assert user.reach() == {technician.organization_id}
            token.refresh_from_db()
            assert token.last_used_at == noted
        assert token.last_used_from == "192.0.2.1"

    @pytest.mark.parametrize("why", ["expired", "revoked", "inactive", "taken out", "wrong"])
    def test_a_token_that_ended_is_refused(self, why: str, technician: Membership) -> None:
        token, secret = _token(technician)
        at = NOON
        if why == "expired":
            at = NOON + dt.timedelta(days=90)
        elif why == "revoked":
            tokens.revoke_token(token=token, at=NOON)
        elif why == "inactive":
            User.objects.update(is_active=False)
        elif why == "taken out":
            technician.delete()
        else:
            secret += "x"
        with acting(), pytest.raises(tokens.TokenRefused):
            tokens.sign_in(secret=secret, address=None, at=at)


class TestDevices:
    def test_a_device_is_a_machine_on_its_part_until_it_is_revoked(
        self, planner: Membership
    ) -> None:
        asset: Any = AssetFactory.create(organization=planner.organization)
        part = Coverage(is_whole=False, assets=(asset.pk,))
        device, secret = _device(planner, part)
        machine = device.user
        assert machine.is_machine
        assert not machine.has_usable_password()
        membership = machine.memberships.get()
        assert membership.role == Role.INTEGRATION
        assert members.coverage_of(membership) == part

        rotated, fresh = devices.rotate_device(device=device, by=planner.user, at=NOON)
        with acting(), pytest.raises(tokens.TokenRefused):
            tokens.sign_in(secret=secret, address=None, at=NOON)
        with acting():
            assert tokens.sign_in(secret=fresh, address=None, at=NOON).user == machine
        devices.revoke_device(device=rotated, by=planner.user, at=NOON)
        with acting(), pytest.raises(tokens.TokenRefused):
            tokens.sign_in(secret=fresh, address=None, at=NOON)
        assert not User.objects.get(pk=machine.pk).is_active
        with pytest.raises(devices.DeviceRevoked):
            devices.rotate_device(device=rotated, by=planner.user, at=NOON)

    def test_who_does_not_manage_integrations_makes_no_device(self, technician: Membership) -> None:
        with pytest.raises(PermissionDenied):
            _device(technician)
        assert not ApiToken.objects.exists()


class TestStaff:
    def test_staff_act_for_a_reason_and_for_an_hour(self, plant: Organization) -> None:
        user = UserFactory.create(is_superuser=True)
        with acting(user=user.pk):
            with pytest.raises(ValidationError):
                staff.start_acting(user=user, organization_id=plant.pk, reason=" ", at=NOON)
            access = staff.start_acting(
                user=user, organization_id=plant.pk, reason="Ticket 7", at=NOON
            )
            hour = dt.timedelta(hours=1)
            other = User.objects.get(pk=user.pk)
            assert staff.act(user=other, access_id=access.pk, at=NOON + hour) is None
            assert not other.can_somewhere(Permission.VIEW)
            assert staff.act(user=other, access_id=access.pk, at=NOON + hour / 2) == access
            assert other.organizations_with(Permission.MEMBER_EDIT) == [plant.pk]
            staff.stop_acting(access=access, at=NOON)
            assert staff.act(user=other, access_id=access.pk, at=NOON) is None

    def test_nobody_else_acts(self, admin: Membership, stranger: Membership) -> None:
        with acting(user=admin.user_id), pytest.raises(PermissionDenied):
            staff.start_acting(
                user=admin.user, organization_id=stranger.organization_id, reason="x", at=NOON
            )


def _invite(
    by: Membership, coverage: Coverage = WHOLE, at: dt.datetime = NOON
) -> tuple[Invitation, str]:
    return invitations.invite(
        organization_id=by.organization_id,
        email="guest@example.com",
        role=Role.TECHNICIAN,
        custom_role=None,
        coverage=coverage,
        by=by.user,
        at=at,
    )


def _accept(secret: str, user: User, at: dt.datetime = NOON) -> Membership:
    """As somebody of whom nothing else is known."""
    with acting():
        return invitations.accept(secret=secret, user=user, at=at)


def _token(member: Membership, **values: Any) -> tuple[ApiToken, str]:
    return tokens.create_token(
        user=member.user,
        organization_id=member.organization_id,
        at=NOON,
        **{"name": "Report", "permissions": None, "expires_at": None, **values},
    )


def _device(by: Membership, coverage: Coverage = WHOLE) -> tuple[ApiToken, str]:
    return devices.create_device(
        organization_id=by.organization_id,
        name="Gateway",
        coverage=coverage,
        expires_at=None,
        by=by.user,
        at=NOON,
    )
