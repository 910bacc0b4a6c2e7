"""Members, custom roles, invitations, organizations and the visits of platform staff."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.access import mail
from opssight.access.api import filters, serializers
from opssight.access.api.base import BulkManagedViewSet, ManagedViewSet
from opssight.access.models import CustomRole, Invitation, StaffAccess
from opssight.access.services import invitations, members, roles
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Permission, Role, known
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import REFUSED, TenantViewSet

MANAGE = (Permission.MEMBER_EDIT,)
NOT_OPEN = "The invitation was accepted or revoked in the meantime. Read it again."


@extend_schema_view(
    **describe("member", "members"),
    bulk=extend_schema(summary="Change and take out many members"),
)
class MemberViewSet(BulkManagedViewSet):
    """People of your organization and what they may do. New ones come by invitation."""

    queryset = (
        Membership.objects.filter(user__is_machine=False)
        .select_related("user", "custom_role")
        .prefetch_related("access_scopes")
        .order_by("pk")
    )
    serializer_class = serializers.MemberSerializer
    needed = Permission.MEMBER_EDIT
    write_permissions = dict.fromkeys(("partial_update", "destroy", "bulk"), MANAGE)
    filterset_class = filters.MemberFilter
    search_fields = ["user__username", "user__first_name", "user__last_name", "user__email"]
    ordering_fields = ["role", "coverage"]

    @extend_schema(
        summary="Change a member's role and what it covers",
        description="Nobody can give more than they may do themselves, and somebody must be left"
        " who manages the members.",
        request=serializers.MemberChangeSerializer,
        responses=serializers.MemberSerializer,
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row: Membership = self.get_object()
        values = self.read(serializers.MemberChangeSerializer, partial=True)
        role, custom = _role_of(values, now=(row.role, row.custom_role))
        scope = serializers.ScopeSerializer()
        members.change_member(
            membership=row,
            role=role,
            custom_role=custom,
            coverage=scope.coverage_from(values, now=members.coverage_of(row)),
            by=self.user,
        )
        return self.show(row.pk)

    @extend_schema(
        summary="Take a member out",
        description="Ends the membership and the person's API tokens. The account stays.",
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        members.take_out(membership=self.get_object(), by=self.user, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(**describe("custom role", "custom roles"))
class CustomRoleViewSet(BulkManagedViewSet):
    """Roles of your organization's own: named sets of permissions. Every member may read them."""

    queryset = CustomRole.objects.all()
    serializer_class = serializers.CustomRoleSerializer
    needed = Permission.MEMBER_EDIT
    read_by = Permission.VIEW
    write_permissions = dict.fromkeys(("create", "partial_update", "destroy", "bulk"), MANAGE)
    filterset_class = filters.CustomRoleFilter
    search_fields = ["name", "description"]
    ordering_fields = ["name"]

    @extend_schema(
        summary="Create a custom role",
        request=serializers.NewCustomRoleSerializer,
        responses={201: serializers.CustomRoleSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        values = self.read(serializers.NewCustomRoleSerializer)
        role = roles.create_role(
            organization_id=self.organization_id(values),
            name=values["name"],
            description=values.get("description", ""),
            permissions=known(values["permissions"]),
            by=self.user,
        )
        return Response(self.get_serializer(role).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a custom role for everybody who has it",
        request=serializers.CustomRoleChangeSerializer,
        responses=serializers.CustomRoleSerializer,
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        row: CustomRole = self.get_object()
        values = self.read(serializers.CustomRoleChangeSerializer, partial=True)
        changed = roles.change_role(
            role=row,
            name=values.get("name", row.name),
            description=values.get("description", row.description),
            permissions=known(values.get("permissions", row.permissions)),
            by=self.user,
        )
        return Response(self.get_serializer(changed).data)

    @extend_schema(summary="Delete a custom role that nobody has")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        roles.delete_role(role=self.get_object(), by=self.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(
    **describe("invitation", "invitations"),
    bulk=extend_schema(summary="Revoke many invitations"),
)
class InvitationViewSet(BulkManagedViewSet):
    """Links that make whoever holds one a member, once, within seven days."""

    queryset = Invitation.objects.filter(revoked_at=None).select_related(
        "custom_role", "invited_by"
    )
    serializer_class = serializers.InvitationSerializer
    needed = Permission.MEMBER_EDIT
    with_secret = True
    write_permissions = dict.fromkeys(("create", "destroy", "bulk"), MANAGE)
    filterset_class = filters.InvitationFilter
    search_fields = ["email"]
    ordering_fields = ["created_at", "expires_at", "email"]

    @extend_schema(
        summary="Invite somebody",
        description="The answer has the link, which is not shown again.",
        request=serializers.NewInvitationSerializer,
        responses={201: serializers.MadeInvitationSerializer},
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.refuse_tokens()
        values = self.read(serializers.NewInvitationSerializer)
        role, custom = _role_of(values, now=(Role.VIEWER, None))
        invitation, secret = invitations.invite(
            organization_id=self.organization_id(values),
            email=values["email"],
            role=role,
            custom_role=custom,
            coverage=serializers.ScopeSerializer().coverage_from(values, now=members.WHOLE),
            by=self.user,
            at=timezone.now(),
        )
        invitation.link = request.build_absolute_uri(mail.path_of(secret))  # type: ignore[attr-defined]
        invitation.mailed = mail.send_invitation(invitation, secret)  # type: ignore[attr-defined]
        body = serializers.MadeInvitationSerializer(
            invitation, context=self.get_serializer_context()
        )
        return Response(body.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Revoke an invitation",
        description=(
            "The link no longer works, and the API shows it no more; the audit trail does. 409 when"
            " it was accepted."
        ),
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with conflict_on(invitations.InvitationNotOpen, detail=NOT_OPEN):
            invitations.revoke_invitation(invitation=self.get_object(), at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(**describe("organization", "your organizations"))
class OrganizationViewSet(TenantViewSet):
    """Organizations that you belong to."""

    queryset = Organization.objects.order_by("name", "pk")
    serializer_class = serializers.OrganizationSerializer
    write_permissions = {"partial_update": (Permission.ORGANIZATION_EDIT,)}
    search_fields = ["name", "slug"]
    ordering_fields = ["name", "slug"]

    def get_queryset(self) -> QuerySet[Any]:
        rows = Organization.objects.order_by("name", "pk")
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        return rows.filter(pk__in=self.user.organizations_with(Permission.VIEW))

    def check_object_permissions(self, request: Request, obj: Organization) -> None:
        if not any(self.user.can(item, obj) for item in self.permissions_for(request)):
            raise PermissionDenied(REFUSED)

    @extend_schema(
        summary="Change your organization's name or time zone",
        responses=serializers.OrganizationSerializer,
    )
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        body = self.get_serializer(self.get_object(), data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        body.save()
        return Response(body.data)


@extend_schema_view(**describe("visit of platform staff", "visits of platform staff"))
class StaffAccessViewSet(ManagedViewSet):
    """When platform staff acted in your organization, and why."""

    queryset = StaffAccess.objects.select_related("user")
    serializer_class = serializers.StaffAccessSerializer
    needed = Permission.AUDIT_VIEW
    filterset_class = filters.StaffAccessFilter
    search_fields = ["reason", "user__username"]
    ordering_fields = ["started_at", "ends_at"]


def _role_of(
    values: dict[str, Any], *, now: tuple[str, CustomRole | None]
) -> tuple[Role | None, CustomRole | None]:
    """The role or custom role of the body: naming one alone replaces the other."""
    if values.get("role") and values.get("custom_role"):
        return Role(values["role"]), values["custom_role"]
    if values.get("custom_role"):
        return None, values["custom_role"]
    if values.get("role"):
        return Role(values["role"]), None
    return (Role(now[0]) if now[0] else None), now[1]
