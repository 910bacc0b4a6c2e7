from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import mixins
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission


class MayView(BasePermission):
    """A role with the right to view, in some organization."""

    message = "Your role may not see this. Ask an admin of your organization."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.can_somewhere(Permission.VIEW)


class TenantViewSet(ReadOnlyModelViewSet[Any]):
    """Every API query starts from the caller's own rows. Writes are named actions."""

    permission_classes = [IsAuthenticated, MayView]

    @property
    def user(self) -> User:
        user = self.request.user
        if not isinstance(user, User):
            raise PermissionDenied
        return user

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return queryset.for_user(self.request.user)  # type: ignore[attr-defined,no-any-return]

    def require(self, permission: Permission, organization: Organization | int) -> None:
        if not self.user.can(permission, organization):
            raise PermissionDenied("Your role may not do this. Ask an admin of your organization.")


class EditableTenantViewSet(
    mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin, TenantViewSet
):
    """Plain create, update and delete for rows whose writes mean no more than that.

    The row's organization comes from its asset, or else is the caller's own.
    """

    edit_permission: Permission

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        organization = self._organization_of(serializer)
        self.require(self.edit_permission, organization)
        serializer.save(organization=organization)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        self.require(self.edit_permission, serializer.instance.organization_id)
        serializer.save()

    def perform_destroy(self, instance: Model) -> None:
        self.require(self.edit_permission, instance.organization_id)  # type: ignore[attr-defined]
        instance.delete()

    def _organization_of(self, serializer: BaseSerializer[Any]) -> Organization:
        asset = serializer.validated_data.get("asset")
        organization = asset.organization if asset is not None else self.user.organization
        if organization is None:
            raise ValidationError("You belong to no organization. Ask an admin to invite you.")
        return organization


def is_write(request: Request) -> bool:
    return request.method not in SAFE_METHODS
