"""Who am I, and who may do what."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.access import rules
from opssight.access.api.serializers import PERMISSIONS
from opssight.access.matrix import Matrix, matrix_for
from opssight.access.models import ApiToken
from opssight.access.services.members import coverage_of
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission
from opssight.core.api.behavior import ApiBehavior


class MyOrganizationSerializer(serializers.Serializer[Any]):
    """What you may do in one organization."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    slug = serializers.SlugField()
    timezone = serializers.CharField()
    role = serializers.CharField(allow_blank=True)
    custom_role = serializers.IntegerField(allow_null=True)
    role_name = serializers.CharField()
    permissions = serializers.ListField(child=serializers.ChoiceField(PERMISSIONS))
    coverage = serializers.ChoiceField(choices=Membership.Coverage.choices)
    sites = serializers.ListField(child=serializers.IntegerField())
    groups = serializers.ListField(child=serializers.IntegerField())
    assets = serializers.ListField(child=serializers.IntegerField())


class MyTokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = ["id", "kind", "name", "expires_at"]
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    """Who is signed in, how, and what they may do where."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField()
    email = serializers.CharField(allow_blank=True)
    is_machine = serializers.BooleanField()
    acts_as_staff = serializers.BooleanField(
        help_text="Platform staff acting in an organization they are no member of."
    )
    token = MyTokenSerializer(allow_null=True, help_text="The API token of this request, if any.")
    organizations = MyOrganizationSerializer(many=True)


class PermissionRowSerializer(serializers.Serializer[Any]):
    permission = serializers.ChoiceField(choices=PERMISSIONS)
    text = serializers.CharField()
    whole_organization_only = serializers.BooleanField(
        help_text="Never given by a membership that covers a part."
    )
    roles = serializers.ListField(child=serializers.CharField(), help_text="Roles that allow it.")
    custom_roles = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of the custom roles that allow it."
    )


class Me(ApiBehavior):
    """Who you are, and what you may do."""

    permission_classes = [IsAuthenticated]

    @extend_schema(summary="Read who you are and what you may do", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        user = request.user
        assert isinstance(user, User)  # noqa: S101 IsAuthenticated
        body = {
            "id": user.pk,
            "username": user.username,
            "name": str(user),
            "email": user.email,
            "is_machine": user.is_machine,
            "acts_as_staff": _acts_as_staff(user),
            "token": request.auth if isinstance(request.auth, ApiToken) else None,
            "organizations": _organizations(user),
        }
        return Response(MeSerializer(body).data)


class PermissionMatrix(ApiBehavior):
    """Who may do what."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="List every permission and the roles that allow it",
        responses=PermissionRowSerializer(many=True),
        filters=False,
    )
    def get(self, request: Request) -> Response:
        user = request.user
        assert isinstance(user, User)  # noqa: S101 IsAuthenticated
        matrix: Matrix = matrix_for(user.organizations_with(Permission.VIEW))
        rows = [
            {
                "permission": row.permission,
                "text": row.text,
                "whole_organization_only": row.whole_only,
                "roles": [role for role in matrix.roles if row.permission in matrix.of(role)],
                "custom_roles": [
                    role.pk for role in matrix.custom if row.permission in role.allowed
                ],
            }
            for row in matrix.rows
        ]
        return Response(PermissionRowSerializer(rows, many=True).data)


def _organizations(user: User) -> list[dict[str, Any]]:
    if _acts_as_staff(user):
        organization = user.organization
        assert organization is not None  # noqa: S101 it is the one acted in
        return [
            {
                **_facts(organization),
                "role": "",
                "custom_role": None,
                "role_name": "Platform staff",
                "permissions": sorted(rules.held(user, organization.pk)),
                "coverage": Membership.Coverage.WHOLE,
                "sites": [],
                "groups": [],
                "assets": [],
            }
        ]
    memberships = user.memberships.filter(organization__in=user.grants).select_related(
        "organization", "custom_role"
    )
    rows = []
    for row in memberships.prefetch_related("access_scopes").order_by("pk"):
        covered = coverage_of(row)
        rows.append(
            {
                **_facts(row.organization),
                "role": row.role,
                "custom_role": row.custom_role_id,
                "role_name": row.role_name,
                "permissions": sorted(rules.held(user, row.organization_id)),
                "coverage": row.coverage,
                "sites": covered.sites,
                "groups": covered.groups,
                "assets": covered.assets,
            }
        )
    return rows


def _acts_as_staff(user: User) -> bool:
    return any(grant.membership is None for grant in user.grants.values())


def _facts(organization: Organization) -> dict[str, Any]:
    names = ("name", "slug", "timezone")
    return {"id": organization.pk, **{name: getattr(organization, name) for name in names}}
