"""What the access API shows and takes. Secrets are in the answer that makes them, and nowhere."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from opssight.access import rules
from opssight.access.models import (
    PERMISSION_CHOICES,
    ApiToken,
    CustomRole,
    Invitation,
    StaffAccess,
)
from opssight.access.services.members import Coverage, coverage_of
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Role
from opssight.core.api.fields import BooleanField, CharField, IntegerField, UtcDateTimeField
from opssight.core.api.serializers import TenantRelatedField

PERMISSIONS = PERMISSION_CHOICES
# Machines get their role with a device token.
MEMBER_ROLES = [(role.value, role.label) for role in Role if role != Role.INTEGRATION]


class PersonSerializer(serializers.ModelSerializer[User]):
    """Somebody, as colleagues see them."""

    name = CharField(source="__str__", read_only=True)
    email = CharField(read_only=True, help_text="Empty where none is known.")

    class Meta:
        model = User
        fields = ["id", "username", "name", "email", "last_login", "is_active"]
        read_only_fields = fields


class ScopeSerializer(serializers.Serializer[Coverage]):
    """What of the plant counts: `whole`, or the given sites, groups and assets (`part`)."""

    coverage = serializers.ChoiceField(choices=Membership.Coverage.choices, required=False)
    sites = serializers.ListField(child=IntegerField(min_value=1), max_length=500, required=False)
    groups = serializers.ListField(child=IntegerField(min_value=1), max_length=500, required=False)
    assets = serializers.ListField(child=IntegerField(min_value=1), max_length=500, required=False)

    def coverage_from(self, values: dict[str, Any], *, now: Coverage) -> Coverage:
        """The coverage that the body asks for; what it leaves out stays as it is `now`."""
        kind = values.get("coverage", now.kind)
        if kind == Membership.Coverage.WHOLE:
            return Coverage()
        return Coverage(
            is_whole=False,
            sites=tuple(values.get("sites", now.sites)),
            groups=tuple(values.get("groups", now.groups)),
            assets=tuple(values.get("assets", now.assets)),
        )


class RoleChoiceSerializer(ScopeSerializer):
    """A role, or the id of a custom role instead."""

    role = serializers.ChoiceField(
        choices=MEMBER_ROLES,
        required=False,
        allow_null=True,
    )
    custom_role: Any = TenantRelatedField(
        queryset=CustomRole.objects.all(), required=False, allow_null=True
    )


class MemberChangeSerializer(RoleChoiceSerializer):
    """A role (or a custom role) and what it covers."""


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member of an organization."""

    user = PersonSerializer(read_only=True)
    role_name = CharField(read_only=True)
    sites = serializers.SerializerMethodField()
    groups = serializers.SerializerMethodField()
    assets = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = Membership
        fields = [
            "id",
            "organization",
            "user",
            "role",
            "custom_role",
            "role_name",
            "coverage",
            "sites",
            "groups",
            "assets",
            "permissions",
        ]
        read_only_fields = fields

    def get_sites(self, row: Membership) -> list[int]:
        return list(coverage_of(row).sites)

    def get_groups(self, row: Membership) -> list[int]:
        return list(coverage_of(row).groups)

    def get_assets(self, row: Membership) -> list[int]:
        return list(coverage_of(row).assets)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(PERMISSIONS)))
    def get_permissions(self, row: Membership) -> list[str]:
        return sorted(rules.given_by(row))


class CustomRoleSerializer(serializers.ModelSerializer[CustomRole]):
    """A named set of permissions."""

    permissions = serializers.ListField(
        child=serializers.ChoiceField(PERMISSIONS), max_length=len(PERMISSIONS)
    )

    class Meta:
        model = CustomRole
        fields = ["id", "organization", "name", "description", "permissions"]
        read_only_fields = fields


class CustomRoleChangeSerializer(serializers.Serializer[CustomRole]):
    name = CharField(max_length=100)
    description = CharField(max_length=300, required=False, allow_blank=True)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(PERMISSIONS), max_length=len(PERMISSIONS)
    )


class NewCustomRoleSerializer(CustomRoleChangeSerializer):
    organization = IntegerField(
        min_value=1, required=False, help_text="Where it is made; your own one if left out."
    )


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    role_name = CharField(read_only=True)
    invited_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Invitation
        fields = [
            "id",
            "organization",
            "email",
            "role",
            "custom_role",
            "role_name",
            "coverage",
            "sites",
            "groups",
            "assets",
            "invited_by",
            "created_at",
            "expires_at",
            "accepted_at",
            "accepted_by",
        ]
        read_only_fields = fields


class NewInvitationSerializer(RoleChoiceSerializer):
    organization = IntegerField(min_value=1, required=False)
    email = serializers.EmailField()


class MadeInvitationSerializer(InvitationSerializer):
    """With the link, which is shown this once."""

    link = serializers.URLField(read_only=True)
    mailed = BooleanField(read_only=True, help_text="False: hand the link over yourself.")

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "link", "mailed"]
        read_only_fields = fields


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token, without its secret."""

    class Meta:
        model = ApiToken
        fields = [
            "id",
            "organization",
            "name",
            "prefix",
            "permissions",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_used_from",
        ]
        read_only_fields = fields


class NewTokenSerializer(serializers.Serializer[ApiToken]):
    organization = IntegerField(min_value=1, required=False)
    name = CharField(max_length=100)
    permissions = serializers.ListField(
        child=serializers.ChoiceField(PERMISSIONS),
        max_length=len(PERMISSIONS),
        required=False,
        allow_null=True,
        help_text="At most these. Left out or null: all that your role allows when it is used.",
    )
    expires_at = UtcDateTimeField(
        required=False, allow_null=True, help_text="Within 366 days; in 90 days if left out."
    )


class MadeTokenSerializer(TokenSerializer):
    """With the secret, which is shown this once."""

    secret = CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class DeviceSerializer(TokenSerializer):
    """A device: its token without the secret, and what of the plant it may reach."""

    coverage = serializers.SerializerMethodField()
    sites = serializers.SerializerMethodField()
    groups = serializers.SerializerMethodField()
    assets = serializers.SerializerMethodField()

    class Meta(TokenSerializer.Meta):
        fields = [
            *(name for name in TokenSerializer.Meta.fields if name != "permissions"),
            "coverage",
            "sites",
            "groups",
            "assets",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(Membership.Coverage.choices))
    def get_coverage(self, row: ApiToken) -> str | None:
        """None once the device was revoked."""
        return next((m.coverage for m in row.user.memberships.all()), None)

    def get_sites(self, row: ApiToken) -> list[int]:
        return list(_reach(row).sites)

    def get_groups(self, row: ApiToken) -> list[int]:
        return list(_reach(row).groups)

    def get_assets(self, row: ApiToken) -> list[int]:
        return list(_reach(row).assets)


class DeviceChangeSerializer(ScopeSerializer):
    name = CharField(max_length=100, required=False)


class NewDeviceSerializer(ScopeSerializer):
    organization = IntegerField(min_value=1, required=False)
    name = CharField(max_length=100)
    expires_at = UtcDateTimeField(
        required=False, allow_null=True, help_text="Left out: works until it is revoked."
    )


class MadeDeviceSerializer(DeviceSerializer):
    """With the secret, which is shown this once."""

    secret = CharField(read_only=True)

    class Meta(DeviceSerializer.Meta):
        fields = [*DeviceSerializer.Meta.fields, "secret"]
        read_only_fields = fields


class OrganizationSerializer(serializers.ModelSerializer[Organization]):
    class Meta:
        model = Organization
        fields = ["id", "name", "slug", "timezone"]
        read_only_fields = ["slug"]


class StaffAccessSerializer(serializers.ModelSerializer[StaffAccess]):
    """When platform staff acted in the organization, and why."""

    user = CharField(read_only=True)

    class Meta:
        model = StaffAccess
        fields = ["id", "organization", "user", "reason", "started_at", "ends_at", "ended_at"]
        read_only_fields = fields


def _reach(device: ApiToken) -> Coverage:
    membership = next(iter(device.user.memberships.all()), None)
    return coverage_of(membership) if membership else Coverage()
